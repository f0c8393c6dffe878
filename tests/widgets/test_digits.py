"""The plane of codes and the pad to draw on, as data: what they export, and what they refuse."""

import base64
import io
import json

import bs4
import numpy as np
import pytest

from aelib.metrics import squared_error_per_image
from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.widgets import dense_layers, draw_digit, latent_plane, page_forward


def network(*units, activation="sigmoid"):
    """A network of random weights: its inputs, then the units of each layer."""
    return Sequential([Input((units[0],)), *(Dense(n, activation) for n in units[1:])], rng=0)


@pytest.fixture
def digits(mnist):
    """The first 60 test images of MNIST, and their labels."""
    _, (x, y) = mnist
    return x[:60], y[:60]


@pytest.fixture
def codes(rng):
    return rng.normal(size=(60, 2)) * [3, 20] + [100, 0]


# ------------------------------------------------------------------ the plane


def test_the_plane_holds_the_codes_and_reaches_beyond_them(codes, digits, agg):
    made = latent_plane(network(2, 784), codes, digits[1])
    data = json.loads(made.data)
    low, high = np.array(data["low"]), np.array(data["high"])
    places = np.frombuffer(base64.b64decode(data["places"]), "<u2").reshape(-1, 2)
    assert np.abs(low + places / 65535 * (high - low) - codes).max() < 1e-5 * np.ptp(codes)
    assert np.allclose(codes.min(axis=0) - low, 0.2 * np.ptp(codes, axis=0))
    assert np.allclose(high - codes.max(axis=0), 0.2 * np.ptp(codes, axis=0))
    assert np.array_equal(np.frombuffer(base64.b64decode(data["labels"]), "uint8"), digits[1])
    for digit, *median in data["names"]:
        assert np.allclose(median, np.median(codes[digits[1] == digit], axis=0))
    assert data["sprite"] is None


def test_the_images_are_stored_in_sixteen_greys(codes, digits, agg):
    from PIL import Image

    x, y = digits
    data = json.loads(latent_plane(network(2, 784), codes, y, x).data)
    stored = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["sprite"])))).reshape(-1, 784)
    assert np.abs(stored / 255 - x).max() <= 1 / 30 + 1e-6
    assert len(data["sprite"]) < 200 * len(x) + 200


@pytest.mark.parametrize("unit", [0, 1])
def test_codes_on_a_line_are_refused(unit, codes, digits):
    codes[:, unit] = 3
    with pytest.raises(ValueError, match="Expected codes that differ in both units. Received: codes between"):
        latent_plane(network(2, 784), codes, digits[1])


NO_PLANES = [np.zeros(60), np.zeros((60, 3)), np.zeros((0, 2)), np.zeros((60, 2, 1)), np.full((60, 2), np.inf)]


@pytest.mark.parametrize("codes", NO_PLANES)
def test_codes_that_are_no_plane_are_refused(codes, digits):
    with pytest.raises(ValueError, match=r"Expected codes of shape \(n, 2\), all finite. Received: shape \("):
        latent_plane(network(2, 784), codes, digits[1])


@pytest.mark.parametrize("units", [(3, 784), (2, 100)])
def test_a_decoder_of_another_size_is_refused(units, codes, digits):
    message = f"Expected a decoder from 2 numbers to 784 pixels. Received: one from {units[0]} to {units[1]}"
    with pytest.raises(ValueError, match=message):
        latent_plane(network(*units), codes, digits[1])


BAD_LABELS = [np.zeros(59, int), np.zeros((60, 1), int), np.zeros(60), np.full(60, 10), np.full(60, -1)]


@pytest.mark.parametrize("labels", BAD_LABELS)
def test_labels_that_do_not_fit_are_refused(labels, codes, digits):
    with pytest.raises(ValueError, match="Expected a digit from 0 to 9 for each of 60 codes. Received: labels"):
        latent_plane(network(2, 784), codes, labels)
    with pytest.raises(ValueError, match="Expected a digit from 0 to 9 for each of 60 images. Received: labels"):
        draw_digit(network(784, 5), network(5, 784), digits[0], labels)


BAD_IMAGES = [np.zeros((59, 784)), np.zeros((60, 28, 28)), np.full((60, 784), 255.0), np.full((60, 784), np.nan)]


@pytest.mark.parametrize("images", BAD_IMAGES)
def test_images_that_do_not_fit_are_refused(images, codes, digits):
    with pytest.raises(ValueError, match=r"Expected images of shape \(60, 784\), one for each of 60 codes"):
        latent_plane(network(2, 784), codes, digits[1], images)


# ------------------------------------------------------------------ the pad


def test_the_pad_holds_the_errors_that_its_own_weights_make(digits, agg):
    x, y = digits
    encoder, decoder = network(784, 5), network(5, 784)
    data = json.loads(draw_digit(encoder, decoder, x, y).data)
    reconstructions = page_forward(dense_layers(decoder), page_forward(dense_layers(encoder), x))
    errors = squared_error_per_image(x, reconstructions)
    assert len(data["quantiles"]) == 101 and np.all(np.diff(data["quantiles"]) >= 0)
    assert np.allclose(data["quantiles"], np.percentile(errors, range(101)), atol=1e-4)
    first = [np.flatnonzero(y == digit)[0] for digit in data["digits"]]
    samples = np.frombuffer(base64.b64decode(data["samples"]), "uint8").reshape(-1, 784)
    assert np.array_equal(samples, np.rint(255 * x[first]))


def test_the_bars_have_a_middle_only_where_a_code_is_negative(digits, agg):
    for activation, signed in (("sigmoid", False), ("relu", False), ("tanh", True), ("linear", True)):
        encoder = network(784, 5, activation=activation)
        data = json.loads(draw_digit(encoder, network(5, 784), *digits).data)
        assert data["signed"] == signed
        assert 0 < data["reach"] <= np.abs(encoder.predict(digits[0])).max() * 1.05


@pytest.mark.parametrize(
    "sizes", [((100, 5), (5, 100)), ((784, 5), (4, 784)), ((784, 5), (5, 100)), ((9, 5), (5, 784))]
)
def test_halves_that_are_no_autoencoder_of_784_pixels_are_refused(sizes, digits):
    (a, b), (c, d) = sizes
    message = f"Received: an encoder from {a} to {b} and a decoder from {c} to {d}"
    with pytest.raises(ValueError, match=f"Expected an encoder from 784 pixels to a code .* {message}"):
        draw_digit(network(a, b), network(c, d), *digits)


@pytest.mark.parametrize("images", [*BAD_IMAGES[1:], np.zeros((0, 784)), np.zeros((60, 100))])
def test_images_that_are_not_those_of_mnist_are_refused(images, digits):
    with pytest.raises(ValueError, match=r"Expected images of shape \(\d+, 784\).* Received: shape \("):
        draw_digit(network(784, 5), network(5, 784), images, digits[1])


# ------------------------------------------------------------------ both


def test_the_still_picture_is_described_in_words(codes, digits, agg):
    x, y = digits
    for made in (latent_plane(network(2, 784), codes, y), draw_digit(network(784, 5), network(5, 784), x, y)):
        image = bs4.BeautifulSoup(made.still, "html.parser").img
        assert len(image["alt"].split()) > 10
        assert agg.get_fignums() == []
