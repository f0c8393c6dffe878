"""How far apart two linear subspaces are, such as those of PCA and of a linear autoencoder."""

import numpy as np


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
