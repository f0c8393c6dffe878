"""A dense autoencoder in Keras: the encoder's layers, and the same sizes back again."""

import keras

from aelib.checks import positive_integer, positive_integers


def dense_autoencoder(
    input_dim,
    hidden_units,
    latent_dim,
    activation="relu",
    code_activation="linear",
    output_activation="sigmoid",
):
    """Build an autoencoder and its two halves, which share their weights with it.

    Parameters
    ----------
    input_dim : int
        Features of one example, 784 for MNIST.
    hidden_units : sequence of int
        Units of the encoder's hidden layers, from the input on; the decoder has the same
        in reverse. Empty for an autoencoder whose only hidden layer is the code.
    latent_dim : int
        Units of the code.
    activation, code_activation, output_activation : str
        Keras activations of the hidden layers, of the code, and of the output.

    Returns
    -------
    autoencoder, encoder, decoder : keras.Sequential
        Mapping (n, input_dim) to (n, input_dim), (n, input_dim) to (n, latent_dim), and
        (n, latent_dim) to (n, input_dim). Not compiled.

    Raises
    ------
    ValueError
        If a size is not a positive integer, or `hidden_units` not a sequence of them.
    """
    input_dim, latent_dim = positive_integer("input_dim", input_dim), positive_integer("latent_dim", latent_dim)
    hidden_units = positive_integers("hidden_units", hidden_units)
    encoder = keras.Sequential(
        [keras.Input((input_dim,))]
        + [keras.layers.Dense(units, activation=activation) for units in hidden_units]
        + [keras.layers.Dense(latent_dim, activation=code_activation)],
        name="encoder",
    )
    decoder = keras.Sequential(
        [keras.Input((latent_dim,))]
        + [keras.layers.Dense(units, activation=activation) for units in reversed(hidden_units)]
        + [keras.layers.Dense(input_dim, activation=output_activation)],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder], name="autoencoder"), encoder, decoder
