"""The autoencoder of the experiments is the row of layers that its sizes say, and takes its random numbers where it is told."""

import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from experiments.networks import dense_autoencoder


def test_one_seed_makes_the_network_that_its_layers_in_a_row_make(rng):
    network, encoder, decoder = dense_autoencoder(6, (5, 4), 2, 3, "tanh", "relu")
    layers = [
        Dense(5, "tanh"),
        Dense(4, "tanh"),
        Dense(2, "relu"),
        Dense(4, "tanh"),
        Dense(5, "tanh"),
        Dense(6, "sigmoid"),
    ]
    expected = Sequential([Input((6,)), *layers], rng=3)
    x = rng.random((9, 6), dtype="float32")
    for one in (network, expected):
        one.compile("sgd", "mse")
        one.fit(x, x, epochs=1, batch_size=2, verbose=0)  # in an order that the same generator draws
    np.testing.assert_array_equal(network.predict(x), expected.predict(x))
    np.testing.assert_array_equal(decoder.predict(encoder.predict(x)), network.predict(x))


@pytest.mark.parametrize("place", range(3))
def test_of_three_seeds_each_has_its_part(place, rng):
    x, seeds, results = rng.random((9, 6), dtype="float32"), [0, 0, 0], []
    for seed in (0, 1):
        seeds[place] = seed
        network, encoder, decoder = dense_autoencoder(6, (), 2, seeds)
        kernels = encoder.get_weights()[0], decoder.get_weights()[0]
        network.compile("sgd", "mse")
        results.append([*kernels, network.fit(x, x, epochs=1, batch_size=2, verbose=0).history["loss"]])
    same = [np.array_equal(a, b) for a, b in zip(*results)]
    assert same == [[False, True, False], [True, False, False], [True, True, False]][place]
