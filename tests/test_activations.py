"""Every activation against its formula in the standard library's `math`."""

import math

import numpy as np
import pytest

from aelib import activations

FORMULAS = {
    "linear": lambda z: z,
    "relu": lambda z: z if z > 0 else 0.0,
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "tanh": lambda z: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z)),
    "elu": lambda z: z if z > 0 else math.exp(z) - 1.0,
    "softplus": lambda z: math.log(1.0 + math.exp(z)),
}
AT_ZERO = {"linear": 1.0, "relu": 0.0, "sigmoid": 0.25, "tanh": 1.0, "elu": 1.0, "softplus": 0.5}
POINTS = [-20.0, -3.0, -1.0, -0.4, 0.3, 1.0, 2.5, 20.0]

each = pytest.mark.parametrize("name", FORMULAS)


def test_there_is_a_formula_for_every_activation():
    assert set(FORMULAS) == set(activations.ACTIVATIONS)


@each
def test_value_is_the_formula(name):
    expected = [FORMULAS[name](z) for z in [*POINTS, 0.0]]
    np.testing.assert_allclose(activations.get(name)(np.array([*POINTS, 0.0])), expected, rtol=1e-9, atol=1e-15)


@each
def test_derivative_is_the_slope_of_the_formula(name):
    f, h = activations.get(name), 1e-6
    z = np.array(POINTS)
    slopes = [(FORMULAS[name](p + h) - FORMULAS[name](p - h)) / (2 * h) for p in POINTS]
    np.testing.assert_allclose(f.derivative(z, f(z)), slopes, rtol=1e-7, atol=2e-9)


@each
def test_derivative_at_zero_is_the_convention(name):
    f, z = activations.get(name), np.zeros(1)
    assert f.derivative(z, f(z))[0] == AT_ZERO[name]


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (0, 3)])
def test_shape_and_dtype_are_kept(name, dtype, shape, rng):
    f, z = activations.get(name), rng.normal(size=shape).astype(dtype)
    a = f(z)
    d = f.derivative(z, a)
    assert a.shape == d.shape == shape and a.dtype == d.dtype == dtype


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_overflow_at_extreme_values(name, dtype):
    f, z = activations.get(name), np.array([-1e4, -100, 100, 1e4], dtype)
    limits = {"linear": z, "relu": [0, 0, 100, 1e4], "sigmoid": [0, 0, 1, 1], "tanh": [-1, -1, 1, 1]}
    limits |= {"elu": [-1, -1, 100, 1e4], "softplus": [0, 0, 100, 1e4]}
    a = f(z)
    np.testing.assert_allclose(a, limits[name], atol=1e-40)
    assert np.isfinite(f.derivative(z, a)).all()


@each
def test_the_input_is_not_changed(name):
    f, z = activations.get(name), np.array([-1.0, 0.0, 2.0])
    f.derivative(z, f(z))
    assert z.tolist() == [-1.0, 0.0, 2.0]


def test_none_is_linear_as_in_keras():
    assert type(activations.get(None)) is activations.Linear


def test_a_class_and_an_object_are_taken_too():
    tanh = activations.Tanh()
    assert activations.get(tanh) is tanh
    assert type(activations.get(activations.ELU)) is activations.ELU


def test_an_unknown_name_is_a_clear_error():
    with pytest.raises(ValueError, match="Unknown activation: expected one of elu, .*tanh. Received: 'swish'"):
        activations.get("swish")
    with pytest.raises(TypeError, match="Unknown activation.*Received: 7 of type int"):
        activations.get(7)


def test_the_base_class_has_no_rule():
    z = np.zeros(2)
    with pytest.raises(NotImplementedError):
        activations.Activation()(z)
    with pytest.raises(NotImplementedError):
        activations.Activation().derivative(z, z)
