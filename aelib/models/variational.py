"""A variational autoencoder: its encoder answers with a Gaussian, and its loss charges for what the Gaussian tells."""

from aelib.models.training import OwnLossModel, as_array, check_codes, is_array, real_numbers

import keras
import numpy as np
from keras import ops

from aelib.checks import not_negative_number, positive_integer, positive_integers

PACKAGE = "aelib"  # under which Keras files the classes; a saved model names it
BLOCK = 5000  # examples that go through the decoder at once when a bound is estimated


def kl_divergence(z_mean, z_log_var):
    """Return the divergence of each example's Gaussian from N(0, I), summed over the units.

    Parameters
    ----------
    z_mean, z_log_var : tensor, shape (n, latent_dim)

    Returns
    -------
    tensor, shape (n,)
        In nats: what `aelib.metrics.gaussian_kl` gives for arrays.

    Raises
    ------
    ValueError
        If the two shapes differ.
    """
    z_mean, z_log_var = ops.convert_to_tensor(z_mean), ops.convert_to_tensor(z_log_var)
    if not _agree(z_mean.shape, z_log_var.shape):
        raise ValueError(
            f"Expected z_mean and z_log_var of one shape. Received: {tuple(z_mean.shape)} and {tuple(z_log_var.shape)}."
        )
    return ops.sum(_kl_per_unit(z_mean, z_log_var), axis=-1)


def _kl_per_unit(z_mean, z_log_var):
    return 0.5 * (ops.exp(z_log_var) + ops.square(z_mean) - 1.0 - z_log_var)


@keras.saving.register_keras_serializable(PACKAGE)
class Sampling(keras.layers.Layer):
    """Draws a code: `z = z_mean + exp(z_log_var / 2) ε`, with ε from N(0, I).

    The noise comes from outside, so the gradient flows through `z_mean` and `z_log_var`
    as through any other layer: the reparameterisation of Kingma & Welling (2014).

    Parameters
    ----------
    seed : int or None
        Where the noise begins. The generator's state is saved with the layer, so a loaded
        model goes on where the saved one stood.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        """Map (z_mean, z_log_var), each of shape (n, latent_dim), to z of the same shape."""
        z_mean, z_log_var = inputs
        noise = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * noise

    def compute_output_shape(self, input_shape):
        """The shape of z_mean."""
        return input_shape[0]

    def save_own_variables(self, store):
        """Write the state of the noise, which Keras does not count among a layer's weights."""
        store["noise"] = self.seed_generator.state

    def load_own_variables(self, store):
        """Go on where the saved layer stood."""
        self.seed_generator.state.assign(store["noise"])

    def get_config(self):
        """What the layer is made of again."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(PACKAGE)
class VariationalAutoencoder(OwnLossModel):
    """An encoder to Gaussians and a decoder from codes, trained on the evidence lower bound.

    The loss of a batch is the mean over its examples of::

        reconstruction_loss + beta * kl_loss

    both *summed* over their components, the pixels and the units of the code. With
    `beta=1` it is minus the ELBO in nats. Besides `loss`, `fit` reports the two terms,
    `kl_loss` without its factor, so that `-(reconstruction_loss + kl_loss)` is the ELBO
    whatever `beta` and `free_bits` are.

    Parameters
    ----------
    encoder : keras.Model
        From x to the pair (z_mean, z_log_var), each of shape (n, latent_dim).
    decoder : keras.Model
        From z, of shape (n, latent_dim), to the logits of the pixels.
    beta : float
        Weight of the divergence, at least 0 (Higgins et al. 2017). May be set between
        epochs, also in a compiled model: `vae.beta = 0.5`.
    free_bits : float
        Nats a unit that are not charged for, at least 0: the divergence of unit j,
        averaged over the batch, enters the loss as `max(free_bits, ·)` (Kingma et al. 2016).
    seed : int or None
        Of the noise.

    Raises
    ------
    ValueError
        If the two halves do not fit, `beta` or `free_bits` is no number of at least 0, or data
        have pixels outside [0, 1], where a Bernoulli probability is undefined. Arrays are refused
        beforehand, the targets in a dataset or a generator after the step that met them. Also if
        `compile` gets a loss or metrics, or `fit` weights of examples: they would have no effect.
    FloatingPointError
        If the loss becomes NaN or infinite, for example because a log-variance has exploded.

    Notes
    -----
    `vae(x)` and `vae.predict(x)` give a dict with "z_mean", "z_log_var", "z" and "logits". It
    samples in training and outside it, since a bound on validation data needs a sample
    too; `reconstruct` does not. For other data than pixels, override `logits` (which may
    look at x, as a decoder with teacher forcing does), `reconstruction_losses` and
    `check_inputs`.
    """

    def __init__(self, encoder, decoder, beta=1.0, free_bits=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = _latent_dim(encoder, decoder)
        self.encoder, self.decoder = encoder, decoder
        self.free_bits = not_negative_number("free_bits", free_bits)
        self.seed = seed
        self.sampling = Sampling(seed, name="sampling")
        self._beta = self.add_weight(name="beta", initializer="zeros", trainable=False)
        self.beta = beta
        self.reconstruction_loss = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss = keras.metrics.Mean(name="kl_loss")
        self.built = True  # both halves have their weights

    @property
    def beta(self):
        """The weight of the divergence, a float."""
        return float(self._beta)

    @beta.setter
    def beta(self, value):
        self._beta.assign(not_negative_number("beta", value))

    # ----------------------------------------------------------------- the model

    def call(self, x):
        """Map x to a dict: "z_mean", "z_log_var", a sample "z" of shape (n, latent_dim), and its "logits"."""
        z_mean, z_log_var = self.encoder(x)
        z = self.sampling([z_mean, z_log_var])
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.logits(z, x)}

    def logits(self, z, x):
        """What the decoder makes of codes; here it looks at z alone."""
        return self.decoder(z)

    def reconstruction_losses(self, x, logits):
        """Return `-log p(x|z)` of each example, shape (n,): the cross-entropy, summed over the pixels."""
        if not _agree(x.shape, logits.shape):  # they would be broadcast
            raise ValueError(
                f"Expected targets of the shape of the logits, {tuple(logits.shape)}. Received: {tuple(x.shape)}."
            )
        losses = ops.maximum(logits, 0) - logits * x + ops.log1p(ops.exp(-ops.abs(logits)))
        inside = ops.all((x >= 0) & (x <= 1))
        return ops.where(inside, ops.sum(losses, axis=tuple(range(1, len(losses.shape)))), float("nan"))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss of a batch and note its two terms; `y`, where given, is the target in place of x."""
        if sample_weight is not None:
            raise ValueError("Expected no sample_weight: a bound on log p(x) weighs all examples alike.")
        target = ops.cast(x if y is None else y, y_pred["logits"].dtype)
        self.watch(target, y_pred["z_log_var"])
        reconstruction = self.reconstruction_losses(target, y_pred["logits"])
        units = _kl_per_unit(y_pred["z_mean"], y_pred["z_log_var"])
        self.reconstruction_loss.update_state(reconstruction)
        self.kl_loss.update_state(ops.sum(units, axis=-1))
        charged = ops.sum(ops.maximum(ops.mean(units, axis=0), self.free_bits))
        return ops.mean(reconstruction) + ops.cast(self._beta, units.dtype) * charged

    def reconstruct(self, x):
        """Return the probabilities of the pixels, decoded from z_mean, without a sample."""
        x = as_array(x)
        self.check_inputs(x)
        z_mean, _ = self.encoder(x)
        return ops.sigmoid(self.logits(z_mean, x))

    def generate(self, z):
        """Return the probabilities of the pixels at finite codes of shape (n, latent_dim)."""
        z = as_array(z)
        if is_array(z):
            check_codes(z, len(z) if np.ndim(z) else 0, self.latent_dim)
        return ops.sigmoid(self.decoder(z))

    def importance_weighted_bound(self, x, samples=1):
        """Return a lower bound of log p(x) for each example: Burda et al. (2016).

        With K samples z from q(z|x) it is `log mean p(x|z) p(z) / q(z|x)`. One sample
        gives an unbiased estimate of the ELBO; the expectation grows with K towards log p(x).

        Parameters
        ----------
        x : array_like, shape (n, …)
        samples : int
            K, for each example.

        Returns
        -------
        ndarray, shape (n,), float64
            In nats.
        """
        samples = positive_integer("samples", samples)
        x = as_array(x)
        if not len(x):
            raise ValueError("Expected at least one example. Received: x without any.")
        self.check_inputs(x)
        per_block = max(1, BLOCK // len(x))  # few blocks, and none too large
        sizes = [min(per_block, samples - start) for start in range(0, samples, per_block)]
        log_weights = np.concatenate([self._log_weights(x, size) for size in sizes])  # (samples, n)
        return np.logaddexp.reduce(log_weights, axis=0) - np.log(samples)

    def _log_weights(self, x, samples):
        """`log p(x|z) p(z) / q(z|x)` for each sample and example, shape (samples, n), float64."""
        z_mean, z_log_var = self.encoder(ops.convert_to_tensor(x))
        x, z_mean, z_log_var = (ops.concatenate([rows] * samples) for rows in (x, z_mean, z_log_var))
        z = self.sampling([z_mean, z_log_var])
        noise = (z - z_mean) * ops.exp(-0.5 * z_log_var)
        log_ratio = 0.5 * ops.sum(ops.square(noise) + z_log_var - ops.square(z), axis=-1)  # log p(z) - log q(z|x)
        logits = self.logits(z, x)
        log_weights = log_ratio - self.reconstruction_losses(ops.cast(x, logits.dtype), logits)
        return ops.convert_to_numpy(log_weights).astype("float64").reshape(samples, -1)

    def check_inputs(self, x):
        """Raise a ValueError if an array cannot be data of this model; leave datasets alone."""
        if not is_array(x):
            return
        pixels = real_numbers("pixels", x)
        if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 1):
            raise ValueError(
                "Expected pixels in [0, 1], whose probability is Bernoulli; bytes must be divided by 255. "
                f"Received: values from {pixels.min()} to {pixels.max()}."
            )

    # --------------------------------------------------------------- to a file

    def get_config(self):
        """What the model is made of again; `beta` as it stands now."""
        halves = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in ("encoder", "decoder")}
        numbers = {"beta": self.beta, "free_bits": self.free_bits, "seed": self.seed}
        return {**super().get_config(), **halves, **numbers}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the model of a config."""
        halves = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects) for name in ("encoder", "decoder")
        }
        return cls(**{**config, **halves})


def variational_autoencoder(input_dim, hidden_units, latent_dim, activation="relu", beta=1.0, free_bits=0.0, seed=None):
    """Build a dense variational autoencoder for pixels in [0, 1].

    Parameters
    ----------
    input_dim : int
        Features of one example, 784 for MNIST.
    hidden_units : sequence of int
        Units of the encoder's hidden layers, from the input on; the decoder has the same
        in reverse.
    latent_dim : int
        Units of the code.
    activation : str
        Keras activation of the hidden layers.
    beta, free_bits, seed
        As in `VariationalAutoencoder`.

    Returns
    -------
    VariationalAutoencoder
        Not compiled; `compile` it with an optimizer and no loss.
    """
    input_dim = positive_integer("input_dim", input_dim)
    latent_dim = positive_integer("latent_dim", latent_dim)
    hidden_units = positive_integers("hidden_units", hidden_units)
    inputs = hidden = keras.Input((input_dim,))
    for units in hidden_units:
        hidden = keras.layers.Dense(units, activation=activation)(hidden)
    heads = [keras.layers.Dense(latent_dim, name=name)(hidden) for name in ("z_mean", "z_log_var")]
    encoder = keras.Model(inputs, heads, name="encoder")
    decoder = keras.Sequential(
        [keras.Input((latent_dim,))]
        + [keras.layers.Dense(units, activation=activation) for units in reversed(hidden_units)]
        + [keras.layers.Dense(input_dim, name="logits")],
        name="decoder",
    )
    return VariationalAutoencoder(encoder, decoder, beta, free_bits, seed, name="variational_autoencoder")


def _agree(shape, other):
    """Whether two shapes are the same, as far as they are known."""
    return len(shape) == len(other) and all(a == b or None in (a, b) for a, b in zip(shape, other))


def _latent_dim(encoder, decoder):
    """The size of the code, after a look at whether two halves fit."""
    shapes = encoder.output_shape
    if not isinstance(shapes, list) or len(shapes) != 2 or shapes[0] != shapes[1] or len(shapes[0]) != 2:
        raise ValueError(
            "Expected an encoder with two outputs, z_mean and z_log_var, of one shape (n, latent_dim). "
            f"Received: outputs of shape {shapes}."
        )
    latent_dim = shapes[0][1]
    takes = decoder.input_shape
    takes = takes[0] if isinstance(takes, list) else takes
    if takes[-1] != latent_dim:
        raise ValueError(f"Expected a decoder of codes of shape (n, {latent_dim}). Received: inputs of shape {takes}.")
    return latent_dim
