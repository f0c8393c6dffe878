"""`Rescaling`: output, gradient, configuration and errors."""

import numpy as np
import pytest

from aelib.nn import layers


def test_grey_levels_become_numbers_between_0_and_1():
    layer = layers.Rescaling(1 / 255)
    a = layer(np.array([[0, 51, 255]], "uint8"))
    assert a.dtype == "float32"
    np.testing.assert_allclose(a, [[0, 0.2, 1]], rtol=1e-6)
    np.testing.assert_allclose(layer.backward(np.ones((1, 3))), np.full((1, 3), 1 / 255))


@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_slopes(training, check_slopes, rng):
    check_slopes(layers.Rescaling(-2.5, 1.0), rng.normal(size=(3, 2, 2)), training)


@pytest.mark.parametrize("training", [False, True])
def test_keras(training, check_keras, rng):
    check_keras("Rescaling", rng.normal(size=(3, 2, 2)), training, 0.5)
    check_keras("Rescaling", rng.normal(size=(3, 2, 2)), training, -2.0, 0.25)


def test_training_is_keras_s(check_training, rng):
    x = rng.random((8, 3))
    check_training(lambda k: [k.layers.Rescaling(2.0, -1.0), k.layers.Dense(3)], x, x)


@pytest.mark.parametrize("value", ["2", None, np.inf, [1.0, 2.0], True])
def test_scale_and_offset_are_numbers(value):
    with pytest.raises(ValueError, match="scale expected a finite number. Received: "):
        layers.Rescaling(value)
    with pytest.raises(ValueError, match="offset expected a finite number. Received: "):
        layers.Rescaling(1.0, value)


def test_a_gradient_needs_a_forward_pass_and_its_shape():
    layer = layers.Rescaling(2.0)
    with pytest.raises(RuntimeError, match="expected a forward pass before backward"):
        layer.backward(np.ones((2, 3)))
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"shape of its output, \(2, 3\). Received: shape \(3,\)"):
        layer.backward(np.ones(3))


def test_configuration(check_config):
    check_config(layers.Rescaling(0.5, -1, name="units"))
