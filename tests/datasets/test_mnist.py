"""MNIST is all there, is what it should be, and says so when it is not."""

import hashlib

import numpy as np
import pytest

from aelib.datasets import load_fashion_mnist, load_mnist

# SHA-256 of each array's bytes, as rebuilt from the original IDX files.
ARRAYS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def test_shapes_and_dtypes(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    assert x_train.shape == (60_000, 784) and x_test.shape == (10_000, 784)
    assert y_train.shape == (60_000,) and y_test.shape == (10_000,)
    assert x_train.dtype == x_test.dtype == "float32" and y_train.dtype == y_test.dtype == "uint8"


def test_images_and_labels_are_those_of_the_original_files(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    arrays = {"x_train": np.rint(255 * x_train), "y_train": y_train, "x_test": np.rint(255 * x_test), "y_test": y_test}
    np.testing.assert_allclose(x_test, arrays["x_test"] / 255, atol=1e-6)
    found = {name: hashlib.sha256(array.astype("uint8")).hexdigest() for name, array in arrays.items()}
    assert found == ARRAYS


def test_limit_takes_the_first_of_each_part_and_pixels_can_stay_in_rows_and_columns(mnist):
    (x_train, y_train), (x_test, y_test) = load_mnist(limit=7, flatten=False)
    assert x_train.shape == x_test.shape == (7, 28, 28)
    for part, whole in zip((x_train, y_train, x_test, y_test), (*mnist[0], *mnist[1])):
        np.testing.assert_array_equal(part.reshape(whole[:7].shape), whole[:7])


def test_each_call_returns_its_own_arrays():
    load_mnist(limit=2)[0][0][:] = 7
    assert load_mnist(limit=2)[0][0].max() <= 1


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "10"])
@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
def test_a_limit_that_is_not_positive_is_an_error(load, limit):
    with pytest.raises(ValueError, match="limit must be a positive integer. Received: "):
        load(limit=limit)
