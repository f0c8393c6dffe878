"""Every activation is compared with its formula, written with the standard library's `math`."""

import math

import numpy as np
import pytest

from aelib.nn import activations

FORMULAS = {
    "linear": lambda z: z,
    "relu": lambda z: z if z > 0 else 0.0,
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "tanh": lambda z: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z)),
    "elu": lambda z: z if z > 0 else math.exp(z) - 1.0,
    "softplus": lambda z: math.log(1.0 + math.exp(z)),
    "leaky_relu": lambda z: z if z > 0 else 0.2 * z,
    "silu": lambda z: z / (1.0 + math.exp(-z)),
    "gelu": lambda z: z * (1.0 + math.erf(z / math.sqrt(2.0))) / 2.0,
}
AT_ZERO = {"linear": 1.0, "relu": 0.0, "sigmoid": 0.25, "tanh": 1.0, "elu": 1.0, "softplus": 0.5}
AT_ZERO |= {"leaky_relu": 0.2, "silu": 0.5, "gelu": 0.5}
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
    limits |= {"elu": [-1, -1, 100, 1e4], "softplus": [0, 0, 100, 1e4], "leaky_relu": [-2000, -20, 100, 1e4]}
    limits |= {"silu": [0, 0, 100, 1e4], "gelu": [0, 0, 100, 1e4]}
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


def test_a_class_and_an_object_are_accepted_too():
    tanh = activations.Tanh()
    assert activations.get(tanh) is tanh
    assert type(activations.get(activations.ELU)) is activations.ELU


def test_an_unknown_name_is_a_clear_error():
    with pytest.raises(ValueError, match="Unknown activation: expected one of elu, .*tanh. Received: 'mish'"):
        activations.get("mish")
    with pytest.raises(TypeError, match="Unknown activation.*Received: 7 of type int"):
        activations.get(7)


def test_the_base_class_has_no_rule():
    z = np.zeros(2)
    with pytest.raises(NotImplementedError):
        activations.Activation()(z)
    with pytest.raises(NotImplementedError):
        activations.Activation().derivative(z, z)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_results_can_be_written_into_a_given_array(name, rng):
    f, z, gradient = activations.get(name), rng.normal(size=(4, 3)).astype("float32"), np.ones((4, 3), "float32")
    a, out = f(z), np.empty_like(z)
    written = f(z, out=out)
    assert (written is out or name == "linear") and np.array_equal(written, a)
    assert f.derivative(z, a, out=out) is out and np.array_equal(out, f.derivative(z, a))
    np.testing.assert_array_equal(f.backward(gradient, z, a, out=out), f.derivative(z, a))
    np.testing.assert_array_equal(f(z), a)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_the_error_signal_is_the_gradient_times_the_derivative(name, rng):
    f, (z, gradient) = activations.get(name), rng.normal(size=(2, 4, 3))
    before = gradient.copy()
    delta = f.backward(gradient, z, f(z), out=np.empty_like(z))
    np.testing.assert_allclose(delta, before * f.derivative(z, f(z)), rtol=1e-15)
    np.testing.assert_array_equal(gradient, before)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
@pytest.mark.parametrize("number", [-1.5, 2, np.float32(0.5), [1, -1]])
def test_a_number_or_whole_numbers_will_do_too(name, number):
    f, z = activations.get(name), np.array(number, dtype="float64")
    assert np.allclose(f(number), f(z)) and np.shape(f(number)) == np.shape(number)


# ------------------------------------------------------------------ Keras's spelling


@pytest.mark.parametrize("name", [*activations.ACTIVATIONS, "swish", "softmax"])
def test_the_lower_case_name_is_a_function_and_an_activation(name, rng):
    function, z = getattr(activations, name), rng.normal(size=(4, 3))
    np.testing.assert_array_equal(function(z), activations.get(name)(z))
    assert activations.get(function) is function and type(function) is type(activations.get(name))


@pytest.mark.parametrize("name", [*activations.ACTIVATIONS, "softmax"])
def test_an_activation_is_written_as_its_name_and_made_of_it(name):
    assert activations.serialize(activations.get(name)) == name
    assert type(activations.deserialize(name)) is type(activations.get(name))


def test_swish_is_written_as_silu_as_in_keras():
    assert activations.serialize(activations.get("swish")) == "silu"


def test_a_changed_argument_is_written_too():
    written = activations.serialize(activations.LeakyReLU(0.1))
    assert written == {"class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}
    assert activations.get(written).negative_slope == 0.1


class Cube(activations.ReLU):
    """A user-defined activation."""


def test_a_user_defined_activation_does_not_have_the_identifier_of_its_base_class():
    assert activations.serialize(Cube()) == {"class_name": "Cube", "config": {}}
    with pytest.raises(ValueError, match="Unknown activation: .*Received: 'Cube'"):
        activations.get(activations.serialize(Cube()))


# ------------------------------------------------------------------ LeakyReLU, SiLU, GELU, softmax


@pytest.mark.parametrize("slope", [-0.1, 1.5, float("nan"), "steep", None], ids=str)
def test_a_slope_outside_0_and_1_is_a_clear_error(slope):
    with pytest.raises(ValueError, match="negative_slope must be between 0 and 1. Received: "):
        activations.LeakyReLU(slope)


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_leaky_relu_has_the_given_slope(slope):
    f, z = activations.LeakyReLU(slope), np.array([-2.0, -0.5, 0.5, 3.0])
    np.testing.assert_allclose(f(z), [-2 * slope, -0.5 * slope, 0.5, 3.0])
    np.testing.assert_array_equal(f.derivative(z, f(z)), [slope, slope, 1, 1])


@pytest.mark.parametrize("z", [-12.0, -8.0, -5.0])
def test_silu_and_gelu_keep_their_digits_where_they_are_small(z):
    assert activations.silu(np.float32(z)) == pytest.approx(z / (1 + math.exp(-z)), rel=1e-6)
    assert activations.gelu(np.float32(z)) == pytest.approx(z * math.erfc(-z / math.sqrt(2)) / 2, rel=2e-5)


def test_softmax_by_hand():
    z = np.array([[0.0, math.log(3)], [5.0, 5.0]])
    np.testing.assert_allclose(activations.softmax(z), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 5, 4, 3)])
def test_softmax_sums_to_1_along_the_last_axis_and_keeps_shape_and_dtype(dtype, shape, rng):
    z = rng.normal(scale=5, size=shape).astype(dtype)
    a = activations.softmax(z)
    delta = activations.softmax.backward(np.ones_like(z), z, a)
    assert a.shape == delta.shape == shape and a.dtype == delta.dtype == dtype
    np.testing.assert_allclose(a.sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_allclose(delta, 0, atol=1e-6)  # the sum is 1 for every z


def test_softmax_at_extremes_is_finite():
    np.testing.assert_array_equal(activations.softmax(np.array([[1e4, -1e4, 0]], "float32")), [[1, 0, 0]])


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4)])
def test_softmax_s_error_signal_is_the_slope(shape, slope, rng):
    z, weights = rng.normal(size=(2, *shape))
    delta = activations.softmax.backward(weights, z, activations.softmax(z))
    np.testing.assert_allclose(
        delta, slope(lambda logits: float((weights * activations.softmax(logits)).sum()), z), rtol=1e-6, atol=1e-9
    )


def test_softmax_writes_into_out_and_does_not_change_its_arguments(rng):
    z, gradient = rng.normal(size=(2, 4, 3))
    before, out = (z.copy(), gradient.copy()), np.empty_like(z)
    a = activations.softmax(z)
    assert activations.softmax(z, out=out) is out and np.array_equal(out, a)
    delta = activations.softmax.backward(gradient, z, a)
    assert activations.softmax.backward(gradient, z, a, out=out) is out and np.array_equal(out, delta)
    assert np.array_equal(z, before[0]) and np.array_equal(gradient, before[1])


def test_softmax_has_no_derivative_by_name():
    with pytest.raises(
        NotImplementedError, match="Softmax has no element-wise derivative: expected a call of backward"
    ):
        activations.softmax.derivative(np.zeros((2, 2)), np.full((2, 2), 0.5))
