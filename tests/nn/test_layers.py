"""A dense layer by hand, its gradients by central differences, and its errors."""

import contextlib
import copy
import pickle

import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.nn.memory import reused
from aelib.nn.regularizers import L1, L2

X = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
KERNEL = np.array([[1.0, -1.0, 0.5], [2.0, 0.0, -1.0]])
BIAS = np.array([0.5, -0.5, 1.0])
# X W + b, multiplied out by hand.
Z = np.array([[5.5, -1.5, -0.5], [-1.5, -0.5, 2.0], [4.5, -3.5, 2.0]])


def dense(activation=None, dtype="float64", **settings):
    """A layer of three units with the weights above."""
    layer = built(Dense(3, activation, dtype=dtype, **settings), 2)
    layer.set_weights([KERNEL, BIAS] if layer.use_bias else [KERNEL])
    return layer


def built(layer, inputs):
    """The layer, built for a number of inputs."""
    layer.rng = np.random.default_rng(0)
    layer.build_for((None, inputs))
    return layer


def test_forward_by_hand():
    assert (dense().forward(X) == Z).all()
    assert (dense("relu").forward(X) == np.where(Z > 0, Z, 0)).all()
    np.testing.assert_allclose(dense("sigmoid").forward(X), 1 / (1 + np.exp(-Z)), rtol=1e-12)


def test_forward_without_bias():
    assert (dense(use_bias=False).forward(X) == Z - BIAS).all()


def test_logits_are_the_values_before_the_activation():
    layer = dense("tanh")
    layer.forward(X)
    assert (layer.logits == Z).all()


def test_backward_by_hand():
    layer = dense("relu")
    layer.forward(X)
    # The gradient passes where Z > 0: unit 1 of the rows 1 and 3, unit 3 of the rows 2 and 3.
    to_x = layer.backward(np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0], [3.0, 30.0, 300.0]]))
    assert layer.kernel_gradient.tolist() == [[10.0, 0.0, 900.0], [3.5, 0.0, -50.0]]
    assert layer.bias_gradient.tolist() == [4.0, 0.0, 500.0]
    assert to_x.tolist() == [[1.0, 2.0], [100.0, -200.0], [153.0, -294.0]]


PENALTIES = [
    {},
    {"use_bias": False},
    {"kernel_regularizer": L1(0.3)},
    {"kernel_regularizer": L2(0.3)},
    {"bias_regularizer": L1(0.2)},
    {"bias_regularizer": L2(0.2)},
    {"activity_regularizer": L1(0.4)},
    {"activity_regularizer": L2(0.4)},
    {"kernel_regularizer": L2(0.3), "bias_regularizer": L2(0.2), "activity_regularizer": L2(0.4)},
    {"use_bias": False, "kernel_regularizer": L2(0.3), "bias_regularizer": L2(0.2)},
]


@pytest.mark.parametrize("settings", PENALTIES)
@pytest.mark.parametrize("activation", ["linear", "tanh", "softplus"])
def test_gradients_are_slopes_of_the_loss_with_penalties(activation, settings, slope, rng):
    """The loss is `Σ G ⊙ A` plus the penalties, so that `∂C/∂A` is G."""
    layer, upstream = dense(activation, **settings), rng.normal(size=(3, 3))

    def cost(x=X, kernel=KERNEL, bias=BIAS):
        layer.set_weights([kernel, bias] if layer.use_bias else [kernel])
        return (upstream * layer.forward(x)).sum() + layer.penalty()

    expected = [slope(lambda a, name=name: cost(**{name: a}), value)
                for name, value in (("x", X), ("kernel", KERNEL), ("bias", BIAS))]  # fmt: skip
    cost()
    to_x = layer.backward(upstream)
    np.testing.assert_allclose(to_x, expected[0], rtol=1e-6, atol=1e-8)
    for gradient, numerical in zip(layer.gradients, expected[1:]):
        np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("settings", PENALTIES)
def test_backward_from_delta_skips_only_the_activation(settings, rng):
    layer, upstream = dense("tanh", **settings), rng.normal(size=(3, 3))
    layer.forward(X)
    first = [layer.backward(upstream), *layer.gradients]
    second = [layer.backward_from_delta(upstream * (1 - np.tanh(layer.logits) ** 2)), *layer.gradients]
    for a, b in zip(first, second):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_penalty_by_hand():
    layer = dense(kernel_regularizer=L1(0.5), bias_regularizer=L2(2.0), activity_regularizer=L1(0.3))
    layer.forward(X)
    # Σ|W| = 5.5, Σb² = 1.5, Σ|A| = 21.5 over 3 examples
    assert layer.penalty() == pytest.approx(0.5 * 5.5 + 2.0 * 1.5 + 0.3 * 21.5 / 3)


def test_the_activity_penalty_is_a_mean_over_examples():
    layer = dense("tanh", activity_regularizer=L2(0.4))
    layer.forward(X)
    once = layer.penalty()
    layer.forward(np.tile(X, (4, 1)))
    assert layer.penalty() == pytest.approx(once)


def test_without_regularizers_there_is_no_penalty():
    assert dense().penalty() == 0.0


def test_an_activity_penalty_needs_a_forward_pass():
    with pytest.raises(RuntimeError, match="forward"):
        dense(activity_regularizer="l2").penalty()


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh", "elu", "softplus"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_dtypes(activation, dtype):
    penalties = {"kernel_regularizer": "l1", "bias_regularizer": "l2", "activity_regularizer": "l2"}
    layer, x = built(Dense(3, activation, dtype=dtype, **penalties), 2), X.astype(dtype)
    a = layer.forward(x)
    to_x = layer.backward(np.ones_like(a))
    assert a.shape == (3, 3) and to_x.shape == (3, 2)
    assert layer.kernel.shape == layer.kernel_gradient.shape == (2, 3)
    assert layer.bias.shape == layer.bias_gradient.shape == (3,)
    arrays = [a, to_x, layer.logits, *layer.trainable_variables, *layer.gradients]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_the_batch_is_not_changed():
    layer, x, g = dense("elu", activity_regularizer="l1"), X.copy(), np.ones((3, 3))
    layer.forward(x)
    layer.backward(g)
    assert (x == X).all() and (g == 1).all()


def test_building_makes_a_scaled_kernel_and_a_bias_of_zeros():
    layer = Dense(4)
    assert not layer.built
    built(layer, 100)
    assert layer.built and layer.kernel.dtype == "float32"
    assert np.abs(layer.kernel).max() <= np.sqrt(6 / 104) and layer.kernel.std() > 0.1
    assert (layer.bias == 0).all()
    assert layer.count_params() == 404


def test_without_bias_there_is_none():
    layer = built(Dense(4, use_bias=False), 100)
    layer.forward(np.ones((2, 100), "float32"))
    layer.backward(np.ones((2, 4), "float32"))
    assert layer.bias is None and len(layer.gradients) == len(layer.get_weights()) == 1
    assert layer.count_params() == 400


def test_initializers_are_those_asked_for():
    layer = built(Dense(50, kernel_initializer="he_uniform", bias_initializer="random_normal"), 200)
    assert layer.bias.std() == pytest.approx(0.05, rel=0.3)
    limit = np.sqrt(6 / 200)
    assert 0.98 * limit < np.abs(layer.kernel).max() <= limit


def test_weights_are_handed_out_as_copies_and_variables_are_not():
    layer = dense()
    layer.get_weights()[0][:] = 7
    assert (layer.kernel == KERNEL).all()
    layer.trainable_variables[0][:] = 7
    assert (layer.kernel == 7).all()


def test_weights_are_copied():
    kernel, layer = KERNEL.copy(), dense()
    layer.set_weights([kernel, BIAS])
    kernel[:] = 7
    assert (layer.kernel == KERNEL).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", ["float32", "float64", "int64", "list"])
def test_weights_are_converted_to_the_precision_of_the_layer(dtype, given):
    layer, weights = dense(dtype=dtype), [2 * KERNEL, 2 * BIAS]
    variables = layer.trainable_variables
    layer.set_weights([w.tolist() if given == "list" else w.astype(given) for w in weights])
    assert layer.kernel.dtype == layer.bias.dtype == dtype
    assert (layer.kernel == (weights[0].astype("int64") if given == "int64" else weights[0])).all()
    assert variables[0] is layer.kernel, "an optimizer that holds the array must see the new weights"


@pytest.mark.parametrize(
    "weights", [[KERNEL], [KERNEL.T, BIAS], [KERNEL, BIAS[:2]], [KERNEL, BIAS, BIAS], [BIAS, KERNEL], []]
)
def test_weights_of_another_shape_or_number_are_an_error_and_change_nothing(weights):
    layer = dense()
    with pytest.raises(ValueError, match=r"expected weights of shapes \[\(2, 3\), \(3,\)\]. Received: \["):
        layer.set_weights(weights)
    assert (layer.kernel == KERNEL).all() and (layer.bias == BIAS).all()


@pytest.mark.parametrize("kernel", [np.full((2, 3), "a"), KERNEL + 1j, np.full((2, 3), None)])
def test_weights_that_are_not_real_numbers_are_an_error_and_change_nothing(kernel):
    layer = dense()
    with pytest.raises((TypeError, ValueError)):
        layer.set_weights([kernel, BIAS + 1])
    assert (layer.kernel == KERNEL).all() and (layer.bias == BIAS).all()


@pytest.mark.parametrize("units", [0, -1, 2.5, "3", None, (3,), True])
def test_units_must_be_a_positive_integer(units):
    with pytest.raises(ValueError, match="units must be a positive integer. Received: "):
        Dense(units)


@pytest.mark.parametrize("shape", [(None,), (None, 2, 3), (None, 28, 28, 1)])
def test_a_dense_layer_takes_examples_of_one_axis(shape):
    with pytest.raises(
        ValueError, match=r"expected batches of shape \(n, features\). Received: .*Add a Flatten before it"
    ):
        Dense(2).build_for(shape)


def test_numpy_integers_are_integers():
    assert Dense(np.int64(3)).units == 3 and Input((np.int32(4),)).shape == (4,)


def test_one_unit_is_enough():
    assert Dense(1).units == 1 and Input((1,)).shape == (1,)


@pytest.mark.parametrize("shape", [784, (), "784", None])
def test_input_takes_the_shape_of_one_example(shape):
    with pytest.raises(ValueError, match=r"Input expected the shape of one example, such as \(features,\). Received: "):
        Input(shape)


def test_input_takes_the_arguments_of_keras_that_ask_for_nothing_else():
    assert Input((4,), None, "float64", name="images").dtype == "float64"
    with pytest.raises(ValueError, match="batch_size expected None: aelib.nn is Keras in miniature. Received: 32"):
        Input((4,), 32)
    with pytest.raises(ValueError, match="dtype must be float32 or float64. Received: 'int32'"):
        Input((4,), dtype="int32")


@pytest.mark.parametrize("shape", [(0,), (-3,), (2.0,), (None,), (28, None, 1)])
def test_every_size_of_an_input_is_a_positive_integer(shape):
    with pytest.raises(ValueError, match="A size of the shape must be a positive integer. Received: "):
        Input(shape)


@pytest.mark.parametrize("dtype", ["int32", "float16", "nonsense", int, "complex64"])
def test_there_are_two_precisions(dtype):
    for use in (lambda: Dense(3, dtype=dtype), lambda: dense().astype(dtype)):
        with pytest.raises(ValueError, match="dtype must be float32 or float64. Received: "):
            use()
    assert Dense(3, dtype=np.float64).dtype == "float64" and Dense(3).dtype is None


@pytest.mark.parametrize("name", ["code/dense", 3, ("code",)])
def test_a_name_is_a_string_that_a_path_can_hold(name):
    with pytest.raises(ValueError, match="name must be a string without '/'. Received: "):
        Dense(3, name=name)


def test_an_unbuilt_layer_raises_an_error():
    layer = Dense(3)
    for use in (lambda: layer.forward(X), layer.get_weights, layer.count_params, lambda: layer.set_weights([])):
        with pytest.raises(RuntimeError, match="'dense' is not built: expected an Input.*Received: a Dense without"):
            use()


@pytest.mark.parametrize("x", [np.ones((3, 3)), np.ones(2), np.ones((1, 3, 2)), np.float64(1)])
def test_a_batch_of_another_shape_is_an_error(x):
    with pytest.raises(ValueError, match=r"expected a batch of shape \(n, 2\). Received: shape \("):
        dense(name="code").forward(x)


def test_a_list_is_accepted_as_a_batch():
    assert (dense().forward(X.tolist()) == Z).all()


def test_backward_before_forward_raises_an_error():
    for use in (dense().backward, dense().backward_from_delta):
        with pytest.raises(RuntimeError, match="expected a forward pass before backward"):
            use(np.ones((3, 3)))


@pytest.mark.parametrize("gradient", [np.ones((3, 2)), np.ones((2, 3)), np.ones(3), np.float64(1)])
def test_a_gradient_of_another_shape_is_an_error(gradient):
    layer = dense()
    layer.forward(X)
    for use in (layer.backward, layer.backward_from_delta):
        with pytest.raises(ValueError, match=r"gradient of the shape of its output, \(3, 3\). Received: shape \("):
            use(gradient)


@pytest.mark.parametrize("name, shown", [("code", "'code'"), (None, "'dense'")])
def test_errors_name_the_layer(name, shown):
    layer = dense(name=name)
    with pytest.raises(RuntimeError, match=f"Layer {shown} is not built"):
        Dense(3, name=name).forward(X)
    with pytest.raises(RuntimeError, match=f"Layer {shown} expected a forward pass"):
        layer.backward(X)
    with pytest.raises(ValueError, match=f"Layer {shown} expected a batch"):
        layer.forward(np.ones((1, 5)))
    layer.forward(X)
    with pytest.raises(ValueError, match=f"Layer {shown} expected a gradient"):
        layer.backward(X)


@pytest.mark.parametrize(
    "setting, kind",
    [
        ("activation", "activation"),
        ("kernel_initializer", "initializer"),
        ("bias_initializer", "initializer"),
        ("kernel_regularizer", "regularizer"),
        ("bias_regularizer", "regularizer"),
        ("activity_regularizer", "regularizer"),
    ],
)
def test_unknown_names_are_errors_when_the_layer_is_made(setting, kind):
    with pytest.raises(ValueError, match=f"Unknown {kind}: expected one of .*Received: 'nonsense'"):
        Dense(3, **{setting: "nonsense"})


@pytest.mark.parametrize("reuse", [False, True])
def test_a_layer_writes_into_the_arrays_of_the_pass_before_only_when_allowed_to(reuse, rng):
    layer = built(Dense(3, "tanh"), 4)
    x = rng.normal(size=(5, 4)).astype("float32")
    results = []
    with reused() if reuse else contextlib.nullcontext():
        for _ in range(2):
            a = layer.forward(x)
            to_x = layer.backward(np.ones_like(a))
            results.append([layer.logits, a, to_x, layer.kernel_gradient])
    assert all(np.shares_memory(old, new) == reuse for old, new in zip(*results))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_holds_weights_and_nothing_of_a_pass(duplicate):
    layer = built(Dense(1000, "tanh"), 10)
    with reused():
        layer.backward(layer.forward(np.ones((2000, 10), "float32")))
    other = duplicate(layer)
    assert len(pickle.dumps(layer)) < 60_000  # the weights are 44 kB, an activation alone would be 8 MB
    assert other.kernel_gradient is None and other.bias_gradient is None and other.kept is None
    with pytest.raises(RuntimeError, match="expected a forward pass before backward"):
        other.backward(np.ones((2000, 1000), "float32"))
    np.testing.assert_array_equal(other.kernel, layer.kernel)
    assert not np.shares_memory(other.kernel, layer.kernel)


@pytest.mark.parametrize("rng", [7, np.random.default_rng(7), [7]], ids=["int", "generator", "sequence"])
def test_a_layer_without_a_network_is_built_by_its_first_batch(rng):
    """`rng` may be a seed."""
    layer, expected = Dense(3, "tanh"), Dense(3, "tanh")
    layer.rng, expected.rng = rng, np.random.default_rng(7) if rng != [7] else np.random.default_rng([7])
    expected.build_for((None, 2))
    np.testing.assert_array_equal(layer(X), np.tanh(X.astype("float32") @ expected.kernel))
    assert layer.input_shape == (None, 2) and layer(X.tolist()).dtype == "float32"


def test_a_layer_is_built_once_and_for_one_shape():
    layer = built(Dense(3), 2)
    kernel = layer.kernel
    layer.build_for((None, 2))
    assert layer.kernel is kernel
    with pytest.raises(ValueError, match=r"'dense' expected batches of shape \(n, 2\). Received: \(n, 4\)"):
        layer.build_for((None, 4))


def test_gradients_before_backward_say_what_is_missing():
    with pytest.raises(RuntimeError, match="expected backward to set kernel_gradient, bias_gradient. Received: none"):
        _ = dense().gradients


def test_a_frozen_layer_shows_no_variables_and_is_penalised_only_for_its_activities():
    layer = dense(kernel_regularizer=L1(0.5), bias_regularizer=L2(2.0), activity_regularizer=L1(0.3))
    layer.trainable = False
    layer.forward(X)
    layer.backward(np.ones((3, 3)))
    assert layer.trainable_variables == layer.gradients == [] and len(layer.weights) == 2
    assert layer.penalty() == pytest.approx(0.3 * 21.5 / 3)  # what Keras adds: see test_keras_agreement


@pytest.mark.parametrize("trainable", [np.random.default_rng(0), 1, None, "no"])
@pytest.mark.parametrize(
    "make", [lambda trainable: Dense(3, trainable=trainable), lambda trainable: Sequential([], trainable)]
)
def test_whether_a_layer_is_trained_is_true_or_false(make, trainable):
    with pytest.raises(ValueError, match="trainable must be True or False. Received: "):
        make(trainable)
