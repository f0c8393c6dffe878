"""MNIST is all there, is what it should be, and says so when it is not."""

import hashlib

import numpy as np
import pytest

from aelib.datasets import load_mnist
from aelib.datasets.reader import FOLDER

# How many images of each digit 0 to 9 the full MNIST has.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_shapes_and_dtypes(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    assert x_train.shape == (60_000, 784) and x_test.shape == (10_000, 784)
    assert y_train.shape == (60_000,) and y_test.shape == (10_000,)
    assert x_train.dtype == x_test.dtype == "float32" and y_train.dtype == y_test.dtype == "uint8"


def test_pixels_are_between_0_and_1_in_steps_of_255(mnist):
    for x in (mnist[0][0][:2000], mnist[1][0]):
        assert x.min() == 0.0 and x.max() == 1.0
        np.testing.assert_allclose(x * 255, np.round(x * 255), atol=1e-4)


def test_labels_are_the_known_ones(mnist):
    (_, y_train), (_, y_test) = mnist
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9] and y_test[:3].tolist() == [7, 2, 1]
    assert np.bincount(y_train).tolist() == TRAIN_COUNTS
    assert np.bincount(y_test).tolist() == TEST_COUNTS


def test_the_mean_and_deviation_are_the_known_ones(mnist):
    """0.1307 and 0.3081, the two numbers that every PyTorch example normalises MNIST with."""
    assert mnist[0][0].mean(dtype="float64") == pytest.approx(0.1307, abs=5e-5)
    assert mnist[0][0].std(dtype="float64") == pytest.approx(0.3081, abs=5e-5)


def test_images_are_upright(mnist):
    """The first test image is a 7: a bar at the top, nothing at the bottom right."""
    seven = mnist[1][0][0].reshape(28, 28)
    assert seven[8, 6:21].mean() > 0.8 and seven[20:, 17:].sum() == 0


def test_pixels_can_stay_in_rows_and_columns(mnist):
    (x_train, _), (x_test, _) = load_mnist(limit=3, flatten=False)
    assert x_train.shape == x_test.shape == (3, 28, 28)
    np.testing.assert_array_equal(x_train.reshape(3, 784), mnist[0][0][:3])


def test_limit_takes_the_first_of_each_part(mnist):
    (x_train, y_train), (x_test, y_test) = load_mnist(limit=7)
    for part, whole in zip((x_train, y_train, x_test, y_test), (*mnist[0], *mnist[1])):
        np.testing.assert_array_equal(part, whole[:7])


def test_each_call_returns_its_own_arrays():
    load_mnist(limit=2)[0][0][:] = 7
    assert load_mnist(limit=2)[0][0].max() <= 1


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "10"])
def test_a_limit_that_is_not_positive_is_an_error(limit):
    with pytest.raises(ValueError, match="limit must be a positive integer. Received: "):
        load_mnist(limit=limit)


# SHA-256 of each array's bytes, as rebuilt from the original IDX files.
ARRAYS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


@pytest.mark.parametrize("name", ARRAYS)
def test_the_arrays_are_those_of_the_original_files(name):
    with np.load(FOLDER / "mnist.npz") as archive:
        assert hashlib.sha256(np.ascontiguousarray(archive[name])).hexdigest() == ARRAYS[name]
