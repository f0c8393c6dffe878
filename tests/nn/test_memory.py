"""Memory is reused and blocks cover every weight once, without changing any number."""

import copy
import pickle
import threading

import numpy as np
import pytest

from aelib.nn import memory
from aelib.nn.memory import Buffers, Slots, reused

FLOAT32 = np.dtype("float32")


@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 3, 4), (0, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_an_array_has_the_shape_and_the_type_asked_for(shape, dtype):
    array = Buffers().array("z", shape, np.dtype(dtype))
    assert array.shape == shape and array.dtype == dtype and array.flags.c_contiguous


def test_the_same_name_is_the_same_memory():
    buffers = Buffers()
    first = buffers.array("z", (3, 4), FLOAT32)
    assert np.shares_memory(first, buffers.array("z", (3, 4), FLOAT32))
    assert not np.shares_memory(first, buffers.array("a", (3, 4), FLOAT32))
    assert buffers.nbytes == 2 * 12 * 4


def test_a_smaller_array_takes_no_new_memory_and_a_larger_one_does():
    buffers = Buffers()
    first = buffers.array("z", (6, 4), FLOAT32)
    assert np.shares_memory(first, buffers.array("z", (2, 5), FLOAT32))
    assert np.shares_memory(first, buffers.array("z", (6, 4), FLOAT32))
    larger = buffers.array("z", (7, 4), FLOAT32)
    assert not np.shares_memory(first, larger) and buffers.nbytes == 28 * 4


def test_another_type_is_other_memory():
    buffers = Buffers()
    first = buffers.array("z", (3,), FLOAT32)
    assert not np.shares_memory(first, buffers.array("z", (3,), np.dtype("int32")))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda buffers: pickle.loads(pickle.dumps(buffers))])
def test_a_copy_holds_no_memory(duplicate):
    buffers = Buffers()
    buffers.array("z", (6, 4), FLOAT32)
    assert duplicate(buffers).nbytes == 0 and buffers.nbytes == 96


def test_a_result_takes_an_old_place_only_where_that_is_allowed():
    buffers = Buffers()

    def out():
        return buffers.out("z", (2,), FLOAT32)

    assert out() is None
    with reused():
        first = out()
        with reused():
            assert np.shares_memory(first, out())
        assert np.shares_memory(first, out()), "the inner context ended the outer one"
    assert out() is None
    with pytest.raises(KeyboardInterrupt), reused():
        raise KeyboardInterrupt
    assert out() is None


def test_one_threads_permission_does_not_apply_to_another():
    results = []
    with reused():
        thread = threading.Thread(target=lambda: results.append(Buffers().out("z", (2,), FLOAT32)))
        thread.start()
        thread.join()
    assert results == [None]


# ------------------------------------------------------------------ slots


@pytest.mark.parametrize("sizes", [[1], [65_536], [65_537], [3, 70_000, 1, 1, 300_000], [10] * 9])
def test_blocks_cover_every_entry_once_and_in_order(sizes):
    covered, end = [np.zeros(size, int) for size in sizes], 0
    for block, pieces in memory.blocks(sizes):
        assert block.start == end and block.stop - block.start <= memory.BLOCK
        filled = 0
        for number, part, place in pieces:
            assert place.start == filled and place.stop - place.start == part.stop - part.start > 0
            covered[number][part] += 1
            filled = place.stop
        assert filled == block.stop - block.start
        end = block.stop
    assert end == sum(sizes) and all((array == 1).all() for array in covered)
    assert len(memory.blocks(sizes)) == -(-sum(sizes) // memory.BLOCK)


def test_a_step_adds_what_the_rule_returns_and_keeps_what_it_writes(monkeypatch):
    monkeypatch.setattr(memory, "BLOCK", 4)
    variables = [np.ones((2, 3)), np.zeros(2), np.array(5.0)]
    gradients = [np.arange(6.0).reshape(2, 3), np.array([10.0, 20.0]), np.array(30.0)]
    slots = Slots(("total",), variables)

    def rule(g, total):
        total += g
        return -2 * total

    for _ in range(2):
        slots.step(rule, gradients, variables)
    for start, g, w, kept in zip((1.0, 0.0, 5.0), gradients, variables, slots.arrays()):
        np.testing.assert_array_equal(kept["total"], 2 * g)
        np.testing.assert_array_equal(w, start - 2 * g - 4 * g)


def test_slots_without_weights_do_nothing():
    slots = Slots(("m",), [])
    slots.follow([])
    slots.step(None, [], [])
    slots.clear()
    assert slots.arrays() == []
