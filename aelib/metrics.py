"""How far a reconstruction is from its image, one number an image.

The mean over pixels (Keras's `mse`) is what training reports; the sum over pixels is
what Hinton & Salakhutdinov (2006) report. They differ by a factor of 784 on MNIST.
"""

import numpy as np


def squared_error_per_image(images, reconstructions):
    """Return the squared error of each image, summed over its pixels.

    Parameters
    ----------
    images, reconstructions : array_like, shape (n, …)
        Pixels in [0, 1].

    Returns
    -------
    ndarray, shape (n,), float64
        `Σ_pixels (x - y)²`; its mean over a test set is the "average squared
        reconstruction error" of Hinton & Salakhutdinov (2006).

    Raises
    ------
    ValueError
        If the shapes differ or there is no image.
    """
    images, reconstructions = np.asarray(images), np.asarray(reconstructions)
    if images.shape != reconstructions.shape or images.ndim < 2 or len(images) == 0:
        raise ValueError(
            "Expected images and reconstructions of one shape (n, …) with n at least 1. "
            f"Received: shapes {images.shape} and {reconstructions.shape}."
        )
    dtype = np.result_type(images, reconstructions, "float32")  # bytes would wrap around
    difference = np.subtract(images, reconstructions, dtype=dtype).reshape(len(images), -1)  # (n, pixels)
    return np.einsum("ij,ij->i", difference, difference, dtype="float64")


def mean_squared_error(images, reconstructions):
    """Return the squared error averaged over images and pixels, a float: Keras's `mse`."""
    pixels = np.asarray(images)[0].size if len(images) else 1
    return float(squared_error_per_image(images, reconstructions).mean() / pixels)


def principal_angles(a, b):
    """Return the angles between the subspaces that the columns of two matrices span.

    Parameters
    ----------
    a, b : array_like, shape (d, k)
        Each of full column rank; the columns need not be orthonormal.

    Returns
    -------
    ndarray, shape (k,)
        In radians, ascending, between 0 (shared direction) and π/2. All are 0 exactly
        when the two subspaces are the same.

    Raises
    ------
    ValueError
        If the shapes differ, or a matrix has more columns than rows.

    Notes
    -----
    With orthonormal bases `Qa` and `Qb` the cosines are the singular values of `Qaᵀ Qb`
    and the sines those of `Qb - Qa Qaᵀ Qb` (Björck & Golub 1973). The sine is used for
    small angles, where the cosine is flat and would lose half of the digits.
    """
    a, b = np.asarray(a, dtype="float64"), np.asarray(b, dtype="float64")
    if a.ndim != 2 or a.shape != b.shape or a.shape[0] < a.shape[1]:
        raise ValueError(
            f"Expected two matrices of one shape (d, k) with k at most d. Received: {a.shape} and {b.shape}."
        )
    qa, qb = np.linalg.qr(a)[0], np.linalg.qr(b)[0]
    cosines = np.linalg.svd(qa.T @ qb, compute_uv=False)  # descending
    sines = np.linalg.svd(qb - qa @ (qa.T @ qb), compute_uv=False)[::-1]  # ascending
    by_sine = np.arcsin(np.clip(sines, 0.0, 1.0))
    by_cosine = np.arccos(np.clip(cosines, 0.0, 1.0))
    return np.where(cosines > np.sqrt(0.5), by_sine, by_cosine)
