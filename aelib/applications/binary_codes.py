"""A code of bits: a sigmoid that noise drives to 0 and 1, and distances that count the bits that differ."""

import numpy as np

from aelib.checks import not_negative_number
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
            noise = self.rng.standard_normal(np.shape(z), dtype=np.asarray(z).dtype)
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
        if np.ndim(codes) != 2 or codes.dtype != np.uint8:
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
    projections : ndarray, shape (n, bits)
        Centred data on their principal components.
    iterations : int
    rng : numpy.random.Generator, int or None
        Draws the rotation to begin with.

    Returns
    -------
    ndarray, shape (bits, bits)
        An orthogonal matrix `R`; the code is `projections @ R > 0`.
    """
    rng = np.random.default_rng(rng)
    bits = projections.shape[1]
    rotation, _ = np.linalg.qr(rng.normal(size=(bits, bits)))
    for _ in range(iterations):
        signs = np.where(projections @ rotation > 0, 1.0, -1.0)
        left, _, right = np.linalg.svd(signs.T @ projections)
        rotation = (left @ right).T
    return rotation
