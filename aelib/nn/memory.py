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

# The names of the arrays for results within a rule; the rules of `aelib.nn.optimizers` need no more.
SPARE = ("first", "second")

#: The powers that a rule may take.
POWERS = {2: np.square, 0.5: np.sqrt}

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


class Operand:
    """An array in an expression whose results take the place of results that are not needed any more.

    NumPy makes a new array for each operation of `alpha * m / (v**0.5 + epsilon)`, and new memory is slow. Here
    the second operation writes into the result of the first, and so on. The numbers are NumPy's.

    Parameters
    ----------
    array : ndarray
    spare : list of ndarray
        Where a result may go that has no operand's place to take; when they are used up, new ones are made.
    passing : bool
        Whether the array is a result within the expression, which the next operation may write into.
    """

    __slots__ = ("array", "spare", "passing")
    __array_ufunc__ = None  # NumPy's own numbers leave the operation to this class

    def __init__(self, array, spare, passing=False):
        self.array, self.spare, self.passing = array, spare, passing

    @property
    def dtype(self):
        return self.array.dtype

    def __add__(self, other):
        return self._apply(np.add, other)

    def __sub__(self, other):
        return self._apply(np.subtract, other)

    def __mul__(self, number):
        return self._apply(np.multiply, number)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._apply(np.divide, other)

    def __pow__(self, exponent):
        return Operand(POWERS[exponent](self.array, self._place()), self.spare, True)

    def __iadd__(self, other):
        return self._change(np.add, other)

    def __isub__(self, other):
        return self._change(np.subtract, other)

    def __imul__(self, other):
        return self._change(np.multiply, other)

    def __itruediv__(self, other):
        return self._change(np.divide, other)

    def __setitem__(self, everything, other):
        self.array[everything] = other.array
        other.give_back()

    def _change(self, ufunc, other):
        """Write the ufunc of this operand and of another, or of a number, into this one."""
        if isinstance(other, Operand):
            ufunc(self.array, other.array, self.array)
            other.give_back()
        else:
            ufunc(self.array, other, self.array)
        return self

    def _apply(self, ufunc, other):
        """The ufunc of this operand and of another, or of a number."""
        if not isinstance(other, Operand):
            return Operand(ufunc(self.array, other, self._place()), self.spare, True)
        if not other.passing:
            return Operand(ufunc(self.array, other.array, self._place()), self.spare, True)
        if self.passing:
            self.spare.append(self.array)
        return Operand(ufunc(self.array, other.array, other.array), self.spare, True)

    def _place(self):
        """Where a result may go: into this operand if it is passing, or into spare or new memory."""
        if self.passing:
            return self.array
        return self.spare.pop()[: self.array.size] if self.spare else np.empty_like(self.array)

    def give_back(self):
        """Let the memory of a result that is not needed any more be used again."""
        if self.passing:
            self.spare.append(self.array)


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
        self.dtype = finest(variables)
        self._vectors = {name: np.zeros(sum(sizes), self.dtype) for name in names}
        self._buffers = Buffers()

    def follow(self, variables):
        """Take on the precision of the variables."""
        dtype = finest(variables)
        if dtype != self.dtype:
            self.dtype = dtype
            self._vectors = {name: vector.astype(dtype) for name, vector in self._vectors.items()}

    def step(self, rule, gradients, variables):
        """Add to every weight what a rule makes of its gradient and of its slots, a block of weights at a time.

        A small array costs as many calls as a large one, so that small ones share a block.

        Parameters
        ----------
        rule : callable
            From a gradient, shape (n,), and the slots by name, each of that shape, to the step, of that shape: all as
            `Operand`.
        gradients, variables : list of ndarray
        """
        gradients, variables = [flat(g) for g in gradients], [flat(w) for w in variables]
        for block, pieces in self._blocks:
            g = self._joined([gradients[number][part] for number, part, _ in pieces], block.stop - block.start)
            slots = {name: vector[block] for name, vector in self._vectors.items()}
            spare = [self._buffers.array(name, (BLOCK,), self.dtype) for name in SPARE]
            step = rule(Operand(g, spare), **{name: Operand(slot, spare) for name, slot in slots.items()}).array
            for number, part, place in pieces:
                variables[number][part] += step[place]

    def _joined(self, parts, size):
        """Arrays of one axis, one behind the other, in the slots' precision; a single one of it is not copied."""
        if len(parts) == 1 and parts[0].dtype == self.dtype:
            return parts[0]
        return np.concatenate(parts, out=self._buffers.array("gradient", (size,), self.dtype))

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


def held_by(*owners):
    """Return how many bytes are kept for the next step by layers, networks and optimizers."""
    total = 0
    for owner in owners:
        for part in vars(owner).values():
            total += part.nbytes if isinstance(part, Buffers) else held_by(part) if isinstance(part, Slots) else 0
    return total
