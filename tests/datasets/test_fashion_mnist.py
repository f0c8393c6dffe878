"""The clothes are all there, are what they should be, and say so when they are not."""

import gzip

import numpy as np
import pytest

from aelib.datasets import load_fashion_mnist
from aelib.datasets.fashion_mnist import CLOTHES, read_idx


@pytest.fixture(scope="module")
def clothes():
    return load_fashion_mnist()


def test_shapes_and_dtypes(clothes):
    x, y = clothes
    assert x.shape == (10_000, 784) and y.shape == (10_000,)
    assert x.dtype == "float32" and y.dtype == "uint8"
    assert x.min() == 0.0 and x.max() == 1.0
    np.testing.assert_allclose(x[:100] * 255, np.round(x[:100] * 255), atol=1e-4)


def test_there_are_a_thousand_of_each_kind(clothes):
    assert np.bincount(clothes[1]).tolist() == [1000] * len(CLOTHES)


def test_images_are_upright_and_are_what_their_labels_say(clothes):
    """The mean trouser has a gap between its legs, and none at the belt; a sneaker is dark above."""
    x, y = clothes
    trouser, sneaker = (x[y == CLOTHES.index(name)].mean(axis=0).reshape(28, 28) for name in ("trouser", "sneaker"))
    assert trouser[24, 14] < 0.5 * trouser[24, 11] and trouser[4, 14] > 0.8 * trouser[4, 11]
    assert sneaker[:8].mean() < 0.05 < 0.3 < sneaker[14:20].mean()


def test_limit_and_shape(clothes):
    x, y = load_fashion_mnist(limit=3, flatten=False)
    assert x.shape == (3, 28, 28)
    np.testing.assert_array_equal(x.reshape(3, 784), clothes[0][:3])
    np.testing.assert_array_equal(y, clothes[1][:3])


def test_idx_by_hand():
    array = read_idx(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255]))
    np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 255]])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes([0, 0, 8]),
        bytes([0, 0, 13, 1, 0, 0, 0, 1, 7]),  # floats
        bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]),  # one value is missing
        bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]),  # one too many
        bytes([0, 0, 8, 2, 0, 0, 0, 1]),  # an axis is missing
        gzip.compress(b"not yet unpacked", mtime=0),
    ],
)
def test_what_is_no_idx_file_is_refused(content):
    with pytest.raises(ValueError, match="Expected an IDX file"):
        read_idx(content)
