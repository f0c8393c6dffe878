"""Penalties computed by hand, their gradients by central differences, and their effect on weights."""

import numpy as np
import pytest

from aelib.nn import Sequential, regularizers
from aelib.nn.layers import Dense, Input


def test_l1_is_the_sum_of_absolute_values():
    assert regularizers.L1(0.5)(np.array([[1.0, -2.0], [0.0, 4.0]])) == 3.5


def test_l2_is_the_sum_of_squares():
    assert regularizers.L2(0.5)(np.array([[1.0, -2.0], [0.0, 4.0]])) == 10.5


def test_l1_gradient_is_the_sign():
    assert regularizers.L1(0.5).gradient(np.array([3.0, -2.0, 0.0])).tolist() == [0.5, -0.5, 0.0]


def test_l2_gradient_is_twice_the_weight():
    assert regularizers.L2(0.5).gradient(np.array([3.0, -2.0, 0.0])).tolist() == [3.0, -2.0, 0.0]


@pytest.mark.parametrize("regularizer", [regularizers.L1(0.3), regularizers.L2(0.3), regularizers.L1L2(0.2, 0.3)])
def test_gradient_is_the_slope_of_the_penalty(regularizer, slope, rng):
    array = rng.normal(size=(3, 2))
    np.testing.assert_allclose(regularizer.gradient(array), slope(regularizer, array), rtol=1e-7)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_the_default_strength_is_keras_s(name):
    assert regularizers.get(name)(np.ones(3)) == pytest.approx(0.03)


@pytest.mark.parametrize("regularizer", [regularizers.L1(), regularizers.L2(), regularizers.L1L2()])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_penalty_is_a_float_and_the_gradient_keeps_shape_and_dtype(regularizer, dtype):
    array = np.ones((2, 3), dtype)
    gradient = regularizer.gradient(array)
    assert type(regularizer(array)) is float
    assert gradient.shape == (2, 3) and gradient.dtype == dtype


@pytest.mark.parametrize("cls", [regularizers.L1, regularizers.L2])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_strength_below_zero_or_not_finite_is_an_error(cls, value):
    with pytest.raises(ValueError, match="l[12] must be a finite number of at least 0. Received: "):
        cls(value)


@pytest.mark.parametrize("cls", [regularizers.L1, regularizers.L2])
@pytest.mark.parametrize("value", ["0.1", None])
def test_a_strength_that_is_not_a_number_is_named_in_the_error(cls, value):
    with pytest.raises((TypeError, ValueError), match="l[12] must be .*Received: "):
        cls(value)


@pytest.mark.parametrize("cls", [regularizers.L1, regularizers.L2])
def test_a_strength_of_zero_costs_nothing(cls):
    assert cls(0)(np.ones(3)) == 0.0 and not cls(0).gradient(np.ones(3)).any()


def test_names_classes_objects_and_none():
    l1 = regularizers.L1(0.2)
    assert regularizers.get(None) is None
    assert regularizers.get(l1) is l1
    assert type(regularizers.get("l2")) is regularizers.L2
    with pytest.raises(ValueError, match="Unknown regularizer: expected one of l1, l1_l2, l1l2, l2. Received: 'l3'"):
        regularizers.get("l3")


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError):
        regularizers.Regularizer()(np.ones(2))
    with pytest.raises(NotImplementedError):
        regularizers.Regularizer().gradient(np.ones(2))


def test_l1_l2_is_the_sum_of_both(rng):
    array = rng.normal(size=(3, 2))
    both, l1, l2 = regularizers.L1L2(0.5, 0.25), regularizers.L1(0.5), regularizers.L2(0.25)
    assert both(array) == l1(array) + l2(array)
    np.testing.assert_array_equal(both.gradient(array), l1.gradient(array) + l2.gradient(array))


def test_l1_l2_costs_nothing_by_default():
    assert regularizers.L1L2()(np.ones(3)) == 0.0 and not regularizers.L1L2().gradient(np.ones(3)).any()


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_a_strength_of_l1_l2_below_zero_is_an_error(name):
    with pytest.raises(ValueError, match=f"{name} must be a finite number of at least 0. Received: -1"):
        regularizers.L1L2(**{name: -1})


def test_keras_s_second_spelling():
    assert regularizers.l1(0.2).l1 == 0.2 and regularizers.l2 is regularizers.L2
    assert regularizers.l1_l2 is regularizers.L1L2
    with pytest.raises(AttributeError, match="aelib.nn.regularizers has no OrthogonalRegularizer"):
        regularizers.OrthogonalRegularizer  # noqa: B018


def trained_kernel(regularizer):
    """Fit y = 2 x₁ with a linear layer that has nine further, useless inputs."""
    x = np.random.default_rng(0).normal(size=(20, 10))
    network = Sequential([Input((10,)), Dense(1, kernel_regularizer=regularizer)], rng=1, dtype="float64")
    network.compile(optimizer="adam", loss="mse")
    network.optimizer.learning_rate = 0.02
    noise = np.random.default_rng(2).normal(size=(20, 1))
    network.fit(x, 2 * x[:, :1] + noise, epochs=400, batch_size=20, verbose=0)
    return np.abs(network.layers[0].kernel.ravel())


def test_a_larger_l2_penalty_gives_smaller_weights():
    norms = [np.linalg.norm(trained_kernel(regularizers.L2(l2))) for l2 in (0.0, 0.1, 1.0)]
    assert norms[0] > 1.05 * norms[1] > 1.1 * norms[2]


def test_l1_silences_useless_inputs_and_l2_only_shrinks_them():
    l1, l2 = trained_kernel(regularizers.L1(0.5)), trained_kernel(regularizers.L2(0.2))
    assert (l1[1:] < 0.02).sum() >= 7 > 2 >= (l2[1:] < 0.02).sum()
    assert l1[0] > 1
