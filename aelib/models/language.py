"""Models of token sequences in Keras: a language model, one that is told a code, and one whose code has a prior.

All three read and write rows of numbers as `aelib.applications.text.Vocabulary.encode` makes them, and are
trained by `fit(rows)`: a row is its own target, and the shift by one place happens inside.
"""

from aelib.models.training import OwnLossModel, check_codes, is_array, real_numbers
from aelib.models.variational import Sampling, kl_divergence

import keras
import numpy as np
from keras import ops

from aelib.checks import fraction, not_negative_integer, not_negative_number, positive_integer
from aelib.datasets.vocabulary import BOS, EOS, PAD, SPECIAL
from aelib.nn.sampling import sample_tokens

NEVER = -1e9  # the logit of a token that is never said


@keras.saving.register_keras_serializable("aelib")
class LanguageModel(OwnLossModel):
    """A GRU that predicts each token from those before it, and from nothing else.

    Parameters
    ----------
    vocabulary_size : int
        Numbers of the vocabulary, special ones included. `PAD` and `BOS` get the probability 0.
    embedding_dim, units : int
        Sizes of the vector of a token and of the state of the GRU.
    word_dropout : float
        The share of the tokens shown to the decoder that are blanked out in training: their vectors are set to 0.

    Notes
    -----
    `compile` needs an optimizer only: the loss is `Σ_t -log p(x_t | x_<t)`, summed over the tokens of
    a text, `EOS` included and padding not, and averaged over the texts. A row is its own target: `fit` takes no `y`.

    Raises
    ------
    ValueError
        If a size is not a positive integer, `word_dropout` not a fraction, or rows hold anything but tokens of the
        vocabulary and then padding. Arrays are refused beforehand, numbers outside the vocabulary that come in a dataset
        or a generator after the step that met them. Also if `compile` gets a loss or metrics, or `fit` a `y` or weights of
        examples: they would have no effect.
    FloatingPointError
        If the loss becomes NaN or infinite.
    """

    def __init__(self, vocabulary_size, embedding_dim=32, units=96, word_dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary_size = positive_integer("vocabulary_size", vocabulary_size)
        if vocabulary_size <= len(SPECIAL):
            raise ValueError(f"Expected a vocabulary_size above {len(SPECIAL)}. Received: {vocabulary_size}.")
        self.embedding_dim = positive_integer("embedding_dim", embedding_dim)
        self.units = positive_integer("units", units)
        self.word_dropout = fraction("word_dropout", word_dropout)
        self.embedding = keras.layers.Embedding(vocabulary_size, embedding_dim, name="embedding")
        self.decoder = keras.layers.GRU(units, return_sequences=True, name="decoder")
        self.to_logits = keras.layers.Dense(vocabulary_size, name="to_logits")
        self.seed_generator = keras.random.SeedGenerator()
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        never = np.zeros(vocabulary_size, "float32")
        never[[PAD, BOS]] = NEVER
        self._never = never

    def call(self, rows, training=False):
        """Return the logits of every token at every place, shape (n, length, vocabulary_size)."""
        return self.decode(rows, training=training)

    def decode(self, rows, code=None, training=False):
        """Return the logits where at each place the true tokens before it are shown.

        Parameters
        ----------
        rows : tensor, shape (n, length), int
            The texts; moved one place to the right they are what is shown.
        code : tensor, shape (n, latent_dim), or None
            What else is shown, at every place; a model without a code takes none.

        Returns
        -------
        tensor, shape (n, length, vocabulary_size)
        """
        rows = self._as_rows(rows)
        first = ops.full_like(rows[:, :1], BOS)
        shown = ops.concatenate([first, rows[:, :-1]], axis=1)  # (n, length)
        vectors = self.embedding(shown)  # (n, length, embedding_dim)
        if training and self.word_dropout:
            noise = keras.random.uniform(ops.shape(shown), seed=self.seed_generator)
            kept = ops.cast(noise >= self.word_dropout, vectors.dtype)
            vectors = vectors * kept[..., None]
        return self.to_logits(self.decoder(*self._inputs(vectors, code))) + self._never

    def log_probabilities(self, rows, code=None, batch_size=2000):
        """Return the log-probability of each token, 0 at the padding, as an ndarray of shape (n, length).

        Parameters
        ----------
        rows : array_like, shape (n, length), int
        code : array_like, shape (n, latent_dim), or None
        batch_size : int
            Texts at a time; it changes the memory needed, not the result.
        """
        batch_size = positive_integer("batch_size", batch_size)
        rows = np.asanyarray(rows)
        self.check_inputs(rows)
        code = self._as_code(code, len(rows))
        found = []
        for start in range(0, len(rows), batch_size):
            part = ops.convert_to_tensor(rows[start : start + batch_size])
            of_part = None if code is None else code[start : start + batch_size]
            found.append(ops.convert_to_numpy(-token_losses(part, self.decode(part, of_part))))
        return np.concatenate(found)

    def generate(self, count, max_length, code=None, temperature=1.0, rng=None):
        """Draw texts token by token, each shown the tokens drawn before.

        Parameters
        ----------
        count : int
        max_length : int
            A text that has not ended after so many tokens is ended there.
        code : array_like, shape (count, latent_dim), or None
        temperature : float
            0 takes the most probable token at each place, which is not always the most probable text.
        rng : numpy.random.Generator or int or None

        Returns
        -------
        ndarray, shape (count, max_length + 1), int32
        """
        rng = np.random.default_rng(rng)
        count, max_length = not_negative_integer("count", count), positive_integer("max_length", max_length)
        temperature = not_negative_number("temperature", temperature)
        code = self._as_code(code, count)
        rows = np.full((count, max_length + 1), PAD, "int32")
        shown, open_ = np.full(count, BOS, "int32"), np.ones(count, dtype=bool)
        state = None
        for place in range(max_length):
            vectors, initial = self._inputs(self.embedding(shown[:, np.newaxis]), code)
            state = initial if state is None else state
            state = self.decoder.cell(vectors[:, 0], state)[0]  # (count, units)
            logits = ops.convert_to_numpy(self.to_logits(state) + self._never)  # (count, vocabulary_size)
            if not np.isfinite(logits).all():
                raise FloatingPointError("Expected finite logits. Received: NaN or infinity: a weight is not finite.")
            shown = sample_tokens(logits, temperature, rng)
            rows[:, place] = np.where(open_, shown, PAD)
            open_ &= shown != EOS
        rows[:, max_length] = np.where(open_, EOS, PAD)
        return rows

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss of a batch, and keep the running means of its parts."""
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(f"Expected no {name}: a row is its own target, and all rows weigh alike.")
        dtype = keras.backend.standardize_dtype(x.dtype)
        if "int" not in dtype:
            raise ValueError(f"Expected rows of whole numbers. Received: rows of dtype {dtype}.")
        self.watch(x)
        loss = ops.mean(ops.sum(token_losses(x, y_pred), axis=1))
        self.reconstruction_tracker.update_state(loss)
        return loss

    def check_inputs(self, x):
        """Raise a ValueError if an array does not hold rows of this vocabulary; leave datasets alone."""
        if not is_array(x):
            return
        rows = real_numbers("rows", x)
        if rows.ndim != 2 or not rows.size or rows.dtype.kind not in "iu":
            raise ValueError(
                f"Expected rows of whole numbers, of shape (n, length). Received: {rows.dtype}, shape {rows.shape}."
            )
        padding = rows == PAD
        faults = {
            f"numbers from {rows.min()} to {rows.max()}": rows.min() < 0 or rows.max() >= self.vocabulary_size,
            f"rows with {BOS}, which `decode` puts in front itself": (rows == BOS).any(),
            "rows without a token": padding[:, 0].any(),
            "rows with a token after the padding": (padding[:, :-1] & ~padding[:, 1:]).any(),
        }
        for fault, found in faults.items():
            if found:
                raise ValueError(
                    f"Expected rows of 1 or more tokens from {EOS} to {self.vocabulary_size - 1}, then {PAD}. "
                    f"Received: {fault}."
                )

    def get_config(self):
        names = ("vocabulary_size", "embedding_dim", "units", "word_dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _as_rows(self, rows):
        """Rows as a tensor, after a look at them where they have values already.

        In a compiled step they have none. There the loss refuses numbers outside the vocabulary, and here they are
        moved inside: whether a lookup of them fails or not depends on how the step is compiled.
        """
        self.check_inputs(np.asarray(rows) if isinstance(rows, (list, tuple)) else rows)
        return ops.clip(ops.cast(rows, "int32"), 0, self.vocabulary_size - 1)

    def _as_code(self, code, count):
        """The code of so many texts as an array; here there is none, and `_inputs` refuses one."""
        return code

    def _inputs(self, vectors, code):
        """What the decoder reads at each place, and its first state."""
        if code is not None:
            raise ValueError("Expected no code: a language model is told nothing. Received: a code.")
        return vectors, ops.zeros((ops.shape(vectors)[0], self.units))


@keras.saving.register_keras_serializable("aelib")
class SequenceAutoencoder(LanguageModel):
    """A GRU reads a text into a code, and a language model that is told the code writes it again.

    Parameters
    ----------
    vocabulary_size, embedding_dim, units, word_dropout
        As in `LanguageModel`; encoder and decoder share the vectors of the tokens.
    latent_dim : int
        Numbers of the code. The decoder starts from it and is shown it at every place.
    """

    def __init__(self, vocabulary_size, latent_dim=16, **kwargs):
        super().__init__(vocabulary_size, **kwargs)
        self.latent_dim = positive_integer("latent_dim", latent_dim)
        self.encoder = keras.layers.GRU(self.units, name="encoder")
        self.to_code = keras.layers.Dense(latent_dim, name="to_code")
        self.to_state = keras.layers.Dense(self.units, activation="tanh", name="to_state")

    def read(self, rows):
        """Return the encoder's state after the last token, shape (n, units)."""
        rows = self._as_rows(rows)
        return self.encoder(self.embedding(rows), mask=ops.not_equal(rows, PAD))

    def encode(self, rows):
        """Return the codes of texts, shape (n, latent_dim)."""
        return self.to_code(self.read(rows))

    def call(self, rows, training=False):
        """Return the logits of every token at every place, shape (n, length, vocabulary_size)."""
        return self.decode(rows, self.encode(rows), training=training)

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim}

    def _as_code(self, code, count):
        if code is None:
            return None
        return check_codes(code, count, self.latent_dim).astype("float32")

    def _inputs(self, vectors, code):
        if code is None:
            raise ValueError("Expected a code for each text. Received: None.")
        at_each = ops.repeat(code[:, None], ops.shape(vectors)[1], axis=1)
        return ops.concatenate([vectors, at_each], axis=-1), self.to_state(code)


@keras.saving.register_keras_serializable("aelib")
class TextVAE(SequenceAutoencoder):
    """A sequence autoencoder whose code is drawn from a cloud, and pays for its distance from N(0, I).

    Parameters
    ----------
    vocabulary_size, latent_dim, embedding_dim, units, word_dropout
        As in `SequenceAutoencoder`.
    free_bits : float
        Nats of KL that each unit of the code may use in training without being charged for them
        (Kingma et al. 2016); compared with the mean over the batch.
    anneal_steps : int
        In training, the weight of the KL rises in a straight line from 0 to 1 over so many steps (Bowman et al. 2016).

    Notes
    -----
    The loss is `-ELBO = Σ_t -log p(x_t | x_<t, z) + KL(q(z | x) ‖ N(0, I))` of a text, averaged over texts, in nats.
    `free_bits` and `anneal_steps` change it in training only: `evaluate` always gives -ELBO.
    """

    def __init__(self, vocabulary_size, latent_dim=16, free_bits=0.0, anneal_steps=0, **kwargs):
        super().__init__(vocabulary_size, latent_dim=latent_dim, **kwargs)
        self.free_bits = not_negative_number("free_bits", free_bits)
        self.anneal_steps = not_negative_integer("anneal_steps", anneal_steps)
        self.to_log_var = keras.layers.Dense(latent_dim, name="to_log_var")
        self.sampling = Sampling(name="sampling")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    def posterior(self, rows):
        """Return z_mean and z_log_var of texts, each of shape (n, latent_dim)."""
        state = self.read(rows)
        return self.to_code(state), self.to_log_var(state)

    def encode(self, rows):
        """Return the means of the clouds, `z_mean`, shape (n, latent_dim)."""
        return self.posterior(rows)[0]

    def call(self, rows, training=False):
        """Return the logits for one draw of the code, z_mean and z_log_var."""
        z_mean, z_log_var = self.posterior(rows)
        logits = self.decode(rows, self.sampling([z_mean, z_log_var]), training=training)
        return logits, z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss of a batch, and keep the running means of its parts."""
        logits, z_mean, z_log_var = y_pred
        self.watch(x, z_log_var)
        reconstruction_loss = super().compute_loss(x, y, logits, sample_weight, training)
        kl = ops.mean(kl_divergence(z_mean[..., None], z_log_var[..., None]), axis=0)  # of each unit, (latent_dim,)
        self.kl_tracker.update_state(ops.sum(kl))
        if training and self.free_bits:
            kl = ops.maximum(kl, self.free_bits)
        weight = 1.0
        if training and self.anneal_steps:
            weight = ops.minimum(ops.cast(self.optimizer.iterations, "float32") / self.anneal_steps, 1.0)
        return reconstruction_loss + weight * ops.sum(kl)

    def log_weights(self, rows, draws, rng, batch_size=2000):
        """Return log p(x | z) p(z) / q(z | x) for draws of z from q(z | x).

        Parameters
        ----------
        rows : array_like, shape (n, length), int
        draws : int
            Draws of z for each text.
        rng : numpy.random.Generator or int

        Returns
        -------
        ndarray, shape (n, draws), float64
            The mean over draws estimates the ELBO of a text without bias. The log of the mean of exp is the
            importance-weighted bound (Burda et al. 2016): below log p(x) in expectation, nearer with more draws.
        """
        rng, draws = np.random.default_rng(rng), positive_integer("draws", draws)
        mean, log_var = (ops.convert_to_numpy(a).astype("float64") for a in self.posterior(ops.convert_to_tensor(rows)))
        found = np.empty((len(rows), draws))
        for draw in range(draws):
            noise = rng.normal(size=mean.shape)
            z = mean + np.exp(log_var / 2) * noise  # (n, latent_dim)
            log_ratio = 0.5 * (noise**2 + log_var - z**2).sum(axis=1)  # log p(z) - log q(z | x)
            log_likelihood = self.log_probabilities(rows, z.astype("float32"), batch_size).sum(axis=1)
            found[:, draw] = log_likelihood + log_ratio
        return found

    def get_config(self):
        return {**super().get_config(), "free_bits": self.free_bits, "anneal_steps": self.anneal_steps}


def token_losses(rows, logits):
    """Return -log of the probability that logits give to each token, shape (n, length).

    It is 0 at the padding and NaN for a number outside the vocabulary.
    """
    known = ops.clip(rows, 0, logits.shape[-1] - 1)
    losses = keras.losses.sparse_categorical_crossentropy(known, logits, from_logits=True)
    losses = ops.where(ops.equal(rows, PAD), 0.0, losses)
    return ops.where(ops.equal(rows, known), losses, float("nan"))
