"""An optimizer turns a gradient into a step. Each rule stands in the docstring as it stands in the code.

In the rules, `w` is a weight array, `g` its gradient, and every operation is element by
element. The defaults, the epsilons and where they stand are Keras's.
"""

import itertools
import math

import numpy as np

from aelib import checks
from aelib.nn.buffers import Buffers
from aelib.nn.registry import resolve

# A rule reads and writes its arrays several times. In blocks of this many entries they
# stay in the processor's cache from the first time to the last.
BLOCK = 65_536

# How often the state is cleared of numbers too small to matter.
CLEARING = 50


class Optimizer:
    """Base class: keeps the state that a rule needs for each weight array.

    Parameters
    ----------
    learning_rate : float
        The size of a step, above 0.
    """

    slots = ()  # the names of the arrays a rule keeps beside each weight array

    def __init__(self, learning_rate):
        self.learning_rate = checks.positive_number("learning_rate", learning_rate)
        self.iterations = 0
        self._vectors = None  # one a slot, for all variables, one behind the other
        self._buffers = Buffers()

    @property
    def state(self):
        """What is kept beside each variable: a dict of its slots, in its shape; `None` before `build`."""
        if self._vectors is None:
            return None
        sizes = [math.prod(shape) for shape in self._shapes]
        return [
            {name: vector[end - size : end].reshape(shape) for name, vector in self._vectors.items()}
            for shape, size, end in zip(self._shapes, sizes, itertools.accumulate(sizes))
        ]

    def apply(self, gradients, variables):
        """Take one step: change every array of `variables` in place.

        All weights are taken as one long vector, and a block of it at a time: a small array
        costs as many calls as a large one, so that small ones share a block.

        Parameters
        ----------
        gradients : list of ndarray
            One gradient a variable, of the variable's shape.
        variables : list of ndarray
            The weights. The same list, in the same order, at every call.

        Raises
        ------
        ValueError
            If gradients and variables differ in number or shape, or if the variables
            are not those of the first call.
        """
        gradients, variables = list(gradients), list(variables)
        self._check(gradients, variables)
        self.build(variables)
        self.iterations += 1
        gradients, variables = [flat(g) for g in gradients], [flat(w) for w in variables]
        for block, pieces in self._blocks:
            state = {name: vector[block] for name, vector in self._vectors.items()}
            step = self.step(joined([gradients[number][part] for number, part, _ in pieces]), **state)
            for number, part, place in pieces:
                variables[number][part] += step[place]
        if self.iterations % CLEARING == 0:
            self._clear_tiny_numbers()

    def step(self, g, **state):
        """Return what is added to a block of weights, and change what is kept for them in place.

        Parameters
        ----------
        g : ndarray, shape (n,)
            The gradient in these weights, which stays as it is.
        **state : ndarray, shape (n,)
            What the rule keeps for them, by the names in `slots`.

        Returns
        -------
        ndarray, shape (n,)
            Valid until the next call: the memory is used again, or is that of a state.
        """
        raise NotImplementedError

    def _scratch(self, like):
        """Memory of the shape and dtype of an array, for a rule to compute in."""
        return self._buffers.array("scratch", like.shape, like.dtype)

    def _clear_tiny_numbers(self):
        """Set to zero what has decayed to nothing.

        The running mean of a gradient that stays exactly zero shrinks until it is
        subnormal, and a processor computes with such numbers a hundred times slower.
        """
        for vector in self._vectors.values():
            for block, _ in self._blocks:
                part = vector[block]
                part[np.abs(part) < 1e3 * np.finfo(part.dtype).tiny] = 0

    def _check(self, gradients, variables):
        expected, received = [w.shape for w in variables], [g.shape for g in gradients]
        if expected != received:
            raise ValueError(f"Expected gradients of the variables' shapes {expected}. Received: {received}.")

    def build(self, variables):
        """Make the state for a list of variables, all zero, as the first `apply` does by itself.

        A state that is there stays. It is in the precision of the variables, and follows it; of
        variables in two precisions, in the finer one.

        Parameters
        ----------
        variables : list of ndarray
            The weights, in the order in which `apply` gets them.

        Raises
        ------
        ValueError
            If there is a state already, of variables with other shapes.
        """
        shapes, dtype = [w.shape for w in variables], np.result_type(*variables)
        if self._vectors is None:
            sizes = [w.size for w in variables]
            self._shapes, self._blocks = shapes, blocks(sizes)
            self._vectors = {name: np.zeros(sum(sizes), dtype) for name in self.slots}
        if self._shapes != shapes:
            raise ValueError(
                f"This optimizer was built for variables of shapes {self._shapes}. "
                f"Received: {shapes}. Use a new optimizer for another network."
            )
        if any(vector.dtype != dtype for vector in self._vectors.values()):
            self._vectors = {name: vector.astype(dtype) for name, vector in self._vectors.items()}


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
        Where each block lies in the row of all entries, and the pieces that it is made of: the
        number of an array, the slice of that array, and the slice of the block that it fills.
    """
    starts = list(itertools.accumulate(sizes, initial=0))
    divided = []
    for start in range(0, starts[-1], BLOCK):
        stop = min(start + BLOCK, starts[-1])
        pieces = []
        for number, (first, last) in enumerate(itertools.pairwise(starts)):
            begin, end = max(start, first), min(stop, last)
            if begin < end:
                pieces.append((number, slice(begin - first, end - first), slice(begin - start, end - start)))
        divided.append((slice(start, stop), pieces))
    return divided


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

    ::

        velocity = momentum * velocity - learning_rate * g
        w = w + velocity

    Without momentum this is `w = w - learning_rate * g`.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        In [0, 1): the share of the last step that goes on.
    """

    slots = ("velocity",)

    def __init__(self, learning_rate=0.01, momentum=0.0):
        super().__init__(learning_rate)
        self.momentum = checks.fraction("momentum", momentum)

    def step(self, g, velocity):
        downhill = np.multiply(g, self.learning_rate, out=self._scratch(velocity))
        velocity *= self.momentum
        velocity -= downhill
        return velocity


class RMSprop(Optimizer):
    """Divide each gradient by the running root mean square of its past.

    ::

        velocity = rho * velocity + (1 - rho) * g²
        w = w - learning_rate * g / sqrt(velocity + epsilon)

    Parameters
    ----------
    learning_rate : float
    rho : float
        In [0, 1): how much of the running mean square is kept.
    epsilon : float
        Keeps the division finite; it stands under the root, as in Keras.
    """

    slots = ("velocity",)

    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7):
        super().__init__(learning_rate)
        self.rho = checks.fraction("rho", rho)
        self.epsilon = checks.not_negative_number("epsilon", epsilon)

    def step(self, g, velocity):
        step = np.square(g, out=self._scratch(velocity))
        step *= 1.0 - self.rho
        velocity *= self.rho
        velocity += step
        np.add(velocity, self.epsilon, out=step)
        np.divide(g, np.sqrt(step, out=step), out=step)
        step *= -self.learning_rate
        return step


class Adam(Optimizer):
    """Momentum and a running mean square, both corrected for their start at zero.

    ::

        m = m + (1 - beta_1) * (g - m)
        v = v + (1 - beta_2) * (g² - v)
        alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
        w = w - alpha * m / (sqrt(v) + epsilon)

    This is the second form given by Kingma & Ba (2015), at the end of their section 2,
    which is also Keras's: the correction of `v` is moved into `alpha`, so that `epsilon`
    is added to the uncorrected root.

    Parameters
    ----------
    learning_rate : float
    beta_1, beta_2 : float
        In [0, 1): how much is kept of the running mean and of the running mean square.
    epsilon : float
        Keeps the division finite.
    """

    slots = ("m", "v")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1 = checks.fraction("beta_1", beta_1)
        self.beta_2 = checks.fraction("beta_2", beta_2)
        self.epsilon = checks.not_negative_number("epsilon", epsilon)

    def step(self, g, m, v):
        step = np.subtract(g, m, out=self._scratch(m))
        step *= 1.0 - self.beta_1
        m += step
        np.square(g, out=step)
        step -= v
        step *= 1.0 - self.beta_2
        v += step
        np.sqrt(v, out=step)
        step += self.epsilon
        np.divide(m, step, out=step)
        step *= -self._alpha(m.dtype)
        return step

    def _alpha(self, dtype):
        """The learning rate with both corrections, computed in the weights' precision, as in Keras.

        It matters: 0.999 in float32 is 1.3e-8 off, which makes 1 - 0.999 wrong by 1.3e-5 of itself.
        """
        t, beta_1, beta_2 = self.iterations, dtype.type(self.beta_1), dtype.type(self.beta_2)
        return self.learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)


OPTIMIZERS = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam}


def get(identifier):
    """Return the optimizer of a name, with Keras's defaults."""
    return resolve(identifier, OPTIMIZERS, Optimizer, "optimizer")
