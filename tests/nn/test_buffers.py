"""Buffers: memory that is used again."""

import numpy as np
import pytest

from aelib.nn.memory import Buffers


@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 3, 4), (0, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_an_array_has_the_shape_and_the_type_asked_for(shape, dtype):
    array = Buffers().array("z", shape, np.dtype(dtype))
    assert array.shape == shape and array.dtype == dtype and array.flags.c_contiguous


def test_the_same_name_is_the_same_memory():
    buffers = Buffers()
    first = buffers.array("z", (3, 4), np.dtype("float32"))
    assert np.shares_memory(first, buffers.array("z", (3, 4), np.dtype("float32")))
    assert not np.shares_memory(first, buffers.array("a", (3, 4), np.dtype("float32")))
    assert buffers.nbytes == 2 * 12 * 4


def test_a_smaller_array_takes_no_new_memory_and_a_larger_one_does():
    buffers = Buffers()
    first = buffers.array("z", (6, 4), np.dtype("float32"))
    assert np.shares_memory(first, buffers.array("z", (2, 5), np.dtype("float32")))
    assert np.shares_memory(first, buffers.array("z", (6, 4), np.dtype("float32")))
    larger = buffers.array("z", (7, 4), np.dtype("float32"))
    assert not np.shares_memory(first, larger) and buffers.nbytes == 28 * 4


def test_another_type_is_other_memory():
    buffers = Buffers()
    first = buffers.array("z", (3,), np.dtype("float32"))
    assert not np.shares_memory(first, buffers.array("z", (3,), np.dtype("int32")))
