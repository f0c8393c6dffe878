"""Noise layers: masks, and moments compared with those of Keras; outside training they change nothing."""

import copy

import keras
import numpy as np
import pytest

from aelib.nn import Input, Sequential, layers, utils

ONES = np.ones((400, 500), "float32")
LAYERS = [lambda: layers.Dropout(0.4, seed=0), lambda: layers.GaussianNoise(0.3, seed=0)]
NAMES = ["dropout", "gaussian_noise"]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_a_share_and_scales_the_rest(rate):
    a = layers.Dropout(rate, seed=0).forward(ONES, training=True)
    assert set(np.unique(a)) == {0, np.float32(1) / np.float32(1 - rate)} and a.dtype == "float32"
    spread = np.sqrt(rate * (1 - rate) / ONES.size)
    assert abs((a == 0).mean() - rate) < 4 * spread
    assert abs(a.mean() - 1) < 4 * spread / (1 - rate)
    # Entries are independent: rows and columns of the mask are no more alike than chance predicts.
    assert abs((a == 0).mean(axis=0) - rate).max() < 5 * np.sqrt(rate * (1 - rate) / 400)
    assert abs((a == 0).mean(axis=1) - rate).max() < 5 * np.sqrt(rate * (1 - rate) / 500)


def test_dropout_has_keras_s_two_values_and_its_expectation():
    theirs = np.asarray(keras.layers.Dropout(0.3, seed=0)(ONES, training=True))
    ours = layers.Dropout(0.3, seed=0).forward(ONES, training=True)
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs), rtol=1e-6)
    assert abs(ours.mean() - theirs.mean()) < 0.01


def test_gaussian_noise_has_keras_s_moments():
    theirs = np.asarray(keras.layers.GaussianNoise(0.3, seed=0)(ONES, training=True)) - 1
    ours = layers.GaussianNoise(0.3, seed=0).forward(ONES, training=True) - 1
    for noise in (ours, theirs):
        assert noise.dtype == "float32" and abs(noise.mean()) < 0.003 and abs(noise.std() - 0.3) < 0.003
        assert abs((noise**4).mean() - 3 * 0.3**4) < 0.001  # the fourth moment of a Gaussian
        assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < 0.001


def test_the_gradient_goes_through_the_mask_of_the_forward_pass(rng):
    x, gradient = rng.normal(size=(20, 5)), rng.normal(size=(20, 5))
    layer = layers.Dropout(0.5, seed=0)
    for _ in range(2):
        mask = layer.forward(x, training=True) / x
        assert set(np.unique(mask.round(12))) == {0, 2}
        np.testing.assert_allclose(layer.backward(gradient), gradient * mask, rtol=1e-12)
    noise = layers.GaussianNoise(0.5, seed=0)
    assert (noise.forward(x, training=True) != x).all()
    assert (noise.backward(gradient) == gradient).all()


@pytest.mark.parametrize("make", LAYERS, ids=NAMES)
@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_slopes(make, training, check_slopes, rng):
    check_slopes(make(), rng.normal(size=(5, 4)), training)


@pytest.mark.parametrize("name, arguments", [("Dropout", (0.4,)), ("GaussianNoise", (0.4,))])
def test_outside_of_training_keras_and_this_do_nothing(name, arguments, check_keras, rng):
    check_keras(name, rng.normal(size=(3, 4)), False, *arguments)


@pytest.mark.parametrize(
    "name, arguments", [("Dropout", (0.0,)), ("Dropout", (1.0,)), ("GaussianNoise", (0.0,)), ("Dropout", (0, None, 3))]
)
def test_no_noise_and_all_noise_are_keras_s(name, arguments, check_keras, rng):
    """With a rate of 1 all entries become 0, without a division by zero."""
    check_keras(name, rng.normal(size=(3, 4)), True, *arguments)


@pytest.mark.parametrize("layer", [lambda k: k.layers.Dropout(0.0), lambda k: k.layers.GaussianNoise(0.0)])
def test_training_without_noise_is_keras_s(layer, check_training, rng):
    x = rng.random((8, 3))
    check_training(lambda k: [layer(k), k.layers.Dense(3, "tanh")], x, x, epochs=1)


@pytest.mark.parametrize("make", LAYERS, ids=NAMES)
def test_training_draws_anew_for_every_batch_and_evaluation_draws_nothing(make, rng):
    network = Sequential([Input((6,)), make(), layers.Dense(6)], rng=1)
    network.compile("sgd", "mse")
    x = rng.random((8, 6)).astype("float32")
    assert (network.predict(x) == network.predict(x)).all()
    assert network.evaluate(x, x) == network.evaluate(x, x)
    first, second = (network.forward(x, training=True) for _ in range(2))
    assert (first != second).any()
    assert network.fit(x, x, epochs=1, verbose=0).history["loss"][0] != network.evaluate(x, x)


@pytest.mark.parametrize("cls", [layers.Dropout, layers.GaussianNoise])
def test_the_seed_is_that_of_the_layer_or_of_the_network(cls):
    own, same, other = cls(0.5, seed=3), cls(0.5, seed=3), cls(0.5, seed=4)
    outputs = [layer.forward(ONES[:2], training=True) for layer in (own, same, other)]
    assert (outputs[0] == outputs[1]).all() and (outputs[0] != outputs[2]).any()
    assert cls(0.5, seed=np.random.default_rng(3)).forward(ONES[:2], True).tolist() == outputs[0].tolist()

    networks = [Sequential([Input((500,)), cls(0.5)], rng=seed) for seed in (0, 0, 1)]
    outputs = [network.forward(ONES[:2], training=True) for network in networks]
    assert (outputs[0] == outputs[1]).all() and (outputs[0] != outputs[2]).any()
    assert networks[0].layers[0].rng is networks[0].rng
    seeded = Sequential([Input((500,)), cls(0.5, seed=3)], rng=0)
    assert seeded.layers[0].rng is not seeded.rng


def test_a_copy_draws_what_the_layer_would_have_drawn():
    layer = layers.Dropout(0.5, seed=0)
    layer.forward(ONES[:1], training=True)
    twin = copy.deepcopy(layer)
    assert (layer.forward(ONES, training=True) == twin.forward(ONES, training=True)).all()


def test_without_any_seed_there_is_randomness(monkeypatch):
    monkeypatch.setattr(utils, "_seeded", None)
    first, second = (layers.Dropout(0.5).forward(ONES, training=True) for _ in range(2))
    assert (first != second).any()


@pytest.mark.parametrize("value", [-0.1, 1.1, "0.5", None, np.nan, True])
def test_rate_and_stddev_are_between_0_and_1_as_in_keras(value):
    with pytest.raises(ValueError, match="rate must be between 0 and 1. Received: "):
        layers.Dropout(value)
    with pytest.raises(ValueError, match="stddev must be between 0 and 1. Received: "):
        layers.GaussianNoise(value)
    with pytest.raises(ValueError, match=r"noise_shape expected None.*Received: \(1, 4\)"):
        layers.Dropout(0.5, (1, 4))


@pytest.mark.parametrize("make", LAYERS, ids=NAMES)
@pytest.mark.parametrize("training", [False, True])
def test_a_gradient_needs_a_forward_pass_and_its_shape(make, training):
    layer = make()
    with pytest.raises(RuntimeError, match="expected a forward pass before backward"):
        layer.backward(ONES)
    layer.forward(ONES, training)
    with pytest.raises(ValueError, match=r"shape of its output, \(400, 500\). Received: shape \(1, 500\)"):
        layer.backward(ONES[:1])


def test_configuration(check_config):
    check_config(layers.Dropout(0.25, seed=3, name="drop"))
    check_config(layers.GaussianNoise(0.25, seed=3, dtype="float64"))
    again = layers.Dropout.from_config(layers.Dropout(0.5, seed=3).get_config())
    assert (again.forward(ONES, True) == layers.Dropout(0.5, seed=3).forward(ONES, True)).all()
