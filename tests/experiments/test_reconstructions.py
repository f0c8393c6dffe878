"""Which images are shown, how they are kept, and what is missing in them."""

import numpy as np
import pytest

from experiments.reconstructions import as_bytes, error, simple_methods, ten_digits, unexplained


def test_ten_digits_are_the_first_of_each_in_order(mnist):
    images, labels = mnist[1]
    chosen = ten_digits(images, labels)
    rows = [np.flatnonzero((images == image).all(axis=1))[0] for image in chosen]
    assert labels[rows].tolist() == list(range(10))
    assert all(labels[:row].tolist().count(digit) == 0 for digit, row in enumerate(rows))


def test_bytes_are_rounded_and_stay_in_their_range():
    assert as_bytes(np.array([-0.1, 0, 0.499 / 255, 0.501 / 255, 1, 1.2])).tolist() == [0, 0, 0, 1, 255, 255]


def test_the_error_is_summed_over_pixels_and_averaged_over_images():
    assert error(np.zeros((2, 3)), np.array([[1, 2, 0], [0, 0, 1]])) == (5 + 1) / 2


def test_a_constant_answer_leaves_all_of_the_error(rng):
    x = rng.normal(size=(50, 30))
    centre = x.mean(axis=0)
    assert unexplained(x, np.broadcast_to(centre, x.shape), centre) == 1
    assert unexplained(x, x, centre) == 0
    assert np.isclose(unexplained(x, (x + centre) / 2, centre), 1 / 4)


@pytest.mark.parametrize("count", [5, 50], ids=["fewer images than pixels", "more"])
def test_the_mean_and_pca_leave_the_variance_outside_their_components(count, rng):
    x = rng.normal(size=(count, 30)) * np.linspace(1, 3, 30)
    centred = x - x.mean(axis=0)
    variances = np.square(np.linalg.svd(centred, compute_uv=False)) / count
    found = simple_methods(x, 3, x, x[:2])
    assert np.isclose(found["mean image"][0], variances.sum()) and np.isclose(found["PCA"][0], variances[3:].sum())
    assert np.isclose(found["mean image"][1], np.square(centred[:2]).sum() / 2)
