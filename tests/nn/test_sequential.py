"""`Sequential`: structure, gradients, training, precision and errors."""

import copy
import itertools
import pickle
import tracemalloc

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import aelib.nn as keras
from aelib.nn import Sequential
from aelib.nn.activations import Activation
from aelib.nn.layers import Conv2D, Dense, Input, Layer
from aelib.nn.losses import BinaryCrossentropy, Loss, MeanSquaredError
from aelib.nn.optimizers import SGD
from aelib.nn.regularizers import L1, L2


def autoencoder(activation="tanh", output="sigmoid", rng=0, loss="mse", optimizer="sgd", **settings):
    """4-3-4, compiled."""
    network = Sequential([Input((4,)), Dense(3, activation), Dense(4, output)], rng=rng, **settings)
    network.compile(optimizer=optimizer, loss=loss)
    return network


@pytest.fixture
def x(rng):
    return rng.random((10, 4)).astype("float32")


# ------------------------------------------------------------------ structure


def test_an_input_builds_every_layer():
    network = Sequential([Input((4,)), Dense(3), Dense(2)])
    assert network.built
    assert [w.shape for w in network.get_weights()] == [(4, 3), (3,), (3, 2), (2,)]
    assert network.count_params() == 4 * 3 + 3 + 3 * 2 + 2


def test_layers_can_be_added_one_by_one():
    network = Sequential()
    for layer in (Input((4,)), Dense(3), Dense(2, use_bias=False)):
        network.add(layer)
    assert [w.shape for w in network.get_weights()] == [(4, 3), (3,), (3, 2)]


@pytest.mark.parametrize("use", ["forward", "predict", "fit", "evaluate", "build", "train_on_batch"])
def test_without_an_input_the_first_data_build_it(use, x):
    network = Sequential([Dense(3), Dense(4)])
    network.compile("sgd", "mse")
    assert not network.built
    arguments = {"forward": [x], "predict": [x], "build": [(None, 4)]}.get(use, [x, x])
    getattr(network, use)(*arguments)
    assert network.built and network.layers[0].kernel.shape == (4, 3)


@pytest.mark.parametrize(
    "use", ["get_weights", "summary", "count_params", "forward", "backward", "predict", "fit", "evaluate"]
)
def test_an_empty_network_raises_an_error(use):
    network, one = Sequential(), np.ones((1, 1))
    assert not network.built
    arguments = {"forward": [one], "backward": [one], "predict": [one], "fit": [one, one], "evaluate": [one, one]}
    with pytest.raises(RuntimeError, match="no layers: expected at least one. Received: none"):
        getattr(network, use)(*arguments.get(use, []))


def test_layers_are_numbered_as_keras_numbers_them():
    network = Sequential([Input((4,)), Dense(3), Dense(3), Dense(3, name="code"), Dense(3)])
    assert [layer.name for layer in network.layers] == ["dense", "dense_1", "code", "dense_2"]


def test_an_input_that_is_not_first_is_an_error():
    for layers in ([Dense(3), Input((4,))], [Input((4,)), Input((4,))]):
        with pytest.raises(ValueError, match="Input must be the first layer"):
            Sequential(layers)


def test_adding_something_else_than_a_layer_is_an_error():
    for thing in ("dense", 3, Dense, None):
        with pytest.raises(TypeError, match="Expected layers of aelib.nn.layers, or a Sequential. Received: "):
            Sequential([Input((4,)), thing])


def test_names_are_numbered_again_when_two_networks_are_combined():
    encoder, decoder = Sequential([Input((4,)), Dense(3)]), Sequential([Input((3,)), Dense(4)])
    assert [layer.name for layer in Sequential([encoder, decoder]).layers] == ["sequential", "sequential_1"]
    together = Sequential([*encoder.layers, *decoder.layers])
    assert [layer.name for layer in together.layers] == ["dense", "dense_1"]


def test_a_name_given_twice_is_an_error_as_in_keras():
    with pytest.raises(ValueError, match="layers of different names. Received: a second layer called 'code'"):
        Sequential([Input((4,)), Dense(3, name="code"), Dense(4, name="code")])
    network = Sequential([Input((4,)), Dense(3, name="code")])
    with pytest.raises(ValueError):
        network.add(Dense(3, name="code"))
    assert len(network.layers) == 1


def test_a_name_that_a_network_gives_yields_to_one_that_the_user_gave():
    network = Sequential([Input((4,)), Dense(3, name="dense"), Dense(3), Dense(3, name="code"), Dense(3)])
    assert [layer.name for layer in network.layers] == ["dense", "dense_1", "code", "dense_2"]


def test_no_weight_is_lost_if_another_network_has_renamed_a_layer():
    first, second = Dense(4), Dense(4)
    network = Sequential([Input((4,)), first, second], rng=0)
    Sequential([Dense(4), first])  # this renames `first` to dense_1, which is the name of `second` in the other network
    assert first.name == second.name == "dense_1"
    assert len(network.get_weights()) == 4 and network.count_params() == 40
    with pytest.raises(ValueError, match="different names.*'dense_1', 'dense_1'.*give each layer a name"):
        _ = network.variables


def layers_with_one_twice():
    layer = Dense(4)
    inner = Sequential([layer])
    return [[layer, layer], [layer, inner], [inner, layer], [inner, Dense(4), inner], [inner, Sequential([inner])]]


@pytest.mark.parametrize("number", range(5))
def test_the_same_layer_twice_is_an_error(number):
    """The second forward pass would overwrite the values kept by the first, and the gradients would be wrong."""
    with pytest.raises(ValueError, match="Expected each layer once. Received: layer '.*' a second time"):
        Sequential([Input((4,)), *layers_with_one_twice()[number]])


def test_a_network_cannot_contain_itself():
    network = Sequential([Input((4,)), Dense(4)])
    with pytest.raises(ValueError, match="Expected each layer once"):
        network.add(network)


def test_halves_that_do_not_fit_are_an_error():
    encoder, decoder = Sequential([Input((4,)), Dense(3)]), Sequential([Input((2,)), Dense(4)])
    with pytest.raises(ValueError, match=r"Expected batches of shape \(n, 2\), .* Received: \(n, 3\)"):
        Sequential([encoder, decoder])


class Unbuildable(Layer):
    def build(self, input_shape):
        raise RuntimeError("no")


@pytest.mark.parametrize("layer", [lambda: Sequential([Input((2,)), Dense(4)]), Unbuildable])
def test_a_layer_that_does_not_fit_is_not_added_and_stays_as_it_was(layer, x):
    network, layer = Sequential([Input((4,)), Dense(3)], rng=0, dtype="float64"), layer()
    before = layer.rng, layer.name, layer.dtype
    with pytest.raises((ValueError, RuntimeError)):
        network.add(layer)
    assert len(network.layers) == 1 and network.predict(x).shape == (10, 3)
    assert (layer.rng, layer.name, layer.dtype) == before


@pytest.mark.parametrize("shape", [(None, 5), (None, 4, 1), (None, 2, 2)])
def test_building_for_another_shape_is_an_error_and_changes_nothing(shape):
    network = Sequential([Input((4,)), Dense(3)])
    with pytest.raises(ValueError, match=r"Expected batches of shape \(n, 4\), .*Received: \(n, "):
        network.build(shape)
    network.add(Dense(2))
    assert network.count_params() == 4 * 3 + 3 + 3 * 2 + 2


@pytest.mark.parametrize("shape", [4, (4,), None, "784", (None, None), (None, "4"), (None, 0)])
def test_build_takes_the_shape_of_a_batch_as_in_keras(shape):
    with pytest.raises(ValueError, match=r"Received: "):
        Sequential([Dense(3)]).build(shape)


def test_building_again_keeps_the_weights():
    network = Sequential([Dense(3)], rng=0)
    network.build((None, 4))
    before = network.get_weights()
    network.build((7, 4))  # the number of examples has no effect
    assert (network.get_weights()[0] == before[0]).all() and network.output_shape == (None, 3)


def test_a_nested_network_shares_its_weights(x):
    encoder = Sequential([Input((4,)), Dense(2, "tanh")], rng=0)
    decoder = Sequential([Input((2,)), Dense(4)], rng=1)
    both = Sequential([encoder, decoder])
    both.compile("adam", "mse")
    before = encoder.get_weights()
    both.fit(x, x, epochs=2, verbose=0)
    assert all((a != b).any() for a, b in zip(before, encoder.get_weights()))
    np.testing.assert_array_equal(decoder.predict(encoder.predict(x)), both.predict(x))
    both.set_weights([w + 1 for w in both.get_weights()])
    np.testing.assert_array_equal(decoder.predict(encoder.predict(x)), both.predict(x))
    assert both.layers == [encoder, decoder]


def test_the_parts_of_a_nested_network_are_found_by_their_names(x):
    encoder, decoder = Sequential([Dense(2, name="code")], name="encoder"), Sequential([Dense(4)], name="decoder")
    both = Sequential([Input((4,)), encoder, decoder], rng=0)
    assert both.get_layer("encoder") is encoder and both.get_layer(index=1) is both.get_layer(index=-1) is decoder
    assert encoder.get_layer("code").kernel.shape == (4, 2)
    names = ["encoder/code/kernel", "encoder/code/bias", "decoder/dense/kernel", "decoder/dense/bias"]
    assert list(both.variables) == names
    assert all(a is b for a, b in zip(both.variables.values(), both.weights))
    assert encoder.input_shape == (None, 4) and encoder.output_shape == decoder.input_shape == (None, 2)


@pytest.mark.parametrize("arguments", [{"name": "nonsense"}, {"index": 2}, {"index": -3}])
def test_a_layer_that_is_not_there_is_an_error_that_names_those_that_are(arguments):
    network = Sequential([Input((4,)), Dense(3), Dense(2, name="code")])
    with pytest.raises(ValueError, match=r"\['dense', 'code'\], or an index from 0 to 1. Received: "):
        network.get_layer(**arguments)
    for none_or_both in ({}, {"name": "code", "index": 1}):
        with pytest.raises(ValueError, match="get_layer expected a name or an index. Received: "):
            network.get_layer(**none_or_both)


def halves():
    penalties = {"kernel_regularizer": "l2", "activity_regularizer": "l1"}
    return [
        Sequential([Input((4,)), Dense(5, "tanh", **penalties), Dense(2, "tanh")], name="encoder"),
        Sequential([Dense(5, "relu"), Dense(4, "sigmoid", bias_regularizer="l1")], name="decoder"),
    ]


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_a_nested_network_trains_as_its_layers_in_a_row_do(loss, x):
    """Includes the loss combined with the sigmoid, penalties, and the state of the optimizer."""
    nested = Sequential(halves(), rng=0)
    flat = Sequential([layer for half in halves() for layer in half.layers], rng=0)
    flat.build((None, 4))
    flat.set_weights(nested.get_weights())
    histories = []
    for network in (nested, flat):
        network.compile("adam", loss)
        histories.append(network.fit(x, x, batch_size=4, epochs=3, shuffle=False, verbose=0).history)
    assert histories[0] == histories[1]
    for a, b in zip(nested.get_weights(), flat.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_nested_network_goes_back_to_its_input(slope, x):
    network, x = Sequential(halves(), rng=0).astype("float64"), x.astype("float64")
    g = np.arange(40.0).reshape(10, 4)

    def cost(a):
        y = (g * network.forward(a)).sum()
        return y + network.layers[0].penalty() + network.layers[1].penalty()

    expected = slope(cost, x)
    network.forward(x)
    np.testing.assert_allclose(network.backward(g), expected, rtol=1e-4, atol=1e-7)


def test_freezing_a_network_freezes_its_layers(x):
    encoder, decoder = halves()
    both = Sequential([encoder, decoder], rng=0)
    encoder.trainable = False
    both.compile("adam", "mse")
    before = encoder.get_weights(), decoder.get_weights()
    both.fit(x, x, verbose=0)
    assert not encoder.layers[0].trainable and len(both.trainable_variables) == 4
    assert all((a == b).all() for a, b in zip(before[0], encoder.get_weights()))
    assert any((a != b).any() for a, b in zip(before[1], decoder.get_weights()))
    both.trainable = True
    assert len(both.trainable_variables) == len(both.weights) == 8


def test_a_network_that_is_frozen_as_a_whole_still_has_a_loss(x):
    network = autoencoder()
    network.trainable = False
    before = network.get_weights()
    assert network.fit(x, x, verbose=0).history["loss"] == [pytest.approx(network.evaluate(x, x))]
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))


def test_unbuilt_halves_are_built_together(x):
    encoder, decoder = Sequential([Dense(2)]), Sequential([Dense(4)])
    both = Sequential([Input((4,)), encoder, decoder])
    assert encoder.built and decoder.built and both.predict(x).shape == (10, 4)


def test_the_input_of_a_nested_network_is_used():
    assert Sequential([Sequential([Input((4,)), Dense(2)]), Dense(3)]).input_shape == (None, 4)
    with pytest.raises(ValueError, match="Input must be the first"):
        Sequential([Sequential([Input((4,)), Dense(2)]), Input((4,))])


def test_a_layer_that_was_built_by_itself_keeps_its_weights_and_its_precision(x):
    layer = Dense(4, dtype="float64")
    layer.rng = 3
    layer.build_for((None, 4))
    kernel = layer.kernel
    network = Sequential([layer, Dense(2)], rng=0)
    assert network.layers[0].kernel is kernel and network.dtype == network.layers[1].dtype == "float64"
    assert network.predict(x).dtype == "float64"


def test_the_seed_decides_the_weights():
    def kernel(rng):
        return autoencoder(rng=rng).layers[0].kernel

    assert (kernel(1) == kernel(1)).all()
    assert (kernel(1) == kernel(np.random.default_rng(1))).all()
    assert (kernel(1) != kernel(2)).any() and (kernel(None) != kernel(None)).any()
    assert (autoencoder().layers[0].kernel.T != autoencoder().layers[1].kernel).any()


def test_all_layers_draw_from_the_generator_of_the_network_unless_they_have_one():
    own = np.random.default_rng(9)
    layers = [Dense(3), Dense(4)]
    layers[1].rng = own
    network = Sequential([Input((4,)), Sequential([layers[0]]), layers[1]], rng=0)
    assert network.generators == [network.rng, network.rng, network.rng, own]
    others = [np.random.default_rng(i) for i in range(4)]
    network.generators = others
    assert network.generators == others and layers[0].rng is others[2]


def test_summary_counts_every_layer(capsys):
    Sequential([Input((784,)), Dense(64, name="code"), Dense(784)]).summary()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["code", "(n,", "64)", "50,240", "parameters"],
        ["dense", "(n,", "784)", "50,960", "parameters"],
        ["total", "101,200", "parameters"],
    ]


def test_get_weights_returns_what_set_weights_set():
    network, other = autoencoder(rng=0), autoencoder(rng=1)
    other.set_weights(network.get_weights())
    assert all((a == b).all() for a, b in zip(network.get_weights(), other.get_weights()))
    other.get_weights()[0][:] = 0
    assert other.get_weights()[0].any()


@pytest.mark.parametrize("change", ["fewer", "more", "shape"])
def test_setting_weights_changes_all_or_none(change):
    network = autoencoder()
    before = network.get_weights()
    weights = [w + 1 for w in before]
    weights = {"fewer": weights[:3], "more": [*weights, weights[0]], "shape": [*weights[:3], np.ones(5)]}[change]
    with pytest.raises(ValueError, match=r"'sequential' expected weights of shapes \[\(4, 3\), .*\]. Received: \["):
        network.set_weights(weights)
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))


def test_setting_weights_that_are_not_numbers_changes_none():
    network = autoencoder()
    before = network.get_weights()
    with pytest.raises((TypeError, ValueError)):
        network.set_weights([*[w + 1 for w in before[:3]], np.full(4, "a")])
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))


# ------------------------------------------------------- forward and backward

MATH = {
    "linear": lambda z: z,
    "relu": lambda z: np.where(z > 0, z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "softplus": lambda z: np.log(1 + np.exp(z)),
}
PENALTIES = {
    None: lambda a: 0.0,
    "l1": lambda a: 0.01 * np.abs(a).sum(),
    "l2": lambda a: 0.01 * (a**2).sum(),
}


def cost_from_formulas(weights, x, y, activations, loss, penalties):
    """The mean loss of the whole network, written without `aelib`."""
    kernel_penalty, bias_penalty, activity_penalty = (PENALTIES[name] for name in penalties)
    a, total, margin = x, 0.0, np.inf
    for kernel, bias, activation in zip(weights[::2], weights[1::2], activations):
        z = a @ kernel + bias
        a = MATH[activation](z)
        total += kernel_penalty(kernel) + bias_penalty(bias) + activity_penalty(a) / len(x)
        margin = min(margin, np.abs(z).min())
    terms = (a - y) ** 2 if loss == "mse" else -(y * np.log(a) + (1 - y) * np.log(1 - a))
    return terms.mean() + total, margin


@st.composite
def problems(draw):
    names = st.sampled_from(sorted(MATH))
    loss = draw(st.sampled_from(["mse", "binary_crossentropy"]))
    hidden = draw(st.lists(st.tuples(st.integers(1, 5), names), max_size=3))
    last = "sigmoid" if loss == "binary_crossentropy" else draw(names)
    layers = [*hidden, (draw(st.integers(1, 4)), last)]
    penalties = draw(st.tuples(*[st.sampled_from([None, "l1", "l2"])] * 3))
    return draw(st.integers(1, 5)), layers, loss, penalties, draw(st.integers(1, 6)), draw(st.integers(0, 999))


@hypothesis.given(problems())
@hypothesis.settings(max_examples=60)
def test_loss_and_gradients_are_the_formulas_and_their_slopes(slope, problem):
    """Random depths, widths, activations, losses, penalties and batches, in float64, to 1e-6."""
    features, layers, loss, penalties, batch, seed = problem
    rng = np.random.default_rng(seed)
    network = Sequential([Input((features,))], rng=rng, dtype="float64")
    for units, activation in layers:
        settings = dict(zip(("kernel_regularizer", "bias_regularizer", "activity_regularizer"), penalties))
        network.add(Dense(units, activation, **settings))
    network.set_weights([w + rng.normal(size=w.shape) / 2 for w in network.get_weights()])
    network.compile("sgd", loss)
    x, y, weights = rng.normal(size=(batch, features)), rng.random((batch, layers[-1][0])), network.get_weights()

    activations = [activation for _, activation in layers]
    expected, margin = cost_from_formulas(weights, x, y, activations, loss, penalties)
    # A perturbation must not move anything across the kink of a ReLU or of an absolute value.
    hypothesis.assume(margin > 1e-4 and min(np.abs(w).min() for w in weights) > 1e-4)
    value, gradients = network.loss_and_gradients(x, y)
    assert value == pytest.approx(expected, rel=1e-10)
    assert network.evaluate(x, y) == pytest.approx(expected, rel=1e-10)
    slopes = [
        slope(
            lambda w, i=i: cost_from_formulas([*weights[:i], w, *weights[i + 1 :]], x, y, activations, loss, penalties)[
                0
            ],
            weights[i],
        )
        for i in range(len(weights))
    ]
    scale = max(1e-3, *(np.abs(s).max() for s in slopes))
    for gradient, numerical in zip(gradients, slopes):
        np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-6 * scale)


def test_forward_of_a_call_is_forward(x):
    network = autoencoder()
    assert (network(x) == network.forward(x)).all()


def test_backward_returns_the_gradient_of_the_input(slope, x):
    network = autoencoder(dtype="float64")
    x = x.astype("float64")
    network.forward(x)
    g = np.arange(40.0).reshape(10, 4)
    expected = slope(lambda a: (g * network.forward(a)).sum(), x)
    network.forward(x)
    np.testing.assert_allclose(network.backward(g), expected, rtol=1e-5, atol=1e-7)


def test_backward_before_forward_raises_an_error():
    with pytest.raises(RuntimeError, match="Layer 'dense_1' expected a forward pass before backward"):
        autoencoder().backward(np.ones((10, 4)))


def test_a_penalty_of_activities_before_forward_raises_an_error():
    with pytest.raises(RuntimeError, match="forward"):
        Sequential([Input((4,)), Dense(2, activity_regularizer="l1")]).penalty()


def test_gradients_line_up_with_variables(x):
    network = Sequential([Input((4,)), Dense(3, use_bias=False), Dense(4)])
    network.compile("sgd", "mse")
    _, gradients = network.loss_and_gradients(x, x)
    assert [g.shape for g in gradients] == [v.shape for v in network.trainable_variables] == [(4, 3), (3, 4), (4,)]


def saturated(logit, loss="binary_crossentropy", penalty=None):
    """One unit whose logit is `logit` for the input 1."""
    network = Sequential([Input((1,)), Dense(1, "sigmoid", kernel_regularizer=penalty)])
    network.set_weights([np.array([[logit]], "float32"), np.zeros(1, "float32")])
    network.compile("sgd", loss)
    return network


ONE = np.ones((1, 1), "float32")


@pytest.mark.parametrize("logit, target, loss", [(50, 0, 50), (-50, 1, 50), (500, 0, 500), (50, 1, 0), (-50, 0, 0)])
def test_cross_entropy_and_a_saturated_sigmoid_are_combined(logit, target, loss):
    """From rounded probabilities the loss could not exceed 16; warnings are errors here."""
    network, y = saturated(logit), target * ONE
    assert network.evaluate(ONE, y) == pytest.approx(loss, abs=1e-6)
    value, (kernel_gradient, _) = network.loss_and_gradients(ONE, y)
    assert value == pytest.approx(loss, abs=1e-6)
    assert kernel_gradient[0, 0] == pytest.approx((logit > 0) - target, abs=1e-6)


def test_penalties_are_added_to_a_loss_from_logits():
    network = saturated(50, penalty=L1(0.1))
    assert network.evaluate(ONE, 0 * ONE) == pytest.approx(55, rel=1e-6)
    assert network.loss_and_gradients(ONE, 0 * ONE)[0] == pytest.approx(55, rel=1e-6)


def test_only_a_sigmoid_output_is_combined_with_the_cross_entropy(x):
    """The same probabilities, computed in another way, give the same loss and gradients."""

    class SigmoidByHand(Activation):
        def __call__(self, z, out=None):
            return 1 / (1 + np.exp(-z))

        def derivative(self, z, a, out=None):
            return a * (1 - a)

    x = x.astype("float64")
    together = autoencoder(loss="binary_crossentropy", dtype="float64")
    apart = autoencoder(output=SigmoidByHand(), loss="binary_crossentropy", dtype="float64")
    for network in (together, apart):
        _, delta = network._loss_with_delta(x, network.forward(x))
        assert (delta is not None) == (network is together)
    (a, gradients_a), (b, gradients_b) = (n.loss_and_gradients(x, x) for n in (together, apart))
    assert a == pytest.approx(b, rel=1e-12) and together.evaluate(x, x) == pytest.approx(apart.evaluate(x, x))
    for g, h in zip(gradients_a, gradients_b):
        np.testing.assert_allclose(g, h, rtol=1e-9)


# ------------------------------------------------------------------- training


def test_a_step_of_gradient_descent_by_hand():
    """One weight, w = 3: the loss of y = w x at x = 2, y = 4 is (6 - 4)² and its slope 2 (6 - 4) 2."""
    network = Sequential([Input((1,)), Dense(1, use_bias=False)], dtype="float64")
    network.set_weights([np.array([[3.0]])])
    network.compile(SGD(0.125), "mse")
    assert network.train_on_batch(np.array([[2.0]]), np.array([[4.0]])) == 4.0
    assert network.get_weights()[0] == 3.0 - 0.125 * 8.0


def test_training_lowers_the_loss(x):
    for optimizer in (SGD(0.5), "rmsprop", "adam"):
        network = autoencoder(optimizer=optimizer)
        history = network.fit(x, x, epochs=100, batch_size=3, verbose=0)
        assert history.history["loss"][-1] < 0.9 * history.history["loss"][0]
        assert network.optimizer.iterations == 100 * 4


def test_one_hidden_unit_memorises_two_examples():
    x = np.array([[0, 1, 0, 1], [1, 1, 0, 0]], "float32")
    network = Sequential([Input((4,)), Dense(1, "tanh"), Dense(4, "sigmoid")], rng=0)
    network.compile("adam", "binary_crossentropy")
    network.optimizer.learning_rate = 0.05
    network.fit(x, x, epochs=300, verbose=0)
    assert (network.predict(x).round() == x).all() and network.evaluate(x, x) < 0.05


class Spy(Loss):
    """Squared error that remembers the targets of every batch."""

    def __init__(self):
        self.batches = []

    def __call__(self, y_true, y_pred):
        return MeanSquaredError()(y_true, y_pred)

    def gradient(self, y_true, y_pred):
        self.batches.append(y_true.ravel().tolist())
        return MeanSquaredError().gradient(y_true, y_pred)


def batches_seen(n=10, epochs=1, batch_size=4, rng=0, shuffle=True):
    """The numbers 0 to n - 1 in the order of their use, batch by batch."""
    network, spy = Sequential([Input((1,)), Dense(1)], rng=rng), Spy()
    network.compile(SGD(1e-6), spy)
    x = np.arange(n, dtype="float32")[:, None]
    network.fit(x, x, epochs=epochs, batch_size=batch_size, shuffle=shuffle, verbose=0)
    return spy.batches


@pytest.mark.parametrize("n, batch_size, sizes", [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 5, [3]), (3, 1, [1] * 3)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_example_is_seen_once_per_epoch(n, batch_size, sizes, shuffle):
    batches = batches_seen(n, 1, batch_size, shuffle=shuffle)
    assert [len(batch) for batch in batches] == sizes
    assert sorted(sum(batches, [])) == list(range(n))


def test_without_shuffling_the_order_stays():
    assert batches_seen(epochs=2, shuffle=False) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] * 2


def test_shuffling_gives_a_new_order_each_epoch():
    first, second = (sum(batches_seen(30, 2, 30)[i : i + 1], []) for i in (0, 1))
    assert list(range(30)) != first != second != list(range(30))
    assert sorted(first) == sorted(second) == list(range(30))


def test_the_seed_decides_the_order():
    assert batches_seen(rng=1) == batches_seen(rng=1) != batches_seen(rng=2)


def test_inputs_and_targets_are_shuffled_together():
    """A network can learn y = 2 x only from matching pairs."""
    x = np.linspace(-1, 1, 40)[:, None]
    network = Sequential([Input((1,)), Dense(1)], rng=0)
    network.compile(SGD(0.1), "mse")
    network.fit(x, 2 * x + 1, epochs=60, batch_size=7, verbose=0)
    np.testing.assert_allclose(network.get_weights()[0], 2, atol=0.01)
    np.testing.assert_allclose(network.get_weights()[1], 1, atol=0.01)


@pytest.mark.parametrize("use", ["fit", "evaluate", "predict"])
@pytest.mark.parametrize("batch_size", [{}, {"batch_size": None}, {"batch_size": 32}])
def test_the_default_batch_is_32(use, batch_size, monkeypatch):
    sizes, forward = [], Sequential.forward
    monkeypatch.setattr(
        Sequential, "forward", lambda self, x, *a, **k: sizes.append(len(x)) or forward(self, x, *a, **k)
    )
    network, x = autoencoder(), np.zeros((65, 4), "float32")
    getattr(network, use)(*[x] * (1 if use == "predict" else 2), verbose=0, **batch_size)
    assert sizes == [32, 32, 1]


def test_fit_shuffles_and_makes_one_epoch_by_default():
    network, spy = Sequential([Input((1,)), Dense(1)], rng=0), Spy()
    network.compile(SGD(1e-6), spy)
    x = np.arange(20, dtype="float32")[:, None]
    assert len(network.fit(x, x, verbose=0).epoch) == 1
    assert spy.batches[0] != sorted(spy.batches[0]) == list(range(20))


def test_a_smaller_last_batch_counts_for_its_examples():
    """If nothing is learned, the loss of an epoch is the mean over examples, not over batches."""
    network = Sequential([Input((1,)), Dense(1, use_bias=False)], dtype="float64")
    network.set_weights([np.zeros((1, 1))])
    network.compile(SGD(1e-12), "mse")
    x = np.array([[1.0], [1.0], [1.0], [1.0], [6.0]])
    history = network.fit(x, x, batch_size=4, verbose=0, validation_data=(x, x)).history
    assert history["loss"] == pytest.approx([40 / 5]) and history["val_loss"] == pytest.approx([40 / 5])
    assert network.evaluate(x, x, batch_size=4) == pytest.approx(8.0)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 10, 11, None])
def test_predict_and_evaluate_do_not_depend_on_the_batch_size(batch_size, x):
    network = autoencoder()
    np.testing.assert_allclose(network.predict(x, batch_size=batch_size), network.forward(x), rtol=1e-6)
    expected = np.square(network.forward(x).astype("float64") - x).mean()
    assert network.evaluate(x, x, batch_size=batch_size) == pytest.approx(expected, rel=1e-6)


def test_evaluate_and_predict_change_no_weights_and_print_nothing(x, capsys):
    network = autoencoder()
    before = network.get_weights()
    network.evaluate(x, x, verbose=1)
    network.predict(x, verbose=1)
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))
    assert capsys.readouterr().out == ""


def test_the_history_holds_the_loss_before_each_step(x):
    network = autoencoder()
    before = network.evaluate(x, x)
    history = network.fit(x, x, epochs=3, batch_size=10, validation_data=(x, x), verbose=0)
    assert history.epoch == [0, 1, 2] and set(history.history) == {"loss", "val_loss"}
    loss, val_loss = history.history["loss"], history.history["val_loss"]
    # The loss of an epoch is the loss after the previous epoch.
    assert loss == pytest.approx([before, *val_loss[:2]], rel=1e-5)


def test_without_validation_data_there_is_no_val_loss(x):
    assert set(autoencoder().fit(x, x, verbose=0).history) == {"loss"}


def test_validation_data_are_not_trained_on(x):
    with_them, without = autoencoder(), autoencoder()
    with_them.fit(x, x, epochs=3, verbose=0, validation_data=(x[:3] * 0, x[:3]))
    without.fit(x, x, epochs=3, verbose=0)
    assert all((a == b).all() for a, b in zip(with_them.get_weights(), without.get_weights()))


@pytest.mark.parametrize("n, split", [(10, 0.2), (10, 0.25), (7, 0.5), (30, 0.1), (3, 0.6)])
def test_a_validation_split_takes_the_last_examples_before_any_shuffling(n, split, rng):
    x = rng.random((n, 4)).astype("float32")
    trained = int(np.floor(n * (1 - split)))
    network, other = autoencoder(), autoencoder()
    history = network.fit(x, x, epochs=2, batch_size=4, verbose=0, validation_split=split).history
    pair = x[trained:], x[trained:]
    expected = other.fit(x[:trained], x[:trained], epochs=2, batch_size=4, verbose=0, validation_data=pair).history
    assert history == expected and set(history) == {"loss", "val_loss"}
    assert all((a == b).all() for a, b in zip(network.get_weights(), other.get_weights()))


def test_validation_data_replace_a_validation_split(x):
    network, other = autoencoder(), autoencoder()
    history = network.fit(x, x, verbose=0, validation_split=0.5, validation_data=(x[:2], x[:2])).history
    assert history == other.fit(x, x, verbose=0, validation_data=(x[:2], x[:2])).history


@pytest.mark.parametrize("split", [1.0, -0.1, 2, "0.1", None, np.nan])
def test_a_validation_split_outside_0_to_1_is_an_error(split, x):
    with pytest.raises(ValueError, match="validation_split must be at least 0 and below 1. Received: "):
        autoencoder().fit(x, x, validation_split=split)


@pytest.mark.parametrize("split", [0.01, 0.99])
def test_a_validation_split_leaves_examples_on_both_sides(split, x):
    """One hundredth of ten examples is less than one: Keras's rounding makes it one, and 0.99 leaves none to train."""
    network = autoencoder()
    if split == 0.01:
        assert "val_loss" in network.fit(x, x, validation_split=split, verbose=0).history
    else:
        with pytest.raises(ValueError, match="leaves examples on both sides of 10. Received: 0.99"):
            network.fit(x, x, validation_split=split)


def test_a_validation_split_goes_with_arrays(x):
    with pytest.raises(ValueError, match="validation_split goes with arrays.*Received: 0.5"):
        autoencoder().fit([(x, x)], validation_split=0.5)


def test_the_same_seed_trains_the_same_network(x):
    ends = [autoencoder(rng=5) for _ in range(2)]
    for network in ends:
        network.fit(x, x, epochs=3, batch_size=4, verbose=0)
    assert all((a == b).all() for a, b in zip(*(network.get_weights() for network in ends)))


def test_training_can_continue(x):
    """Training twice for two epochs equals training for four: the optimizer keeps its state."""
    once, twice = autoencoder(optimizer="adam"), autoencoder(optimizer="adam")
    once.fit(x, x, epochs=4, verbose=0, shuffle=False)
    for _ in range(2):
        twice.fit(x, x, epochs=2, verbose=0, shuffle=False)
    assert all((a == b).all() for a, b in zip(once.get_weights(), twice.get_weights()))


def test_compiling_again_forgets_the_optimizers_state(x):
    network = autoencoder(optimizer="adam")
    network.fit(x, x, verbose=0)
    network.compile("adam", "mse")
    assert network.optimizer.iterations == 0 and network.optimizer.state is None


def test_a_stop_of_an_earlier_training_is_forgotten(x):
    network = autoencoder()
    network.stop_training = True
    assert len(network.fit(x, x, epochs=3, verbose=0).epoch) == 3


def test_the_data_are_not_changed(x):
    before = x.copy()
    autoencoder(optimizer="adam").fit(x, x, epochs=2, verbose=0)
    assert (x == before).all()


def test_a_larger_penalty_gives_a_smaller_code(x):
    codes = []
    for strength in (0.0, 0.05, 1.0):
        layers = [Input((4,)), Dense(3, "tanh", activity_regularizer=L2(strength)), Dense(4)]
        network = Sequential(layers, rng=0)
        network.compile("adam", "mse")
        network.optimizer.learning_rate = 0.02
        network.fit(x, x, epochs=150, verbose=0)
        codes.append(np.abs(network.layers[0].forward(x)).mean())
    assert codes[0] > 1.5 * codes[1] > 2 * codes[2]


# ------------------------------------------------------------------ precision


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", SGD(0.1, 0.9)])
def test_float32_stays_float32_and_float64_stays_float64(loss, optimizer, x):
    for dtype in ("float32", "float64"):
        layers = [
            Input((4,)),
            Dense(3, "relu", kernel_regularizer="l2", activity_regularizer="l1"),
            Dense(4, "sigmoid", bias_regularizer="l1"),
        ]
        network = Sequential(layers, rng=0, dtype=dtype)
        network.compile(copy.deepcopy(optimizer), loss)
        data = x.astype(dtype)
        network.fit(data, data, epochs=2, verbose=0, validation_data=(data, data))
        state = [array for slot in network.optimizer.state for array in slot.values()]
        arrays = [*network.get_weights(), *network.gradients, network.predict(data), *state]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)} and network.dtype == dtype


def test_data_are_converted_to_the_precision_of_the_network(x):
    """Steps on float64 data, on lists and on float32 data are the same, bit for bit."""
    expected = autoencoder(optimizer="adam")
    expected.fit(x, x, epochs=2, batch_size=4, verbose=0, validation_data=(x, x))
    loss = expected.train_on_batch(x, x)
    for data in (x.astype("float64"), x.tolist(), x.astype(">f4")):
        network = autoencoder(optimizer="adam")
        network.fit(data, data, epochs=2, batch_size=4, verbose=0, validation_data=(data, data))
        assert network.train_on_batch(data, data) == loss
        assert network.history.history == expected.history.history
        assert network.evaluate(data, data) == expected.evaluate(x, x)
        assert network.dtype == "float32" and network.predict(data).dtype == "float32"
        assert all((a == b).all() and a.dtype == b.dtype for a, b in zip(network.weights, expected.weights))
        assert {g.dtype.name for g in network.loss_and_gradients(data, data)[1]} == {"float32"}


@pytest.mark.parametrize("use", ["fit", "evaluate", "predict"])
def test_numbers_that_the_precision_of_the_network_cannot_hold_are_an_error(use):
    x = np.full((2, 4), 0.5)
    x[0, 1] = 1e39
    arguments = [x] if use == "predict" else [x, x]
    with pytest.raises(
        ValueError, match=r"^x must be in the range of float32, up to 3.4e\+38. .*from 5.0e-01 to 1.0e\+39"
    ):
        getattr(autoencoder(), use)(*arguments)
    with pytest.raises(ValueError, match="x must be in the range of float32"):
        Sequential([Dense(2)]).predict(-x)
    assert np.isfinite(autoencoder(dtype="float64").predict(x)).all()


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers_are_converted_to_the_precision_of_the_network(dtype):
    network, x = autoencoder(), np.eye(4).astype(dtype)
    network.fit(x, x, verbose=0, validation_data=(x, x))
    assert network.dtype == network.predict(x).dtype == "float32"


def test_lists_are_data():
    network = Sequential([Dense(2)], rng=0)
    network.compile("sgd", "mse")
    network.fit([[1, 2], [3, 4]], [[1, 2], [3, 4]], verbose=0)
    assert network.predict([[1, 2]]).shape == (1, 2)


def test_precision_can_be_changed():
    network = autoencoder()
    weights = network.get_weights()
    assert network.astype("float64") is network
    assert {w.dtype for w in network.get_weights()} == {np.dtype("float64")}
    assert all((a == b).all() for a, b in zip(weights, network.get_weights()))
    unbuilt = Sequential([Dense(2), Sequential([Dense(2, use_bias=False)])]).astype("float64")
    unbuilt.build((None, 3))
    assert unbuilt.dtype == unbuilt.layers[1].layers[0].dtype == "float64"
    assert {w.dtype.name for w in unbuilt.astype("float32").weights} == {"float32"}


@pytest.mark.parametrize("dtype", ["float16", "int32", "nonsense", bool])
def test_other_precisions_are_an_error_and_change_no_weight(dtype):
    """`astype("int32")` would make every weight zero."""
    network = autoencoder()
    before = network.get_weights()
    for use in (lambda: Sequential(dtype=dtype), lambda: network.astype(dtype)):
        with pytest.raises(ValueError, match="dtype must be float32 or float64. Received: "):
            use()
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))


def test_without_an_input_data_are_converted_to_the_precision_of_the_first_layer():
    layer = Dense(3, dtype="float64")
    for network in (Sequential([layer]), Sequential([Sequential([Dense(3, dtype="float64")])])):
        assert network.dtype == "float64"
        network.compile("sgd", "mse")
        x = np.full((2, 4), 1 / 3) + 1e200  # too large for float32
        assert network.forward(x).dtype == "float64" and np.isfinite(network.predict(x)).all()


def test_a_layer_that_is_not_added_does_not_decide_the_precision():
    network = Sequential([Input((4,))])
    with pytest.raises(ValueError, match="expected batches of images"):
        network.add(Conv2D(2, 3, dtype="float64"))
    network.add(Dense(2))
    assert network.dtype == "float32"


def test_a_float64_network_takes_an_encoder_that_was_built_in_float32(x):
    encoder = Sequential([Input((4,)), Dense(3, "tanh")], rng=0)
    network = Sequential([encoder, Dense(4)], rng=0, dtype="float64")
    network.compile("adam", "mse")
    network.fit(x, x, verbose=0)
    assert [w.dtype.name for w in network.get_weights()] == ["float32"] * 2 + ["float64"] * 2


# --------------------------------------------------------------------- errors

GOOD = np.full((6, 4), 0.5, "float32")


def spoiled(value):
    bad = GOOD.copy()
    bad[2, 1] = value
    return bad


BAD_DATA = [
    (spoiled(np.nan), "must be finite. Received: 1 values that are NaN or infinite"),
    (spoiled(np.inf), "must be finite. Received: 1 values that are NaN or infinite"),
    (spoiled(-np.inf), "must be finite. Received: 1 values that are NaN or infinite"),
    (GOOD[:0], r"must be a batch of shape \(n, features\) with at least one row. Received: shape \(0, 4\)"),
    (GOOD[:, :0], r"must be a batch of shape \(n, features\) with at least one row. Received: shape \(6, 0\)"),
    (GOOD[0], r"must be a batch of shape \(n, features\) .*Received: shape \(4,\)"),
    (GOOD.astype(complex), "must hold numbers. Received: dtype complex128"),
    (GOOD.astype(str), "must hold numbers. Received: dtype <U"),
    (GOOD.astype(object), "must hold numbers. Received: dtype object"),
    (np.ma.masked_less(GOOD, 0), "must be an array without a mask. Received: a masked array; call filled"),
    (3.0, r"must be a batch of shape \(n, features\) .*Received: shape \(\)"),
]


@pytest.mark.parametrize("bad, message", BAD_DATA)
def test_bad_data_are_named_and_change_nothing(bad, message):
    network = autoencoder()
    before = network.get_weights()
    for name, use in {
        "x": lambda: network.fit(bad, GOOD, verbose=0),
        "y": lambda: network.fit(GOOD, bad, verbose=0),
        "x_val": lambda: network.fit(GOOD, GOOD, verbose=0, validation_data=(bad, GOOD)),
        "y_val": lambda: network.fit(GOOD, GOOD, verbose=0, validation_data=(GOOD, bad)),
        "x ": lambda: network.fit([(bad, GOOD)], verbose=0),
    }.items():
        with pytest.raises(ValueError, match=f"^{name.strip()} {message}"):
            use()
    with pytest.raises(ValueError, match=f"^x {message}"):
        network.predict(bad)
    with pytest.raises(ValueError, match=f"^y {message}"):
        network.evaluate(GOOD, bad)
    assert all((a == b).all() for a, b in zip(before, network.get_weights()))


def test_a_forward_pass_that_would_build_the_network_needs_a_batch():
    with pytest.raises(ValueError, match=r"^x must be a batch of shape \(n, features\) .*Received: shape \(4,\)"):
        Sequential([Dense(3)]).forward(GOOD[0])


def test_the_number_of_bad_values_is_in_the_error():
    bad = GOOD.copy()
    bad[:, 0] = np.nan
    with pytest.raises(ValueError, match="Received: 6 values"):
        autoencoder().predict(bad)


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "loss_and_gradients"])
def test_targets_of_another_shape_are_an_error(use):
    # All four shapes have the wrong width, which broadcasting would hide.
    for width in (1, 3, 5):
        with pytest.raises(ValueError, match=rf"Expected targets of .*\(6, 4\). Received: shape \(6, {width}\)"):
            getattr(autoencoder(), use)(GOOD, np.ones((6, width), "float32"))


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "predict", "forward"])
def test_inputs_of_another_width_are_an_error(use):
    y = [] if use in ("predict", "forward") else [GOOD]
    with pytest.raises(ValueError, match=r"Layer 'dense' expected a batch of shape \(n, 4\). Received: shape \(6, 3\)"):
        getattr(autoencoder(), use)(GOOD[:, :3], *y)


def test_as_many_targets_as_inputs_are_expected():
    with pytest.raises(ValueError, match="as many targets as inputs: x has 6 rows. Received: y with 5 rows"):
        autoencoder().fit(GOOD, GOOD[:5])
    with pytest.raises(ValueError, match="x_val has 6 rows. Received: y_val with 5 rows"):
        autoencoder().fit(GOOD, GOOD, validation_data=(GOOD, GOOD[:5]), verbose=0)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "32"])
def test_a_batch_size_that_is_not_positive_is_an_error(batch_size):
    network = autoencoder()
    for use in (lambda: network.fit(GOOD, GOOD, batch_size), lambda: network.evaluate(GOOD, GOOD, batch_size)):
        with pytest.raises(ValueError, match="batch_size must be a positive integer. Received: "):
            use()
    with pytest.raises(ValueError, match="batch_size must be a positive integer. Received: "):
        network.predict(GOOD, batch_size)


@pytest.mark.parametrize("epochs", [0, -1, 1.5, None])
def test_a_number_of_epochs_that_is_not_positive_is_an_error(epochs):
    with pytest.raises(ValueError, match="epochs must be a positive integer. Received: "):
        autoencoder().fit(GOOD, GOOD, epochs=epochs)


@pytest.mark.parametrize("epoch", [-1, 1.5, None])
def test_a_number_of_epochs_done_before_that_is_negative_is_an_error(epoch):
    with pytest.raises(ValueError, match="initial_epoch must be zero or a positive integer. Received: "):
        autoencoder().fit(GOOD, GOOD, initial_epoch=epoch)


@pytest.mark.parametrize("initial_epoch, expected", [(0, [0, 1, 2]), (2, [2]), (3, []), (7, [])])
def test_epochs_done_before_are_counted_as_keras_counts_them(initial_epoch, expected):
    network = autoencoder()
    before = network.get_weights()
    history = network.fit(GOOD, GOOD, epochs=3, initial_epoch=initial_epoch, verbose=0)
    assert history.epoch == expected and len(history.history.get("loss", [])) == len(expected)
    same = all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))
    assert same == (not expected)


def test_one_example_in_a_batch_of_one_is_enough():
    assert len(autoencoder().fit(GOOD[:1], GOOD[:1], batch_size=1, verbose=0).epoch) == 1


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "loss_and_gradients"])
def test_an_uncompiled_network_raises_an_error(use):
    with pytest.raises(RuntimeError, match=r"not compiled: call compile\("):
        getattr(Sequential([Input((4,)), Dense(4)]), use)(GOOD, GOOD)


def test_an_uncompiled_network_raises_before_it_changes_anything():
    network = Sequential([Dense(4)])
    with pytest.raises(RuntimeError, match="not compiled"):
        network.fit(GOOD, GOOD, callbacks=["no callback"])
    assert not network.built


def test_compiling_needs_a_loss_and_known_names():
    network = Sequential([Input((4,)), Dense(4)])
    with pytest.raises(ValueError, match="compile needs a loss: expected one of .*mse.*Received: None"):
        network.compile("adam")
    with pytest.raises(ValueError, match="Unknown loss"):
        network.compile("adam", "nonsense")
    with pytest.raises(ValueError, match="Unknown optimizer"):
        network.compile("nonsense", "mse")
    assert network.loss is None and network.optimizer is None


def test_keras_s_default_optimizer_is_rmsprop():
    network = Sequential([Input((4,)), Dense(4)])
    network.compile(loss="mse")
    assert type(network.optimizer).__name__ == "RMSprop"


@pytest.mark.parametrize(
    "validation_data, received",
    [
        (GOOD, "a ndarray"),
        ((GOOD, GOOD, np.ones(6)), "a tuple of length 3"),
        ((GOOD,), "a tuple of length 1"),
        (iter([(GOOD, GOOD)]), "a list_iterator"),
    ],
)
def test_validation_data_are_a_pair(validation_data, received):
    with pytest.raises(
        ValueError, match=rf"validation_data expected a pair \(x, y\), .*weights. Received: {received}."
    ):
        autoencoder().fit(GOOD, GOOD, validation_data=validation_data)


KERAS_ALONE = {
    "fit": {"sample_weight": np.ones(6), "class_weight": {0: 1.0}, "validation_batch_size": 3, "validation_steps": 1},
    "evaluate": {"sample_weight": np.ones(6), "steps": 1, "return_dict": True},
    "predict": {"steps": 1, "callbacks": []},
    "compile": {"metrics": ["accuracy"], "weighted_metrics": ["mse"], "loss_weights": [1.0], "nonsense": 1},
}


@pytest.mark.parametrize("method, name", [(m, name) for m, names in KERAS_ALONE.items() for name in names])
def test_unsupported_arguments_of_keras_are_refused_by_name(method, name):
    network = autoencoder()
    before = network.get_weights()
    data = {"fit": [GOOD, GOOD], "evaluate": [GOOD, GOOD], "predict": [GOOD], "compile": ["sgd", "mse"]}[method]
    with pytest.raises(TypeError, match=f"{method} expected no argument {name}: .*Received: {name}="):
        getattr(network, method)(*data, **{name: KERAS_ALONE[method][name]})
    getattr(network, method)(*data, **{name: None})  # None is accepted
    assert method == "fit" or all((a == b).all() for a, b in zip(before, network.get_weights()))


def test_arguments_that_change_only_the_speed_in_keras_are_accepted():
    network = autoencoder()
    network.compile("sgd", "mse", jit_compile=True, run_eagerly=False, steps_per_execution=8, auto_scale_loss=True)


@pytest.mark.parametrize(
    "module, name",
    [
        ("", "Model"),
        ("", "ops"),
        ("activations", "mish"),
        ("layers", "LSTM"),
        ("losses", "Huber"),
        ("models", "clone_model"),
        ("optimizers", "schedules"),
        ("callbacks", "TensorBoard"),
    ],
)
def test_names_of_keras_that_are_not_here_say_so(module, name):
    with pytest.raises(AttributeError, match=rf"aelib.nn(\.{module})? has no {name}. It is Keras in miniature"):
        getattr(getattr(keras, module) if module else keras, name)


def test_divergence_is_an_error_that_names_the_learning_rate():
    x = np.full((4, 4), 10.0, "float32")
    network = autoencoder("linear", "linear", optimizer=SGD(1e6))
    with (
        np.errstate(all="ignore"),
        pytest.raises(
            FloatingPointError,
            match=r"loss became (inf|nan) at step \d+: .*learning rate, 1000000.0, is probably too large",
        ),
    ):
        network.fit(x, x, epochs=50, verbose=0)


# ------------------------------------------------------------------ memory, and data larger than memory


def test_what_forward_returns_is_never_written_into_again(x):
    network = autoencoder()
    y, before = network(x), network(x).copy()
    network.fit(x, x, epochs=2, batch_size=4, verbose=0)
    network.evaluate(x, x)
    np.testing.assert_array_equal(y, before)
    gradients = network.loss_and_gradients(x, x)[1]
    kept = [g.copy() for g in gradients]
    network.fit(x, x, epochs=2, verbose=0)  # the second step has another gradient
    for g, k in zip(gradients, kept):
        np.testing.assert_array_equal(g, k)


def test_training_steps_reuse_the_arrays_of_the_previous_step(x):
    network = autoencoder()
    network.train_on_batch(x, x)
    first = network.gradients[0]
    network.train_on_batch(x, x)
    assert np.shares_memory(first, network.gradients[0])


def test_an_interrupted_step_leaves_no_array_that_is_reused(x, monkeypatch):
    network = autoencoder()
    monkeypatch.setattr(MeanSquaredError, "__call__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        network.fit(x, x, verbose=0)
    monkeypatch.undo()
    y, before = network(x), network(x).copy()
    network.fit(x, x, verbose=0)
    np.testing.assert_array_equal(y, before)


def interrupt(*arguments):
    raise KeyboardInterrupt


def test_a_subclass_of_a_loss_or_of_the_sigmoid_is_asked_itself(x):
    class Doubled(BinaryCrossentropy):
        def __call__(self, y_true, y_pred):
            return 2 * super().__call__(y_true, y_pred)

        def gradient(self, y_true, y_pred):
            return 2 * super().gradient(y_true, y_pred)

    single, double = autoencoder(loss="binary_crossentropy"), autoencoder(loss=Doubled())
    (a, gradients_a), (b, gradients_b) = (n.loss_and_gradients(x, x) for n in (single, double))
    assert b == pytest.approx(2 * a, rel=1e-5)
    for g, h in zip(gradients_a, gradients_b):
        np.testing.assert_allclose(2 * g, h, rtol=1e-4, atol=1e-7)


def test_evaluation_reuses_its_arrays_and_returns_none_of_them(x):
    network = autoencoder()
    network.evaluate(x, x)
    first = network.layers[0].kept[-1]
    network.evaluate(x, x)
    assert np.shares_memory(first, network.layers[0].kept[-1])
    assert not np.shares_memory(first, network.layers[0].forward(x))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
@pytest.mark.parametrize("nested", [False, True])
def test_a_copy_trains_independently_in_the_same_way_and_holds_no_arrays_of_a_pass(nested, duplicate, rng):
    x = rng.random((500, 4)).astype("float32")
    network = Sequential(halves(), rng=0) if nested else autoencoder()
    network.compile("adam", "binary_crossentropy")
    network.fit(x, x, batch_size=400, verbose=0)
    network.evaluate(x, x, batch_size=500)
    assert len(pickle.dumps(network)) < 16_000  # one batch of inputs alone would be 6,400 bytes, its activations more
    weights = network.get_weights()
    other = duplicate(network)
    expected = network.fit(x, x, epochs=2, verbose=0).history
    assert all((a == b).all() for a, b in zip(weights, other.get_weights()))
    assert other.fit(x, x, epochs=2, verbose=0).history == expected
    assert all((a == b).all() for a, b in zip(network.get_weights(), other.get_weights()))


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "elu", "softplus", "linear"])
def test_reused_arrays_change_no_number(activation, loss, x):
    """Training with new arrays in every step equals training with reused arrays, in batches of two sizes."""
    again, new = (autoencoder(activation, loss=loss, optimizer="adam") for _ in range(2))
    for rows in (slice(0, 6), slice(6, 10), slice(2, 8)):
        loss_again = again.train_on_batch(x[rows], x[rows])
        loss_new, gradients = new.loss_and_gradients(x[rows], x[rows])
        new.optimizer.apply(gradients, new.trainable_variables)
        assert loss_again == loss_new
    for a, b in zip(again.get_weights(), new.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_first_layer_s_input_gradient_is_not_computed_in_training(x, monkeypatch):
    products, matmul = [], np.matmul
    monkeypatch.setattr(np, "matmul", lambda a, b, out=None: products.append(a.shape) or matmul(a, b, out=out))
    autoencoder().train_on_batch(x, x)
    assert len(products) == 2 + 3  # forward; two gradients of kernels, one of an input


def test_training_needs_the_parameters_four_times_and_the_activations_of_one_batch():
    """The four are weights, gradients and Adam's two running means; the dataset is never copied."""
    widths, batch_size, n = (400, 30, 400), 100, 30_000
    data = np.random.default_rng(0).random((n, widths[0]), dtype="float32")
    network = Sequential([Input((400,)), Dense(30, "relu"), Dense(400, "sigmoid")], rng=0)
    network.compile("adam", "binary_crossentropy")
    tracemalloc.start()
    network.fit(data, data, batch_size=batch_size, epochs=2, verbose=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    parameters, activations = 4 * network.count_params(), 4 * batch_size * sum(widths)
    order, block = 8 * n, 4 * 400 * 30
    assert peak < 3 * parameters + 5 * activations + 2 * order + block + 50_000  # bytes; the weights were there
    assert peak < 0.05 * data.nbytes


def test_data_on_disk_train_as_in_memory(x, tmp_path):
    x.tofile(tmp_path / "x")
    on_disk = np.memmap(tmp_path / "x", dtype="float32", shape=x.shape, mode="r")
    results = []
    for data in (x, on_disk):
        network = autoencoder()
        history = network.fit(data, data, batch_size=4, epochs=2, verbose=0, validation_data=(data, data))
        results.append((history.history, network.evaluate(data, data), network.predict(data).tolist()))
    assert results[0] == results[1]


def test_whole_numbers_on_disk_are_not_converted_as_a_whole():
    data = np.random.default_rng(0).integers(0, 2, (50_000, 100), dtype="uint8")
    network = Sequential([Input((100,)), Dense(2), Dense(100, "sigmoid")], rng=0)
    network.compile("sgd", "binary_crossentropy")
    tracemalloc.start()
    network.fit(data, data, batch_size=100, verbose=0)
    network.evaluate(data, data, batch_size=100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.3 * data.nbytes


def test_batches_from_a_list_train_as_the_arrays_do(x):
    arrays, batches = autoencoder(), autoencoder()
    expected = arrays.fit(x, x, batch_size=4, epochs=3, shuffle=False, verbose=0)
    stream = [(x[i : i + 4], x[i : i + 4]) for i in (0, 4, 8)]
    assert batches.fit(stream, epochs=3, verbose=0).history == expected.history
    for a, b in zip(arrays.get_weights(), batches.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_an_endless_generator_trains_for_as_many_steps_as_are_asked_for(x):
    network = autoencoder()
    endless = ((x[i : i + 2], x[i : i + 2]) for i in itertools.cycle(range(0, 10, 2)))
    history = network.fit(endless, steps_per_epoch=7, epochs=2, verbose=0, validation_data=(x, x))
    assert network.optimizer.iterations == 14 and len(history.history["val_loss"]) == 2


@pytest.mark.parametrize(
    "batch, message",
    [
        (lambda x: (x, x[:3]), "3 rows"),
        (lambda x: (x * np.nan, x), "NaN"),
        (lambda x: (x[:, :2], x), r"\(n, 4\)"),
        (lambda x: (x[:0], x[:0]), "at least one row"),
        (lambda x: (x, x[:, :2]), "targets of the shape"),
    ],
)
def test_batches_from_outside_are_checked(batch, message, x):
    with pytest.raises(ValueError, match=message):
        autoencoder().fit([batch(x)], verbose=0)


def test_batches_are_converted_to_the_precision_of_the_network(x):
    network, other = autoencoder(), autoencoder()
    network.fit([(x > 0.5, (x > 0.5).astype("uint8")), (x.astype("float64"), x.tolist())], verbose=0)
    other.fit([((x > 0.5).astype("float32"),) * 2, (x, x)], verbose=0)
    assert all((a == b).all() and a.dtype == "float32" for a, b in zip(network.weights, other.weights))


def test_steps_per_epoch_goes_with_batches_only(x):
    with pytest.raises(ValueError, match="iterable of batches"):
        autoencoder().fit(x, x, steps_per_epoch=2)
    with pytest.raises(ValueError, match="steps_per_epoch"):
        autoencoder().fit([(x, x)], steps_per_epoch=0)


def test_the_history_stays_with_the_network(x):
    network = autoencoder()
    assert network.history is None
    assert network.fit(x, x, verbose=0) is network.history


def test_finite_data_whose_sum_overflows_are_accepted():
    network = autoencoder()
    network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    assert (network.predict(np.full((2, 4), 3e38, "float32")) == 0.5).all()
