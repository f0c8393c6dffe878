"""User-defined layers: networks, optimizers and gradient checks need only what `Layer` promises."""

import copy
import doctest
import importlib
import pickle
import pkgutil

import numpy as np
import pytest

import aelib.nn
from aelib.nn import Sequential
from aelib.nn.gradient_check import check_gradients
from aelib.nn.layers import Dense, Input, Layer
from aelib.nn.memory import reused

MODULES = [module.name for module in pkgutil.walk_packages(aelib.nn.__path__, "aelib.nn.")]


def example_of(cls):
    """Return the names that the example in the docstring of a class defines."""
    names = {"Layer": Layer, "__name__": __name__}
    (test,) = doctest.DocTestFinder(recurse=False).find(cls)
    exec("".join(example.source for example in test.examples), names)
    return names


Scale = example_of(Layer)["Scale"]  # multiplies each feature by a trainable factor


class Shift(Layer):
    """Subtracts the running mean of each feature, which is a state, not a trainable weight."""

    state_names = ("mean",)

    def build(self, input_shape):
        self.mean = self.add_weight(input_shape[1:], "zeros")

    def forward(self, x, training=False):
        if training:
            self.mean += 0.5 * (x.mean(axis=0) - self.mean)
        return x - self.mean

    def backward(self, gradient):
        return gradient


class Halve(Layer):
    """Keeps every second feature: it changes the width, and has no weights and no `compute_output_shape`."""

    def forward(self, x, training=False):
        return x[:, ::2]

    def backward(self, gradient):
        return np.repeat(gradient, 2, axis=1) * (np.arange(2 * gradient.shape[1]) % 2 == 0)


class Drop(Layer):
    """A dropout layer with a rate and a generator."""

    def __init__(self, rate, seed=None, **layer):
        super().__init__(**layer)
        self.rate, self.seed = rate, seed
        self.rng = None if seed is None else np.random.default_rng(seed)

    def forward(self, x, training=False):
        self.kept = (self.generator.random(x.shape) >= self.rate) / (1 - self.rate) if training else 1.0
        return (x * self.kept).astype(x.dtype)

    def backward(self, gradient):
        return (gradient * self.kept).astype(gradient.dtype)


@pytest.fixture
def x(rng):
    return rng.random((12, 4)).astype("float32")


def network(*middle, dtype=None, last="linear"):
    """4-4-?-4 with user-defined layers in the middle."""
    return Sequential(
        [Input((4,)), Dense(4, "tanh", name="first"), *middle, Dense(4, last, name="last")], rng=0, dtype=dtype
    )


# ------------------------------------------------------------------ docstrings


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings_run(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_there_are_examples_among_the_docstrings():
    """Without examples, the test above would pass."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert {"aelib.nn.layers.layer.Layer", "aelib.nn.sequential.Sequential"} <= {test.name for test in tests}


# ------------------------------------------------------------------ a layer with weights


def test_a_layer_by_itself_is_built_by_its_first_batch(x):
    layer = Scale(name="scale")
    assert not layer.built and layer.weights == []
    np.testing.assert_array_equal(layer(x), x)
    layer.set_weights([np.array([1.0, 2.0, 3.0, 4.0])])
    np.testing.assert_array_equal(layer(x), x * np.array([1, 2, 3, 4], "float32"))
    np.testing.assert_array_equal(layer.backward(np.ones_like(x)), np.tile([1, 2, 3, 4], (12, 1)))
    np.testing.assert_allclose(layer.gradients[0], x.sum(axis=0), rtol=1e-6)
    assert (
        layer.count_params() == 4
        and list(layer.variables) == ["factor"]
        and layer.compute_output_shape((None, 4)) == (None, 4)
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_user_defined_layer_passes_the_gradient_check_in_any_position(place, x):
    layers = [Dense(4, "tanh"), Dense(4)]
    layers.insert(place, Scale(name="scale"))
    errors = check_gradients(Sequential([Input((4,)), *layers], rng=0), x, x, "mse", rng=0)
    assert "scale/factor" in errors and max(errors.values()) < 1e-7


def test_a_mistake_in_a_user_defined_layer_is_found(x):
    class Wrong(Scale):
        def backward(self, gradient):
            super().backward(gradient)
            return gradient

    errors = []
    for kind in (Scale, Wrong):
        model = network(kind())
        model.layers[1].factor[:] = 1.5  # with 1 the mistake would have no effect
        errors.append(check_gradients(model, x, x, "mse", rng=0)["first/kernel"])
    assert errors[0] < 1e-7 and errors[1] == pytest.approx(1 / 3, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_user_defined_layer_trains_as_the_dense_layer_that_does_the_same(dtype, x):
    """Scaling is a dense layer with a diagonal kernel: the gradient of the diagonal is that of the factors."""
    scaled, dense = network(Scale(), dtype=dtype), network(Dense(4, use_bias=False), dtype=dtype)
    before = scaled.get_weights()
    dense.set_weights([*before[:2], np.diag(before[2]), *before[3:]])
    for model in (scaled, dense):
        model.compile("sgd", "mse")
    loss, gradients = scaled.loss_and_gradients(x, x)
    expected_loss, expected = dense.loss_and_gradients(x, x)
    assert loss == pytest.approx(expected_loss)
    for i, (ours, theirs) in enumerate(zip(gradients, expected, strict=True)):
        np.testing.assert_allclose(ours, np.diag(theirs) if i == 2 else theirs, rtol=1e-4, atol=1e-7)
        assert ours.dtype == dtype
    first = scaled.evaluate(x, x)
    scaled.fit(x, x, epochs=30, batch_size=5, verbose=0)
    assert scaled.evaluate(x, x) < first and (scaled.get_layer("scale").factor != 1).all()
    assert {w.dtype.name for w in scaled.weights} == {dtype}


def test_user_defined_layers_are_named_numbered_and_counted(capsys):
    class TwoWords(Scale):
        pass

    model = network(Scale(), TwoWords(), Scale(), Scale(name="mine"))
    assert [layer.name for layer in model.layers] == ["first", "scale", "two_words", "scale_1", "mine", "last"]
    assert list(model.variables)[2:4] == ["scale/factor", "two_words/factor"] and model.count_params() == 2 * 20 + 4 * 4
    model.summary()
    assert "two_words" in capsys.readouterr().out


def test_a_gradient_that_backward_forgets_is_named(x):
    class Forgetful(Scale):
        def backward(self, gradient):
            return gradient

    model = network(Forgetful(name="lazy"))
    model.compile("sgd", "mse")
    for use in (lambda: model.train_on_batch(x, x), lambda: check_gradients(model, x, x, "mse")):
        with pytest.raises(RuntimeError, match="Layer 'lazy' expected backward to set factor_gradient. Received: none"):
            use()


def test_a_layer_without_a_pass_says_which_one():
    class Nothing(Layer):
        pass

    with pytest.raises(NotImplementedError, match="Nothing has no forward pass: define forward"):
        Nothing()(np.ones((1, 2)))
    with pytest.raises(NotImplementedError, match="Nothing has no backward pass: define backward"):
        Nothing().backward(np.ones((1, 2)))
    with pytest.raises(NotImplementedError, match="Scale has no activation: use backward"):
        Scale().backward_from_delta(np.ones((1, 2)))
    assert Nothing().penalty() == 0.0


def test_a_layer_needs_no_constructor_of_the_base_class(x):
    class Power(Layer):
        def __init__(self, exponent):
            self.exponent = exponent

        def forward(self, x, training=False):
            self.kept = x
            return x**self.exponent

        def backward(self, gradient):
            return gradient * self.exponent * self.kept ** (self.exponent - 1)

    model = network(Power(3))
    assert model.layers[1].name == "power" and Power(3).get_config() == {"exponent": 3}
    assert max(check_gradients(model, x, x, "mse", rng=0).values()) < 1e-7


def test_the_loss_together_with_the_sigmoid_reaches_user_defined_layers(x):
    model = network(Scale(), last="sigmoid")
    assert max(check_gradients(model, x, x, "binary_crossentropy", rng=0).values()) < 1e-7
    behind = Sequential([*network(last="sigmoid").layers, Scale()], rng=0)  # the sigmoid is not the last layer here
    assert behind.output_activation is None
    assert max(check_gradients(behind, x, x, "binary_crossentropy", rng=0).values()) < 1e-7


# ------------------------------------------------------------------ state, output shape, noise


def test_a_state_changes_only_in_training_and_is_not_a_trainable_variable(x):
    shift = Shift()
    model = network(shift)
    model.compile("sgd", "mse")
    model.predict(x), model.evaluate(x, x), model.loss_and_gradients(x, x, training=False)
    assert (shift.mean == 0).all()
    first = np.tanh(x @ model.layers[0].kernel + model.layers[0].bias)
    model.train_on_batch(x, x)
    np.testing.assert_allclose(shift.mean, 0.5 * first.mean(axis=0), rtol=1e-5)
    assert len(model.trainable_variables) == 4 and len(model.weights) == 5 and "shift/mean" in model.variables
    other = network(Shift())
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other.predict(x), model.predict(x))


def test_the_shape_of_an_output_is_found_by_trying(x):
    model = Sequential([Input((4,)), Halve(), Dense(3)], rng=0)
    assert model.layers[0].compute_output_shape((None, 4)) == (None, 2) and model.layers[1].kernel.shape == (2, 3)
    assert max(check_gradients(network(Halve()), x, x, "mse", rng=0).values()) < 1e-7


def test_trying_a_shape_forgets_nothing_of_the_last_pass(x):
    layer = Scale()
    layer(x)
    layer.compute_output_shape((None, 4))
    assert layer.kept is not None and layer.backward(np.ones_like(x)).shape == x.shape


def test_a_layer_may_divide_by_its_input_where_the_shape_is_tried():
    """The output shape is found with a batch of zeros; a warning is an error in these tests."""

    class Normalise(Layer):
        def forward(self, x, training=False):
            return x / x.sum(axis=1, keepdims=True)

    assert Sequential([Input((4,)), Normalise()]).output_shape == (None, 4)


def test_noise_comes_from_the_generator_of_the_network_or_of_the_layer(x):
    def outputs(seed, rng):
        model = Sequential([Input((4,)), Drop(0.5, seed)], rng=rng)
        return [model.forward(x, training=True) for _ in range(2)]

    for first, second, same in (((None, 1), (None, 1), True), ((None, 1), (None, 2), False), ((7, 1), (7, 2), True)):
        assert (np.array(outputs(*first)) == np.array(outputs(*second))).all() == same
    one, other = outputs(None, 1)
    assert (one != other).any()
    model = network(Drop(0.5))
    np.testing.assert_array_equal(model.predict(x), network(Drop(0.1)).predict(x))  # prediction drops nothing
    assert max(check_gradients(model, x, x, "mse", rng=0).values()) < 1e-7


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_holds_weights_states_and_generators_but_not_activations(duplicate, x):
    model = network(Scale(), Shift(), Drop(0.5, seed=3))
    model.compile("adam", "mse")
    model.fit(x, x, verbose=0)
    other = duplicate(model)
    assert all(layer.kept is None for layer in other.layers) and not hasattr(other.layers[1], "factor_gradient")
    assert model.fit(x, x, epochs=3, verbose=0).history == other.fit(x, x, epochs=3, verbose=0).history


def test_a_layer_that_uses_no_buffers_is_safe_within_reused_memory(x):
    model = network(Scale(), Drop(0.5))
    with reused():
        first = model.layers[1].forward(x)
        second = model.layers[1].forward(2 * x)
    assert not np.shares_memory(first, second)
