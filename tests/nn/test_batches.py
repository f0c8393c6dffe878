"""Batches: arrays yield every example once per epoch; a stream that ends too early is an error."""

import numpy as np
import pytest

from aelib.nn.batches import ArrayBatches, StreamBatches


def array_batches(x, y=None, batch_size=4, shuffle=True, seed=0):
    y = x if y is None else y
    return ArrayBatches(x, y, batch_size, shuffle, np.random.default_rng(seed), "float32")


@pytest.fixture
def x():
    return np.arange(30, dtype="float32").reshape(10, 3)


def rows(batches):
    """The first entries of an epoch's examples, in their order."""
    return [float(v) for x, _ in batches.epoch() for v in x[:, 0].copy()]


def test_an_epoch_has_every_example_once_and_the_last_batch_is_smaller(x):
    batches = array_batches(x)
    assert sorted(rows(batches)) == x[:, 0].tolist()
    assert [len(b) for b, _ in batches.epoch()] == [4, 4, 2]


def test_each_epoch_has_a_new_order_and_a_seed_fixes_them(x):
    batches, again = array_batches(x), array_batches(x)
    first, second = rows(batches), rows(batches)
    assert first != second and [rows(again), rows(again)] == [first, second]


def test_without_shuffling_the_order_is_that_of_the_data(x):
    assert rows(array_batches(x, shuffle=False)) == x[:, 0].tolist()


def test_inputs_and_targets_stay_together(x):
    for x_batch, y_batch in array_batches(x, 2 * x).epoch():
        np.testing.assert_array_equal(y_batch, 2 * x_batch)


def test_a_target_that_is_the_input_is_picked_once(x):
    assert all(y_batch is x_batch for x_batch, y_batch in array_batches(x).epoch())


def test_batches_share_their_memory_and_leave_the_data_alone(x):
    first, second = (b for b, _ in array_batches(x, batch_size=5).epoch())
    assert np.shares_memory(first, second) and not np.shares_memory(first, x)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float64", "float16", ">f4"])
def test_all_data_come_in_the_precision_of_the_network(dtype):
    data = np.array([[0, 1], [1, 1], [1, 0]], dtype)
    (batch, _), *_ = array_batches(data, shuffle=False).epoch()
    assert batch.dtype == "float32" and np.array_equal(batch, data)


def test_data_on_disk_are_read_a_batch_at_a_time(x, tmp_path):
    x.tofile(tmp_path / "x")
    on_disk = np.memmap(tmp_path / "x", dtype="float32", shape=x.shape, mode="r")
    assert rows(array_batches(on_disk)) == rows(array_batches(x))


# ------------------------------------------------------------------ streams


def pairs(count):
    return [(np.full((2, 3), i), np.full((2, 3), -i)) for i in range(count)]


def firsts(batches):
    return [int(x[0, 0]) for x, _ in batches.epoch()]


def test_a_list_of_batches_can_be_used_again():
    batches = StreamBatches(pairs(3))
    assert firsts(batches) == firsts(batches) == [0, 1, 2]


def test_an_endless_generator_goes_on_where_it_was():
    batches = StreamBatches(iter(pairs(100)), steps_per_epoch=3)
    assert firsts(batches) == [0, 1, 2] and firsts(batches) == [3, 4, 5]


def test_a_list_starts_again_when_an_epoch_is_longer():
    batches = StreamBatches(pairs(2), steps_per_epoch=3)
    assert firsts(batches) == [0, 1, 0] and firsts(batches) == [1, 0, 1]


def test_an_epoch_takes_no_batch_that_it_does_not_use():
    source = iter(pairs(5))
    firsts(StreamBatches(source, steps_per_epoch=2))
    assert int(next(source)[0][0, 0]) == 2


def test_a_generator_that_is_used_up_raises_an_error():
    batches = StreamBatches(iter(pairs(2)))
    assert firsts(batches) == [0, 1]
    with pytest.raises(ValueError, match="at least one.*Received: 0"):
        firsts(batches)


def test_a_generator_that_ends_within_an_epoch_says_how_far_it_came():
    with pytest.raises(ValueError, match="Expected 3 batches.*Received: 2"):
        firsts(StreamBatches(iter(pairs(2)), steps_per_epoch=3))


@pytest.mark.parametrize("source", [[], ()])
def test_no_batches_at_all_are_an_error(source):
    for steps in (None, 2):
        with pytest.raises(ValueError, match="Received: 0"):
            firsts(StreamBatches(source, steps))


@pytest.mark.parametrize("batch", [np.zeros((2, 3)), (np.zeros((2, 3)),), "ab"])
def test_a_batch_that_is_not_a_pair_is_an_error(batch):
    with pytest.raises(ValueError, match="pairs"):
        firsts(StreamBatches([batch]))


@pytest.mark.parametrize("source", [np.zeros((4, 3)), 3, None])
def test_an_array_without_targets_says_what_is_missing(source):
    with pytest.raises(TypeError, match="x again"):
        StreamBatches(source)
