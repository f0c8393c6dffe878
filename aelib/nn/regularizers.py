"""Regularizers: penalties that are added to the loss and grow with the size of weights or activations.

The same penalties apply to kernels and biases (weight decay, sparse weights) and to activations
(`activity_regularizer`, sparse codes). The chapter *How to prevent overfitting* compares them.
"""

import numpy as np

from aelib.checks import not_negative_number
from aelib.nn.configurable import Configurable
from aelib.nn.not_here import refuse_names
from aelib.nn.registry import by_name, resolve


class Regularizer(Configurable):
    """Base class: a penalty on an array, and its gradient."""

    def __call__(self, array):
        """Return the penalty for an array of any shape, a float."""
        raise NotImplementedError

    def gradient(self, array):
        """Return the gradient of the penalty, with the shape and dtype of `array`."""
        raise NotImplementedError


class L1(Regularizer):
    """`l1 · Σ|a|`, with the gradient `l1 · sign(a)`: pushes all values towards 0 at the same rate (Tibshirani 1996).

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
    """`l2 · Σa²`, with the gradient `2 · l2 · a`: shrinks each value in proportion to its size (Krogh & Hertz 1991).

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


class L1L2(Regularizer):
    """`l1 · Σ|a| + l2 · Σa²`: the sum of both penalties.

    Parameters
    ----------
    l1, l2 : float
        The strengths, at least 0. By default there is no penalty, as in Keras.
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = not_negative_number("l1", l1)
        self.l2 = not_negative_number("l2", l2)

    def __call__(self, array):
        return L1(self.l1)(array) + L2(self.l2)(array)

    def gradient(self, array):
        return L1(self.l1).gradient(array) + L2(self.l2).gradient(array)


REGULARIZERS = by_name(L1, L2, L1L2, l1_l2=L1L2)


__getattr__ = refuse_names(__name__, REGULARIZERS)


def get(identifier):
    """Return the regularizer for a name, a dictionary, a class or an object; `None` stays `None`, as in Keras."""
    return None if identifier is None else resolve(identifier, REGULARIZERS, Regularizer, "regularizer")


def serialize(regularizer):
    """Return an identifier from which `get` makes an equal regularizer: class and arguments."""
    return regularizer.identifier()


deserialize = get
