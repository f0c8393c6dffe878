"""Errors by hand and beside scikit-learn's; angles beside SciPy's."""

import numpy as np
import pytest
import scipy.linalg
import sklearn.decomposition
import sklearn.metrics

from aelib.metrics import mean_squared_error, principal_angles, squared_error_per_image

IMAGES = np.array([[0.0, 0.5, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
OTHERS = np.array([[0.5, 0.5, 0.0, 0.0], [1.0, 1.0, 1.0, 0.75]])


@pytest.mark.parametrize("shape", [(2, 4), (2, 2, 2)])
def test_squared_error_by_hand(shape):
    images, others = IMAGES.reshape(shape), OTHERS.reshape(shape)
    assert squared_error_per_image(images, others).tolist() == [1.25, 0.0625]
    assert squared_error_per_image(images.tolist(), others.tolist()).tolist() == [1.25, 0.0625]


def test_squared_error_is_summed_in_float64():
    errors = squared_error_per_image(np.full((1, 10_000), 0.1, "float32"), np.zeros((1, 10_000), "float32"))
    assert errors.dtype == "float64" and errors[0] == pytest.approx(100.0, rel=1e-6)


def test_bytes_and_booleans_are_numbers_too():
    """The difference of two bytes must not wrap around: 0 - 255 is not 1."""
    assert squared_error_per_image(np.array([[0, 255]], "uint8"), np.array([[255, 0]], "uint8")) == [2 * 255**2]
    assert squared_error_per_image(np.array([[True, True]]), np.array([[False, True]])) == [1]


def test_mean_squared_error_is_scikit_learns(rng):
    a, b = rng.random((7, 12)), rng.random((7, 12))
    assert mean_squared_error(a, b) == pytest.approx(sklearn.metrics.mean_squared_error(a, b), rel=1e-12)
    assert mean_squared_error(a.reshape(7, 3, 4), b.reshape(7, 3, 4)) == pytest.approx(mean_squared_error(a, b))
    assert type(mean_squared_error(a, b)) is float
    assert mean_squared_error(a[:1], b[:1]) == pytest.approx(np.square(a[0] - b[0]).mean(), rel=1e-12)


def test_pca_of_30_components_has_the_published_error(mnist):
    """Hinton & Salakhutdinov (2006): 13.87 an image on MNIST's test set."""
    (x_train, _), (x_test, _) = mnist
    pca = sklearn.decomposition.PCA(30, svd_solver="covariance_eigh").fit(x_train)
    errors = squared_error_per_image(x_test, pca.inverse_transform(pca.transform(x_test)))
    assert errors.mean() == pytest.approx(13.87, abs=0.005)


@pytest.mark.parametrize("shapes", [((2, 4), (2, 3)), ((2, 4), (4,)), ((4,), (4,)), ((0, 4), (0, 4)), ((2, 4), (1, 4))])
@pytest.mark.parametrize("metric", [squared_error_per_image, mean_squared_error])
def test_images_of_different_shapes_or_none_are_an_error(metric, shapes):
    with pytest.raises(ValueError, match=r"of one shape \(n, …\) with n at least 1. Received: shapes \("):
        metric(np.zeros(shapes[0]), np.zeros(shapes[1]))


# -------------------------------------------------------------------- angles


@pytest.mark.parametrize("shape", [(5, 1), (5, 2), (8, 5), (4, 4)])
def test_angles_are_scipys(shape, rng):
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    expected = np.sort(scipy.linalg.subspace_angles(a, b))
    np.testing.assert_allclose(principal_angles(a, b), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.5, np.pi / 4, 1.2, np.pi / 2 - 1e-9, np.pi / 2])
def test_a_known_angle_is_found(angle):
    """Two planes in four dimensions: one direction is shared, the other is turned."""
    a = np.array([[1.0, 0], [0, 1], [0, 0], [0, 0]])
    b = np.array([[1.0, 0], [0, np.cos(angle)], [0, np.sin(angle)], [0, 0]])
    np.testing.assert_allclose(principal_angles(a, b), [0, angle], rtol=1e-6, atol=1e-15)


def test_small_and_large_angles_together_are_paired_in_order():
    angles = np.array([1e-9, 0.3, 0.7, 0.9, 1.5])
    a = np.vstack([np.eye(5), np.zeros((5, 5))])
    b = np.vstack([np.diag(np.cos(angles)), np.diag(np.sin(angles))])[:, [3, 0, 4, 2, 1]]
    np.testing.assert_allclose(principal_angles(a, b), angles, rtol=1e-6)


def test_another_basis_of_the_same_subspace_has_no_angle(rng):
    a = rng.normal(size=(10, 4))
    assert principal_angles(a, a @ rng.normal(size=(4, 4))).max() < 1e-12


def test_rounding_beyond_1_is_no_angle_that_is_not_a_number(rng):
    """The sines of right angles, and the cosines of none, may come out above 1 by rounding."""
    for _ in range(50):
        q = np.linalg.qr(rng.normal(size=(6, 6)))[0]
        np.testing.assert_allclose(principal_angles(q[:, :3], q[:, 3:]), np.pi / 2)
        np.testing.assert_allclose(principal_angles(q[:, :3], q[:, :3]), 0, atol=1e-14)


def test_angles_are_symmetric_and_float64(rng):
    a, b = rng.normal(size=(2, 6, 3)).astype("float32")
    np.testing.assert_allclose(principal_angles(a, b), principal_angles(b, a), rtol=1e-9)
    assert principal_angles(a, b).dtype == "float64" and principal_angles(a, b).shape == (3,)


@pytest.mark.parametrize("shapes", [((5, 2), (5, 3)), ((5, 2), (4, 2)), ((2, 5), (2, 5)), ((5,), (5,))])
def test_subspaces_of_other_shapes_are_an_error(shapes):
    with pytest.raises(ValueError, match=r"two matrices of one shape \(d, k\) with k at most d. Received: \("):
        principal_angles(np.ones(shapes[0]), np.ones(shapes[1]))
