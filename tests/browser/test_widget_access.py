"""Widgets for everybody: without scripts, in both themes, with a finger, and in a live notebook.

With scripts, axe sees them on the pages of the book.
"""

import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.widgets import by_hand, code_size, draw_digit, latent_plane


def network_by_hand():
    weights = [np.array([[1.0], [-1.0]]), np.array([-0.5]), np.array([[2.0, -1.0]]), np.array([0.0, -0.5])]
    return by_hand([1.0, 0.5], weights)


def images_by_code_size():
    images = np.random.default_rng(0).random((10, 784))
    return code_size(
        [1, 8, 64], images, {"autoencoder": [images / 2] * 3}, {"autoencoder": [3, 2, 1], "PCA": [4, 3, 2]}
    )


def network(*units):
    """Inputs and units of a network of random weights."""
    return Sequential([Input((units[0],)), *(Dense(n, "sigmoid") for n in units[1:])], rng=0)


def plane_of_codes():
    rng = np.random.default_rng(0)
    return latent_plane(network(2, 784), rng.normal(size=(50, 2)), np.arange(50) % 10, rng.random((50, 784)))


def pad_to_draw_on():
    images = np.random.default_rng(0).random((50, 784))
    return draw_digit(network(784, 32), network(32, 784), images, np.arange(50) % 10)


WIDGETS = [network_by_hand, images_by_code_size, plane_of_codes, pad_to_draw_on]


@pytest.fixture(params=WIDGETS, ids=lambda make: make.__name__)
def write(request, write, root):
    """Write a page with a widget in a theme of the book, and return its path; `wrap` makes something else of its HTML."""
    palette = (root / "book/static/palette.css").read_text(encoding="utf-8")
    body_style = "body { background: var(--book-page); color: var(--book-text) }"

    def write_page(theme="light", wrap=lambda html: html):
        style = f"<style>{palette} :root {{ color-scheme: {theme} }} {body_style}</style>"
        choice = f"<script>document.documentElement.dataset.theme = '{theme}'</script>"
        return write(f"<main><h1>A widget</h1>{wrap(request.param()._repr_html_())}</main>", style + choice)

    return write_page


def test_axe_finds_nothing_serious_without_scripts(open_page, write, violations):
    path = write()
    path.write_text(path.read_text().replace("<script>", '<script type="text/plain">'))  # axe is a script itself
    page = open_page(path, width=375)
    assert page.is_visible(".aelib-still") and violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def luminance(color):
    parts = np.array(color[:3]) / 255
    parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return parts @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_words_of_a_drawing_stand_out(open_page, write, theme):
    """Axe does not look at the text of an SVG."""
    page = open_page(write(theme))
    pairs = page.evaluate("""() => [...document.querySelectorAll('.aelib-widget svg text')].map((text) => {
      const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
      let ground = text.closest("svg");
      while (numbers(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
      return [getComputedStyle(text).fill, getComputedStyle(ground).backgroundColor].map(numbers);
    })""")
    assert pairs or not page.query_selector(".aelib-widget svg")
    for color, ground in pairs:
        light, dark = sorted((luminance(color), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_it_starts_the_way_a_live_notebook_inserts_it(open_page, write):
    """JupyterLab sets `innerHTML`, which runs no script, and then puts a new copy of each script in its place."""
    insert = """<div id="cell"></div><template id="html">{}</template><script>
      const cell = document.getElementById("cell");
      cell.innerHTML = document.getElementById("html").innerHTML;
      for (const old of cell.querySelectorAll("script")) {{
        const fresh = document.createElement("script");
        fresh.textContent = old.textContent;
        old.replaceWith(fresh);
      }}</script>"""
    page = open_page(write(wrap=insert.format))
    assert page.is_visible("#cell [data-started] > div:not(.aelib-still)") and not page.is_visible("#cell .aelib-still")
    assert page.errors == []


def test_a_finger_moves_a_slider(open_page, write):
    page = open_page(write(), width=375, has_touch=True, is_mobile=True)
    if page.locator("input[type=range]").count() == 0:
        pytest.skip("this one has no slider")
    control = page.locator("input[type=range]").first
    box = control.bounding_box()
    before = control.input_value()
    page.touchscreen.tap(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    assert float(control.input_value()) < float(before)
    assert box["height"] >= 24  # room for a finger
