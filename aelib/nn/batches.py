"""The batches of an epoch, taken from arrays in memory or on disk, or from an iterable."""

import numpy as np

from aelib.nn.memory import Buffers


class ArrayBatches:
    """Batches taken from arrays, in a new random order in each epoch.

    Parameters
    ----------
    x, y : ndarray, shape (n, …)
        Inputs and targets. If `y is x`, as for an autoencoder, each batch is gathered only once.
    batch_size : int
        Examples per batch; the last batch of an epoch may be smaller.
    shuffle : bool
        Whether to draw a new order for each epoch.
    rng : numpy.random.Generator
        Draws the orders.
    dtype : str or dtype
        The precision of the batches, which is that of the network.
    """

    def __init__(self, x, y, batch_size, shuffle, rng, dtype):
        self.x, self.y = x, y
        self.batch_size, self.shuffle, self.rng, self.dtype = batch_size, shuffle, rng, dtype
        self._buffers = Buffers()

    def epoch(self):
        """Yield `(x_batch, y_batch)` until every example has been used once.

        All batches share the same memory: each one is overwritten by the next.
        """
        n = len(self.x)
        order = self.rng.permutation(n) if self.shuffle else np.arange(n)
        for start in range(0, n, self.batch_size):
            rows = order[start : start + self.batch_size]
            x = self._pick("x", self.x, rows)
            yield x, x if self.y is self.x else self._pick("y", self.y, rows)

    def _pick(self, name, data, rows):
        """Return the given rows of `data`, in memory that all batches share."""
        out = self._buffers.array(name, (len(rows), *data.shape[1:]), data.dtype)
        # The rows are in range. With mode="clip", `take` writes directly into `out`, without a temporary copy.
        picked = np.take(data, rows, axis=0, out=out, mode="clip")
        return picked.astype(self.dtype, copy=False)


class StreamBatches:
    """Batches from an iterable of pairs, for data that do not fit into memory.

    Parameters
    ----------
    source : iterable of (x_batch, y_batch)
    steps_per_epoch : int or None
        The number of batches per epoch; the iterable may then be an endless generator. `None` uses the whole iterable
        in each epoch.

    Raises
    ------
    TypeError
        If `source` is not an iterable, or is an array.
    """

    def __init__(self, source, steps_per_epoch=None):
        if isinstance(source, np.ndarray) or not hasattr(source, "__iter__"):
            raise TypeError(
                "fit expected targets y beside an array x (for an autoencoder, x again), or, without y, "
                f"an iterable of batches (x, y). Received: x of type {type(source).__name__}, y=None."
            )
        self.source, self.steps_per_epoch = source, steps_per_epoch
        self._endless = self._again_and_again()

    def epoch(self):
        """Yield the batches of one epoch.

        Raises
        ------
        ValueError
            If the iterable ends too early, or yields something that is not a pair.
        """
        count = 0
        for pair in self.source if self.steps_per_epoch is None else self._endless:
            if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
                raise ValueError(f"Expected batches that are pairs (x, y). Received: {type(pair).__name__}.")
            yield pair
            count += 1
            if count == self.steps_per_epoch:
                return
        if count == 0 or self.steps_per_epoch is not None:
            raise ValueError(
                f"Expected {self.steps_per_epoch or 'at least one'} batches in this epoch. Received: {count}, "
                "then the iterable ended. A generator can be used only once, a list repeatedly."
            )

    def _again_and_again(self):
        """Yield the batches of the source, and start again at the end if the source is not a one-time iterator."""
        while True:
            count = 0
            for pair in self.source:
                yield pair
                count += 1
            if count == 0 or iter(self.source) is self.source:
                return
