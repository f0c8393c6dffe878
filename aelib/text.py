"""Text becomes numbers: words, a vocabulary, rows of token numbers padded to one length, and a model that counts.

A row of numbers is a text, then `EOS`, then `PAD` up to the common length. What a model
is to say at each place is therefore the row itself; what it has seen before is the row
moved one place to the right, with `BOS` in front (`shifted`).
"""

import collections
import re

import numpy as np

from aelib.layers import positive_integer

#: The number of the padding, after the end of a text.
PAD = 0
#: The number of the beginning, before the first token.
BOS = 1
#: The number of the end, after the last token.
EOS = 2
SPECIAL = ("<pad>", "<bos>", "<eos>")
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]|_")


def split_words(text):
    """Return the words, numbers and punctuation marks of a text, in lower case.

    Parameters
    ----------
    text : str
        "Don't go!" gives `["don't", "go", "!"]`.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError, ValueError
        If it is not a string, or nothing is in it but spaces.
    """
    if not isinstance(text, str):
        raise TypeError(f"Expected a text, a string. Received: {text!r}.")
    words = WORD.findall(text.lower())
    if not words:
        raise ValueError(f"Expected a text with at least one word. Received: {text!r}.")
    return words


class Vocabulary:
    """The tokens that a model knows, each with its number.

    Parameters
    ----------
    tokens : iterable of str
        Characters or words, each once, in the order of their numbers.
    unknown : str or None
        The token that stands for every other one, such as `"<unk>"`; it gets the first number
        after the special ones. Without it, another token is an error.

    Attributes
    ----------
    tokens : tuple of str
        Token number i at place i. The first three are `<pad>`, `<bos>` and `<eos>`.
    unknown : str or None
    """

    def __init__(self, tokens, unknown=None):
        tokens = list(tokens)
        self.unknown = unknown
        self.tokens = (*SPECIAL, *([] if unknown is None else [unknown]), *tokens)
        self._numbers = {token: number for number, token in enumerate(self.tokens)}
        if not tokens or len(self._numbers) != len(self.tokens):
            twice = [token for token, count in collections.Counter(self.tokens).items() if count > 1]
            raise ValueError(f"Expected at least one token, and each once. Received: {twice or tokens} in question.")

    @classmethod
    def of(cls, texts, min_count=1, unknown=None):
        """Return the vocabulary of the tokens that occur at least `min_count` times in training texts.

        Parameters
        ----------
        texts : iterable of str or of lists of str
            A string is taken as its characters.
        min_count : int
            Above 1, `unknown` is needed for the others.
        unknown : str or None
            As above.

        Returns
        -------
        Vocabulary
            The most frequent token first, those of equal frequency in alphabetical order.
        """
        min_count = positive_integer("min_count", min_count)
        if min_count > 1 and unknown is None:
            raise ValueError("Expected a token for unknown ones, since min_count leaves some out. Received: None.")
        counts = collections.Counter(token for text in texts for token in text)
        kept = [token for token, count in counts.items() if count >= min_count]
        return cls(sorted(kept, key=lambda token: (-counts[token], token)), unknown)

    def __len__(self):
        return len(self.tokens)

    def encode(self, texts, max_length):
        """Return texts as rows of numbers: the tokens, `EOS`, then `PAD`.

        Parameters
        ----------
        texts : iterable of str or of lists of str
            A string is taken as its characters.
        max_length : int
            Tokens of the longest text that is allowed.

        Returns
        -------
        ndarray, shape (n, max_length + 1), int32

        Raises
        ------
        ValueError
            If a text is empty, is longer than `max_length`, or has a token that is not in the
            vocabulary and there is no token for unknown ones.
        """
        max_length, texts = positive_integer("max_length", max_length), list(texts)
        rows = np.full((len(texts), max_length + 1), PAD, dtype="int32")
        for row, text in zip(rows, texts):
            if not 0 < len(text) <= max_length:
                raise ValueError(
                    f"Expected a text of 1 to {max_length} tokens. Received: {text!r}, which has {len(text)}."
                )
            row[: len(text)] = [self._number(token, text) for token in text]
            row[len(text)] = EOS
        return rows

    def decode(self, rows):
        """Return the tokens of each row before its first `EOS`, a list of lists of str.

        Raises
        ------
        ValueError
            If a number is none of this vocabulary's.
        """
        rows = np.asarray(rows)
        if rows.size and not (0 <= rows.min() and rows.max() < len(self)):
            raise ValueError(
                f"Expected numbers from 0 to {len(self) - 1}. Received: from {rows.min()} to {rows.max()}."
            )
        ends = [np.flatnonzero(np.isin(row, (EOS, PAD))) for row in rows]
        return [
            [self.tokens[number] for number in (row[: end[0]] if len(end) else row)] for row, end in zip(rows, ends)
        ]

    def _number(self, token, text):
        """The number of a token, or of the unknown one."""
        if token in SPECIAL or (token not in self._numbers and self.unknown is None):
            raise ValueError(f"Expected tokens of the vocabulary of {len(self)}. Received: {token!r} in {text!r}.")
        return self._numbers.get(token, self._numbers.get(self.unknown))


def shifted(rows):
    """Return what a model has been told before each token: the row one place to the right, with `BOS` in front.

    Parameters
    ----------
    rows : array_like, shape (n, length), int

    Returns
    -------
    ndarray, shape (n, length)
        `PAD` where the row has it, since nothing is asked there.
    """
    rows = np.asarray(rows)
    moved = np.concatenate([np.full((len(rows), 1), BOS, rows.dtype), rows[:, :-1]], axis=1)  # (n, length)
    return np.where(rows == PAD, PAD, moved)


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


def tempered(log_probabilities, temperature):
    """Return log-probabilities at a temperature, `log p_i / T` normalised anew.

    Parameters
    ----------
    log_probabilities : array_like, shape (…, V)
        Or logits, which differ from them by a constant in each row.
    temperature : float
        Positive. 1 changes nothing, below 1 sharpens, above 1 flattens.

    Returns
    -------
    ndarray, shape (…, V), float64
    """
    if not temperature > 0 or not np.isfinite(temperature):
        raise ValueError(f"Expected a positive, finite temperature. Received: {temperature!r}.")
    scaled = np.asarray(log_probabilities, dtype="float64") / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))


def draw_tokens(log_probabilities, temperature, rng):
    """Draw one token from each row of log-probabilities or logits.

    Parameters
    ----------
    log_probabilities : array_like, shape (n, V)
    temperature : float
        As in `tempered`; 0, its limit, takes the most probable token.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,), int32
    """
    if temperature == 0:
        return np.argmax(log_probabilities, axis=-1).astype("int32")
    cumulated = np.cumsum(np.exp(tempered(log_probabilities, temperature)), axis=-1)  # (n, V)
    thresholds = rng.random((len(cumulated), 1)) * cumulated[:, -1:]
    return (cumulated <= thresholds).sum(axis=-1).astype("int32")  # (n,)


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
        counts = collections.Counter(
            (context, token) for text in rows for context, token in zip(*self._contexts(text))
        )
        self._followers, self._arrays = {}, {}  # context -> counts of the tokens after it and their sum; the same as arrays
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
                row[place] = draw_tokens(log_p[np.newaxis], temperature, rng)[0]
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
