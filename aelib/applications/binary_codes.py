"""A code of bits: a sigmoid that noise drives to 0 and 1, and distances that count the bits that differ."""

import numpy as np

from aelib.checks import not_masked, not_negative_integer, not_negative_number, real_array
from aelib.nn.activations import Sigmoid


class NoisySigmoid(Sigmoid):
    """`σ(z + ε)` with `ε ~ N(0, stddev²)` in training, and `σ(z)` otherwise.

    A number that must survive noise is best kept far from zero, so the units of a trained code answer nearly 0 or nearly 1
    (Salakhutdinov & Hinton 2009, who added noise to the logits of their code). The derivative is that of the sigmoid at
    the noisy point, `a (1 - a)`.

    Parameters
    ----------
    stddev : float
        The standard deviation of the noise, at least 0.
    rng : numpy.random.Generator, int or None
        Draws the noise.

    Attributes
    ----------
    training : bool
        Whether noise is added; set it to False when training is over.
    """

    def __init__(self, stddev=1.0, rng=None):
        self.stddev = not_negative_number("stddev", stddev)
        self.rng = np.random.default_rng(rng)
        self.training = True

    def __call__(self, z, out=None):
        if self.training:
            z = real_array("z", z)
            noise = self.rng.standard_normal(z.shape, dtype="float32" if z.dtype == "float32" else "float64")
            z = z + self.stddev * noise
        return super().__call__(z, out)


def hamming_distances(a, b):
    """Count the bits in which packed codes differ.

    Parameters
    ----------
    a : ndarray of uint8, shape (n, bytes)
        Codes as `numpy.packbits(bits, axis=1)` gives them.
    b : ndarray of uint8, shape (m, bytes)

    Returns
    -------
    ndarray of int, shape (n, m)

    Raises
    ------
    ValueError
        If an array does not hold packed codes, or the codes differ in length.
    """
    for codes in (a, b):
        not_masked("codes", codes)
        if getattr(codes, "dtype", None) != np.uint8 or np.ndim(codes) != 2:
            raise ValueError(
                "Expected packed codes: a matrix of uint8, as np.packbits(bits, axis=1) makes it. "
                f"Received: shape {np.shape(codes)}, dtype {getattr(codes, 'dtype', type(codes).__name__)}."
            )
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Expected codes of one length. Received: {a.shape[1]} and {b.shape[1]} bytes.")
    total = np.zeros((len(a), len(b)), dtype=int)
    for byte_a, byte_b in zip(a.T, b.T):  # a byte at a time, so that no array of three axes is made
        total += np.bitwise_count(byte_a[:, None] ^ byte_b)
    return total


def itq_rotation(projections, iterations=50, rng=None):
    """Rotate directions so that little is lost when only signs are kept: iterative quantisation.

    Alternates between the signs `B = sign(V R)` and the rotation that brings `V` nearest to them, which the singular value
    decomposition of `Bᵀ V` gives (Gong & Lazebnik 2011).

    Parameters
    ----------
    projections : array_like, shape (n, bits)
        Centred data on their principal components.
    iterations : int
        At least 0.
    rng : numpy.random.Generator, int or None
        Draws the rotation to begin with.

    Returns
    -------
    ndarray, shape (bits, bits)
        An orthogonal matrix `R`; the code is `projections @ R > 0`.

    Raises
    ------
    ValueError
        If the data are no matrix of finite numbers, or so far from centred that signs would say nothing: a mean that is
        larger than the standard deviation.
    """
    rng, iterations = np.random.default_rng(rng), not_negative_integer("iterations", iterations)
    projections = real_array("projections", projections)
    if projections.ndim != 2 or projections.size == 0 or not np.isfinite(projections).all():
        raise ValueError(
            "projections must be a matrix of finite numbers, shape (n, bits). "
            f"Received: shape {projections.shape}, {np.count_nonzero(~np.isfinite(projections))} of them not finite."
        )
    means, deviations = projections.mean(axis=0), projections.std(axis=0)
    if (np.abs(means) > deviations + 1e-12).any():  # a direction without variance has a mean of rounding
        raise ValueError(
            "projections must be centred. Received: a column of mean "
            f"{means[np.argmax(np.abs(means) - deviations)]:.3g}, larger than its standard deviation."
        )
    bits = projections.shape[1]
    rotation, _ = np.linalg.qr(rng.normal(size=(bits, bits)))
    for _ in range(iterations):
        signs = np.where(projections @ rotation > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ projections)
        rotation = (left @ right).T
    return rotation
