"""Where the weights start: large enough that signals survive, small enough that they do not explode.

Both families scale the random weights by the number of connections, so that the
variance of the signals stays about the same from layer to layer: Glorot & Bengio
(2010) for symmetric activations, He et al. (2015) for ReLU.
"""

import numpy as np

from aelib.registry import resolve

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


class VarianceScaling(Initializer):
    """Random weights of variance `scale(inputs, units)`, uniform or truncated normal."""

    distribution = None  # "uniform" or "normal"

    def variance(self, inputs, units):
        """The variance of one weight."""
        raise NotImplementedError

    def sample(self, shape, rng):
        if len(shape) != 2:
            raise ValueError(
                f"{type(self).__name__} starts a kernel of shape (inputs, units). Received: {shape}."
            )
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
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
}


def get(identifier):
    """Return the initializer of a name."""
    return resolve(identifier, INITIALIZERS, Initializer, "initializer")
