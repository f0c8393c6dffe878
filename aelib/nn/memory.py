"""Code that makes training fast without changing any number: reuse of memory, and computation in blocks.

Layers, losses and batches take the memory for their results from `Buffers`. The optimizers keep their state in `Slots`.
You do not need this module to follow the mathematics.
"""

import contextlib
import itertools
import math
import threading

import numpy as np

# The rule of an optimizer reads and writes its arrays several times. Blocks of this many entries stay in the
# processor's cache meanwhile.
BLOCK = 65_536

# The number of steps after which negligible entries of the slots are set to zero.
CLEARING = 50

# The names of the arrays for intermediate results of a rule; the rules of `aelib.nn.optimizers` need two.
SPARE = ("first", "second")

#: The exponents that a rule may use.
POWERS = {2: np.square, 0.5: np.sqrt}

_this_thread = threading.local()


@contextlib.contextmanager
def reused():
    """Make each pass reuse the arrays of the previous pass, within this context.

    The operating system provides a new array of a megabyte page by page, which can take longer than the computation
    on it. Every training step needs arrays of the same sizes.
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
    """Arrays that are requested by name and reused. A copy or a pickle of the object is empty."""

    def __init__(self):
        self._flat, self._arrays = {}, {}

    def __reduce__(self):
        return Buffers, ()

    def array(self, name, shape, dtype):
        """Return an array with arbitrary entries, left by the last use of the same name.

        Parameters
        ----------
        name : str
            Arrays of the same name share their memory.
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
        """Return an array for a result within `reused()`, and `None` otherwise, which makes NumPy create a new one."""
        return self.array(name, shape, dtype) if getattr(_this_thread, "reusing", False) else None

    def _memory(self, name, size, dtype):
        """Return the first `size` entries of the memory kept under a name, which is replaced if it is too small."""
        flat = self._flat.get(name)
        if flat is None or flat.size < size or flat.dtype != dtype:
            flat = self._flat[name] = np.empty(size, dtype)
        return flat[:size]

    @property
    def nbytes(self):
        """The number of bytes in use."""
        return sum(flat.nbytes for flat in self._flat.values())


class Operand:
    """An array in an expression whose intermediate results reuse memory.

    NumPy makes a new array for each operation of `alpha * m / (v**0.5 + epsilon)`, and new memory is slow. Here the
    second operation overwrites the result of the first, and so on. The results are the same numbers.

    Parameters
    ----------
    array : ndarray
    spare : list of ndarray
        Free memory for a result that cannot overwrite an operand; when it is used up, new arrays are made.
    passing : bool
        Whether the array is an intermediate result, which the next operation may overwrite.
    """

    __slots__ = ("array", "spare", "passing")
    __array_ufunc__ = None  # makes NumPy scalars leave the operation to this class

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
        """Store the result of a ufunc of this operand and another, or a number, in this operand."""
        if isinstance(other, Operand):
            ufunc(self.array, other.array, self.array)
            other.give_back()
        else:
            ufunc(self.array, other, self.array)
        return self

    def _apply(self, ufunc, other):
        """Return the result of a ufunc of this operand and another, or a number."""
        if not isinstance(other, Operand):
            return Operand(ufunc(self.array, other, self._place()), self.spare, True)
        if not other.passing:
            return Operand(ufunc(self.array, other.array, self._place()), self.spare, True)
        if self.passing:
            self.spare.append(self.array)
        return Operand(ufunc(self.array, other.array, other.array), self.spare, True)

    def _place(self):
        """Return memory for a result: that of this operand if it is passing, otherwise spare or new memory."""
        if self.passing:
            return self.array
        return self.spare.pop()[: self.array.size] if self.spare else np.empty_like(self.array)

    def give_back(self):
        """Return the memory of an intermediate result that is no longer needed to the spare arrays."""
        if self.passing:
            self.spare.append(self.array)


class Slots:
    """The slot variables of an optimizer: for each name one vector, with one entry per weight.

    Parameters
    ----------
    names : sequence of str
    variables : list of ndarray
        The weights. If they differ in precision, the slots have the higher one.

    Attributes
    ----------
    shapes : list of tuple of int
        The shapes of the variables.
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
        """Add to every weight the step that a rule computes from its gradient and slots, one block at a time.

        A small array needs as many calls as a large one, so small arrays share a block.

        Parameters
        ----------
        rule : callable
            Maps a gradient and the slots, which are passed by name, to the step; each is an `Operand` of shape (n,).
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
        """Return vectors as one vector in the precision of the slots; a single one of that precision is not copied."""
        if len(parts) == 1 and parts[0].dtype == self.dtype:
            return parts[0]
        return np.concatenate(parts, out=self._buffers.array("gradient", (size,), self.dtype))

    def clear(self):
        """Set negligible entries to zero.

        The running mean of a gradient that stays exactly zero shrinks until it is subnormal, and a processor is up to
        a hundred times slower with subnormal numbers.
        """
        for vector in self._vectors.values():
            for block, _ in self._blocks:
                part = vector[block]
                part[np.abs(part) < 1e3 * np.finfo(part.dtype).tiny] = 0

    def arrays(self):
        """Return a list with one dict per variable, which maps names to slots of its shape."""
        return [
            {name: vector[end - math.prod(shape) : end].reshape(shape) for name, vector in self._vectors.items()}
            for shape, end in zip(self.shapes, self._ends)
        ]


def finest(variables):
    """Return the highest precision among variables; float32 if there are none because all layers are frozen."""
    return np.result_type(*variables) if variables else np.dtype("float32")


def flat(array):
    """Return the entries of an array as a vector; writing to the vector changes the array."""
    return array.reshape(-1) if array.flags.c_contiguous else array.flat


def blocks(sizes):
    """Divide the concatenation of arrays of these sizes into blocks of `BLOCK` entries.

    Parameters
    ----------
    sizes : list of int

    Returns
    -------
    list of (slice, list of (int, slice, slice))
        The position of each block in the concatenation, and its parts: the index of an array, the slice of that array,
        and the slice of the block that it fills.
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
    """Return the number of bytes that layers, networks and optimizers keep for the next step."""
    total = 0
    for owner in owners:
        for part in vars(owner).values():
            total += part.nbytes if isinstance(part, Buffers) else held_by(part) if isinstance(part, Slots) else 0
    return total
