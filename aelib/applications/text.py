"""A language model that counts, and the perplexity by which language models are compared."""

import collections

import numpy as np

from aelib.checks import is_finite_number, not_negative_number, positive_integer, real_array
from aelib.datasets.vocabulary import BOS, EOS, PAD, SPECIAL
from aelib.nn.sampling import sample_tokens

ROUNDING = 1e-5  # by which the logarithm of a probability of 1 may come out above 0 in single precision


def perplexity(log_probabilities, rows):
    """Return exp of the mean negative log-likelihood of a token, `EOS` included and padding not.

    Parameters
    ----------
    log_probabilities : array_like, shape (n, length) or (n,)
        Of each token, where those at the padding do not count; or of each whole text.
    rows : array_like, shape (n, length), int
        The texts, padded at their ends only.

    Returns
    -------
    float
        1 for a model that is always right and sure, V for one that gives V tokens the same probability.

    Raises
    ------
    ValueError
        If the shapes do not belong together, the rows are no texts, or a logarithm is NaN or that of a number above 1.
    """
    log_probabilities, real = real_array("log_probabilities", log_probabilities), _checked_rows(rows) != PAD
    if log_probabilities.shape not in (real.shape, real.shape[:1]):
        raise ValueError(
            f"Expected one log-probability for each token or for each text of {real.shape}. "
            f"Received: shape {log_probabilities.shape}."
        )
    counted = log_probabilities if log_probabilities.ndim == 1 else log_probabilities[real]
    if not (counted <= ROUNDING).all():  # NaN is not smaller either
        raise ValueError(
            "Expected logarithms of probabilities, at most 0. "
            f"Received: {np.count_nonzero(~(counted <= ROUNDING))} that are NaN or above, such as {counted.max()}."
        )
    return float(np.exp(-counted.sum(dtype="float64") / real.sum()))


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
        if not is_finite_number(discount) or not 0 < discount < 1:
            raise ValueError(f"Expected a discount between 0 and 1. Received: {discount!r}.")
        self.discount = discount

    def fit(self, rows):
        """Count the tokens of training texts; return the model.

        Parameters
        ----------
        rows : array_like, shape (n, length), int
            As `Vocabulary.encode` gives them: tokens, `EOS`, then `PAD`.
        """
        rows = self._checked(rows)
        if not (rows == EOS).any(axis=1).all():
            raise ValueError(f"Expected an end, {EOS}, in each row. Received: rows without, which teach no end.")
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
        tokens = real_array("context", context)
        whole = tokens.ndim == 1 and (tokens.dtype.kind in "iu" or tokens.size == 0)
        if not whole or not ((EOS < tokens) & (tokens < self.vocabulary_size)).all():
            raise ValueError(
                f"context must be tokens, whole numbers from {EOS + 1} to {self.vocabulary_size - 1}. "
                f"Received: {context!r}."
            )
        return self._probabilities(tokens.tolist())

    def _probabilities(self, context):
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
        rng, temperature = np.random.default_rng(rng), not_negative_number("temperature", temperature)
        rows = np.full((positive_integer("count", count), positive_integer("max_length", max_length) + 1), PAD, "int32")
        for row in rows:
            for place in range(max_length):
                with np.errstate(divide="ignore"):  # the log of 0 is right for PAD and BOS
                    log_p = np.log(self._probabilities(row[:place].tolist()))
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
        """Rows of numbers of the vocabulary."""
        rows = _checked_rows(rows)
        if rows.max() >= self.vocabulary_size:
            raise ValueError(f"Expected rows of numbers up to {self.vocabulary_size - 1}. Received: {rows.max()}.")
        return rows


def _checked_rows(rows):
    """Rows of 1 or more tokens, none of them `BOS`, with nothing after `EOS` and `PAD` but `PAD`; or what is wrong."""
    rows = real_array("rows", rows)
    if rows.ndim != 2 or rows.size == 0 or rows.dtype.kind not in "iu":
        raise ValueError(f"Expected rows of whole numbers. Received: {rows.dtype}, shape {rows.shape}.")
    if rows.min() < 0 or (rows == BOS).any() or (rows[:, 0] == PAD).any():
        raise ValueError(
            f"Expected rows of 1 or more tokens, numbers from {EOS} on, then {PAD}. "
            f"Received: numbers from {rows.min()} to {rows.max()}."
        )
    ended = (rows[:, :-1] == EOS) | (rows[:, :-1] == PAD)
    after = (ended & (rows[:, 1:] != PAD)).any(axis=1)
    if after.any():
        raise ValueError(
            f"Expected rows with nothing but {PAD} after {EOS} or {PAD}. Received: {rows[after.argmax()].tolist()}."
        )
    return rows
