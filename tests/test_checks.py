"""Arguments that are arrays: what they may hold, and what is said of the others."""

import numpy as np
import pytest

from aelib.checks import not_masked, real_array


@pytest.mark.parametrize("value", [[[1, 2], [3, 4]], 5, [True], np.ones(3, "float32"), np.ma.array([1, 2], mask=False)])
def test_real_numbers_are_returned_as_an_array(value):
    array = real_array("x", value)
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array, value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "x must be an array of real numbers. Received: dtype object"),
        ("12", "x must be an array of real numbers. Received: dtype <U2"),
        ([1j], "x must be an array of real numbers. Received: dtype complex128"),
        ([[1, 2], [3]], "x must be an array, with rows of one length"),
        (np.ma.array([1, 2, 3], mask=[1, 0, 1]), "x must not be masked: .* Received: 2 masked values"),
    ],
)
def test_what_is_no_array_of_real_numbers_is_named(value, message):
    with pytest.raises(ValueError, match=message):
        real_array("x", value)


def test_what_is_not_masked_stays_what_it_is():
    value = np.ma.array([1, 2], mask=False)
    assert not_masked("x", value) is value
    with pytest.raises(ValueError, match="x must not be masked"):
        not_masked("x", np.ma.masked_equal(value, 1))
