"""Arrays that a training step writes again and again, in place of new ones."""

import math

import numpy as np


class Buffers:
    """Memory that is asked for by name, and kept for the next time.

    A new array of a megabyte has to be fetched from the operating system, page by page,
    which takes longer than many a computation on it. A training step needs the same
    arrays at every step, so it writes into those of the step before.
    """

    def __init__(self):
        self._flat, self._arrays = {}, {}

    def array(self, name, shape, dtype):
        """Return an array whose entries are whatever the last use of this name left there.

        Parameters
        ----------
        name : str
            Two uses of one name share their memory.
        shape : tuple of int
        dtype : dtype

        Returns
        -------
        ndarray of `shape` and `dtype`, C-contiguous
        """
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = self._memory(name, math.prod(shape), dtype).reshape(shape)
        return array

    def _memory(self, name, size, dtype):
        """The first `size` entries of what is kept under a name, made anew if they are too few."""
        flat = self._flat.get(name)
        if flat is None or flat.size < size or flat.dtype != dtype:
            flat = self._flat[name] = np.empty(size, dtype)
        return flat[:size]

    @property
    def nbytes(self):
        """How many bytes are held."""
        return sum(flat.nbytes for flat in self._flat.values())
