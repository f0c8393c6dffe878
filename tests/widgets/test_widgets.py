"""Widgets as pieces of HTML, and the weights that they carry."""

import base64

import bs4
import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.activations import SiLU
from aelib.nn.layers import Dense, Input
from aelib.widgets import Widget, dense_layers, page_forward, quantize, rounding_deviation, widget
from aelib.widgets.widget import picture


def decoded(layer):
    """The kernel and the bias that a page computes with."""
    kernel = np.frombuffer(base64.b64decode(layer["kernel"]), "int8").reshape(layer["inputs"], layer["units"])
    scale, bias = (np.frombuffer(base64.b64decode(layer[name]), "<f4") for name in ("scale", "bias"))
    return kernel * scale, bias


# ------------------------------------------------------------------ weights


def test_a_quantized_weight_is_half_a_scale_away_at_most(rng):
    kernel = rng.normal(size=(50, 7)) * np.logspace(-3, 3, 7)
    whole, scale = quantize(kernel)
    assert whole.dtype == np.int8 and scale.shape == (7,)
    assert (np.abs(whole * scale.astype("float64") - kernel) <= 0.5001 * scale).all()
    assert (np.abs(whole).max(axis=0) == 127).all()  # every unit uses the whole range


def test_a_unit_without_weights_stays_without(rng):
    whole, scale = quantize(np.zeros((3, 2)))
    assert (whole * scale == 0).all()


@pytest.mark.parametrize("kernel", [np.zeros(3), np.zeros((0, 2)), np.array([[np.nan, 1.0]])])
def test_what_is_no_kernel_is_refused(kernel):
    with pytest.raises(ValueError, match=r"Expected a matrix .* Received: shape"):
        quantize(kernel)


def test_layers_of_a_network_become_data_in_order(rng):
    encoder = Sequential([Input((6,)), Dense(3, "relu")], rng=0)
    network = Sequential([encoder, Dense(6, "sigmoid", use_bias=False)], rng=0)
    first, second = dense_layers(network)
    assert (first["inputs"], first["units"], first["activation"]) == (6, 3, "relu")
    assert (second["inputs"], second["units"], second["activation"]) == (3, 6, "sigmoid")
    for layer, exported in zip((encoder.layers[0], network.layers[1]), (first, second)):
        kernel, bias = decoded(exported)
        assert np.abs(kernel - layer.kernel).max() <= np.abs(layer.kernel).max() / 253
        assert np.array_equal(bias, layer.bias if layer.use_bias else np.zeros(6))


def test_a_keras_network_gives_the_same_data(rng):
    pytest.importorskip("keras")
    from aelib.models import dense_autoencoder

    ours = Sequential([Input((6,)), Dense(4, "elu"), Dense(2), Dense(4, "elu"), Dense(6, "sigmoid")], rng=0)
    keras_network, _, _ = dense_autoencoder(6, [4], 2, activation="elu")
    keras_network.set_weights(ours.get_weights())
    assert dense_layers(keras_network) == dense_layers(ours)


def test_what_the_script_cannot_compute_is_refused():
    keras = pytest.importorskip("keras")
    with pytest.raises(ValueError, match="Expected layers of the class Dense. Received: a Conv2D"):
        dense_layers(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)]))
    with pytest.raises(ValueError, match="Expected one of the activations .* Received: 'softmax'"):
        dense_layers(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "softmax")]))


def test_a_page_computes_with_rounded_weights(rng):
    network = Sequential([Input((6,)), Dense(4, "tanh"), Dense(5, SiLU)], rng=0)
    x = rng.normal(size=(9, 6))
    layers = dense_layers(network)
    assert not np.allclose(page_forward(layers, x), network.predict(x), atol=1e-6)
    for layer, exported in zip(network.layers, layers):
        layer.kernel, layer.bias = decoded(exported)
    assert np.allclose(page_forward(layers, x), network.predict(x), atol=1e-6)
    with pytest.raises(ValueError, match=r"Expected examples of shape \(n, 6\). Received: \(9, 5\)"):
        page_forward(layers, x[:, :5])


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", SiLU])
def test_rounding_moves_the_outputs_as_far_as_it_should(activation, rng):
    moved, expected = [], []
    for seed in range(20):
        network = Sequential([Input((200,)), Dense(40, activation), Dense(30)], rng=seed)
        x, layers = rng.random((20, 200)), dense_layers(network)
        moved.append(page_forward(layers, x) - network.predict(x))
        expected.append(rounding_deviation(layers, x))
    moved, expected = np.array(moved), np.array(expected)
    assert 0.9 < np.sqrt(np.mean(moved**2) / np.mean(expected**2)) < 1.1
    assert (np.abs(moved) < 6 * expected + 1e-6).all()


# ------------------------------------------------------------------ the piece of HTML


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder with the base and one widget of no use, `probe`."""
    for name in ("base.js", "widget.css"):
        (tmp_path / name).write_text((widget.FOLDER / name).read_text())
    (tmp_path / "probe.js").write_text('widget((root, data) => element("p", {}, data.text));')
    monkeypatch.setattr(widget, "FOLDER", tmp_path)


def test_it_says_what_it_is_and_shows_its_still_picture(scripts):
    made = Widget("probe", {"text": "a"}, "<p>still</p>", 'A "probe" < to play with')
    tree = bs4.BeautifulSoup(made._repr_html_(), "html.parser")
    root = tree.select_one("[role=group]")
    assert root["aria-label"] == 'A "probe" < to play with'
    assert root.select_one(".aelib-still").text == "still"
    assert repr(made) == '<A "probe" < to play with>'


def test_the_same_data_give_the_same_html(scripts):
    one, two, other = (Widget("probe", {"text": t}, "", "x")._repr_html_() for t in ("a", "a", "b"))
    assert one == two != other


def test_a_widget_may_have_a_style_of_its_own(scripts, tmp_path):
    assert "peculiar" not in Widget("probe", {}, "", "x")._repr_html_()
    (tmp_path / "probe.css").write_text(".peculiar { color: red }")
    tree = bs4.BeautifulSoup(Widget("probe", {}, "", "x")._repr_html_(), "html.parser")
    assert tree.style.text.index(".aelib-widget") < tree.style.text.index(".peculiar")


def test_data_cannot_end_the_script(scripts):
    html = Widget("probe", {"text": "</script><b>"}, "", "x")._repr_html_()
    assert html.count("</script>") == 1 and "<b>" not in html


def test_it_asks_nothing_of_another_host(scripts):
    html = Widget("probe", {"text": "a"}, "", "x")._repr_html_()
    assert "http://" not in html and "https://" not in html and "import" not in html


@pytest.mark.parametrize(
    ("name", "data", "label", "message"),
    [
        ("no-such", {}, "x", r"Expected the name of a widget, one of \['probe'\]. Received: 'no-such'"),
        ("base", {}, "x", "Expected the name of a widget"),
        ("probe", {"text": np.zeros(2)}, "x", "Expected data that JSON can hold"),
        ("probe", {"text": float("nan")}, "x", "Expected data that JSON can hold, with finite numbers"),
        ("probe", {}, " ", "Expected a label"),
    ],
)
def test_what_it_cannot_show_is_refused(scripts, name, data, label, message):
    with pytest.raises(ValueError, match=message):
        Widget(name, data, "", label)


def test_a_still_picture_carries_its_bytes_and_words(agg):
    figure, _ = agg.subplots(figsize=(1, 1))
    image = bs4.BeautifulSoup(picture(figure, 'a "square" plot'), "html.parser").img
    assert image["alt"] == 'a "square" plot'
    kind, content = image["src"].split(",")
    assert kind == "data:image/png;base64" and base64.b64decode(content).startswith(b"\x89PNG")
    assert not agg.fignum_exists(figure.number)
