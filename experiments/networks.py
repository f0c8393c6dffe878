"""The dense autoencoder that most experiments in NumPy train: a decoder with the encoder's sizes in reverse."""

import numpy as np

from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input


def dense_autoencoder(inputs, hidden_units, latent_dim, rngs, activation="elu", code_activation=None, output="sigmoid"):
    """Build a network, its encoder and its decoder, which share its layers; not compiled.

    Parameters
    ----------
    inputs, latent_dim : int
    hidden_units : sequence of int
        Of the encoder, from the input on.
    rngs : int, or three of int, sequence of int or numpy.random.Generator
        Of the encoder's weights, of the decoder's, and of the order of the examples. One number stands for one
        generator that makes all three in turn.
    activation, code_activation, output : str, callable or None
        Activations of the hidden layers, of the code, and of the output.
    """
    if isinstance(rngs, int):
        rngs = [np.random.default_rng(rngs)] * 3
    hidden = [Dense(units, activation) for units in hidden_units]
    mirrored = [Dense(units, activation) for units in reversed(hidden_units)]
    encoder = Sequential([Input((inputs,)), *hidden, Dense(latent_dim, code_activation)], rng=rngs[0])
    decoder = Sequential([Input((latent_dim,)), *mirrored, Dense(inputs, output)], rng=rngs[1])
    return Sequential([encoder, decoder], rng=rngs[2]), encoder, decoder
