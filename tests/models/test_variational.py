"""The variational autoencoder in Keras: its loss by hand, its noise, its bound, its file, its errors."""

import aelib.models  # first: it starts TensorFlow quietly
from aelib.models import Sampling, VariationalAutoencoder, kl_divergence, variational, variational_autoencoder

import keras
import numpy as np
import pytest
import scipy.stats

from aelib.metrics import posteriors
from aelib.nn import losses


@pytest.fixture
def x(rng):
    """Forty binary images of twelve pixels."""
    return (rng.random((40, 12)) < 0.3).astype("float32")


def small(**settings):
    keras.utils.set_random_seed(0)
    return variational_autoencoder(12, (8,), 3, "silu", seed=0, **settings)


def linear_gaussian(kernel, bias):
    """A model with binary pixels whose encoder ignores x: q(z|x) is the prior."""
    inputs = keras.Input((len(bias),))
    zeros = keras.layers.Rescaling(0.0)(inputs)
    heads = [keras.layers.Dense(len(kernel), kernel_initializer="zeros")(zeros) for _ in range(2)]
    decoder = keras.Sequential([keras.Input((len(kernel),)), keras.layers.Dense(len(bias))])
    decoder.set_weights([kernel, bias])
    return VariationalAutoencoder(keras.Model(inputs, heads), decoder, seed=0)


# ---------------------------------------------------------------------- the parts


def test_the_logits_are_those_of_a_sample_from_the_posterior(x):
    vae = small()
    outputs = vae(np.repeat(x, 100, axis=0))
    z_mean, z_log_var, z = (np.asarray(outputs[name]) for name in ("z_mean", "z_log_var", "z"))
    noise = (z - z_mean) / np.exp(z_log_var / 2)
    assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 0.01
    np.testing.assert_allclose(outputs["logits"], vae.decoder(z), rtol=1e-5, atol=1e-6)


def test_the_divergence_is_that_of_the_numpy_half(rng):
    z_mean, z_log_var = rng.normal(size=(2, 6, 4)).astype("float32")
    np.testing.assert_allclose(
        kl_divergence(z_mean, z_log_var), posteriors.gaussian_kl(z_mean, z_log_var), rtol=1e-5, atol=1e-6
    )


def test_the_divergence_of_shapes_that_differ_is_an_error():
    with pytest.raises(ValueError, match=r"of one shape\. Received: \(4, 3\) and \(4, 1\)"):
        kl_divergence(np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32"))


def test_samples_have_the_mean_and_the_variance_asked_for():
    z_mean = np.broadcast_to(np.array([0.0, 2.0, -1.0], "float32"), (40_000, 3))
    z_log_var = np.broadcast_to(np.array([0.0, -4.0, 1.0], "float32"), (40_000, 3))
    z = np.asarray(Sampling(seed=0)([z_mean, z_log_var]))
    deviation = np.exp(z_log_var[0] / 2)
    assert z.shape == (40_000, 3)
    assert (np.abs(z.mean(axis=0) - z_mean[0]) < 5 * deviation / 200).all()
    np.testing.assert_allclose(z.std(axis=0), deviation, rtol=0.02)


def test_noise_is_new_in_every_call_and_the_same_from_the_same_seed():
    inputs = [np.zeros((5, 2), "float32")] * 2
    one, other = Sampling(seed=3), Sampling(seed=3)
    first, second = np.asarray(one(inputs)), np.asarray(one(inputs))
    assert (first != second).all()
    assert (np.asarray(other(inputs)) == first).all() and (np.asarray(Sampling(seed=4)(inputs)) != first).any()


def test_the_decoder_has_the_encoders_sizes_in_reverse():
    vae = variational_autoencoder(784, [128, 64], 2)
    units = [layer.units for layer in vae.decoder.layers]
    assert units == [64, 128, 784] and vae.latent_dim == 2
    assert [tuple(shape) for shape in vae.encoder.output_shape] == [(None, 2), (None, 2)]
    pairs = [(784, 128), (128, 64), (64, 2), (64, 2), (2, 64), (64, 128), (128, 784)]
    assert vae.count_params() == sum(a * b + b for a, b in pairs) + 1  # and beta


# ----------------------------------------------------------------------- the loss


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
def test_the_loss_is_summed_over_pixels_and_units_and_averaged_over_examples(x, beta):
    vae = small(beta=beta)
    outputs = vae(x)
    z_mean, z_log_var, logits = (np.asarray(outputs[name]) for name in ("z_mean", "z_log_var", "logits"))
    reconstruction = 12 * losses.BinaryCrossentropy(from_logits=True)(x, logits)
    kl = posteriors.gaussian_kl(z_mean, z_log_var).mean()
    assert float(vae.compute_loss(x, y_pred=outputs)) == pytest.approx(reconstruction + beta * kl, rel=1e-5)
    assert float(vae.reconstruction_loss.result()) == pytest.approx(reconstruction, rel=1e-5)
    assert float(vae.kl_loss.result()) == pytest.approx(kl, rel=1e-5)


def test_free_bits_are_charged_in_every_unit(x):
    vae = small(free_bits=0.5, beta=2.0)
    outputs = vae(x)
    per_unit = posteriors.kl_per_unit(outputs["z_mean"], outputs["z_log_var"]).mean(axis=0)
    assert per_unit.min() < 0.5
    charged = np.maximum(per_unit, 0.5).sum()
    loss = float(vae.compute_loss(x, y_pred=outputs))
    assert loss == pytest.approx(float(vae.reconstruction_loss.result()) + 2 * charged, rel=1e-5)
    assert float(vae.kl_loss.result()) == pytest.approx(per_unit.sum(), rel=1e-4)  # what is reported is not charged


def test_training_lowers_the_loss_and_reports_its_terms(x):
    vae = small()
    vae.compile(keras.optimizers.Adam(1e-2))
    history = vae.fit(x, batch_size=20, epochs=30, verbose=0, validation_data=(x, x)).history
    terms = np.array(history["reconstruction_loss"]) + history["kl_loss"]
    np.testing.assert_allclose(history["loss"], terms, rtol=1e-5)
    assert history["loss"][-1] < 0.95 * history["loss"][0] and "val_kl_loss" in history
    assert set(vae.evaluate(x, verbose=0, return_dict=True)) == {"loss", "reconstruction_loss", "kl_loss"}


def test_a_target_takes_the_place_of_the_input(x):
    vae = small()
    outputs = vae(x)
    same, other, as_input = (
        float(vae.compute_loss(*pair, y_pred=outputs)) for pair in ((x, x), (x, 1 - x), (1 - x, None))
    )
    assert same == float(vae.compute_loss(x, y_pred=outputs)) and same != other == as_input


def test_beta_may_change_between_the_epochs_of_a_compiled_model(x):
    vae = small(beta=0.0)
    vae.compile("sgd", jit_compile=True)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            vae.beta = 10.0 * epoch

        def on_epoch_end(self, epoch, logs=None):
            seen.append((logs["loss"] - logs["reconstruction_loss"]) / logs["kl_loss"])

    vae.fit(x, batch_size=40, epochs=3, verbose=0, callbacks=[Watch()])
    np.testing.assert_allclose(seen, [0, 10, 20], atol=1e-3)


def test_beta_is_no_weight_that_training_changes(x):
    vae = small(beta=2.0)
    vae.compile("adam")
    vae.fit(x, epochs=2, verbose=0)
    assert vae.beta == 2.0 and len(vae.trainable_variables) == 10


def test_reconstructions_are_probabilities_without_noise(x):
    vae = small()
    images = np.asarray(vae.reconstruct(x))
    assert (images == np.asarray(vae.reconstruct(x))).all() and 0 < images.min() < images.max() < 1
    np.testing.assert_allclose(images, vae.generate(vae.encoder(x)[0]), rtol=1e-6)


# ---------------------------------------------------------------------- the bound


def test_the_bound_grows_to_the_probability_that_an_integral_gives(rng):
    """One unit, four pixels: log p(x) by numerical integration over z."""
    kernel = np.array([[2.0, -1.0, 0.5, 3.0]], "float32")
    bias = np.array([-1.0, 0.5, 0.0, 1.0], "float32")
    vae = linear_gaussian(kernel, bias)
    x = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], "float32")
    z = np.linspace(-8, 8, 4001)[:, None]
    white = 1 / (1 + np.exp(-(z * kernel + bias)))  # (4001, 4)
    likelihoods = np.stack([np.prod(np.where(row == 1, white, 1 - white), axis=1) for row in x])
    exact = np.log((likelihoods * scipy.stats.norm.pdf(z[:, 0])).sum(axis=1) * (z[1, 0] - z[0, 0]))
    estimates = vae.importance_weighted_bound(x, samples=10_000)
    assert estimates.shape == (2,) and estimates.dtype == "float64"
    np.testing.assert_allclose(estimates, exact, atol=0.05)
    means = [vae.importance_weighted_bound(np.repeat(x, 500, axis=0), samples=k).mean() for k in (1, 5)]
    assert means[0] + 0.1 < means[1] < exact.mean()


class GaussianPixels(VariationalAutoencoder):
    """A decoder of means: p(x|z) = N(decoder(z), DEVIATION² I)."""

    DEVIATION = 0.7

    def reconstruction_losses(self, x, logits):
        scaled = keras.ops.square((x - logits) / self.DEVIATION) + np.log(2 * np.pi * self.DEVIATION**2)
        return 0.5 * keras.ops.sum(scaled, axis=-1)

    def check_inputs(self, x):
        pass


@pytest.fixture
def linear_model():
    """A linear decoder of two units with a posterior that is wrong on purpose, and five examples of four pixels.

    Returns the model, the examples, log p(x) of each, which is N(b, W Wᵀ + σ² I), and the exact ELBO of each.
    """
    rng = np.random.default_rng(5)
    kernel, bias = rng.normal(size=(2, 4)), rng.normal(size=4)
    x = rng.normal(size=(5, 4)).astype("float32")
    to_mean, to_log_var = 0.2 * rng.normal(size=(4, 2)), 0.1 * rng.normal(size=(4, 2))
    offsets = np.array([0.3, -0.2]), np.array([-0.7, -1.4])

    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, [keras.layers.Dense(2)(inputs) for _ in range(2)])
    encoder.set_weights([to_mean, offsets[0], to_log_var, offsets[1]])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    decoder.set_weights([kernel, bias])

    variance = GaussianPixels.DEVIATION**2
    log_p = scipy.stats.multivariate_normal(bias, kernel.T @ kernel + variance * np.eye(4)).logpdf(x)
    z_mean, z_log_var = x @ to_mean + offsets[0], x @ to_log_var + offsets[1]
    squared = ((x - z_mean @ kernel - bias) ** 2).sum(axis=1) + np.exp(z_log_var) @ (kernel**2).sum(axis=1)
    elbo = -0.5 * (squared / variance + 4 * np.log(2 * np.pi * variance)) - posteriors.gaussian_kl(z_mean, z_log_var)
    return GaussianPixels(encoder, decoder, seed=0), x, log_p, elbo


def test_the_bound_is_the_known_likelihood_of_a_linear_gaussian_model(linear_model):
    model, x, log_p, elbo = linear_model
    assert (elbo < log_p - 0.3).all()  # the posterior is far off, so its density matters
    np.testing.assert_allclose(model.importance_weighted_bound(x, 40_000), log_p, atol=0.03)


def test_the_expected_log_weight_is_the_known_elbo(linear_model):
    model, x, _, elbo = linear_model
    many = np.repeat(x, 20_000, axis=0)
    draws = model.importance_weighted_bound(many, 1).reshape(5, -1)
    errors = draws.std(axis=1) / np.sqrt(20_000)
    assert errors.max() < 0.05 and (np.abs(draws.mean(axis=1) - elbo) < 5 * errors).all()


def test_each_example_has_its_own_samples_and_blocks_change_nothing(linear_model, monkeypatch):
    model, x, log_p, _ = linear_model
    calls = []
    decode = model.logits
    monkeypatch.setattr(model, "logits", lambda z, x: calls.append(np.asarray(z)) or decode(z, x))
    monkeypatch.setattr(variational, "BLOCK", 1000)
    np.testing.assert_allclose(model.importance_weighted_bound(x, 2100), log_p, atol=0.3)
    assert [len(z) for z in calls] == [1000] * 10 + [500]
    assert len(np.unique(np.concatenate(calls), axis=0)) > 10_490  # no block repeats the noise of another
    calls.clear()
    monkeypatch.setattr(variational, "BLOCK", 2)  # below the number of examples: one sample at a time
    model.importance_weighted_bound(x, 3)
    assert [len(z) for z in calls] == [5, 5, 5]


def test_one_sample_of_the_bound_is_minus_the_loss(x):
    vae = small()
    vae.compile("sgd")
    many = np.repeat(x, 50, axis=0)
    loss = vae.evaluate(many, batch_size=2000, verbose=0, return_dict=True)["loss"]
    bound = vae.importance_weighted_bound(many, samples=1)
    assert bound.mean() == pytest.approx(-loss, abs=6 * bound.std() / np.sqrt(len(many)))


# ----------------------------------------------------------------------- the file


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, with NumPy 2
def test_a_saved_model_comes_back_with_the_same_outputs(x, tmp_path):
    vae = small(beta=2.0, free_bits=0.25)
    vae.compile("adam")
    vae.fit(x, epochs=1, verbose=0)
    vae.beta = 0.5
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")
    for other in (again, VariationalAutoencoder.from_config(vae.get_config())):
        assert isinstance(other, VariationalAutoencoder) and (other.beta, other.free_bits) == (0.5, 0.25)
    before, after = vae.predict(x, verbose=0), again.predict(x, verbose=0)
    assert set(before) == {"z_mean", "z_log_var", "z", "logits"}
    for name in before:  # the sampled codes too: the noise goes on where it stood
        np.testing.assert_array_equal(before[name], after[name])
    losses_then = [model.fit(x, epochs=1, verbose=0, shuffle=False).history["loss"] for model in (vae, again)]
    assert losses_then[0] == pytest.approx(losses_then[1], rel=1e-6)  # the optimizer came back as well


def test_a_subclass_may_decode_and_judge_in_its_own_way(x):
    class Squared(VariationalAutoencoder):
        def reconstruction_losses(self, x, logits):
            return keras.ops.sum(keras.ops.square(x - logits), axis=-1)

        def check_inputs(self, x):
            pass

    halves = small()
    vae = Squared(halves.encoder, halves.decoder)
    vae.compile(keras.optimizers.Adam(1e-2))
    loss = vae.fit(5 * x, epochs=10, verbose=0).history["loss"]
    assert loss[-1] < loss[0]


# --------------------------------------------------------------------- the errors


@pytest.mark.parametrize("latent_dim", [0, -1, 2.5, "2", None])
def test_a_size_that_is_no_positive_integer_is_an_error(latent_dim):
    with pytest.raises(ValueError, match="latent_dim must be a positive integer. Received: "):
        variational_autoencoder(12, (8,), latent_dim)


@pytest.mark.parametrize("hidden_units", [16, "16", None])
def test_hidden_units_that_are_no_sequence_are_an_error(hidden_units):
    with pytest.raises(ValueError, match="hidden_units must be a sequence of positive integers. Received: "):
        variational_autoencoder(12, hidden_units, 3)


@pytest.mark.parametrize("value", [-1, -1e-9, float("nan"), float("inf"), "1", None, True])
@pytest.mark.parametrize("name", ["beta", "free_bits"])
def test_a_weight_below_zero_is_an_error(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a finite number of at least 0. Received: "):
        small(**{name: value})


def test_beta_is_looked_at_whenever_it_is_set():
    vae = small(beta=2.0)
    with pytest.raises(ValueError, match="beta must be a finite number of at least 0. Received: -1."):
        vae.beta = -1
    assert vae.beta == 2.0


@pytest.mark.parametrize("use", ["fit", "evaluate", "importance_weighted_bound"])
def test_pixels_outside_0_and_1_are_an_error(x, use):
    vae = small()
    vae.compile("sgd")
    for wrong in (255 * x, x - 0.5, np.where(x == 1, np.nan, x)):
        with pytest.raises(ValueError, match=r"pixels in \[0, 1\].* Received: values from "):
            getattr(vae, use)(wrong)
    with pytest.raises(ValueError, match=r"pixels in \[0, 1\]"):
        vae.fit(x, validation_data=(2 * x, 2 * x), verbose=0)


def test_halves_that_do_not_fit_are_an_error():
    good = small()
    one_head = keras.Sequential([keras.Input((12,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="two outputs, z_mean and z_log_var, of one shape"):
        VariationalAutoencoder(one_head, good.decoder)
    with pytest.raises(
        ValueError, match=r"a decoder of codes of shape \(n, 3\). Received: inputs of shape \(None, 12\)"
    ):
        VariationalAutoencoder(good.encoder, one_head)


def test_weights_of_examples_are_an_error(x):
    vae = small()
    vae.compile("sgd")
    with pytest.raises(ValueError, match="Expected no sample_weight"):
        vae.fit(x, x, sample_weight=np.ones(len(x)), verbose=0)
