"""Normalisation over the batch or over the features: moments, moving statistics, gradients."""

import numpy as np
import pytest

from aelib.nn import Input, Sequential, layers

SHAPES = [(6, 4), (3, 2, 3, 5)]  # with two features, the gradient would be mostly rounding
SETTINGS = [{}, {"center": False}, {"scale": False}, {"center": False, "scale": False, "epsilon": 0.1}]


def build(layer, shape, dtype="float64"):
    layer.dtype = dtype
    layer.build_for((None, *shape[1:]))
    return layer


@pytest.mark.parametrize("shape", SHAPES)
def test_each_feature_of_a_batch_gets_mean_beta_and_deviation_gamma(shape, rng):
    layer = build(layers.BatchNormalization(epsilon=0), shape)
    layer.gamma[:], layer.beta[:] = np.arange(shape[-1]) + 1, np.arange(shape[-1]) - 5
    a = layer.forward(rng.normal(3, 7, shape), training=True).reshape(-1, shape[-1])
    np.testing.assert_allclose(a.mean(axis=0), layer.beta, atol=1e-12)
    np.testing.assert_allclose(a.std(axis=0), layer.gamma)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_row_of_a_batch_gets_mean_0_and_deviation_1(shape, rng):
    layer = build(layers.LayerNormalization(epsilon=0), shape)
    x = rng.normal(3, 7, shape)
    a = layer.forward(x)
    np.testing.assert_allclose(a.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(a.std(axis=-1), 1)
    np.testing.assert_allclose(layer.forward(x[:1]), a[:1])  # examples are independent
    layer.gamma[:], layer.beta[:] = np.arange(shape[-1]) + 1, np.arange(shape[-1]) - 5
    np.testing.assert_allclose(layer.forward(x), a * layer.gamma + layer.beta)


def test_the_moving_statistics_by_hand():
    layer = build(layers.BatchNormalization(momentum=0.9, epsilon=0), (2, 1))
    x = np.array([[1.0], [5.0]])  # mean 3, variance 4
    layer.forward(x, training=True)
    assert layer.moving_mean == pytest.approx([0.1 * 3]) and layer.moving_variance == pytest.approx([0.9 + 0.1 * 4])
    layer.forward(x, training=True)
    assert layer.moving_mean == pytest.approx([0.57]) and layer.moving_variance == pytest.approx([0.9 * 1.3 + 0.4])
    before = [w.copy() for w in layer.weights]
    expected = (x - 0.57) / np.sqrt(1.57)
    np.testing.assert_allclose(layer.forward(x), expected)
    assert all((a == b).all() for a, b in zip(before, layer.weights))


def test_one_example_in_training_has_a_gradient_of_zero():
    layer = build(layers.BatchNormalization(), (1, 3))
    assert (layer.forward(np.array([[1.0, 2.0, 3.0]]), training=True) == 0).all()
    assert (layer.backward(np.array([[1.0, 2.0, 3.0]])) == 0).all()


def test_a_constant_gradient_of_one_feature_is_lost_in_the_mean(rng):
    """Adding a constant to a feature does not change the output, so a constant gradient gives zero."""
    for layer, axis in ((layers.BatchNormalization(), 0), (layers.LayerNormalization(), 1)):
        build(layer, (6, 4)).forward(rng.normal(size=(6, 4)), training=True)
        np.testing.assert_allclose(layer.backward(np.ones((6, 4))), 0, atol=1e-12)
        to_x = layer.backward(rng.normal(size=(6, 4)))
        assert np.abs(to_x).max() > 0.1
        np.testing.assert_allclose(to_x.sum(axis=axis), 0, atol=1e-12)


@pytest.mark.parametrize("cls", [layers.BatchNormalization, layers.LayerNormalization])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_slopes(cls, shape, settings, training, check_slopes, rng):
    check_slopes(cls(**settings), rng.normal(1, 2, shape), training)


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("settings", [*SETTINGS, {"trainable": False}])
@pytest.mark.parametrize("training", [False, True])
def test_keras(name, shape, settings, training, check_keras, rng):
    check_keras(name, rng.normal(1, 2, shape), training, **settings)


def test_keras_s_momentum(check_keras, rng):
    check_keras("BatchNormalization", rng.normal(1, 2, (6, 4)), True, -1, 0.7, 0.01)


def test_training_is_keras_s_with_moving_statistics(check_training, rng):
    def network(k):
        hidden = [k.layers.Dense(5), k.layers.BatchNormalization(momentum=0.8), k.layers.ReLU()]
        return [*hidden, k.layers.Dense(6), k.layers.LayerNormalization(), k.layers.Dense(4)]

    x = rng.random((10, 4))
    ours, theirs = check_training(network, x, x)
    moved = ours.layers[1].moving_mean, ours.layers[1].moving_variance
    for values, variable in zip(moved, (theirs.layers[1].moving_mean, theirs.layers[1].moving_variance)):
        np.testing.assert_allclose(values, variable, rtol=1e-4, atol=1e-6)


def test_what_is_frozen_does_not_move_and_is_not_normalised_by_the_batch(rng):
    network = Sequential([Input((4,)), layers.BatchNormalization(), layers.Dense(4)], rng=0)
    x = rng.normal(5, 2, (8, 4)).astype("float32")
    for trainable in (False, True):
        network.trainable = trainable
        before = network.get_weights()
        a = network.forward(x, training=True)
        assert all((w == b).all() for w, b in zip(network.get_weights(), before)) is not trainable
        assert (a == network.forward(x)).all() is np.bool_(not trainable)
        assert network.layers[0].trainable is trainable and len(network.trainable_variables) == 4 * trainable


def test_large_means_and_many_rows_lose_no_digits(rng):
    """Compares the moments of 200,000 float32 numbers around 100 with those in float64."""
    x = rng.normal(100, 1, (200_000, 2)).astype("float32")
    layer = build(layers.BatchNormalization(momentum=0.0, epsilon=0), x.shape, "float32")
    a = layer.forward(x, training=True)
    assert a.dtype == layer.moving_mean.dtype == "float32"
    exact = x.astype("float64")
    np.testing.assert_allclose(layer.moving_mean, exact.mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(a, (exact - exact.mean(axis=0)) / exact.std(axis=0), atol=1e-3)


@pytest.mark.parametrize("cls", [layers.BatchNormalization, layers.LayerNormalization])
def test_a_pass_needs_its_shape(cls):
    layer = cls(name="even")
    with pytest.raises(RuntimeError, match="'even' is not built"):
        layer.forward(np.ones((2, 3)))
    build(layer, (2, 3))
    with pytest.raises(RuntimeError, match="'even' expected a forward pass before backward"):
        layer.backward(np.ones((2, 3)))
    for x in (np.ones((2, 1)), np.ones((2, 4)), np.ones(3), np.ones((2, 2, 3))):
        with pytest.raises(ValueError, match=r"'even' expected a batch of shape \(n, 3\). Received: shape \("):
            layer.forward(x)
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"shape of its output, \(2, 3\). Received: shape \(1, 3\)"):
        layer.backward(np.ones((1, 3)))


@pytest.mark.parametrize("cls", [layers.BatchNormalization, layers.LayerNormalization])
def test_wrong_arguments_are_errors(cls):
    for axis in (0, 1, [1, 2], None):
        with pytest.raises(ValueError, match="axis expected -1.*Received: "):
            cls(axis=axis)
    for epsilon in (-1e-3, "small", None):
        with pytest.raises(ValueError, match="epsilon must be a finite number of at least 0. Received: "):
            cls(epsilon=epsilon)
    with pytest.raises(ValueError, match="Unknown initializer"):
        cls(gamma_initializer="nonsense")
    with pytest.raises(TypeError, match="gamma_constraint"):
        cls(gamma_constraint="non_neg")
    with pytest.raises(ValueError, match="momentum must be between 0 and 1. Received: 1.5"):
        layers.BatchNormalization(momentum=1.5)


def test_weights_are_there_as_asked_and_in_keras_s_order():
    layer = build(layers.BatchNormalization(), (2, 3), "float32")
    assert list(layer.variables) == ["gamma", "beta", "moving_mean", "moving_variance"] and layer.count_params() == 12
    assert [w.tolist() for w in layer.get_weights()] == [[1] * 3, [0] * 3, [0] * 3, [1] * 3]
    assert [w.dtype.name for w in layer.weights] == ["float32"] * 4
    assert layer.trainable_variables[0] is layer.gamma and len(layer.trainable_variables) == 2
    bare = build(layers.BatchNormalization(center=False, scale=False), (2, 3))
    assert list(bare.variables) == ["moving_mean", "moving_variance"] and bare.gradients == []
    own = build(layers.LayerNormalization(beta_initializer="ones", gamma_initializer="zeros"), (2, 3))
    assert [w.tolist() for w in own.get_weights()] == [[0] * 3, [1] * 3]


def test_configuration(check_config):
    check_config(layers.BatchNormalization(momentum=0.8, epsilon=0.1, center=False, name="even", trainable=False))
    check_config(layers.LayerNormalization(epsilon=0.1, scale=False, dtype="float64"))
    layer = layers.BatchNormalization(moving_mean_initializer="ones")
    again = build(layers.BatchNormalization.from_config(layer.get_config()), (2, 3))
    assert again.moving_mean.tolist() == [1, 1, 1]
