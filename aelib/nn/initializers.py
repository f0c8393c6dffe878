"""Where the weights start: large enough that signals survive, small enough that they do not explode.

Two families scale the random weights by the number of connections, so that the
variance of the signals stays about the same from layer to layer: Glorot & Bengio
(2010) for symmetric activations, He et al. (2015) for ReLU. An orthogonal matrix keeps
every length and not only their mean: Saxe et al. (2014). A Gaussian of a fixed standard
deviation takes no notice of the layer's size.
"""

import numpy as np

from aelib.checks import not_negative_number
from aelib.nn.registry import resolve

# A normal distribution cut off at two standard deviations has this standard deviation.
# Dividing by it gives the cut distribution the variance that the formula asks for.
TRUNCATED_NORMAL_STD = 0.87962566103423978


class Initializer:
    """Base class.

    Parameters
    ----------
    seed : int, numpy.random.Generator or None
        Makes this initializer independent of the generator that the network passes in.
    """

    def __init__(self, seed=None):
        self.rng = None if seed is None else np.random.default_rng(seed)

    def __call__(self, shape, dtype="float32", rng=None):
        """Return fresh weights.

        Parameters
        ----------
        shape : tuple of int
            `(inputs, units)` for a kernel, `(units,)` for a bias.
        dtype : str or dtype
            The floating type of the weights.
        rng : numpy.random.Generator or None
            Used where the initializer has no seed of its own; `None` draws fresh entropy.

        Returns
        -------
        ndarray of `shape` and `dtype`
        """
        rng = self.rng or rng or np.random.default_rng()
        return self.sample(shape, rng).astype(dtype)

    def sample(self, shape, rng):
        """Draw float64 weights of `shape` from `rng`."""
        raise NotImplementedError


class Zeros(Initializer):
    """All zeros: the usual start of a bias."""

    def sample(self, shape, rng):
        return np.zeros(shape)


class RandomNormal(Initializer):
    """A Gaussian of mean 0 and of one standard deviation, whatever the size of the layer.

    Parameters
    ----------
    stddev : float
        At least 0.
    seed : int, numpy.random.Generator or None
    """

    def __init__(self, stddev=0.05, seed=None):
        super().__init__(seed)
        self.stddev = not_negative_number("stddev", stddev)

    def sample(self, shape, rng):
        return rng.normal(0.0, self.stddev, shape)


class Orthogonal(Initializer):
    """A random matrix all of whose singular values are `gain` (Saxe et al. 2014).

    ::

        Q R = G, a Gaussian matrix with at least as many rows as columns
        W = gain * Q * sign(diag(R)), transposed where the layer has more units than inputs

    Without the signs the matrix would depend on the convention of the factorisation; with them every
    orthogonal matrix is equally likely, as in Keras.

    Parameters
    ----------
    gain : float
        At least 0.
    seed : int, numpy.random.Generator or None
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = not_negative_number("gain", gain)

    def sample(self, shape, rng):
        inputs, units = check_kernel_shape(self, shape)
        gaussian = rng.standard_normal((max(inputs, units), min(inputs, units)))
        q, r = np.linalg.qr(gaussian)
        q *= np.sign(np.diag(r))
        return self.gain * (q if inputs >= units else q.T)


def check_kernel_shape(initializer, shape):
    """Return `shape`, or say that it is not that of a kernel."""
    if len(shape) != 2:
        raise ValueError(f"{type(initializer).__name__} starts a kernel of shape (inputs, units). Received: {shape}.")
    return shape


class VarianceScaling(Initializer):
    """Random weights of variance `scale(inputs, units)`, uniform or truncated normal."""

    distribution = None  # "uniform" or "normal"

    def variance(self, inputs, units):
        """The variance of one weight."""
        raise NotImplementedError

    def sample(self, shape, rng):
        check_kernel_shape(self, shape)
        std = np.sqrt(self.variance(*shape))
        if self.distribution == "uniform":
            limit = np.sqrt(3.0) * std  # the variance of U(-l, l) is l² / 3
            return rng.uniform(-limit, limit, shape)
        return std / TRUNCATED_NORMAL_STD * truncated_normal(shape, rng)


def truncated_normal(shape, rng):
    """Draw from a standard normal distribution cut off at ±2, by drawing again what falls outside."""
    draws = rng.standard_normal(shape)
    while (outside := np.abs(draws) > 2.0).any():
        draws[outside] = rng.standard_normal(outside.sum())
    return draws


class GlorotUniform(VarianceScaling):
    """Uniform with variance `2 / (inputs + units)` (Glorot & Bengio 2010); Keras's default."""

    distribution = "uniform"

    def variance(self, inputs, units):
        return 2.0 / (inputs + units)


class GlorotNormal(GlorotUniform):
    """Truncated normal with variance `2 / (inputs + units)` (Glorot & Bengio 2010)."""

    distribution = "normal"


class HeUniform(VarianceScaling):
    """Uniform with variance `2 / inputs` (He et al. 2015)."""

    distribution = "uniform"

    def variance(self, inputs, units):
        return 2.0 / inputs


class HeNormal(HeUniform):
    """Truncated normal with variance `2 / inputs` (He et al. 2015)."""

    distribution = "normal"


INITIALIZERS = {
    "zeros": Zeros,
    "random_normal": RandomNormal,
    "orthogonal": Orthogonal,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
}


def get(identifier):
    """Return the initializer of a name."""
    return resolve(identifier, INITIALIZERS, Initializer, "initializer")
