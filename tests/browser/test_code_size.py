"""The figure of code sizes in a browser: what it draws and says is what it was given."""

import base64

import numpy as np
import pytest

from aelib.widgets import code_size

SIZES = (1, 2, 8, 64)


@pytest.fixture
def given(rng):
    """Images, reconstructions and errors of no meaning."""
    return {
        "images": rng.integers(0, 256, size=(3, 16)).astype("uint8"),
        "reconstructions": {
            "ours": rng.integers(0, 256, size=(4, 3, 16)).astype("uint8"),
            "one image": rng.integers(0, 256, size=16).astype("uint8"),
        },
        "errors": {
            "ours": [[50.0, 40.0, 20.04, 5.0], [52.0, 40.0, 22.0, 5.0]],
            "one image": np.full(4, 53.0),
            "longer": [49.0, 39.0, 19.0, 4.0],
        },
    }


@pytest.fixture
def write(write, given):
    """Write a page with the figure, and return its path."""
    return lambda **settings: write(code_size(SIZES, **given, **settings)._repr_html_())


def strips(page):
    """The grey values of each canvas, shape (rows, 4, 12)."""
    bytes_ = page.evaluate(
        "[...document.querySelectorAll('canvas')].map(c =>"
        " [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])"
    )
    return np.reshape(bytes_, (-1, 4, 12, 4))[..., 0]


def side_by_side(images):
    """Flat images of 4 by 4 pixels beside each other, shape (4, 12)."""
    return np.concatenate(np.reshape(images, (3, 4, 4)), axis=1)


def outputs(page):
    return [text.strip() for text in page.locator(".aelib-strip-label output").all_inner_texts()]


@pytest.mark.parametrize("place", range(4))
def test_each_stop_shows_its_images_and_errors(open_page, write, given, place):
    page = open_page(write(start=2))
    page.focus("input[type=range]")
    page.keyboard.press("Home")
    for _ in range(place):
        page.keyboard.press("ArrowRight")
    ours, constant = given["reconstructions"].values()
    expected = [given["images"], ours[place], np.tile(constant, (3, 1))]
    assert np.array_equal(strips(page), [side_by_side(images) for images in expected])
    first = ["error 51.0 (50.0 to 52.0)", "error 40.0", "error 21.0 (20.0 to 22.0)", "error 5.0"][place]
    assert outputs(page) == [first, "error 53.0", f"error {given['errors']['longer'][place]:.1f}"]
    assert page.inner_text(".aelib-slider output") == ["1 unit", "2 units", "8 units", "64 units"][place]
    visible = page.evaluate("[...document.querySelectorAll('.aelib-mark')].map(g => g.style.display !== 'none')")
    assert visible == [i == place for i in range(4)]
    assert f"code size {SIZES[place]}" in page.get_attribute("canvas >> nth=1", "aria-label")
    assert page.errors == []


def test_the_curve_runs_through_the_errors(open_page, write, given):
    page = open_page(write())
    read = "[...document.querySelectorAll('polyline')].map(p => [...p.points].map(({x, y}) => [x, y]))"
    ours, constant, longer = np.array(page.evaluate(read))
    assert np.allclose(np.diff(ours[:, 0]) / np.log([2, 4, 8]), np.diff(ours[:, 0])[0] / np.log(2), rtol=1e-2)
    means = np.array([51.0, 40.0, 21.02, 5.0])
    zero, scale = np.polyfit(means, ours[:, 1], 1)[::-1]
    for line, errors in (
        (ours, means),
        (constant, given["errors"]["one image"]),
        (longer, given["errors"]["longer"]),
    ):
        assert np.allclose(line[:, 1], zero + scale * np.array(errors), atol=0.2)
    assert scale < 0  # a larger error stands higher


def test_it_starts_in_the_middle_or_where_it_is_told(open_page, write):
    assert open_page(write()).inner_text(".aelib-slider output") == "8 units"
    assert open_page(write(start=1)).inner_text(".aelib-slider output") == "1 unit"


def test_without_scripts_a_picture_the_curve_and_a_table_stand(open_page, write):
    page = open_page(write(), javascript=False)
    assert page.is_visible("img") and page.is_visible("polyline") and page.is_visible("table")
    assert "21.0" in page.inner_text("table") and not page.locator("input").count()
    picture = page.get_attribute("img", "src").split(",")[1]
    assert base64.b64decode(picture).startswith(b"\x89PNG")
