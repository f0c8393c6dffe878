"""`Flatten` and `Reshape`: exact outputs and gradients."""

import numpy as np
import pytest

from aelib.nn import Input, Sequential, layers

X = np.arange(24.0).reshape(2, 3, 4)


def test_rows_are_laid_one_behind_the_other():
    layer = layers.Flatten()
    assert layer(X).tolist() == [list(range(12)), list(range(12, 24))]
    back = layer.backward(np.arange(24.0).reshape(2, 12) * 10)
    assert back.tolist() == (X * 10).tolist()


@pytest.mark.parametrize("target, shape", [((2, 6), (2, 6)), ((2, -1), (2, 6)), ((-1,), (12,)), ([3, 2, 2], (3, 2, 2))])
def test_a_new_shape_has_the_same_numbers_in_the_same_order(target, shape):
    layer = layers.Reshape(target)
    assert layer(X).shape == (2, *shape) and (layer(X).ravel() == X.ravel()).all()
    assert layer.backward(np.ones((2, *shape))).shape == X.shape
    assert layer.compute_output_shape((None, 3, 4)) == (None, *shape)


@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_slopes(training, check_slopes):
    check_slopes(layers.Flatten(), X, training)
    check_slopes(layers.Reshape((2, -1, 2)), X, training)


@pytest.mark.parametrize("training", [False, True])
def test_keras(training, check_keras):
    check_keras("Flatten", X, training)
    check_keras("Flatten", X[:, 0], training, data_format="channels_last")
    check_keras("Reshape", X, training, (2, -1, 3))
    check_keras("Reshape", X, training, target_shape=(12,))


def test_a_network_passes_through_images_and_rows(check_training, rng):
    def network(k):
        return [k.layers.Flatten(), k.layers.Dense(12, "tanh"), k.layers.Reshape((3, 4))]

    x = rng.random((10, 3, 4))
    check_training(network, x, x)


def test_shapes_that_do_not_fit_are_errors():
    for target in ((5,), (5, -1), (2, 3), (24,)):
        with pytest.raises(
            ValueError, match=r"'reshape' expected examples that fit .*Received: .*\(n, 3, 4\), with 12"
        ):
            Sequential([Input((3, 4)), layers.Reshape(target)])
    for target in (12, "12", (-1, -1), (-1, 3, -1)):
        with pytest.raises(ValueError, match="target_shape expected the shape of one example.*Received: "):
            layers.Reshape(target)
    for target in ((0, 3), (2.5,), (-2, 6)):
        with pytest.raises(ValueError, match="A size of target_shape must be a positive integer. Received: "):
            layers.Reshape(target)
    with pytest.raises(ValueError, match="data_format expected None or 'channels_last'.*Received: 'channels_first'"):
        layers.Flatten("channels_first")


@pytest.mark.parametrize("layer", [layers.Flatten(), layers.Reshape((4, 3))])
def test_a_pass_needs_its_shape(layer):
    with pytest.raises(RuntimeError, match="is not built"):
        layer.forward(X)
    layer.build_for((None, 3, 4))
    with pytest.raises(RuntimeError, match="expected a forward pass before backward"):
        layer.backward(X)
    with pytest.raises(ValueError, match=r"expected a batch of shape \(n, 3, 4\). Received: shape \(2, 12\)"):
        layer.forward(X.reshape(2, 12))
    layer.forward(X)
    with pytest.raises(
        ValueError, match=r"expected a gradient of the shape of its output.*Received: shape \(2, 3, 4\)"
    ):
        layer.backward(X)


def test_configuration(check_config):
    check_config(layers.Flatten(name="row"))
    check_config(layers.Reshape((2, -1), name="square", trainable=False))
    assert layers.Reshape.from_config({"target_shape": [2, -1]}).target_shape == (2, -1)
