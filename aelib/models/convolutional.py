"""A convolutional autoencoder in Keras: strides halve the image on the way in, and double it on the way out."""

import math

import keras

from aelib.checks import positive_integer, positive_integers


def convolutional_autoencoder(
    image_shape,
    filters,
    latent_dim=None,
    kernel_size=3,
    activation="relu",
    code_activation="linear",
    output_activation="sigmoid",
):
    """Build a convolutional autoencoder and its two halves, which share their weights with it.

    Each layer of the encoder is a `Conv2D` with strides of 2, each layer of the decoder the
    `Conv2DTranspose` that belongs to it; a last convolution brings the channels of the
    image back (Masci et al. 2011, with strides in place of pooling).

    Parameters
    ----------
    image_shape : (int, int, int)
        Height, width and channels of an image; height and width are multiples of
        2 to the power of the number of layers.
    filters : sequence of int
        Channels after each layer of the encoder, from the input on.
    latent_dim : int or None
        Units of a `Dense` code; `None` leaves the last feature maps as the code.
    kernel_size : int
        Height and width of all kernels.
    activation, code_activation, output_activation : str
        Keras activations of the hidden layers, of a `Dense` code, and of the output.

    Returns
    -------
    autoencoder, encoder, decoder : keras.Sequential
        From images (n, height, width, channels) to such images, from images to codes,
        and from codes to images. Not compiled.

    Raises
    ------
    ValueError
        If there are no filters, the image cannot be halved as often as there are layers, or a size is not a
        positive integer.
    """
    filters, sides = positive_integers("filters", filters), positive_integers("image_shape", image_shape)
    if len(sides) != 3:
        raise ValueError(f"image_shape must be (height, width, channels). Received: {tuple(sides)}.")
    height, width, channels = sides
    shrink = 2 ** len(filters)
    if not filters or height % shrink or width % shrink:
        raise ValueError(
            f"Expected at least one layer, and a height and width that {len(filters)} layers with strides of 2 can "
            f"halve. Received: image_shape={tuple(image_shape)} and filters={filters}."
        )
    maps = (height // shrink, width // shrink, filters[-1])  # the last feature maps
    layer = {"kernel_size": kernel_size, "padding": "same", "activation": activation}
    encoder_layers = [keras.layers.Conv2D(count, strides=2, **layer) for count in filters]
    decoder_layers = [keras.layers.Conv2DTranspose(count, strides=2, **layer) for count in reversed(filters)]
    code_shape = maps
    if latent_dim is not None:
        latent_dim = positive_integer("latent_dim", latent_dim)
        code_shape = (latent_dim,)
        encoder_layers += [keras.layers.Flatten(), keras.layers.Dense(latent_dim, activation=code_activation)]
        decoder_layers = [
            keras.layers.Dense(math.prod(maps), activation=activation),
            keras.layers.Reshape(maps),
            *decoder_layers,
        ]
    decoder_layers.append(keras.layers.Conv2D(channels, **(layer | {"activation": output_activation})))
    encoder = keras.Sequential([keras.Input((height, width, channels)), *encoder_layers], name="encoder")
    decoder = keras.Sequential([keras.Input(code_shape), *decoder_layers], name="decoder")
    return keras.Sequential([encoder, decoder], name="autoencoder"), encoder, decoder
