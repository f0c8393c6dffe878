"""Widgets in a browser: they start, they compute what the networks compute, they answer mouse, finger and keys."""

import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.activations import SiLU
from aelib.nn.layers import Dense, Input
from aelib.widgets import Widget, dense_layers, page_forward, widget

PROBE = """
widget((root, data) => {
  root.network = new Network(data.layers);
  root.heard = [];
  const area = element("div", { style: "width: 200px; height: 100px", class: "area" });
  onDrag(area, (x, y, first) => root.heard.push([x, y, first]));
  const canvas = pixelCanvas(2, "four pixels");
  drawPixels(canvas, [0, 1, 0.2, 1]);
  const control = slider({ label: "size", min: 1, max: 5, step: 1, value: 2, show: (n) => n + " units",
    oninput: (value) => root.heard.push(value) });
  return element("div", {}, area, canvas, control);
});
"""


@pytest.fixture
def probe(tmp_path, monkeypatch, write):
    """Write a page with widgets of no use, and return its path: `probe(network, copies)`."""
    for name in ("base.js", "widget.css"):
        (tmp_path / name).write_text((widget.FOLDER / name).read_text())
    (tmp_path / "probe.js").write_text(PROBE)
    monkeypatch.setattr(widget, "FOLDER", tmp_path)

    def write_probe(network, copies=1):
        made = Widget("probe", {"layers": dense_layers(network)}, "<p>still</p>", "a probe")
        return write(copies * made._repr_html_())

    return write_probe


@pytest.fixture
def network():
    return Sequential([Input((3,)), Dense(2, "relu")], rng=0)


def test_a_page_computes_the_forward_pass_of_every_activation(open_page, probe, rng):
    kinds = ("linear", "relu", "sigmoid", "tanh", "elu", "softplus", SiLU)
    network = Sequential([Input((20,)), *(Dense(30, kind) for kind in kinds)], rng=0)
    for layer in network.layers:  # weights that a byte holds exactly, so that only rounding differs
        layer.kernel = (rng.integers(-127, 128, size=layer.kernel.shape) / 512).astype("float32")
        layer.kernel[0] = 127 / 512
        layer.bias = rng.normal(size=layer.bias.shape).astype("float32")
    x = rng.normal(size=(10, 20)).astype("float32")
    x[:, :5] = 0
    page = open_page(probe(network))
    computed = page.evaluate(
        "xs => xs.map(x => [...document.querySelector('.aelib-widget').network.forward(x)])", x.tolist()
    )
    assert np.allclose(computed, network.predict(x), rtol=1e-4, atol=1e-5)
    assert np.allclose(computed, page_forward(dense_layers(network), x), rtol=1e-9, atol=1e-12)
    assert page.errors == []


def test_the_still_picture_stands_until_the_script_runs(open_page, probe, network):
    path = probe(network)
    assert open_page(path, javascript=False).is_visible(".aelib-still")
    page = open_page(path)
    assert not page.is_visible(".aelib-still") and page.is_visible("input[type=range]")


def test_the_same_widget_twice_on_a_page_starts_twice(open_page, probe, network):
    page = open_page(probe(network, copies=2))
    assert page.locator("input[type=range]").count() == 2
    assert page.locator(".aelib-widget > div:not(.aelib-still)").count() == 2


def test_it_hears_a_drag_inside_and_outside_its_area(open_page, probe, network):
    page = open_page(probe(network))
    box = page.locator(".area").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)  # not held down
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 25)
    page.mouse.up()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    heard = page.evaluate("document.querySelector('.aelib-widget').heard")
    assert np.allclose(heard, [[0.25, 0.5, True], [1, 0.25, False]], atol=0.02)


def test_a_slider_obeys_the_keyboard_and_says_its_value(open_page, probe, network):
    page = open_page(probe(network))
    page.focus("input[type=range]")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('.aelib-widget').heard") == [3]
    assert page.inner_text("output") == "3 units"
    assert page.get_attribute("input[type=range]", "aria-valuetext") == "3 units"


def test_pixels_are_drawn_as_greys(open_page, probe, network):
    page = open_page(probe(network))
    bytes_ = page.evaluate("[...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 2, 2).data]")
    assert np.array_equal(np.reshape(bytes_, (4, 4))[:, 0], [0, 255, 51, 255])
