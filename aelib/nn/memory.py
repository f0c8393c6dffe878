"""What makes training fast and changes no number: memory that is used again, and arrays that are taken block by block.

Layers, losses and batches ask `Buffers` where a result may go. The optimizers leave to `Slots` what they keep
beside the weights. None of it is needed to follow the mathematics.
"""

import contextlib
import itertools
import math
import threading

import numpy as np

# A rule of an optimizer reads and writes its arrays several times. In blocks of this many entries they
# stay in the processor's cache from the first time to the last.
BLOCK = 65_536

# After how many steps the slots are cleared of numbers too small to matter.
CLEARING = 50

_this_thread = threading.local()


@contextlib.contextmanager
def reused():
    """Let the arrays of one pass take the place of those of the pass before, as long as the context lasts.

    A new array of a megabyte has to be fetched from the operating system, page by page, which takes longer than
    many a computation on it. A training step needs the same arrays at every step.
    """
    before = getattr(_this_thread, "reusing", False)
    try:
        try:
            _this_thread.reusing = True
            yield
        finally:
            _this_thread.reusing = before
    except BaseException:  # Ctrl-C may have come just before the line above
        _this_thread.reusing = before
        raise


class Buffers:
    """Arrays that are asked for by name, and kept for the next time. A copy or a pickle of it is empty."""

    def __init__(self):
        self._flat, self._arrays = {}, {}

    def __reduce__(self):
        return Buffers, ()

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

    def out(self, name, shape, dtype):
        """Return where a result may go: such an array within `reused()`, and otherwise `None`, a new one."""
        return self.array(name, shape, dtype) if getattr(_this_thread, "reusing", False) else None

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


class Slots:
    """What an optimizer keeps beside the weights: for each name one vector, with an entry for each weight.

    Parameters
    ----------
    names : sequence of str
    variables : list of ndarray
        The weights. Of two precisions, the slots are in the finer one.

    Attributes
    ----------
    shapes : list of tuple of int
        Those of the variables.
    """

    def __init__(self, names, variables):
        sizes = [w.size for w in variables]
        self.shapes = [w.shape for w in variables]
        self._ends = list(itertools.accumulate(sizes))
        self._blocks = blocks(sizes)
        self._vectors = {name: np.zeros(sum(sizes), finest(variables)) for name in names}

    def follow(self, variables):
        """Take on the precision of the variables."""
        dtype = finest(variables)
        if any(vector.dtype != dtype for vector in self._vectors.values()):
            self._vectors = {name: vector.astype(dtype) for name, vector in self._vectors.items()}

    def step(self, rule, gradients, variables):
        """Add to every weight what a rule makes of its gradient and of its slots, a block of weights at a time.

        A small array costs as many calls as a large one, so that small ones share a block.

        Parameters
        ----------
        rule : callable
            From a gradient, shape (n,), and the slots by name, each of that shape, to the step, of that shape.
        gradients, variables : list of ndarray
        """
        gradients, variables = [flat(g) for g in gradients], [flat(w) for w in variables]
        for block, pieces in self._blocks:
            slots = {name: vector[block] for name, vector in self._vectors.items()}
            step = rule(joined([gradients[number][part] for number, part, _ in pieces]), **slots)
            for number, part, place in pieces:
                variables[number][part] += step[place]

    def clear(self):
        """Set to zero what has decayed to nothing.

        The running mean of a gradient that stays exactly zero shrinks until it is subnormal, and a processor
        computes with such numbers a hundred times slower.
        """
        for vector in self._vectors.values():
            for block, _ in self._blocks:
                part = vector[block]
                part[np.abs(part) < 1e3 * np.finfo(part.dtype).tiny] = 0

    def arrays(self):
        """Return a list with a dict for each variable: its slots by name, in its shape."""
        return [
            {name: vector[end - math.prod(shape) : end].reshape(shape) for name, vector in self._vectors.items()}
            for shape, end in zip(self.shapes, self._ends)
        ]


def finest(variables):
    """The precision of variables, of two the finer one; without any, as when all layers are frozen, float32."""
    return np.result_type(*variables) if variables else np.dtype("float32")


def flat(array):
    """An array's entries in one row, through which the array itself is changed."""
    return array.reshape(-1) if array.flags.c_contiguous else array.flat


def joined(parts):
    """Arrays of one axis, one behind the other; a single one is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def blocks(sizes):
    """Divide arrays of these sizes, laid one behind the other, into blocks of `BLOCK` entries.

    Parameters
    ----------
    sizes : list of int

    Returns
    -------
    list of (slice, list of (int, slice, slice))
        Where each block lies in the row of all entries, and the parts that it is made of: the
        number of an array, the slice of that array, and the slice of the block that it fills.
    """
    starts = list(itertools.accumulate(sizes, initial=0))
    divided = []
    for start in range(0, starts[-1], BLOCK):
        stop = min(start + BLOCK, starts[-1])
        parts = []
        for number, (first, last) in enumerate(itertools.pairwise(starts)):
            begin, end = max(start, first), min(stop, last)
            if begin < end:
                parts.append((number, slice(begin - first, end - first), slice(begin - start, end - start)))
        divided.append((slice(start, stop), parts))
    return divided
