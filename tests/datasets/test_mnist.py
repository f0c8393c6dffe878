"""MNIST is all there, is what it should be, and says so when it is not."""

import hashlib
import shutil

import numpy as np
import pytest

from aelib.datasets import load_mnist
from aelib.datasets.mnist import FILE

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


@pytest.mark.parametrize("limit", [0, -1, 2.5, "10"])
def test_a_limit_that_is_not_positive_is_an_error(limit):
    with pytest.raises(ValueError, match="limit must be a positive integer or None. Received: "):
        load_mnist(limit=limit)


def test_a_missing_file_is_named_with_the_way_back(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="Expected the MNIST data at .*gone.npz.*git checkout -- aelib/"
    ) as error:
        load_mnist(path=tmp_path / "gone.npz")
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize("size", [0, 1, 1000, -1, -1000, -2_000_000])
def test_a_truncated_file_is_named_with_the_way_back(size, tmp_path):
    path = tmp_path / "mnist.npz"
    path.write_bytes(FILE.read_bytes()[:size])
    with pytest.raises(ValueError, match="MNIST data at .*mnist.npz cannot be read: .*git checkout"):
        load_mnist(path=str(path))


# A bit of the first entry's zip header (signature, extra field), of its
# compressed stream, of the last entry's, and of the directory at the end (flags, method).
BITS = [(0, 1), (28, 1), (5_000_000, 1), (11_486_000, 1), (-242, 128), (-240, 1)]


@pytest.mark.parametrize("place, bit", BITS)
def test_a_flipped_bit_is_named_with_the_way_back(place, bit, tmp_path):
    data = bytearray(FILE.read_bytes())
    data[place] ^= bit
    path = tmp_path / "mnist.npz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="mnist.npz (cannot be read|is damaged): .*git checkout"):
        load_mnist(path=path)


def test_an_array_that_is_readable_but_other_is_named_with_both_digests(tmp_path):
    with np.load(FILE) as archive:
        arrays = dict(archive)
    arrays["y_test"][5] ^= 1
    np.savez(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(
        ValueError, match="array y_test in .*is damaged: expected SHA-256 ddeff80.*Received: [0-9a-f]{64}"
    ):
        load_mnist(path=tmp_path / "mnist.npz")


def test_a_file_of_another_kind_is_an_error(tmp_path):
    (tmp_path / "text.npz").write_text("no zip at all")
    np.savez(tmp_path / "empty.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    for name in ("text.npz", "empty.npz", "one.npy"):
        with pytest.raises(ValueError, match=f"{name} cannot be read"):
            load_mnist(path=tmp_path / name)


def test_a_folder_is_an_error(tmp_path):
    with pytest.raises((ValueError, OSError), match=str(tmp_path)):
        load_mnist(path=tmp_path)


def test_a_copy_elsewhere_is_read_too(tmp_path):
    shutil.copy(FILE, tmp_path / "copy.npz")
    assert load_mnist(limit=1, path=tmp_path / "copy.npz")[0][1].tolist() == [5]


def test_the_sources_name_file_licence_and_digest():
    text = (FILE.parent / "SOURCES.md").read_text()
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() in text
    assert "CC BY-SA 3.0" in text and "LeCun" in text
