"""`aelib.nn` and Keras compute the same numbers from the same weights."""

import inspect
import socket
import warnings

import aelib.models

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import aelib.nn as aelib_keras
from aelib.nn import activations, callbacks, initializers, layers, losses, optimizers, regularizers
from aelib.nn import sequential as network


@pytest.fixture(autouse=True)
def global_random_state_untouched():
    """Keras seeds NumPy's global generator by design."""


def difference(ours, theirs):
    """`max|a - b| / max|b|`, the largest difference relative to the array's largest entry."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return np.abs(ours - theirs).max() / max(np.abs(theirs).max(), np.finfo("float32").tiny)


def elementwise_difference(ours, theirs):
    """`max |a - b| / |b|` over the entries of more than a hundredth of the array's largest."""
    kept = np.abs(theirs) > 0.01 * np.abs(theirs).max()
    return (np.abs(ours - theirs)[kept] / np.abs(theirs)[kept]).max()


def pair(features, specification, seed=0, **settings):
    """The same network in `aelib.nn` and in Keras, with the same weights; one `(units, activation)` per layer."""
    ours = network.Sequential([layers.Input((features,))], rng=seed)
    theirs = keras.Sequential([keras.Input((features,))])
    for units, activation in specification:
        mine, keras_own = {}, {}
        for name, (kind, strength) in settings.items():
            mine[name] = getattr(regularizers, kind)(strength)
            keras_own[name] = getattr(keras.regularizers, kind)(strength)
        ours.add(layers.Dense(units, activation, **mine))
        theirs.add(keras.layers.Dense(units, activation, **keras_own))
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def keras_loss_and_gradients(model, x, y, loss):
    with tf.GradientTape() as tape:
        value = loss(y, model(x, training=True))
        for penalty in model.losses:
            value += penalty
    return float(value), [np.asarray(g) for g in tape.gradient(value, model.trainable_weights)]


KERAS_LOSSES = {"mse": keras.losses.MeanSquaredError, "binary_crossentropy": keras.losses.BinaryCrossentropy}


# ------------------------------------------------------------------ element by element


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_activations_and_their_derivatives_are_keras_s(name):
    z = np.concatenate([np.linspace(-12, 12, 97), [-100, -1e-3, 0, 1e-3, 100]]).astype("float32")
    with tf.GradientTape() as tape:
        variable = tf.Variable(z)
        expected = keras.activations.get(name)(variable)
    a, f = activations.get(name)(z), activations.get(name)
    np.testing.assert_allclose(a, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(f.derivative(z, a), tape.gradient(expected, variable), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", KERAS_LOSSES)
def test_losses_and_their_gradients_are_keras_s(name, rng):
    y, p = rng.random((2, 6, 5)).astype("float32")
    with tf.GradientTape() as tape:
        variable = tf.Variable(p)
        value = KERAS_LOSSES[name]()(y, variable)
    assert losses.get(name)(y, p) == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(losses.get(name).gradient(y, p), tape.gradient(value, variable), rtol=1e-4, atol=1e-6)


def test_probabilities_at_or_beyond_0_and_1_cost_and_pull_as_in_keras():
    y, p = np.array([[1, 0, 1, 0, 1]], "float32"), np.array([[-0.5, 1.5, 2, 0, 1]], "float32")
    with tf.GradientTape() as tape:
        variable = tf.Variable(p)
        value = keras.losses.BinaryCrossentropy()(y, variable)
    ours = losses.BinaryCrossentropy()
    assert ours(y, p) == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(ours.gradient(y, p), tape.gradient(value, variable), rtol=1e-5)


def test_the_cross_entropy_from_logits_is_keras_s(rng):
    y, z = rng.random((6, 5)).astype("float32"), rng.normal(scale=30, size=(6, 5)).astype("float32")
    with tf.GradientTape() as tape:
        variable = tf.Variable(z)
        value = keras.losses.BinaryCrossentropy(from_logits=True)(y, variable)
    ours = losses.BinaryCrossentropy(from_logits=True)
    assert ours(y, z) == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(ours.gradient(y, z), tape.gradient(value, variable), rtol=1e-5, atol=1e-8)


def test_categorical_crossentropy_from_logits_is_keras_s(rng):
    y, z = rng.dirichlet(np.ones(4), 5).astype("float32"), rng.normal(size=(5, 4)).astype("float32")
    variable = tf.Variable(z)
    with tf.GradientTape() as tape:
        value = keras.losses.CategoricalCrossentropy(from_logits=True)(y, variable)
    ours = losses.CategoricalCrossentropy(from_logits=True)
    assert ours(y, z) == pytest.approx(float(value), rel=1e-5)
    np.testing.assert_allclose(ours.gradient(y, z), tape.gradient(value, variable), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("logit", [-50.0, 50.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_saturated_sigmoid_costs_what_it_costs_in_keras(logit, target):
    ours, theirs = pair(1, [(1, "sigmoid")])
    for model in (ours, theirs):
        model.set_weights([np.array([[logit]], "float32"), np.zeros(1, "float32")])
        model.compile("sgd", "binary_crossentropy")
    x, y = np.ones((1, 1), "float32"), np.full((1, 1), target, "float32")
    expected = theirs.evaluate(x, y, verbose=0)
    assert expected == pytest.approx(50.0 if (logit > 0) != target else 0.0, abs=1e-6)
    assert ours.evaluate(x, y) == pytest.approx(expected, rel=1e-5, abs=1e-20)
    value, gradients = keras_loss_and_gradients(theirs, x, y, keras.losses.BinaryCrossentropy())
    assert ours.loss_and_gradients(x, y)[0] == pytest.approx(value, rel=1e-5, abs=1e-20)
    for ours_g, theirs_g in zip(ours.gradients, gradients):
        np.testing.assert_allclose(ours_g, theirs_g, rtol=1e-5, atol=1e-20)


@pytest.mark.parametrize("kind", ["L1", "L2"])
@pytest.mark.parametrize("where", ["kernel_regularizer", "bias_regularizer", "activity_regularizer"])
def test_penalties_are_keras_s(kind, where, rng):
    ours, theirs = pair(4, [(3, "tanh"), (4, "sigmoid")], **{where: (kind, 0.3)})
    weights = [w + rng.normal(size=w.shape).astype("float32") for w in ours.get_weights()]
    x = rng.random((7, 4)).astype("float32")
    for model in (ours, theirs):
        model.set_weights(weights)
        model.compile("sgd", "mse")
    theirs(x)
    ours.forward(x)
    assert ours.penalty() == pytest.approx(float(sum(theirs.losses)), rel=1e-5)
    assert ours.evaluate(x, x, batch_size=3) == pytest.approx(theirs.evaluate(x, x, batch_size=3, verbose=0), rel=1e-5)


@pytest.mark.parametrize("name", ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal"])
def test_initial_weights_come_from_keras_s_distribution(name):
    shape = (80, 250)
    ours = initializers.get(name)(shape, rng=np.random.default_rng(0)).ravel()
    cls = {key.lower(): value for key, value in vars(keras.initializers).items()}[name.replace("_", "")]
    theirs = np.asarray(cls(seed=0)(shape)).ravel()
    assert scipy.stats.ks_2samp(ours, theirs).pvalue > 0.01
    assert ours.var() == pytest.approx(theirs.var(), rel=0.03)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.01)


@pytest.mark.parametrize("name", ["random_normal", "orthogonal"])
def test_weights_that_do_not_depend_on_a_fan_come_from_keras_s_distribution(name):
    shape = (250, 80)
    ours = initializers.get(name)(shape, rng=np.random.default_rng(0))
    cls = {"random_normal": keras.initializers.RandomNormal, "orthogonal": keras.initializers.Orthogonal}[name]
    theirs = np.asarray(cls(seed=0)(shape))
    assert scipy.stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 0.01
    spectra = [np.linalg.svd(kernel, compute_uv=False) for kernel in (ours, theirs)]
    assert spectra[0] == pytest.approx(spectra[1], rel=0.1)


# ------------------------------------------------------------------ forward and gradients


@st.composite
def networks(draw):
    names = st.sampled_from(sorted(activations.ACTIVATIONS))
    loss = draw(st.sampled_from(sorted(KERAS_LOSSES)))
    hidden = draw(st.lists(st.tuples(st.integers(1, 8), names), max_size=3))
    last = "sigmoid" if loss == "binary_crossentropy" else draw(names)
    kinds = st.none() | st.tuples(st.sampled_from(["L1", "L2"]), st.sampled_from([0.01, 0.1]))
    names = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    settings = {name: kind for name in names if (kind := draw(kinds)) is not None}
    specification = [*hidden, (draw(st.integers(1, 8)), last)]
    return draw(st.integers(1, 8)), specification, loss, settings, draw(st.integers(1, 20)), draw(st.integers(0, 999))


@hypothesis.given(networks())
@hypothesis.settings(max_examples=20)
def test_output_loss_and_gradients_are_keras_s(problem):
    features, specification, loss, settings, batch, seed = problem
    rng = np.random.default_rng(seed)
    ours, theirs = pair(features, specification, seed, **settings)
    weights = [w + 0.2 * rng.normal(size=w.shape).astype("float32") for w in ours.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    ours.compile("sgd", loss)
    x = rng.normal(size=(batch, features)).astype("float32")
    y = rng.random((batch, specification[-1][0])).astype("float32")
    assert difference(ours.forward(x), theirs(x)) < 1e-5
    value, gradients = ours.loss_and_gradients(x, y)
    expected_value, expected_gradients = keras_loss_and_gradients(theirs, x, y, KERAS_LOSSES[loss]())
    assert value == pytest.approx(expected_value, rel=1e-5)
    scale = max(np.abs(g).max() for g in expected_gradients)
    for ours_g, theirs_g in zip(gradients, expected_gradients):
        assert ours_g.dtype == "float32" and np.abs(ours_g - theirs_g).max() <= 1e-5 * scale


# ------------------------------------------------------------------ training


def test_100_adam_steps_on_mnist_end_with_keras_s_weights(mnist, record_property):
    """784-64-784, batches of 256 in the same order, cross-entropy, float32."""
    x = mnist[0][0][:25_600]
    ours, theirs = pair(784, [(64, "relu"), (784, "sigmoid")])
    histories = []
    for model in (ours, theirs):
        model.compile(optimizer="adam", loss="binary_crossentropy")
        histories.append(model.fit(x, x, batch_size=256, shuffle=False, verbose=0).history["loss"][0])
    assert ours.optimizer.iterations == int(theirs.optimizer.iterations) == 100
    pairs = list(zip(ours.get_weights(), theirs.get_weights()))
    assert all(a.dtype == b.dtype == "float32" for a, b in pairs)
    measured = max(difference(a, b) for a, b in pairs)
    elementwise = max(elementwise_difference(a, b) for a, b in pairs)
    record_property("max relative difference", f"{measured:.1e}")
    record_property("max elementwise relative difference", f"{elementwise:.1e}")
    print(f"100 Adam steps: max|a-b|/max|b| {measured:.1e}, elementwise {elementwise:.1e}")
    assert measured < 1e-3
    assert histories[0] == pytest.approx(histories[1], rel=1e-5)


OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd with weight decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    "momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    "momentum with weight decay": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.1}),
    "nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    "nesterov with weight decay": (
        "SGD",
        {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    "nesterov without momentum": ("SGD", {"learning_rate": 0.05, "nesterov": True}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-3}),
    "adam": ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}),
    "rmsprop with weight decay": ("RMSprop", {"learning_rate": 0.01, "weight_decay": 0.1}),
    "adam with weight decay": ("Adam", {"learning_rate": 0.01, "weight_decay": 0.1}),
    "adamw": ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.2, "beta_1": 0.8, "epsilon": 1e-4}),
    "adamw by default": ("AdamW", {}),
    "sgd by default": ("SGD", {}),
    "rmsprop by default": ("RMSprop", {}),
    "adam by default": ("Adam", {}),
}


# In float64 Keras still takes its hyperparameters in float32, which puts Adam's correction off by up to 6.5e-6 (the
# closed forms in test_optimizers say that it is Keras).
@pytest.mark.parametrize("dtype, steps, tolerance", [("float32", 30, 1e-6), ("float64", 10, 1e-5)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_steps_of_each_optimizer_are_keras_s(name, dtype, steps, tolerance, rng, record_property):
    """Minimise a quadratic function with the same noise in both libraries, for a matrix and a bias.

    The first steps go from weights near zero, so that a step of another size cannot hide behind the weights: a
    difference of 1e-5 here has been seen to grow to 1e-2 in 100 steps on MNIST.
    """
    cls, settings = OPTIMIZERS[name]
    ours, theirs = getattr(optimizers, cls)(**settings), getattr(keras.optimizers, cls)(**settings)
    start = [1e-3 * rng.normal(size=shape).astype(dtype) for shape in ((4, 3), (3,))]
    mine, variables = [w.copy() for w in start], [keras.Variable(w, dtype=dtype) for w in start]
    for step in range(steps):
        noise = [rng.normal(size=w.shape).astype(dtype) for w in mine]
        ours.apply([w + n for w, n in zip(mine, noise)], mine)
        theirs.apply([variable.value + n for variable, n in zip(variables, noise)], variables)
        measured = max(difference(w, np.asarray(variable)) for w, variable in zip(mine, variables))
        assert measured < tolerance, step
    record_property("max relative difference", f"{measured:.1e}")
    print(f"{steps} steps of {name} in {dtype}: max|a-b|/max|b| {measured:.1e}")
    assert all(w.dtype == dtype and (w != s).all() for w, s in zip(mine, start))


@pytest.mark.parametrize("cls", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_the_defaults_and_the_names_of_the_settings_are_keras_s(cls):
    ours, theirs = (inspect.signature(getattr(module, cls)).parameters for module in (optimizers, keras.optimizers))
    by_place = [name for name, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert by_place == list(theirs)[: len(by_place)], "the same arguments in the same places"
    for name, parameter in ours.items():
        assert parameter.default == theirs[name].default, name


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_the_history_of_fit_is_keras_s(optimizer, rng):
    """30 examples in batches of 8, the last one smaller, with penalties and validation data."""
    x, v = rng.random((30, 6)).astype("float32"), rng.random((13, 6)).astype("float32")
    settings = {"kernel_regularizer": ("L2", 0.01), "activity_regularizer": ("L1", 0.02)}
    ours, theirs = pair(6, [(4, "relu"), (6, "sigmoid")], **settings)
    histories = []
    for model in (ours, theirs):
        model.compile(optimizer=optimizer, loss="binary_crossentropy")
        fitted = model.fit(x, x, epochs=4, batch_size=8, shuffle=False, verbose=0, validation_data=(v, v))
        histories.append(fitted.history)
    assert histories[0].keys() == histories[1].keys() == {"loss", "val_loss"}
    for name in histories[0]:
        np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=1e-5)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-4)
    assert ours.evaluate(v, v) == pytest.approx(theirs.evaluate(v, v, verbose=0), rel=1e-5)


# ------------------------------------------------------------------ early stopping


class FakeNetwork:
    """A stub for a network whose weight is the index of the epoch."""

    stop_training = False
    weight = None

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        (self.weight,) = weights


SEQUENCES = [  # no improvement of exactly 0.1, which Keras rounds to float32
    [1.0, 0.8, 0.9, 0.69, 0.75, 0.71, 0.72, 0.6],
    [1.0, 1.0, 1.0, 1.0],
    [1.0, 1.1, 1.2, 0.5],
    [1.0, 0.95, 0.91, 0.89, 0.5, 0.45, 0.6, 0.7],
    [float("inf"), 1.0, 2.0, 3.0],
    [1.0, float("nan"), 0.5, float("nan"), float("nan"), 0.1],
]


@pytest.mark.parametrize("values", SEQUENCES)
@pytest.mark.parametrize("patience", [0, 1, 2])
@pytest.mark.parametrize("min_delta", [0.0, 0.1, -0.1])
@pytest.mark.parametrize("restore", [False, True])
def test_early_stopping_is_keras_s(values, patience, min_delta, restore):
    outcomes = []
    for cls, mode in ((callbacks.EarlyStopping, {}), (keras.callbacks.EarlyStopping, {"mode": "min"})):
        settings = {"min_delta": min_delta, "patience": patience, "restore_best_weights": restore, **mode}
        stopping, model = cls("val_loss", **settings), FakeNetwork()
        stopping.set_model(model)
        stopping.on_train_begin()
        for epoch, value in enumerate(values):
            model.weight = epoch
            stopping.on_epoch_end(epoch, {"val_loss": value})
            if model.stop_training:
                break
        stopping.on_train_end()
        outcomes.append((epoch, model.stop_training, model.weight, stopping.stopped_epoch, float(stopping.best)))
    assert outcomes[0] == outcomes[1]


def test_early_stopping_in_fit_is_keras_s(rng):
    x, v = rng.random((8, 5)).astype("float32"), rng.random((30, 5)).astype("float32")
    ours, theirs = pair(5, [(20, "tanh"), (5, "linear")])
    outcomes = []
    for model, optimizer, cls in [
        (ours, optimizers.Adam(0.05), callbacks.EarlyStopping),
        (theirs, keras.optimizers.Adam(0.05), keras.callbacks.EarlyStopping),
    ]:
        model.compile(optimizer, "mse")
        stopping = cls(patience=3, restore_best_weights=True)
        history = model.fit(
            x, x, epochs=100, shuffle=False, verbose=0, validation_data=(v, v), callbacks=[stopping]
        ).history["val_loss"]
        outcomes.append((len(history), stopping.best_epoch, history))
    assert outcomes[0][:2] == outcomes[1][:2] and outcomes[0][0] < 100
    np.testing.assert_allclose(outcomes[0][2], outcomes[1][2], rtol=1e-3)
    np.testing.assert_allclose(ours.predict(v), theirs.predict(v, verbose=0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("frozen", [None, "encoder", "layer", "all"])
def test_what_is_frozen_stays_and_costs_what_it_costs_in_keras(frozen, rng):
    """The penalty of a frozen weight is not counted, that of an activity is."""
    x, losses_of, weights_of = rng.random((12, 5)).astype("float32"), [], []
    ours, theirs = pair(5, [(4, "tanh"), (3, "tanh"), (5, "linear")])
    for module, source in ((aelib_keras, ours), (keras, theirs)):
        penalties = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "activity_regularizer": "l2"}
        first, second, third = (
            module.layers.Dense(units, activation, **penalties)
            for units, activation in ((4, "tanh"), (3, "tanh"), (5, "linear"))
        )
        encoder = module.Sequential([module.Input((5,)), first, second])
        model = module.Sequential([encoder, third])
        model.set_weights(source.get_weights())
        if frozen is not None:
            {"encoder": encoder, "layer": second, "all": model}[frozen].trainable = False
        model.compile(module.optimizers.SGD(0.1), "mse")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns about a model with nothing to train
            losses_of.append(model.fit(x, x, epochs=3, batch_size=4, shuffle=False, verbose=0).history["loss"])
        weights_of.append(model.get_weights())
    assert losses_of[0] == pytest.approx(losses_of[1], rel=1e-5)
    for a, b in zip(*weights_of, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("split", [0.1, 0.2, 0.25, 0.3, 0.37, 0.5, 0.7, 0.9])
def test_a_validation_split_is_rounded_as_in_keras(split):
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    network = aelib_keras.Sequential([aelib_keras.Input((2,)), aelib_keras.layers.Dense(2)])
    network.compile("sgd", "mse")
    for n in range(11, 60):
        x = np.arange(2.0 * n).reshape(n, 2)
        batches, (held_out, _) = network._batches(x, x, 32, True, None, split)
        (expected,), (expected_held_out,) = train_validation_split((x,), split)
        np.testing.assert_array_equal(batches.x, expected)
        np.testing.assert_array_equal(held_out, expected_held_out)


def test_weights_pass_both_ways(rng):
    ours, theirs = pair(5, [(4, "tanh"), (5, "sigmoid")])
    x = rng.random((6, 5)).astype("float32")
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-5)
    theirs.set_weights([w + 0.1 for w in theirs.get_weights()])
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-5)


def test_without_an_input_the_first_layer_decides_the_precision_of_the_data(rng):
    x, kernel = rng.random((3, 4)), rng.random((4, 2))
    outputs = []
    for module in (aelib_keras, keras):
        model = module.Sequential([module.layers.Dense(2, use_bias=False, dtype="float64")])
        model.build((None, 4))
        model.set_weights([kernel])
        outputs.append(np.asarray(model(x)))
    assert outputs[0].dtype == outputs[1].dtype == "float64"
    np.testing.assert_allclose(*outputs, rtol=1e-14)


# ------------------------------------------------------------------ the data


def keras_host_answers():
    try:
        socket.create_connection(("storage.googleapis.com", 443), timeout=2).close()
    except OSError:
        return False
    return True


def test_mnist_is_what_keras_downloads(mnist, tmp_path, monkeypatch):
    if not keras_host_answers():
        pytest.skip("no network: keras.datasets.mnist.load_data() cannot be compared with load_mnist()")
    monkeypatch.setattr(keras.config, "keras_home", lambda: str(tmp_path), raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = tmp_path / "mnist.npz"
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data(path=str(path))
    for (x, y), (keras_x, keras_y) in zip(mnist, [(x_train, y_train), (x_test, y_test)]):
        np.testing.assert_array_equal(x, keras_x.reshape(len(x), 784).astype("float32") / 255)
        np.testing.assert_array_equal(y, keras_y)
