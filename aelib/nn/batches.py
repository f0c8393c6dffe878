"""Where the batches of an epoch come from: from arrays, in memory or on disk, or from a stream."""

import numpy as np

from aelib.nn.memory import Buffers


class ArrayBatches:
    """Batches picked from arrays, in a new order each epoch.

    Parameters
    ----------
    x, y : ndarray, shape (n, …)
        Inputs and targets; `y is x` is an autoencoder, whose batches are picked once.
    batch_size : int
        Examples a batch; the last one of an epoch may be smaller.
    shuffle : bool
        Whether the order is drawn anew each epoch.
    rng : numpy.random.Generator
        Draws the orders.
    dtype : str or dtype
        The precision of the batches, that of the network.
    """

    def __init__(self, x, y, batch_size, shuffle, rng, dtype):
        self.x, self.y = x, y
        self.batch_size, self.shuffle, self.rng, self.dtype = batch_size, shuffle, rng, dtype
        self._buffers = Buffers()

    def epoch(self):
        """Yield `(x_batch, y_batch)` until every example has come once.

        A batch is valid until the next one is asked for: they share their memory.
        """
        n = len(self.x)
        order = self.rng.permutation(n) if self.shuffle else np.arange(n)
        for start in range(0, n, self.batch_size):
            rows = order[start : start + self.batch_size]
            x = self._pick("x", self.x, rows)
            yield x, x if self.y is self.x else self._pick("y", self.y, rows)

    def _pick(self, name, data, rows):
        """The given rows of `data`, in memory that is used for every batch."""
        out = self._buffers.array(name, (len(rows), *data.shape[1:]), data.dtype)
        # The rows are in range; "clip" spares `take` a copy it makes to be able to undo its work.
        picked = np.take(data, rows, axis=0, out=out, mode="clip")
        return picked.astype(self.dtype, copy=False)


class StreamBatches:
    """Batches from an iterable of pairs, for data that do not fit into memory.

    Parameters
    ----------
    source : iterable of (x_batch, y_batch)
    steps_per_epoch : int or None
        How many batches make an epoch; a generator may be endless then. `None` goes
        through the whole iterable in each epoch.

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
            If the iterable ends too early, or yields something other than a pair.
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
                "then the iterable ended. A generator can be gone through only once; a list again and again."
            )

    def _again_and_again(self):
        """The batches of the source, from the start again whenever they end, if they can be had again."""
        while True:
            count = 0
            for pair in self.source:
                yield pair
                count += 1
            if count == 0 or iter(self.source) is self.source:
                return
