"""Activation layers, and losses that are combined with them."""

import numpy as np
import pytest

from aelib.nn import Input, Sequential, activations, layers, losses

X = np.array([[-2.0, 0.0, 0.5], [1.0, -0.25, 3.0]])
KINDS = [layers.Activation("tanh"), layers.Activation("sigmoid"), layers.Activation(None), layers.ReLU()]


def test_forward_and_backward_by_hand():
    for layer in (layers.ReLU(), layers.Activation("relu"), layers.Activation(activations.ReLU)):
        assert layer.forward(X).tolist() == [[0, 0, 0.5], [1, 0, 3]]
        gradient = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        assert layer.backward(gradient).tolist() == [[0, 0, 3], [4, 0, 6]]


@pytest.mark.parametrize("layer", KINDS, ids=lambda layer: type(getattr(layer, "activation", None)).__name__)
@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_slopes(layer, training, check_slopes, rng):
    check_slopes(layer, rng.normal(size=(3, 4)), training)
    check_slopes(type(layer).from_config(layer.get_config()), rng.normal(size=(2, 3, 2, 2)), training)


@pytest.mark.parametrize("arguments", [("Activation", "tanh"), ("Activation", "elu"), ("Activation", None), ("ReLU",)])
def test_keras(arguments, check_keras, rng):
    name, *arguments = arguments
    check_keras(name, rng.normal(size=(3, 4, 2)), True, *arguments)


def test_training_is_keras_s(check_training, rng):
    def network(k):
        return [k.layers.Dense(5), k.layers.ReLU(), k.layers.Dense(4), k.layers.Activation("sigmoid")]

    x = rng.random((10, 4))
    check_training(network, x, x, "binary_crossentropy")


def test_a_loss_is_combined_with_an_activation_layer_as_with_a_dense_layer():
    """At logits of ±60 a float32 sigmoid is 0 or 1; a cross-entropy computed from that would be far off."""
    x = np.array([[60.0, -60.0]], "float32")
    y = np.array([[0.0, 1.0]], "float32")
    alone = Sequential([Input((2,)), layers.Activation("sigmoid")])
    alone.compile("sgd", losses.BinaryCrossentropy())
    assert alone.compute_loss(x, y, alone.forward(x)) == pytest.approx(60.0)
    assert alone.evaluate(x, y) == pytest.approx(60.0)
    logits, activation = alone.output_activation
    assert (logits == x).all() and type(activation) is activations.Sigmoid
    delta = np.array([[1.0, 2.0]], "float32")
    assert (alone.backward_from_delta(delta) == delta).all()


def test_a_gradient_needs_a_forward_pass_and_its_shape():
    layer = layers.Activation("tanh")
    for use in (layer.backward, layer.backward_from_delta, lambda _: layer.output_activation):
        with pytest.raises(RuntimeError, match="'activation' expected a forward pass before backward"):
            use(X)
    layer.forward(X)
    for use in (layer.backward, layer.backward_from_delta):
        with pytest.raises(ValueError, match=r"shape of its output, \(2, 3\). Received: shape \(1, 3\)"):
            use(X[:1])


def test_what_keras_s_relu_can_do_beyond_is_refused_by_name():
    for name, value in {"max_value": 6.0, "negative_slope": 0.1, "threshold": 1.0}.items():
        with pytest.raises(ValueError, match=f"{name} expected .*Received: {value}"):
            layers.ReLU(**{name: value})
    with pytest.raises(ValueError, match="Unknown activation"):
        layers.Activation("nonsense")


def test_configuration(check_config):
    check_config(layers.ReLU(name="kink"))
    layer = layers.Activation("tanh", name="bend", dtype="float64")
    again = layers.Activation.from_config(layer.get_config())
    assert (again.name, again.dtype, type(again.activation)) == ("bend", "float64", activations.Tanh)
    assert "activation" not in layers.ReLU().get_config()
