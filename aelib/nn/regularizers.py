"""A regularizer charges rent: weights or activations must earn what they cost.

The same two penalties serve kernels and biases (weight decay, sparsity of weights) and
activations (`activity_regularizer`, sparsity of the code).
"""

import numpy as np

from aelib.checks import not_negative_number
from aelib.nn.registry import resolve


class Regularizer:
    """Base class: a penalty on an array, and the penalty's gradient."""

    def __call__(self, array):
        """Return the penalty, a float, on `array` of any shape."""
        raise NotImplementedError

    def gradient(self, array):
        """Return the penalty's gradient, of the shape and dtype of `array`."""
        raise NotImplementedError


class L1(Regularizer):
    """`l1 · Σ|a|`, with the gradient `l1 · sign(a)`: drives small values to exactly zero.

    Parameters
    ----------
    l1 : float
        The strength, at least 0.
    """

    def __init__(self, l1=0.01):
        self.l1 = not_negative_number("l1", l1)

    def __call__(self, array):
        return self.l1 * float(np.abs(array).sum())

    def gradient(self, array):
        return self.l1 * np.sign(array)


class L2(Regularizer):
    """`l2 · Σa²`, with the gradient `2 · l2 · a`: shrinks every value in proportion.

    Parameters
    ----------
    l2 : float
        The strength, at least 0.
    """

    def __init__(self, l2=0.01):
        self.l2 = not_negative_number("l2", l2)

    def __call__(self, array):
        return self.l2 * float(np.square(array).sum())

    def gradient(self, array):
        return 2.0 * self.l2 * array


REGULARIZERS = {"l1": L1, "l2": L2}


def get(identifier):
    """Return the regularizer of a name; `None` is no regularizer."""
    if identifier is None:
        return None
    return resolve(identifier, REGULARIZERS, Regularizer, "regularizer")
