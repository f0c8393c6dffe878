"""Losses computed by hand, their gradients by central differences, and extreme inputs."""

import math

import numpy as np
import pytest

from aelib.nn import activations, losses
from aelib.nn.activations import Sigmoid
from aelib.nn.losses import BinaryCrossentropy, CategoricalCrossentropy, MeanAbsoluteError, MeanSquaredError

ALL = [
    MeanSquaredError(),
    MeanAbsoluteError(),
    BinaryCrossentropy(),
    BinaryCrossentropy(from_logits=True),
    CategoricalCrossentropy(),
    CategoricalCrossentropy(from_logits=True),
]
each_loss = pytest.mark.parametrize("loss", ALL, ids=repr)

Y = np.array([[0.0, 1.0], [0.25, 0.5]])


def test_mean_squared_error_by_hand():
    prediction = np.array([[1.0, 1.0], [0.25, -1.5]])
    assert MeanSquaredError()(Y, prediction) == (1 + 0 + 0 + 4) / 4


def test_mean_squared_error_gradient_by_hand():
    prediction = np.array([[1.0, 1.0], [0.25, -1.5]])
    assert MeanSquaredError().gradient(Y, prediction).tolist() == [[0.5, 0.0], [0.0, -1.0]]


def test_binary_crossentropy_by_hand():
    p = np.array([[0.2, 0.9], [0.25, 0.4]])
    terms = [
        math.log(0.8),
        math.log(0.9),
        0.25 * math.log(0.25) + 0.75 * math.log(0.75),
        0.5 * math.log(0.4) + 0.5 * math.log(0.6),
    ]
    assert BinaryCrossentropy()(Y, p) == pytest.approx(-sum(terms) / 4, rel=1e-12)


def test_logits_and_probabilities_give_the_same_number(rng):
    z = rng.normal(size=(5, 3))
    y, p = rng.random((5, 3)), 1 / (1 + np.exp(-z))
    assert BinaryCrossentropy(from_logits=True)(y, z) == pytest.approx(BinaryCrossentropy()(y, p), rel=1e-12)


@each_loss
@pytest.mark.parametrize("shape", [(4, 3), (2, 2, 3, 1), (2, 2, 1, 3), (5,)], ids=str)
def test_gradient_is_the_slope_of_the_loss(loss, shape, slope, rng):
    y, prediction = rng.random(shape), rng.uniform(0.05, 0.95, shape)
    expected = slope(lambda p: loss(y, p), prediction)
    np.testing.assert_allclose(loss.gradient(y, prediction), expected, rtol=1e-6, atol=1e-10)


def test_gradient_from_logits_is_prediction_minus_target():
    gradient = BinaryCrossentropy(from_logits=True).gradient(Y, np.zeros((2, 2)))
    np.testing.assert_allclose(gradient, [[0.125, -0.125], [0.0625, 0.0]])


@each_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loss_is_a_float_and_the_gradient_keeps_shape_and_dtype(loss, dtype):
    y, prediction = np.full((3, 2), 0.5, dtype), np.full((3, 2), 0.25, dtype)
    gradient = loss.gradient(y, prediction)
    assert type(loss(y, prediction)) is float
    assert gradient.shape == (3, 2) and gradient.dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_keep_their_loss(dtype):
    """At ±50 the sigmoid is 0 or 1 in float32; the loss from logits is still |z|, or e^-|z|."""
    loss = BinaryCrossentropy(from_logits=True)
    one = np.ones((1, 1), dtype)
    assert loss(0 * one, 50 * one) == loss(one, -50 * one) == 50.0
    assert loss(one, 50 * one) == pytest.approx(math.exp(-50), rel=1e-5)
    assert loss(0 * one, -50 * one) == pytest.approx(math.exp(-50), rel=1e-5)
    assert loss(one, -1e4 * one) == 1e4
    assert loss.gradient(0 * one, 50 * one)[0, 0] == 1.0
    assert loss.gradient(one, -50 * one)[0, 0] == -1.0


def test_from_rounded_probabilities_the_loss_of_extreme_logits_is_lost():
    """From probabilities, the loss of a logit of 50 is limited to -log(1e-7)."""
    ones = np.ones((1, 1))
    assert BinaryCrossentropy()(0 * ones, ones) == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert BinaryCrossentropy()(ones, 0 * ones) == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert BinaryCrossentropy()(ones, ones) == pytest.approx(1e-7, rel=1e-6)
    assert BinaryCrossentropy()(0 * ones, 0 * ones) == pytest.approx(1e-7, rel=1e-6)


def test_probabilities_outside_the_clip_have_the_gradient_of_the_clipped_loss(slope):
    """A clipped probability does not change the loss, so the gradient is 0, as in Keras."""
    y, p = np.array([[1.0, 0.0]]), np.array([[-0.5, 1.5]])
    expected = slope(lambda q: BinaryCrossentropy()(y, q), p)
    assert not expected.any()
    np.testing.assert_array_equal(BinaryCrossentropy().gradient(y, p), expected)


def test_the_cross_entropy_of_grey_pixels_is_never_zero():
    """The minimum over p is the entropy of the target, at p = y."""
    y = np.full((1, 1), 0.3)
    values = [BinaryCrossentropy()(y, np.full((1, 1), p)) for p in np.linspace(0.01, 0.99, 99)]
    entropy = -(0.3 * math.log(0.3) + 0.7 * math.log(0.7))
    assert min(values) == pytest.approx(entropy, rel=1e-12) and np.argmin(values) == 29


def test_the_loss_is_a_mean_so_copies_of_the_data_do_not_change_it(rng):
    y, p = rng.random((4, 3)), rng.uniform(0.1, 0.9, (4, 3))
    for loss in (MeanSquaredError(), BinaryCrossentropy()):
        assert loss(np.tile(y, (5, 2)), np.tile(p, (5, 2))) == pytest.approx(loss(y, p), rel=1e-12)


def test_names_and_unknown_names():
    assert type(losses.get("mse")) is type(losses.get("mean_squared_error")) is MeanSquaredError
    assert type(losses.get("binary_crossentropy")) is BinaryCrossentropy
    assert losses.get("binary_crossentropy").from_logits is False
    assert type(losses.get("mae")) is type(losses.get("MeanAbsoluteError")) is MeanAbsoluteError
    assert losses.get(None) is None
    with pytest.raises(ValueError, match="Unknown loss: expected one of .*binary_crossentropy, .*Received: 'huber'"):
        losses.get("huber")
    with pytest.raises(TypeError, match="Unknown loss.*Received: <function"):
        losses.get(lambda y, p: 0.0)


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError):
        losses.Loss()(Y, Y)
    with pytest.raises(NotImplementedError):
        losses.Loss().gradient(Y, Y)


# ------------------------------------------------------------------ the sigmoid and its cross-entropy together


@pytest.mark.parametrize("shape", [(4, 3), (5, 32), (7, 131)])
def test_the_sigmoid_s_cross_entropy_is_that_from_logits(shape, slope, rng):
    y, z = rng.random(shape), rng.normal(scale=3, size=shape)
    value, gradient = losses.sigmoid_crossentropy(y, z, Sigmoid()(z))
    assert value == pytest.approx(BinaryCrossentropy(from_logits=True)(y, z), rel=1e-12)
    np.testing.assert_allclose(gradient, BinaryCrossentropy(from_logits=True).gradient(y, z), rtol=1e-9)


@pytest.mark.parametrize("scale", [0.1, 1, 10, 100])
def test_in_float32_it_is_right_to_a_rounding_a_component(scale, rng):
    y, z = rng.random((50, 40)).astype("float32"), rng.normal(scale=scale, size=(50, 40)).astype("float32")
    value, _ = losses.sigmoid_crossentropy(y, z, Sigmoid()(z))
    exact = BinaryCrossentropy(from_logits=True)(y.astype("float64"), z.astype("float64"))
    assert value == pytest.approx(exact, rel=2e-6, abs=6e-8)


def test_it_writes_into_out(rng):
    y, z = rng.random((2, 5, 4)).astype("float32")
    out, scratch, p = np.empty_like(z), np.empty_like(z), Sigmoid()(z)
    value, gradient = losses.sigmoid_crossentropy(y, z, p, out, scratch)
    expected, fresh = losses.sigmoid_crossentropy(y, z, p)
    assert gradient is out and value == expected and np.array_equal(gradient, fresh)
    np.testing.assert_array_equal(p, Sigmoid()(z))


def test_the_sum_of_logs_is_the_sum_of_the_logs(rng):
    for size in (1, 31, 32, 33, 1000):
        a = rng.uniform(0.5, 1, size)
        assert losses.sum_of_logs(a) == pytest.approx(np.log(a).sum(), rel=1e-12)
    assert losses.sum_of_logs(np.full(64, 0.5, "float32")) == pytest.approx(-64 * math.log(2), rel=1e-6)


@each_loss
@pytest.mark.parametrize("shape", [(2, 1), (1, 2), (2,), (3, 2)])
def test_shapes_that_numpy_would_stretch_are_refused(loss, shape):
    """Shapes that NumPy cannot broadcast are refused with the same message."""
    for ask in (loss, loss.gradient, lambda y, p: losses.sigmoid_crossentropy(y, p, p)):
        with pytest.raises(ValueError, match="shape of the targets"):
            ask(Y, np.full(shape, 0.5))


def test_categorical_crossentropy_by_hand():
    z = np.array([[math.log(1), math.log(3)], [math.log(2), math.log(2)]])  # p = 1/4, 3/4 and 1/2, 1/2
    y = np.array([[1.0, 2.0], [0.5, 0.5]])
    expected = -(math.log(1 / 4) + 2 * math.log(3 / 4) + math.log(1 / 2)) / 2
    loss = CategoricalCrossentropy(from_logits=True)
    assert loss(y, z) == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(loss.gradient(y, z), [[-0.125, 0.125], [0, 0]], atol=1e-15)


def test_categorical_crossentropy_has_the_slope_of_the_loss_for_any_row_sums(slope, rng):
    loss, y, z = (
        CategoricalCrossentropy(from_logits=True),
        rng.integers(0, 5, (4, 3)).astype(float),
        rng.normal(size=(4, 3)),
    )
    y[2] = 0  # a text without known words contributes nothing
    expected = slope(lambda logits: loss(y, logits), z)
    np.testing.assert_allclose(loss.gradient(y, z), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_categorical_crossentropy_is_finite_at_extremes_and_keeps_the_dtype(dtype):
    z, y = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype), np.array([[1, 0], [1, 0]], dtype)
    from_logits = CategoricalCrossentropy(from_logits=True)
    loss, gradient = from_logits(y, z), from_logits.gradient(y, z)
    assert type(loss) is float and loss == pytest.approx(1e4)
    assert gradient.dtype == dtype and np.allclose(gradient, [[0, 0], [-0.5, 0.5]])


def test_categorical_crossentropy_of_probabilities_by_hand():
    y, p = np.array([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]), np.array([[1.0, 6.0, 3.0], [0.2, 0.2, 0.1]])
    expected = -(math.log(0.6) + math.log(0.4)) / 2
    assert CategoricalCrossentropy()(y, p) == pytest.approx(expected, rel=1e-12)


def test_logits_and_probabilities_give_the_same_categorical_crossentropy(rng):
    z = rng.normal(size=(5, 3))
    y, p = rng.dirichlet(np.ones(3), 5), np.exp(z)  # probabilities need not sum to 1
    assert CategoricalCrossentropy(from_logits=True)(y, z) == pytest.approx(CategoricalCrossentropy()(y, p), rel=1e-12)


def test_a_probability_of_0_or_1_costs_what_epsilon_costs_and_does_not_pull():
    y, p = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    assert CategoricalCrossentropy()(y, p) == pytest.approx(-math.log(1e-7), rel=1e-9)
    assert not CategoricalCrossentropy().gradient(y, p).any()


# ------------------------------------------------------------------ mean absolute error, images, lists


def test_mean_absolute_error_by_hand():
    prediction = np.array([[1.0, 1.0], [0.25, -1.5]])
    assert MeanAbsoluteError()(Y, prediction) == (1 + 0 + 0 + 2) / 4
    assert MeanAbsoluteError().gradient(Y, prediction).tolist() == [[0.25, 0.0], [0.0, -0.25]]


@each_loss
def test_an_image_is_as_good_as_a_row(loss, rng):
    """All losses are means over all entries, except the categorical cross-entropy: a mean over distributions."""
    y, p = rng.random((3, 4, 5, 2)), rng.uniform(0.1, 0.9, (3, 4, 5, 2))
    rows = [array.reshape(60, 2) for array in (y, p)]
    assert loss(y, p) == pytest.approx(loss(*rows), rel=1e-12)
    np.testing.assert_allclose(loss.gradient(y, p).reshape(60, 2), loss.gradient(*rows), rtol=1e-12)


@each_loss
def test_lists_and_whole_numbers_are_accepted_as_in_keras(loss):
    y, p = [[0, 1], [1, 0]], [[0.25, 0.75], [0.5, 0.5]]
    arrays = np.array(y, "float64"), np.array(p)
    assert loss(y, p) == loss(*arrays)
    np.testing.assert_array_equal(loss.gradient(y, p), loss.gradient(*arrays))
    for kind in ("uint8", "int64"):
        gradient = loss.gradient(np.array(y, kind), np.array(p, "float32"))
        assert gradient.dtype == "float32"
        np.testing.assert_allclose(gradient, loss.gradient(*arrays), rtol=1e-6)


@each_loss
def test_predictions_that_are_whole_numbers_are_numbers(loss):
    whole, floating = np.array([[1, 1], [1, 1]]), np.ones((2, 2))
    for y in (np.eye(2), np.eye(2, dtype=int)):
        assert loss(y, whole) == loss(np.eye(2), floating)
        np.testing.assert_array_equal(loss.gradient(y, whole), loss.gradient(np.eye(2), floating))


# ------------------------------------------------------------------ the domain of the targets


BYTES = np.array([[0, 255], [13, 7]], "uint8")


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize(
    "y, received",
    [
        (BYTES, "values from 0 to 255"),
        (np.array([[0.5, -0.25]]), "values from -0.25 to 0.5"),
        (np.array([[0.5, np.nan]]), "values from nan to nan"),
    ],
)
def test_a_binary_target_outside_0_and_1_is_refused_with_the_range_found(from_logits, y, received):
    loss, p = BinaryCrossentropy(from_logits), np.full(y.shape, 0.5)
    for ask in (lambda: loss(y, p), lambda: loss.gradient(y, p), lambda: loss.check_targets(y)):
        with pytest.raises(
            ValueError, match=f"binary_crossentropy expected targets between 0 and 1. Received: {received}"
        ):
            ask()


@pytest.mark.parametrize("from_logits", [False, True])
def test_a_categorical_target_may_be_a_count_and_not_below_0(from_logits):
    loss, p = CategoricalCrossentropy(from_logits), np.full((2, 2), 0.5)
    loss.check_targets(BYTES)
    assert loss(BYTES, p) == pytest.approx(275 * math.log(2) / 2)
    for ask in (loss, loss.gradient):
        with pytest.raises(ValueError, match="categorical_crossentropy expected targets of at least 0.*from -1 to 0.5"):
            ask(np.array([[0.5, 0.5], [-1, 0]]), p)


@pytest.mark.parametrize(
    "y", [np.array([[0.0, 1.0]]), np.array([[True, False]]), np.array([[0, 1]], "uint8"), [[0, 1]]]
)
def test_targets_at_the_ends_are_inside(y):
    assert BinaryCrossentropy().check_targets(y) is None
    assert BinaryCrossentropy()(y, np.array([[0.5, 0.5]])) == pytest.approx(math.log(2))


@pytest.mark.parametrize("loss", [MeanSquaredError(), MeanAbsoluteError(), losses.Loss()], ids=repr)
def test_an_error_takes_all_numbers(loss):
    assert loss.check_targets(np.array([-1e9, 255.0])) is None


def test_the_name_of_a_loss_stands_in_its_message():
    with pytest.raises(ValueError, match="pixels expected targets between 0 and 1"):
        BinaryCrossentropy(name="pixels").check_targets(BYTES)


# ------------------------------------------------------------------ unsupported arguments of Keras


@pytest.mark.parametrize(
    "cls, name, value",
    [
        (MeanSquaredError, "reduction", "sum"),
        (MeanAbsoluteError, "reduction", None),
        (BinaryCrossentropy, "label_smoothing", 0.1),
        (BinaryCrossentropy, "axis", 1),
        (CategoricalCrossentropy, "reduction", "none"),
        (CategoricalCrossentropy, "label_smoothing", 0.1),
        (CategoricalCrossentropy, "dtype", "float64"),
    ],
)
def test_an_argument_of_keras_s_that_is_not_offered_is_refused_by_name(cls, name, value):
    with pytest.raises(ValueError, match=f"{name} expected .*: aelib.nn is Keras in miniature. Received: {value!r}"):
        cls(**{name: value})


# ------------------------------------------------------------------ a loss and its output layer together


PAIRS = [(BinaryCrossentropy(), activations.sigmoid), (CategoricalCrossentropy(), activations.softmax)]
each_pair = pytest.mark.parametrize("loss, activation", PAIRS, ids=repr)


@each_pair
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2, 4)], ids=str)
def test_together_they_are_the_loss_from_logits_and_its_gradient(loss, activation, shape, slope, rng):
    y, z = rng.random(shape), rng.normal(scale=2, size=shape)
    value, delta = loss.with_delta(y, activation(z), z, activation)
    from_logits = type(loss)(from_logits=True)
    assert value == pytest.approx(from_logits(y, z), rel=1e-12) == pytest.approx(loss(y, activation(z)), rel=1e-9)
    np.testing.assert_allclose(delta, from_logits.gradient(y, z), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(delta, slope(lambda logits: loss(y, activation(logits)), z), rtol=1e-5, atol=1e-8)


@each_pair
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_together_they_keep_what_the_activation_rounds_away(loss, activation, dtype):
    z, y = np.array([[200.0, -200.0]], dtype), np.array([[0.0, 1.0]], dtype)
    value, delta = loss.with_delta(y, activation(z), z, activation)
    assert type(value) is float and value == (200.0 if type(loss) is BinaryCrossentropy else 400.0)
    assert delta.dtype == dtype and delta.tolist() == ([[0.5, -0.5]] if type(loss) is BinaryCrossentropy else [[1, -1]])


@each_pair
def test_combined_they_write_into_out(loss, activation, rng):
    y, z = rng.random((2, 5, 4)).astype("float32")
    a, out, scratch = activation(z), np.empty_like(z), np.empty_like(z)
    value, delta = loss.with_delta(y, a, z, activation, out, scratch)
    expected, fresh = loss.with_delta(y, a, z, activation)
    assert delta is out and value == expected and np.array_equal(delta, fresh) and np.array_equal(a, activation(z))


def test_the_sigmoid_s_is_sigmoid_crossentropy_to_the_last_bit(rng):
    y, z = rng.random((2, 50, 40)).astype("float32")
    value, delta = BinaryCrossentropy().with_delta(y, Sigmoid()(z), z, Sigmoid())
    expected, gradient = losses.sigmoid_crossentropy(y, z, Sigmoid()(z))
    assert value == expected and np.array_equal(delta, gradient)


class Doubled(BinaryCrossentropy):
    """A subclass that is another loss."""

    def __call__(self, y_true, y_pred):
        return 2 * super().__call__(y_true, y_pred)


class Counted(CategoricalCrossentropy):
    """A subclass that is another loss."""


class Steep(Sigmoid):
    def __call__(self, z, out=None):
        return super().__call__(3 * z, out)


@pytest.mark.parametrize(
    "loss, activation",
    [
        (losses.Loss(), Sigmoid()),
        (MeanSquaredError(), Sigmoid()),
        (MeanAbsoluteError(), Sigmoid()),
        (BinaryCrossentropy(), activations.tanh),
        (BinaryCrossentropy(), activations.softmax),
        (BinaryCrossentropy(), Steep()),
        (BinaryCrossentropy(from_logits=True), Sigmoid()),
        (Doubled(), Sigmoid()),
        (CategoricalCrossentropy(), Sigmoid()),
        (Counted(), activations.softmax),
        (CategoricalCrossentropy(from_logits=True), activations.softmax),
    ],
    ids=repr,
)
def test_no_other_pair_is_combined(loss, activation):
    z = np.zeros((1, 2))
    assert loss.with_delta(z, activation(z), z, activation) is None
