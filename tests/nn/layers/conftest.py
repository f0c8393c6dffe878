"""Three independent checks that apply to every layer.

Gradients are compared with central differences, all numbers with Keras, and the configuration with that of a layer
made from it.
"""

import aelib.models

import keras
import numpy as np
import pytest
import tensorflow as tf

import aelib.nn
from aelib.nn.gradient_check import central_difference, check_gradients, relative_error


def build(layer, x, dtype):
    """Build a layer for data, with generic weights drawn from a fixed seed."""
    layer.astype(dtype)
    layer.build_for((None, *x.shape[1:]))
    rng = np.random.default_rng(7)
    layer.set_weights([rng.uniform(0.5, 1.5, w.shape) * rng.choice([-1, 1], w.shape) for w in layer.weights])
    for name in layer.state_names:
        np.abs(getattr(layer, name), out=getattr(layer, name))  # a variance is positive
    return layer


@pytest.fixture
def check_slopes():
    """Compare the gradients of a layer with central differences: alone for the input, in a network for weights."""

    def check(layer, x, training):
        x = np.array(x, "float64")
        build(layer, x, "float64")
        upstream = np.random.default_rng(1).normal(size=layer.forward(x).shape)
        generator = layer.generator.bit_generator
        start = generator.state

        def cost():
            generator.state = start
            return float((layer.forward(x, training) * upstream).sum()) + layer.penalty()

        slopes = {"x": central_difference(cost, x)}
        slopes |= {name: central_difference(cost, layer.variables[name]) for name in layer._trained}
        cost()
        gradients = {"x": layer.backward(upstream)}
        gradients |= {name: getattr(layer, f"{name}_gradient") for name in layer._trained}
        for name, slope in slopes.items():
            assert gradients[name].shape == slope.shape
            assert relative_error(gradients[name], slope) < 1e-6, name
        cost()
        assert layer.backward_to_weights(upstream) is None
        for name in gradients.keys() - {"x"}:
            np.testing.assert_array_equal(getattr(layer, f"{name}_gradient"), gradients[name])

        network = aelib.nn.Sequential([aelib.nn.Input(x.shape[1:]), layer], rng=0)
        y = np.random.default_rng(2).normal(size=layer.forward(x).shape)
        errors = check_gradients(network, x, y, "mse", training=training)
        assert all(error < 1e-6 for error in errors.values()), errors

    return check


def close(ours, theirs, tolerance=2e-5):
    """Assert that two float32 arrays agree to rounding, relative to the largest entry."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype == "float32"
    assert np.abs(ours - theirs).max() <= tolerance * max(np.abs(theirs).max(), 1e-3)


@pytest.fixture
def check_keras():
    """Compare a layer with the Keras layer of the same arguments: output, gradients and moving statistics."""

    def check(name, x, training, *arguments, **settings):
        x = np.asarray(x, "float32")
        ours = build(getattr(aelib.nn.layers, name)(*arguments, **settings), x, "float32")
        theirs = getattr(keras.layers, name)(*arguments, **settings)
        theirs.build((None, *x.shape[1:]))
        theirs.set_weights(ours.get_weights())
        assert [w.name for w in theirs.weights] == list(ours.variables)

        variable = tf.Variable(x)
        with tf.GradientTape() as tape:
            expected = theirs(variable, training=training)
            upstream = np.random.default_rng(1).normal(size=expected.shape).astype("float32")
            cost = tf.reduce_sum(expected * upstream) + sum(theirs.losses)
        zero = tf.UnconnectedGradients.ZERO  # an input that is dropped completely is not connected
        expected_gradients = tape.gradient(cost, [variable, *theirs.trainable_weights], unconnected_gradients=zero)

        close(ours.forward(x, training), expected)
        assert ours.compute_output_shape((None, *x.shape[1:])) == (None, *expected.shape[1:])
        assert float(ours.penalty()) == pytest.approx(float(sum(theirs.losses)), rel=1e-5)
        for gradient, expected_gradient in zip([ours.backward(upstream), *ours.gradients], expected_gradients):
            close(gradient, expected_gradient)
        for weight, expected_weight in zip(ours.get_weights(), theirs.get_weights()):
            close(weight, expected_weight, 1e-6)

    return check


@pytest.fixture
def check_training():
    """Train the same network in both libraries and compare losses and all weights, including moving statistics."""

    def check(layers, x, y, loss="mse", epochs=3, optimizer=("SGD", 0.1)):
        x, y = np.asarray(x, "float32"), np.asarray(y, "float32")
        kind, rate = optimizer
        ours = aelib.nn.Sequential([aelib.nn.Input(x.shape[1:]), *layers(aelib.nn)], rng=0)
        theirs = keras.Sequential([keras.Input(x.shape[1:]), *layers(keras)])
        theirs.set_weights(ours.get_weights())
        start = ours.get_weights()
        histories = []
        for network, library in ((ours, aelib.nn), (theirs, keras)):
            network.compile(getattr(library.optimizers, kind)(rate), loss)
            fitted = network.fit(
                x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, validation_data=(x[:3], y[:3])
            )
            histories.append(fitted.history)
        for name in ("loss", "val_loss"):
            np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=2e-5)
        for before, weight, expected in zip(start, ours.get_weights(), theirs.get_weights()):
            close(weight, expected, 1e-4)
            assert (weight != before).any()
        close(ours.predict(x), theirs.predict(x, verbose=0), 1e-4)
        assert ours.output_shape == theirs.output_shape
        return ours, theirs

    return check


@pytest.fixture
def check_config():
    """Make a layer from the result of `get_config`, and compare all public settings; the names are those of Keras."""

    def check(layer):
        config = layer.get_config()
        again = type(layer).from_config(config)
        assert again.get_config() == config and repr(again) == repr(layer)
        theirs = getattr(keras.layers, type(layer).__name__).from_config(config)
        for name, value in config.items():
            if isinstance(value, (int, float, tuple)):
                assert getattr(theirs, name) == value, name

    return check
