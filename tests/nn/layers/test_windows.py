"""Windows: positions, contents, and the sum of overlapping windows."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from aelib.nn.layers.windows import Windows, pair

small = st.integers(1, 4)
windows = st.builds(Windows, st.tuples(small, small), st.tuples(small, small), st.sampled_from(["valid", "same"]))
sides = st.tuples(st.integers(4, 9), st.integers(4, 9))


@hypothesis.given(windows, sides)
def test_patches_are_tensorflow_s(windows, sides):
    images = np.random.default_rng(0).normal(size=(2, *sides, 3))
    expected = tf.image.extract_patches(
        images, (1, *windows.size, 1), (1, *windows.strides, 1), (1, 1, 1, 1), windows.padding.upper()
    )
    patches = windows.patches(images)
    assert patches.shape[1:3] == windows.counts(sides)
    np.testing.assert_array_equal(patches.reshape(expected.shape), expected)


@hypothesis.given(windows, sides)
def test_overlaid_is_the_transpose_of_patches(windows, sides):
    """`⟨P x, y⟩ = ⟨x, Pᵀ y⟩` for all x and y."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *sides, 3))
    patches = windows.patches(x)
    y = rng.normal(size=patches.shape)
    back = windows.overlaid(y, sides)
    assert back.shape == x.shape
    assert (patches * y).sum() == pytest.approx((x * back).sum())


def test_by_hand():
    image = np.arange(6.0).reshape(1, 2, 3, 1)
    inside = Windows((2, 2), (1, 1), "valid")
    assert inside.patches(image)[0, :, :, :, :, 0].tolist() == [[[[0, 1], [3, 4]], [[1, 2], [4, 5]]]]
    ones = np.ones((1, 1, 2, 2, 2, 1))
    assert inside.overlaid(ones, (2, 3))[0, :, :, 0].tolist() == [[1, 2, 1], [1, 2, 1]]
    beyond = Windows((2, 2), (2, 2), "same")
    assert beyond.counts((2, 3)) == (1, 2) and beyond.margins((2, 3)) == ((0, 0), (0, 1))
    assert beyond.patches(image, fill=-1)[0, 0, 1, :, :, 0].tolist() == [[2, -1], [5, -1]]


def test_odd_padding_goes_to_the_end():
    assert Windows((4, 3), (1, 1), "same").margins((5, 5)) == ((1, 2), (1, 1))
    assert Windows((2, 3), (5, 2), "same").margins((11, 5)) == ((0, 1), (1, 1))
    assert Windows((1, 2), (3, 3), "same").margins((6, 6)) == ((0, 0), (0, 0))


def test_what_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match=r"size of a window, \(3, 2\). Received: images of size \(2, 5\)"):
        Windows((3, 2), (1, 1), "valid").counts((2, 5))
    for padding in ("SAME", "full", None, 1):
        with pytest.raises(ValueError, match="padding expected 'valid' or 'same'. Received: "):
            Windows((1, 1), (1, 1), padding)


def test_one_number_stands_for_both_sides():
    assert pair("size", 3) == pair("size", [3, 3]) == (3, 3) and pair("size", (np.int64(1), 2)) == (1, 2)
    for value in ((1, 2, 3), (), (1,)):
        with pytest.raises(ValueError, match="size expected a positive integer, or two of them. Received: "):
            pair("size", value)
    for value in (0, (1, 0), 2.5, "22", None, (1, None)):
        with pytest.raises(ValueError, match="size must be a positive integer. Received: "):
            pair("size", value)
