"""The convolutional autoencoder has the shapes it promises, and is equivariant where its strides allow it."""

import aelib.models
from aelib.models import convolutional_autoencoder

import numpy as np
import pytest


def parameters(channels_in, channels_out, kernel_size=3):
    """Weights and biases of one convolution."""
    return channels_in * channels_out * kernel_size**2 + channels_out


def test_the_halves_have_the_shapes_they_promise():
    autoencoder, encoder, decoder = convolutional_autoencoder((28, 28, 1), (4, 6))
    assert encoder.output_shape == (None, 7, 7, 6)
    assert decoder.input_shape == (None, 7, 7, 6)
    assert autoencoder.output_shape == (None, 28, 28, 1)
    counts = [parameters(1, 4), parameters(4, 6), parameters(6, 6), parameters(6, 4), parameters(4, 1)]
    assert autoencoder.count_params() == sum(counts)


def test_a_dense_code_has_its_size_and_leads_back():
    autoencoder, encoder, decoder = convolutional_autoencoder((8, 12, 3), (4, 6), latent_dim=5)
    assert encoder.output_shape == (None, 5) and decoder.output_shape == (None, 8, 12, 3)
    x = np.random.default_rng(0).random((2, 8, 12, 3), "float32")
    np.testing.assert_allclose(autoencoder(x), decoder(encoder(x)), atol=1e-6)
    assert encoder.layers[-1].activation.__name__ == "linear"
    assert np.all((np.asarray(autoencoder(x)) > 0) & (np.asarray(autoencoder(x)) < 1))


def test_an_image_shifted_by_the_strides_gives_shifted_maps():
    _, encoder, _ = convolutional_autoencoder((32, 32, 1), (4, 6))
    image = np.zeros((1, 32, 32, 1), "float32")
    image[:, 12:20, 12:20] = np.random.default_rng(0).random((1, 8, 8, 1))
    by_four = encoder(np.roll(image, 4, axis=2))  # two layers, strides of 2 each
    np.testing.assert_allclose(by_four[:, 1:-1, 2:-1], encoder(image)[:, 1:-1, 1:-2], atol=1e-5)
    by_two = encoder(np.roll(image, 2, axis=2))
    assert np.abs(by_two[:, 1:-1, 2:-1] - encoder(image)[:, 1:-1, 1:-2]).max() > 1e-3


def test_it_learns():
    autoencoder, _, _ = convolutional_autoencoder((8, 8, 1), (8,))
    rows, columns = np.random.default_rng(0).integers(1, 7, (2, 64))
    x = np.zeros((64, 8, 8, 1), "float32")
    x[np.arange(64), rows, :] = x[np.arange(64), :, columns] = 1  # crosses
    autoencoder.compile("adam", "binary_crossentropy")
    losses = autoencoder.fit(x, x, epochs=60, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.4 * losses[0]


@pytest.mark.parametrize(
    ("image_shape", "filters"),
    [
        ((28, 28, 1), (4, 4, 4)),
        ((12, 12, 1), (4, 4, 4)),
        ((28, 27, 1), (4,)),
        ((28, 28, 1), ()),
        ((0, 28, 1), (4,)),
        ((28, 28, 1), (4, 0)),
    ],
)
def test_what_cannot_be_built_is_an_error(image_shape, filters):
    with pytest.raises(ValueError, match="Received: "):
        convolutional_autoencoder(image_shape, filters)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((8, 8, 1), 16), "filters must be a sequence of positive integers. Received: 16"),
        ((8, (4,)), "image_shape must be a sequence of positive integers. Received: 8"),
        (((8, 8), (4,)), r"image_shape must be \(height, width, channels\). Received: \(8, 8\)"),
        (((8, 8, 1), (4,), 0), "latent_dim must be a positive integer. Received: 0"),
        (((8, 8, 1), (4,), "2"), "latent_dim must be a positive integer. Received: '2'"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolutional_autoencoder(*arguments)
