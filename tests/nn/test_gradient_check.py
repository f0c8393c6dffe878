"""The gradient check accepts correct gradients and detects every planted mistake."""

import numpy as np
import pytest

from aelib.nn import Sequential, activations
from aelib.nn.gradient_check import central_difference, check_gradients, relative_error
from aelib.nn.layers import Dense, Input, Layer
from aelib.nn.regularizers import L1, L2


@pytest.fixture
def x(rng):
    return rng.random((6, 4))


def autoencoder(activation="tanh", output="sigmoid", dtype="float64", **settings):
    layers = [Input((4,)), Dense(3, activation, name="encoder", **settings), Dense(4, output, name="decoder")]
    return Sequential(layers, rng=0, dtype=dtype)


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "tanh", "elu", "softplus"])
@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_a_right_backward_passes(activation, loss, x):
    errors = check_gradients(autoencoder(activation), x, x, loss, rng=0)
    assert list(errors) == ["encoder/kernel", "encoder/bias", "decoder/kernel", "decoder/bias"]
    assert max(errors.values()) < 1e-7


def test_relu_passes_away_from_its_kink(x):
    assert max(check_gradients(autoencoder("relu"), x, x, "mse", rng=0).values()) < 1e-7


def test_a_network_of_built_layers_is_checked(x):
    assert max(check_gradients(Sequential(autoencoder().layers), x, x, "mse", rng=0).values()) < 1e-7


def test_penalties_are_part_of_the_loss(x):
    network = autoencoder(kernel_regularizer=L1(0.1), bias_regularizer=L2(0.1), activity_regularizer=L2(0.5))
    network.set_weights([w + 0.01 for w in network.get_weights()])
    assert max(check_gradients(network, x, x, "mse", rng=0).values()) < 1e-7


def test_a_float32_network_is_checked_in_float64(x):
    errors = check_gradients(autoencoder(dtype="float32"), x.astype("float32"), x.astype("float32"), "mse", rng=0)
    assert max(errors.values()) < 1e-7


def test_the_network_is_not_changed(x):
    network = autoencoder(dtype="float32")
    network.compile("adam", "mse")
    before, optimizer, loss = network.get_weights(), network.optimizer, network.loss
    check_gradients(network, x, x, "binary_crossentropy", rng=0)
    assert all((a == b).all() and a.dtype == b.dtype for a, b in zip(before, network.get_weights()))
    assert network.optimizer is optimizer and network.loss is loss and network.dtype == "float32"


def test_an_unbuilt_network_is_built_from_x_in_the_copy_alone(x):
    network = Sequential([Dense(3, "tanh"), Dense(4)], rng=0)
    assert max(check_gradients(network, x, x, "mse", rng=0).values()) < 1e-7
    assert not network.built


def test_the_generators_of_the_network_draw_on_as_if_nothing_had_been_checked(x):
    network, other = (noisy(Noise()) for _ in range(2))
    check_gradients(network, x, x, "mse", rng=0)
    np.testing.assert_array_equal(network.forward(x, training=True), other.forward(x, training=True))


class Noise(Layer):
    """Multiplies each entry by a random number, drawn again in each training pass."""

    scale = None

    def forward(self, x, training=False):
        self.scale = self.generator.normal(size=x.shape) if training else np.ones(x.shape)
        return self.scale * x

    def backward(self, gradient):
        return self.scale * gradient


class ForgottenNoise(Noise):
    def backward(self, gradient):
        return gradient


def noisy(noise):
    """4-3-4 with a noise layer in the middle, which changes the gradients of the encoder."""
    return Sequential([Input((4,)), Dense(3, "tanh", name="encoder"), noise, Dense(4, name="decoder")], rng=0)


def test_noise_is_the_same_in_every_pass_of_training(x):
    assert max(check_gradients(noisy(Noise()), x, x, "mse", rng=0).values()) < 1e-7
    errors = check_gradients(noisy(ForgottenNoise()), x, x, "mse", rng=0)
    assert errors["encoder/kernel"] > 0.5 > 1e-7 > errors["decoder/kernel"]


def test_the_generator_of_a_layer_is_restored_as_well(x):
    noise = Noise()
    noise.rng = np.random.default_rng(5)
    assert max(check_gradients(noisy(noise), x, x, "mse", rng=0).values()) < 1e-7


def test_without_training_the_passes_are_those_of_prediction(x):
    assert max(check_gradients(noisy(ForgottenNoise()), x, x, "mse", rng=0, training=False).values()) < 1e-7


def test_a_nested_network_is_checked_through(x):
    layers = [Sequential([Input((4,)), Dense(3, "tanh")], name="encoder"), Sequential([Dense(4)], name="decoder")]
    errors = check_gradients(Sequential(layers, rng=0), x, x, "mse", rng=0)
    assert list(errors) == [
        "encoder/dense/kernel",
        "encoder/dense/bias",
        "decoder/dense/kernel",
        "decoder/dense/bias",
    ]
    assert max(errors.values()) < 1e-7


def test_a_frozen_layer_has_no_gradients_to_check(x):
    network = autoencoder()
    network.layers[0].trainable = False
    assert list(check_gradients(network, x, x, "mse", rng=0)) == ["decoder/kernel", "decoder/bias"]


def test_a_layer_without_bias_has_one_number(x):
    errors = check_gradients(Sequential([Input((4,)), Dense(4, use_bias=False)], rng=0), x, x, "mse")
    assert list(errors) == ["dense/kernel"]


def test_fortran_ordered_kernels_are_nudged_in_place(x):
    """`ravel` copies such an array: perturbing the copy would give slopes of zero."""
    network = autoencoder()
    for layer in network.layers:
        layer.kernel = np.asfortranarray(layer.kernel)
    assert max(check_gradients(network, x, x, "mse", entries=None).values()) < 1e-7


def planted(monkeypatch, mistake):
    """Plant a mistake in the backward pass of `Dense`, or of its activation."""
    right_from_delta, right_backward = Dense.backward_from_delta, Dense.backward

    def wrong_sign(self, delta, input_gradient=True):
        to_x = right_from_delta(self, delta)
        self.kernel_gradient = -self.kernel_gradient
        return to_x

    def no_bias_sum(self, delta, input_gradient=True):
        to_x = right_from_delta(self, delta)
        self.bias_gradient = delta[0]
        return to_x

    def no_derivative(self, gradient, z, a, out=None):
        return gradient

    def not_transposed(self, delta, input_gradient=True):
        right_from_delta(self, delta)
        return delta @ self.kernel if self.kernel.shape[0] == self.kernel.shape[1] else delta[:, :1] * self.kernel[:, 0]

    def one_row_forgotten(self, gradient, input_gradient=True):
        gradient = gradient.copy()
        gradient[0] = 0
        return right_backward(self, gradient)

    owner = activations.Sigmoid if mistake == "no_derivative" else Dense
    name = "backward" if mistake in ("no_derivative", "one_row_forgotten") else "backward_from_delta"
    monkeypatch.setattr(owner, name, locals()[mistake])


@pytest.mark.parametrize(
    "mistake, expected",
    [
        ("wrong_sign", 1.9),
        ("no_bias_sum", 0.5),
        ("no_derivative", 0.5),
        ("not_transposed", 0.5),
        ("one_row_forgotten", 0.05),
    ],
)
def test_every_planted_mistake_is_caught(mistake, expected, monkeypatch, x):
    network = autoencoder("sigmoid", "linear")
    assert max(check_gradients(network, x, x, "mse", rng=0).values()) < 1e-7
    planted(monkeypatch, mistake)
    assert max(check_gradients(network, x, x, "mse", rng=0).values()) > expected


def test_a_wrong_sign_gives_exactly_two(monkeypatch, x):
    planted(monkeypatch, "wrong_sign")
    errors = check_gradients(autoencoder(), x, x, "mse", rng=0)
    assert errors["encoder/kernel"] == pytest.approx(2, abs=1e-6)
    assert errors["encoder/bias"] < 1e-7


def test_a_missing_gradient_gives_exactly_one(monkeypatch, x):
    monkeypatch.setattr(activations.Tanh, "derivative", lambda self, z, a, out=None: np.zeros_like(z))
    errors = check_gradients(autoencoder(), x, x, "mse", rng=0)
    assert errors["encoder/kernel"] == errors["encoder/bias"] == 1.0
    assert errors["decoder/kernel"] < 1e-7


def test_a_gradient_that_is_not_a_number_does_not_pass(monkeypatch, x):
    monkeypatch.setattr(activations.Tanh, "derivative", lambda self, z, a, out=None: np.full_like(z, np.nan))
    errors = check_gradients(autoencoder(), x, x, "mse", rng=0)
    assert not errors["encoder/kernel"] < 1


@pytest.fixture
def evaluations(monkeypatch):
    """A list that grows by one at every evaluation of a loss."""
    calls, compute_loss = [], Sequential.compute_loss
    monkeypatch.setattr(Sequential, "compute_loss", lambda *a, **k: calls.append(a) or compute_loss(*a, **k))
    return calls


# The kernels have 12 entries, the biases 3 and 4; an entry takes two evaluations.
@pytest.mark.parametrize("entries, nudges", [(1, 4), (5, 5 + 3 + 5 + 4), (12, 31), (None, 31)])
def test_entries_says_how_many_are_nudged(entries, nudges, evaluations, x):
    check_gradients(autoencoder(), x, x, "mse", entries=entries)
    assert len(evaluations) == 2 * nudges


def test_the_default_nudges_a_hundred(evaluations, x):
    check_gradients(Sequential([Input((4,)), Dense(40)], rng=0), x, np.ones((6, 40)), "mse")
    assert len(evaluations) == 2 * (100 + 40)


@pytest.mark.parametrize("index", list(np.ndindex(3, 4)))
def test_no_entry_is_perturbed_twice(index, monkeypatch, x):
    """If twelve of twelve entries are checked, a mistake in any of them is found."""
    right = Dense.backward_from_delta

    def one_wrong_entry(self, delta, input_gradient=True):
        to_x = right(self, delta)
        if self.name == "decoder":
            self.kernel_gradient[index] += 1
        return to_x

    monkeypatch.setattr(Dense, "backward_from_delta", one_wrong_entry)
    assert check_gradients(autoencoder(), x, x, "mse", entries=12, rng=0)["decoder/kernel"] > 0.5


def test_the_step_is_the_one_asked_for(x):
    """A central difference has an error proportional to the square of the step."""
    errors = [max(check_gradients(autoencoder(), x, x, "mse", step=h, rng=0).values()) for h in (1e-3, 1e-1)]
    assert 1e3 < errors[1] / errors[0] < 1e5  # the error grows with the square of the step


@pytest.mark.parametrize("step", [0, -1e-5, float("nan"), float("inf")])
def test_a_step_that_is_not_positive_is_an_error(step, x):
    with pytest.raises(ValueError, match="step must be a positive number. Received: "):
        check_gradients(autoencoder(), x, x, "mse", step=step)


@pytest.mark.parametrize("entries", [0, -1, 2.5])
def test_entries_must_be_a_positive_integer(entries, x):
    with pytest.raises(ValueError, match="entries must be a positive integer. Received: "):
        check_gradients(autoencoder(), x, x, "mse", entries=entries)


def test_wrong_data_and_unknown_losses_are_errors(x):
    with pytest.raises(ValueError, match="Unknown loss"):
        check_gradients(autoencoder(), x, x, "nonsense")
    with pytest.raises(ValueError, match=r"expected a batch of shape \(n, 4\)"):
        check_gradients(autoencoder(), x[:, :3], x, "mse")
    with pytest.raises(ValueError, match=r"Expected targets of the shape"):
        check_gradients(autoencoder(), x, x[:, :3], "mse")


def test_relative_error_by_hand():
    a = np.array([3.0, 4.0])
    assert relative_error(a, a) == 0.0
    assert relative_error(a, -a) == 2.0
    assert relative_error(a, 0 * a) == relative_error(0 * a, a) == 1.0
    assert relative_error(a, 2 * a) == relative_error(2 * a, a) == 0.5
    assert relative_error(0 * a, 0 * a) == 0.0
    assert relative_error(1e-12 * a, -1e-12 * a) == pytest.approx(2.0)


@pytest.mark.parametrize("a, b", [(np.nan, 1.0), (1.0, np.nan), (np.nan, np.nan), (np.nan, 0.0)])
def test_the_relative_error_of_nan_is_never_small(a, b):
    assert not relative_error(np.array([a]), np.array([b])) < 1


@pytest.mark.parametrize("order", ["C", "F"])
def test_slopes_of_a_known_function(order, rng):
    a = np.array(rng.normal(size=(3, 4)), order=order)
    weights, before = rng.normal(size=(3, 4)), a.copy()
    slopes = central_difference(lambda: np.sum(weights * np.sin(a)), a)
    np.testing.assert_allclose(slopes, weights * np.cos(a), atol=1e-9)
    np.testing.assert_array_equal(a, before)
    some = central_difference(lambda: np.sum(weights * np.sin(a)), a, entries=[7, 0])
    np.testing.assert_array_equal(some, [slopes[1, 3], slopes[0, 0]])


def test_an_array_of_whole_numbers_cannot_be_nudged():
    with pytest.raises(ValueError, match="floating-point numbers. Received: dtype int64"):
        central_difference(lambda: 0.0, np.arange(3))
