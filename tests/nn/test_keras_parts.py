"""The parts of a network have the names, arguments, configurations, numbers and gradients of Keras."""

import inspect

import aelib.models

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from keras.src.activations import ALL_OBJECTS_DICT as KERAS_ACTIVATIONS
from keras.src.initializers import ALL_OBJECTS_DICT as KERAS_INITIALIZERS
from keras.src.initializers.random_initializers import compute_fans
from keras.src.losses import ALL_OBJECTS_DICT as KERAS_LOSSES
from keras.src.regularizers import ALL_OBJECTS_DICT as KERAS_REGULARIZERS

from aelib.nn import activations, initializers, losses, regularizers
from aelib.nn.configurable import Configurable, arguments, snake_case


@pytest.fixture(autouse=True)
def global_random_state_untouched():
    """Keras seeds NumPy's global generator by design."""


def classes(module, base):
    """The public classes of one of our modules by name, without the base classes."""
    found = {name: thing for name, thing in vars(module).items() if inspect.isclass(thing) and issubclass(thing, base)}
    bases = {"Activation", "Initializer", "RandomInitializer", "Regularizer", "Loss", "Crossentropy"}
    return {name: cls for name, cls in found.items() if name not in bases}


INITIALIZERS = classes(initializers, initializers.Initializer)
REGULARIZERS = classes(regularizers, regularizers.Regularizer)
LOSSES = classes(losses, losses.Loss)


# ------------------------------------------------------------------ spellings


def spellings(theirs, ours):
    """Return the names in a Keras module, separated into those that we have and those that we do not."""
    here, elsewhere = [], []
    bases = ("initializer", "regularizer", "loss", "loss_function_wrapper")
    for name, thing in sorted(theirs.items(), key=str):  # Keras has them in sets, in no order
        if snake_case(name) in bases:
            continue
        known = thing.__name__ in ours or thing.__name__ in {snake_case(own) for own in ours}
        (here if known else elsewhere).append((name, snake_case(thing.__name__)))
    return here, elsewhere


KINDS = {
    "initializer": (initializers, *spellings(KERAS_INITIALIZERS, INITIALIZERS)),
    "regularizer": (regularizers, *spellings(KERAS_REGULARIZERS, REGULARIZERS)),
    "loss": (losses, *spellings(KERAS_LOSSES, LOSSES)),
}


@pytest.mark.parametrize(
    "module, name, expected", [(module, *pair) for module, here, _ in KINDS.values() for pair in here]
)
def test_every_name_of_keras_is_accepted(module, name, expected):
    assert snake_case(type(module.get(name)).__name__) == expected
    assert snake_case(type(module.get({"class_name": name, "config": {}})).__name__) == expected


@pytest.mark.parametrize(
    "module, kind, name",
    [(module, kind, name) for kind, (module, _, elsewhere) in KINDS.items() for name, _ in elsewhere],
)
def test_what_keras_has_alone_is_refused_by_name(module, kind, name):
    with pytest.raises(ValueError, match=f"Unknown {kind}: expected one of .*Received: '{name}'"):
        module.get(name)


@pytest.mark.parametrize("name", sorted(KERAS_ACTIVATIONS))
def test_an_activation_has_keras_s_name_or_is_refused_by_it(name):
    if name in activations.NAMES:
        assert activations.serialize(activations.get(name)) == keras.activations.serialize(keras.activations.get(name))
    else:
        with pytest.raises(ValueError, match=f"Unknown activation: expected one of .*Received: '{name}'"):
            activations.get(name)


def test_every_name_of_ours_for_an_activation_is_keras_s():
    assert set(activations.NAMES) <= set(KERAS_ACTIVATIONS)


@pytest.mark.parametrize("module", [initializers, regularizers, losses], ids=lambda module: module.__name__)
def test_none_is_none_as_in_keras(module):
    assert module.get(None) is getattr(keras, module.__name__.split(".")[-1]).get(None) is None


# ------------------------------------------------------------------ arguments and configurations


@pytest.mark.parametrize("name", [*INITIALIZERS, *REGULARIZERS, *LOSSES])
def test_arguments_their_order_and_defaults_are_keras_s(name):
    ours = {**INITIALIZERS, **REGULARIZERS, **LOSSES}[name]
    module = getattr(keras, ours.__module__.split(".")[-1])
    theirs = arguments(getattr(module, name))
    axes = {"input_axes": None, "output_axes": None}  # for kernels of other kinds of layers
    assert [*arguments(ours).items(), *axes.items()][: len(theirs)] == list(theirs.items())


@pytest.mark.parametrize("name", ["leaky_relu"])
def test_an_activation_s_argument_is_that_of_keras_s_function(name):
    _, *theirs = inspect.signature(getattr(keras.activations, name)).parameters.values()  # the first is the input
    assert arguments(activations.NAMES[name]) == {parameter.name: parameter.default for parameter in theirs}


MADE = [
    (initializers, "GlorotUniform", {"seed": 3}),
    (initializers, "VarianceScaling", {"scale": 2.5, "mode": "fan_avg", "distribution": "uniform"}),
    (initializers, "RandomNormal", {"mean": 1.0, "stddev": 0.5, "seed": 1}),
    (initializers, "RandomUniform", {"minval": 0.0}),
    (initializers, "TruncatedNormal", {}),
    (initializers, "Orthogonal", {"gain": 2.0}),
    (initializers, "Constant", {"value": 0.5}),
    (initializers, "Identity", {}),
    (initializers, "Zeros", {}),
    (regularizers, "L1", {}),
    (regularizers, "L2", {"l2": 0.5}),
    (regularizers, "L1L2", {"l1": 0.5}),
    (losses, "MeanSquaredError", {}),
    (losses, "MeanAbsoluteError", {"name": "distance"}),
    (losses, "BinaryCrossentropy", {"from_logits": True}),
    (losses, "CategoricalCrossentropy", {}),
]


@pytest.mark.parametrize("module, name, settings", MADE)
def test_configurations_pass_both_ways(module, name, settings):
    library = getattr(keras, module.__name__.split(".")[-1])
    ours, theirs = getattr(module, name)(**settings), getattr(library, name)(**settings)
    assert module.get(library.serialize(theirs)).get_config() == pytest.approx(ours.get_config())
    config = theirs.get_config()
    again = library.deserialize(
        {"class_name": name, "config": {k: v for k, v in ours.get_config().items() if k in config}}
    )
    assert type(again) is type(theirs) and again.get_config() == pytest.approx(config)
    assert set(config) - set(ours.get_config()) <= {"input_axes", "output_axes"}
    assert set(ours.get_config()) - set(config) <= {"dtype", *(["gain"] if name == "Identity" else [])}


# ------------------------------------------------------------------ activations


@pytest.mark.parametrize("name", [*activations.NAMES])
@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 4)], ids=str)
def test_an_activation_and_its_error_signal_are_keras_s(name, shape, rng):
    z, gradient = rng.normal(scale=3, size=(2, *shape)).astype("float32")
    variable = tf.Variable(z)
    with tf.GradientTape() as tape:
        expected = getattr(keras.activations, name)(variable)
    function = getattr(activations, name)
    np.testing.assert_allclose(function(z), expected, rtol=1e-5, atol=1e-6)
    delta = tape.gradient(expected, variable, output_gradients=tf.constant(gradient))
    np.testing.assert_allclose(function.backward(gradient, z, function(z)), delta, rtol=1e-4, atol=1e-6)


def test_leaky_relu_with_another_slope_is_keras_s(rng):
    z = rng.normal(size=(6, 5)).astype("float32")
    expected = keras.activations.leaky_relu(z, negative_slope=0.05)
    np.testing.assert_allclose(activations.LeakyReLU(0.05)(z), expected, rtol=1e-6)


# ------------------------------------------------------------------ losses


def keras_value_and_gradient(loss, y, prediction):
    variable = tf.Variable(prediction)
    with tf.GradientTape() as tape:
        value = loss(y, variable)
    return float(value), tape.gradient(value, variable).numpy()


@pytest.mark.parametrize("shape", [(6, 5), (2, 4, 3, 5), (3, 7, 2)], ids=str)
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_their_gradients_are_keras_s_for_rows_and_images(name, from_logits, shape, rng):
    settings = {"from_logits": from_logits} if "from_logits" in arguments(LOSSES[name]) else {}
    prediction = rng.normal(size=shape) if from_logits else rng.uniform(0.01, 0.99, shape)
    y, prediction = rng.random(shape).astype("float32"), prediction.astype("float32")
    if name == "CategoricalCrossentropy":
        y /= y.sum(axis=-1, keepdims=True)  # from logits, TensorFlow's gradient is right for these alone
    ours, theirs = LOSSES[name](**settings), getattr(keras.losses, name)(**settings)
    value, gradient = keras_value_and_gradient(theirs, y, prediction)
    assert ours(y, prediction) == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(ours.gradient(y, prediction), gradient, rtol=1e-4, atol=1e-7)


def test_categorical_probabilities_are_normalised_and_clipped_as_in_keras():
    y = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [2, 0, 3]], "float32")
    p = np.array([[0, 1, 1], [0, 4, 0], [2, 1, 1], [1e-9, 0.2, 0.3]], "float32")
    value, gradient = keras_value_and_gradient(keras.losses.CategoricalCrossentropy(), y, p)
    ours = losses.CategoricalCrossentropy()
    assert ours(y, p) == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(ours.gradient(y, p), gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scale", [1, 30])
@pytest.mark.parametrize("loss, name", [("BinaryCrossentropy", "sigmoid"), ("CategoricalCrossentropy", "softmax")])
def test_a_loss_and_its_output_layer_together_are_keras_s(loss, name, scale, rng):
    z = rng.normal(scale=scale, size=(7, 4)).astype("float32")
    y = rng.dirichlet(np.ones(4), 7).astype("float32")
    theirs = getattr(keras.losses, loss)()
    value, delta = keras_value_and_gradient(lambda y, z: theirs(y, getattr(keras.activations, name)(z)), y, z)
    function = getattr(activations, name)
    ours_value, ours_delta = LOSSES[loss]().with_delta(y, function(z), z, function)
    assert ours_value == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(ours_delta, delta, rtol=1e-4, atol=1e-7)


# ------------------------------------------------------------------ regularizers


@pytest.mark.parametrize("name", REGULARIZERS)
def test_penalties_and_their_gradients_are_keras_s(name, rng):
    settings = {argument: 0.1 * (1 + number) for number, argument in enumerate(arguments(REGULARIZERS[name]))}
    array, theirs = rng.normal(size=(3, 3, 4, 5)).astype("float32"), getattr(keras.regularizers, name)(**settings)
    variable = tf.Variable(array)
    with tf.GradientTape() as tape:
        value = theirs(variable)
    ours = REGULARIZERS[name](**settings)
    assert ours(array) == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(ours.gradient(array), tape.gradient(value, variable), rtol=1e-6)


@pytest.mark.parametrize("name", ["l1", "l2", "l1_l2"])
def test_the_second_spelling_of_a_regularizer_is_keras_s(name):
    assert getattr(regularizers, name).__name__ == getattr(keras.regularizers, name).__name__


# ------------------------------------------------------------------ initializers


@pytest.mark.parametrize("name", [snake_case(name) for name in INITIALIZERS])
def test_the_second_spelling_of_an_initializer_is_keras_s(name):
    assert getattr(initializers, name).__name__ == getattr(keras.initializers, name).__name__


@pytest.mark.parametrize("shape", [(), (7,), (3, 5), (4, 3, 5), (3, 2, 5, 7), (2, 2, 2, 3, 4)], ids=str)
def test_the_fans_are_keras_s(shape):
    assert initializers.compute_fans(shape) == compute_fans(shape)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_start_is_drawn_from_keras_s_distribution(name):
    shape = (70, 60) if name == "Identity" else (3, 5, 10, 20)
    seed = {"seed": 0} if "seed" in arguments(INITIALIZERS[name]) else {}
    ours = INITIALIZERS[name](**seed)(shape)
    theirs = np.asarray(getattr(keras.initializers, name)(**seed)(shape))
    if seed:
        assert scipy.stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 0.01
        assert ours.std() == pytest.approx(theirs.std(), rel=0.05)
    else:
        np.testing.assert_array_equal(ours, theirs)


def test_an_orthogonal_convolution_is_made_of_the_same_gaussian_as_in_keras(monkeypatch):
    shape = (3, 2, 2, 5)
    gaussian = np.random.default_rng(0).standard_normal((12, 5))
    source = keras.src.initializers.random_initializers.random
    monkeypatch.setattr(source, "normal", lambda shape, **_: keras.ops.convert_to_tensor(gaussian.reshape(shape)))
    expected = np.asarray(keras.initializers.Orthogonal(1.5)(shape, "float64"))
    ours = initializers.Orthogonal(1.5, seed=0)(shape, "float64")
    np.testing.assert_allclose(ours, expected, rtol=1e-10)


def test_a_seed_that_is_a_number_draws_the_same_again_as_in_keras():
    for library in (initializers, keras.initializers):
        initializer = library.HeNormal(seed=3)
        assert (np.asarray(initializer((3, 4))) == np.asarray(initializer((3, 4)))).all()


def test_every_part_is_configurable():
    for cls in [*INITIALIZERS.values(), *REGULARIZERS.values(), *LOSSES.values(), *activations.NAMES.values()]:
        assert issubclass(cls, Configurable)
