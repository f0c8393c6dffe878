"""A language model that counts, and the perplexity by which language models are compared."""

import collections

import numpy as np

from aelib.checks import positive_integer
from aelib.datasets.vocabulary import BOS, EOS, PAD, SPECIAL
from aelib.nn.sampling import sample_tokens


def perplexity(log_probabilities, rows):
    """Return exp of the mean negative log-likelihood of a token, `EOS` included and padding not.

    Parameters
    ----------
    log_probabilities : array_like, shape (n, length) or (n,)
        Of each token, where those at the padding do not count; or of each whole text.
    rows : array_like, shape (n, length), int
        The texts.

    Returns
    -------
    float
        1 for a model that is always right and sure, V for one that gives V tokens the same probability.
    """
    log_probabilities, real = np.asarray(log_probabilities, dtype="float64"), np.asarray(rows) != PAD
    if log_probabilities.shape not in (real.shape, real.shape[:1]) or not real.any():
        raise ValueError(
            f"Expected one log-probability for each token or for each text of {real.shape}. "
            f"Received: shape {log_probabilities.shape}."
        )
    of_texts = log_probabilities.ndim == 1
    total = log_probabilities.sum() if of_texts else log_probabilities[real].sum()
    return float(np.exp(-total / real.sum()))


class NGram:
    """The next token from the few before it, by counting: interpolated Kneser-Ney smoothing.

    Parameters
    ----------
    order : int
        Tokens that are counted together; the context is one less.
    vocabulary_size : int
        Numbers of the vocabulary. `PAD` and `BOS` are never predicted, all others have a positive probability.
    discount : float
        The D of the formula, between 0 and 1; choose it, and the order, on validation texts.

    Notes
    -----
    For a context c that was seen, with c' the context without its first token,

        P(w | c) = max(N(c w) - D, 0) / N(c) + D · N₁₊(c ·) / N(c) · P(w | c')

    where N₁₊(c ·) counts the different tokens after c. For the longest context N counts occurrences; for the
    others it counts the different tokens that stood before c w (Kneser & Ney 1995; the interpolated
    form is that of Chen & Goodman 1999). Below the empty context stands the uniform distribution. A
    context that was never seen takes P(w | c').
    """

    def __init__(self, order, vocabulary_size, discount=0.75):
        self.order = positive_integer("order", order)
        self.vocabulary_size = positive_integer("vocabulary_size", vocabulary_size)
        if vocabulary_size <= len(SPECIAL):
            raise ValueError(f"Expected a vocabulary_size above {len(SPECIAL)}. Received: {vocabulary_size}.")
        if not 0 < discount < 1:
            raise ValueError(f"Expected a discount between 0 and 1. Received: {discount!r}.")
        self.discount = discount

    def fit(self, rows):
        """Count the tokens of training texts; return the model.

        Parameters
        ----------
        rows : array_like, shape (n, length), int
            As `Vocabulary.encode` gives them.
        """
        rows = self._checked(rows)
        counts = collections.Counter((context, token) for text in rows for context, token in zip(*self._contexts(text)))
        self._followers, self._arrays = {}, {}  # context -> counts of what follows it and their sum; also as arrays
        while True:
            by_context = collections.defaultdict(dict)
            for (context, token), count in counts.items():
                by_context[context][token] = count
            for context, followers in by_context.items():
                self._followers[context] = followers, sum(followers.values())
            if () in by_context:
                return self
            counts = collections.Counter((context[1:], token) for context, token in counts)  # different ones before

    def probabilities(self, context):
        """Return the probability of every token after a context, shape (V,).

        Parameters
        ----------
        context : sequence of int
            The tokens so far, without `BOS`; of those, the last `order - 1` count.
        """
        p = np.full(self.vocabulary_size, 1 / (self.vocabulary_size - 2))
        p[[PAD, BOS]] = 0.0
        for seen, followers, total in self._levels((*[BOS] * (self.order - 1), *context)):
            if seen not in self._arrays:
                self._arrays[seen] = np.array(list(followers)), np.array(list(followers.values()), dtype="float64")
            tokens, counts = self._arrays[seen]
            p *= self.discount * len(tokens) / total
            p[tokens] += (counts - self.discount) / total
        return p

    def log_probabilities(self, rows):
        """Return the log-probability of each token of texts, 0 at the padding.

        Parameters
        ----------
        rows : array_like, shape (n, length), int

        Returns
        -------
        ndarray, shape (n, length)
            A row's sum is the log-probability of the text; no approximation is in it.
        """
        rows = self._checked(rows)
        found = np.zeros(rows.shape)
        for log_p, text in zip(found, rows):
            for place, (context, token) in enumerate(zip(*self._contexts(text))):
                p = 1 / (self.vocabulary_size - 2)
                for _, followers, total in self._levels(context):
                    p *= self.discount * len(followers) / total
                    if token in followers:
                        p += (followers[token] - self.discount) / total
                log_p[place] = np.log(p)
        return found

    def sample(self, count, max_length, temperature=1.0, rng=None):
        """Draw texts, token by token.

        Parameters
        ----------
        count : int
        max_length : int
            A text that has not ended after so many tokens is ended there.
        temperature : float
            Applied to the distribution of each token; 0 takes the most probable one.
        rng : numpy.random.Generator or int or None

        Returns
        -------
        ndarray, shape (count, max_length + 1), int32
        """
        rng = np.random.default_rng(rng)
        rows = np.full((positive_integer("count", count), positive_integer("max_length", max_length) + 1), PAD, "int32")
        for row in rows:
            for place in range(max_length):
                with np.errstate(divide="ignore"):  # the log of 0 is right for PAD and BOS
                    log_p = np.log(self.probabilities(tuple(row[:place].tolist())))
                row[place] = sample_tokens(log_p[np.newaxis], temperature, rng)[0]
                if row[place] == EOS:
                    break
            else:
                row[max_length] = EOS
        return rows

    def _levels(self, context):
        """The last 0, 1, …, order - 1 tokens of a context, as far as they were seen, with what came after."""
        if not hasattr(self, "_followers"):
            raise ValueError("Expected a fitted model. Received: one that has counted nothing; call fit first.")
        for length in range(self.order):
            seen = context[len(context) - length :]
            if seen in self._followers:
                yield seen, *self._followers[seen]

    def _contexts(self, text):
        """The contexts of a text's tokens, as tuples of order - 1 numbers, and the tokens."""
        tokens = text[text != PAD].tolist()
        padded = [BOS] * (self.order - 1) + tokens
        return [tuple(padded[place : place + self.order - 1]) for place in range(len(tokens))], tokens

    def _checked(self, rows):
        """Rows of numbers of the vocabulary, none of them `BOS`, none without a token."""
        rows = np.asarray(rows)
        if rows.ndim != 2 or not len(rows) or not np.issubdtype(rows.dtype, np.integer):
            raise ValueError(f"Expected rows of whole numbers. Received: {rows.dtype}, shape {rows.shape}.")
        if rows.min() < 0 or rows.max() >= self.vocabulary_size or (rows == BOS).any() or (rows[:, 0] == PAD).any():
            raise ValueError(
                f"Expected rows of 1 or more tokens from {EOS} to {self.vocabulary_size - 1}, then {PAD}. "
                f"Received: numbers from {rows.min()} to {rows.max()}."
            )
        return rows
