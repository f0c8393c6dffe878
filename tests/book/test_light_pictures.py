"""Lighter pictures look the same, weigh less, and are left alone where they must be."""

import types

import numpy as np
import pytest
from PIL import Image

from aelib.figures.plots import plot_map_and_grid
from book.extensions.theme_repairs.light_pictures import UNSEEN, lighten, lighten_pictures


@pytest.fixture
def plot(agg, tmp_path, rng):
    """A map of few coloured points beside a large grid of greys, as the book has them."""
    codes, labels = rng.normal(size=(300, 2)), rng.integers(10, size=300)
    figure = plot_map_and_grid(codes, labels, lambda plane: rng.random((len(plane), 784)), "a map")
    path = tmp_path / "plot.png"
    figure.savefig(path)
    return path


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=float)


@pytest.fixture
def digits(tmp_path, rng):
    """Greys alone, all 256 of them."""
    path = tmp_path / "digits.png"
    Image.fromarray(rng.integers(0, 256, (200, 200), dtype="uint8")).convert("RGB").save(path)
    return path


def light(path):
    """The lighter copy of a picture."""
    target = path.parent / "light" / "copy.webp"
    lighten(path, target)
    return target


def test_a_plot_weighs_half_and_looks_the_same(plot):
    before, copy = pixels(plot), light(plot)
    change = np.abs(pixels(copy) - before)
    assert copy.stat().st_size < 0.5 * plot.stat().st_size
    assert change.mean() < 2 and np.percentile(change, 99) < 25  # of 255
    white, colored = before.min(axis=2) == 255, np.ptp(before, axis=2) > 80
    assert change[white].max() <= 2 and colored.any()
    assert np.percentile(change[colored], 95) < 25, "a few coloured points keep their colours beside many greys"


def test_greys_become_fewer_where_nobody_sees_it(digits):
    copy = pixels(light(digits))
    assert len(np.unique(copy)) <= 64 and np.abs(copy - pixels(digits)).max() <= UNSEEN


def test_what_a_notebook_made_is_left_alone(plot):
    before = plot.read_bytes()
    light(plot)
    assert plot.read_bytes() == before


def test_a_picture_that_shines_through_keeps_all_its_colours(tmp_path, rng):
    path, colours = tmp_path / "glass.png", rng.integers(0, 256, (40, 40, 4), dtype="uint8")
    Image.fromarray(colours).save(path)
    with Image.open(light(path)) as copy:
        np.testing.assert_array_equal(np.asarray(copy), colours)


@pytest.fixture
def page(tmp_path, plot):
    """Let a page show a plot, and return what is then in its text and beside it."""

    def shown(name):
        builder = types.SimpleNamespace(images={plot.name: name, "drawing.svg": "drawing.svg"})
        app = types.SimpleNamespace(builder=builder, srcdir=plot.parent, outdir=tmp_path / "html")
        context = {"body": f'<img src="../_images/{name}"><img src="../_images/drawing.svg">'}
        lighten_pictures(app, "page", "page.html", context, None)
        return context["body"], builder.images, tmp_path / "html" / "_images"

    return shown


def test_a_page_shows_the_copy_and_nothing_else_is_copied(page):
    body, images, folder = page("plot.png")
    assert body == '<img src="../_images/plot.webp"><img src="../_images/drawing.svg">'
    assert images == {"drawing.svg": "drawing.svg"} and [path.name for path in folder.iterdir()] == ["plot.webp"]


@pytest.mark.parametrize("name, made_again", [("plot.png", True), (64 * "a" + ".png", False)])
def test_a_copy_is_made_once_if_its_name_says_what_it_shows(page, name, made_again):
    copy = next(page(name)[2].iterdir())
    copy.write_bytes(b"before")
    page(name)
    assert (copy.read_bytes() != b"before") == made_again
