"""The measures per layer agree with those counted by hand."""

import aelib.models

import keras
import numpy as np
import pytest
import tensorflow as tf

from aelib.nn import Sequential, diagnosis
from aelib.nn.layers import Dense, Input, Layer

X = np.array([[1.0, 2.0], [3.0, -4.0]])


def one_layer(activation, kernel, bias):
    network = Sequential([Input((2,)), Dense(len(bias), activation)], dtype="float64")
    network.set_weights([np.array(kernel), np.array(bias)])
    return network


@pytest.fixture
def deep(rng):
    layers = [Dense(6, "relu"), Dense(3), Dense(6, "tanh"), Dense(8, "sigmoid")]
    network = Sequential([Input((8,)), *layers], rng=0, dtype="float64")
    network.compile("adam", "binary_crossentropy")
    return network, rng.random((20, 8))


def test_there_is_one_number_a_layer(deep):
    network, x = deep
    numbers = [diagnosis.gradient_sizes(network, x, x), diagnosis.activation_sizes(network, x)]
    numbers += [diagnosis.dead_shares(network, x), diagnosis.saturated_shares(network, x)]
    assert all(number.shape == (4,) for number in numbers)
    assert np.isnan(numbers[2]).tolist() == [False, True, True, True]
    assert np.isnan(numbers[3]).tolist() == [True, True, False, False]


def test_the_layers_of_nested_networks_are_looked_at(deep):
    network, x = deep
    halves = [Sequential(network.layers[:2]), Sequential([Input((3,)), *network.layers[2:]])]
    whole = Sequential(halves, dtype="float64")
    whole.compile("adam", "binary_crossentropy")
    np.testing.assert_array_equal(diagnosis.gradient_sizes(whole, x, x), diagnosis.gradient_sizes(network, x, x))
    np.testing.assert_array_equal(diagnosis.dead_shares(whole, x), diagnosis.dead_shares(network, x))
    np.testing.assert_array_equal(diagnosis.activation_sizes(whole, x), diagnosis.activation_sizes(network, x))


def test_layers_without_a_kernel_are_passed_over():
    class Nothing(Layer):
        def forward(self, x, training=False):
            return x

        def backward(self, gradient):
            return gradient

    network = Sequential([Input((2,)), Nothing(), Dense(2, "relu"), Nothing()], rng=0)
    network.compile("sgd", "mse")
    numbers = [diagnosis.gradient_sizes(network, X, X), diagnosis.activation_sizes(network, X)]
    numbers += [diagnosis.dead_shares(network, X), diagnosis.saturated_shares(network, X)]
    assert all(number.shape == (1,) for number in numbers)


def test_the_measures_change_no_weight(deep):
    network, x = deep
    before = network.get_weights()
    diagnosis.gradient_sizes(network, x, x), diagnosis.dead_shares(network, x)
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))


def test_gradient_sizes_are_those_of_keras_gradients(deep):
    network, x = deep
    layers = [keras.layers.Dense(layer.units) for layer in network.layers]
    for layer, name in zip(layers, ("relu", "linear", "tanh", "sigmoid")):
        layer.activation = keras.activations.get(name)
    twin = keras.Sequential([keras.Input((8,)), *layers])
    twin.set_weights(network.get_weights())
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.binary_crossentropy(x.astype("float32"), twin(x)))
    gradients = tape.gradient(loss, [layer.kernel for layer in layers])
    sizes = [np.sqrt(np.mean(np.square(gradient.numpy()))) for gradient in gradients]
    assert diagnosis.gradient_sizes(network, x, x) == pytest.approx(sizes, rel=1e-4)


def test_a_vanished_gradient_of_float32_is_not_called_zero():
    assert diagnosis.root_mean_square(np.full(4, 1e-30, "float32")) == pytest.approx(1e-30, rel=1e-6, abs=0)


def test_activation_sizes_are_counted_by_hand():
    sizes = diagnosis.activation_sizes(one_layer("linear", np.eye(2), [0.0, 0.0]), X)
    assert sizes == pytest.approx([np.sqrt((1 + 4 + 9 + 16) / 4)])


def test_a_unit_is_dead_if_it_is_zero_for_every_example():
    kernel = [[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]  # +x1, -x1, x2, nothing
    assert diagnosis.dead_shares(one_layer("relu", kernel, [0.0, 0.0, 0.0, 1.0]), X) == [0.25]
    assert diagnosis.dead_shares(one_layer("relu", kernel, [-9.0, 0.0, 0.0, -1.0]), X) == [0.75]


@pytest.mark.parametrize(("activation", "ends"), [("sigmoid", 50.0), ("tanh", 50.0)])
def test_an_activation_is_saturated_at_both_ends_and_not_between(activation, ends):
    network = one_layer(activation, np.zeros((2, 4)), [-ends, ends, 0.0, 0.5])
    assert diagnosis.saturated_shares(network, X) == [0.5]


def test_the_margin_is_a_share_of_the_way_between_the_ends():
    for activation, value in (("sigmoid", np.log(0.06 / 0.94)), ("tanh", np.arctanh(-0.88))):  # 6 % of the way
        network = one_layer(activation, np.zeros((2, 1)), [value])
        assert diagnosis.saturated_shares(network, X, margin=0.05) == [0.0]
        assert diagnosis.saturated_shares(network, X, margin=0.07) == [1.0]
