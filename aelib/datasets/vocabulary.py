"""Text becomes numbers: words, a vocabulary, and rows of token numbers padded to one length.

A row of numbers is a text, then `EOS`, then `PAD` up to the common length. What a model
is to say at each place is therefore the row itself; what it has seen before is the row
moved one place to the right, with `BOS` in front (`shifted`).
"""

import collections
import re

import numpy as np

from aelib.checks import positive_integer

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
