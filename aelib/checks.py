"""The one place where arguments are checked: each function returns the value it was given, or says what it expected.

Every room uses these, so that the same mistake gets the same answer everywhere. The first argument is the
name that the message gives to the value.
"""

import numbers
import operator

import numpy as np


def positive_integer(name, value):
    """Return `value` as an int, or say that it is not a positive integer."""
    return _integer_from(1, "a positive integer", name, value)


def not_negative_integer(name, value):
    """Return `value` as an int, or say that it is not zero or a positive integer."""
    return _integer_from(0, "zero or a positive integer", name, value)


def positive_integers(name, values):
    """Return `values` as a list of ints, or say that it is not a sequence of positive integers."""
    if isinstance(values, str) or not np.iterable(values):
        raise ValueError(f"{name} must be a sequence of positive integers. Received: {values!r}.")
    return [positive_integer(name, value) for value in values]


def _integer_from(least, kind, name, value):
    try:
        integer = operator.index(value)
    except TypeError:
        integer = least - 1
    if integer < least or isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be {kind}. Received: {value!r}.")
    return integer


def is_finite_number(value):
    """Whether `value` is a real number, neither NaN nor infinite; `True` and `False` are no numbers here."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and bool(np.isfinite(value))


def positive_number(name, value):
    """Return `value` as a float, or say that it is not a finite number above 0."""
    return _number_that(is_finite_number(value) and value > 0, "a positive number", name, value)


def not_negative_number(name, value):
    """Return `value` as a float, or say that it is not a finite number of at least 0."""
    return _number_that(is_finite_number(value) and value >= 0, "a finite number of at least 0", name, value)


def fraction(name, value):
    """Return `value` as a float, or say that it is not in [0, 1)."""
    return _number_that(is_finite_number(value) and 0 <= value < 1, "at least 0 and below 1", name, value)


def share(name, value, largest=1):
    """Return `value` as a float, or say that it is not in (0, largest]."""
    kind = f"a number above 0 and at most {largest}"
    return _number_that(is_finite_number(value) and 0 < value <= largest, kind, name, value)


def between_0_and_1(name, value):
    """Return `value` as a float, or say that it is not in [0, 1]."""
    return _number_that(is_finite_number(value) and 0 <= value <= 1, "between 0 and 1", name, value)


def _number_that(holds, kind, name, value):
    if not holds:
        raise ValueError(f"{name} must be {kind}. Received: {value!r}.")
    return float(value)


def real_arrays(weights):
    """Return `weights` as arrays, or say that one does not hold real numbers."""
    weights = [np.asarray(w) for w in weights]
    for w in weights:
        if w.dtype.kind not in "biuf":
            raise ValueError(f"Expected weights that are real numbers. Received: dtype {w.dtype}.")
    return weights


def not_masked(name, value):
    """Return `value`, or say that it is an array in which values are masked."""
    if np.ma.is_masked(value):
        raise ValueError(
            f"{name} must not be masked: fill in or leave out what is missing. "
            f"Received: {np.ma.count_masked(value)} masked values."
        )
    return value


def real_array(name, value):
    """Return `value` as an array, or say that it is masked, has rows of several lengths, or no real numbers."""
    not_masked(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, with rows of one length. Received: others.") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be an array of real numbers. Received: dtype {array.dtype}.")
    return array
