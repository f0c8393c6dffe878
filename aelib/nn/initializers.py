"""Initial values of the weights.

Most initializers scale random weights by the number of connections, so that the variance of the signals stays about
the same from layer to layer: LeCun et al. (1998), Glorot & Bengio (2010) for symmetric activations, He et al. (2015)
for ReLU. An orthogonal matrix preserves the length of every vector: Saxe et al. (2014). The other initializers do not
depend on the size of the layer.
"""

import math

import numpy as np

from aelib.checks import is_finite_number, not_negative_integer, not_negative_number, positive_number
from aelib.nn.configurable import Configurable
from aelib.nn.not_here import refuse_names
from aelib.nn.registry import by_name, resolve

# The standard deviation of a standard normal distribution truncated at ±2.
# Dividing by it gives the truncated distribution the variance in the formula.
TRUNCATED_NORMAL_STD = 0.87962566103423978


class Initializer(Configurable):
    """Base class: a callable that returns an array of weights for a shape."""

    seed = None

    def __call__(self, shape, dtype="float32", rng=None):
        """Return new weights.

        Parameters
        ----------
        shape : tuple of int
            `(inputs, units)` for a dense kernel, `(height, width, inputs, filters)` for a convolution's, `(units,)`
            for a bias.
        dtype : str, dtype or None
            The floating type of the weights; `None` is float32.
        rng : numpy.random.Generator or None
            Used if the initializer has no seed; `None` uses fresh entropy.

        Returns
        -------
        ndarray of `shape` and `dtype`
        """
        own = rng if self.seed is None else self.seed
        weights = self.sample(tuple(shape), np.random.default_rng(own))  # a generator passes through unchanged
        return np.asarray(weights).astype(dtype or "float32")

    def sample(self, shape, rng):
        """Draw float64 weights of `shape` from `rng`."""
        raise NotImplementedError


class Constant(Initializer):
    """Sets all weights to one value.

    Parameters
    ----------
    value : float
    """

    def __init__(self, value=0.0):
        self.value = finite_number("value", value)

    def sample(self, shape, rng):
        return np.full(shape, self.value)


class Zeros(Initializer):
    """Sets all weights to 0, the usual initial value of a bias."""

    def sample(self, shape, rng):
        return np.zeros(shape)


class Ones(Initializer):
    """Sets all weights to 1."""

    def sample(self, shape, rng):
        return np.ones(shape)


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, and 0 elsewhere.

    Parameters
    ----------
    gain : float
    """

    def __init__(self, gain=1.0):
        self.gain = finite_number("gain", gain)

    def sample(self, shape, rng):
        if len(shape) != 2:
            raise ValueError(f"Identity expected the shape of a matrix, (inputs, units). Received: {shape}.")
        return self.gain * np.eye(*shape)


class RandomInitializer(Initializer):
    """Base class of the random initializers.

    Parameters
    ----------
    seed : int, numpy.random.Generator or None
        Replaces the network's generator. An int gives the same weights in every call, as in Keras; a generator
        continues its sequence from call to call.
    """

    def __init__(self, seed=None):
        known = seed is None or isinstance(seed, np.random.Generator)
        self.seed = seed if known else not_negative_integer("seed", seed)


class RandomNormal(RandomInitializer):
    """Draws weights from a normal distribution.

    Parameters
    ----------
    mean : float
    stddev : float
        At least 0.
    seed : int, numpy.random.Generator or None
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean = finite_number("mean", mean)
        self.stddev = not_negative_number("stddev", stddev)

    def sample(self, shape, rng):
        return rng.normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """Draws weights from a normal distribution; values farther than `2 · stddev` from the mean are drawn again.

    Parameters
    ----------
    mean : float
    stddev : float
        At least 0.
    seed : int, numpy.random.Generator or None
    """

    def sample(self, shape, rng):
        return self.mean + self.stddev * draw_truncated_normal(shape, rng)


class RandomUniform(RandomInitializer):
    """Draws weights from a uniform distribution.

    Parameters
    ----------
    minval, maxval : float
        The lower and the upper limit.
    seed : int, numpy.random.Generator or None
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = finite_number("minval", minval), finite_number("maxval", maxval)
        if self.minval > self.maxval:
            raise ValueError(f"minval must be at most maxval, {maxval}. Received: {minval}.")

    def sample(self, shape, rng):
        return rng.uniform(self.minval, self.maxval, shape)


class Orthogonal(RandomInitializer):
    """Draws a random matrix whose singular values all equal `gain` (Saxe et al. 2014).

    ::

        Q R = G, a Gaussian matrix with at least as many rows as columns
        W = gain * Q * sign(diag(R)), transposed if the layer has more units than inputs

    The signs make every orthogonal matrix equally likely, as in Keras; without them, the distribution would depend on
    the sign convention of the factorisation. A kernel with more than two axes is treated as a matrix whose columns
    are indexed by the last axis.

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
        if len(shape) < 2:
            raise ValueError(f"Orthogonal expected a shape with at least two axes. Received: {shape}.")
        inputs, units = math.prod(shape[:-1]), shape[-1]
        gaussian = rng.standard_normal((max(inputs, units), min(inputs, units)))
        q, r = np.linalg.qr(gaussian)
        q *= np.sign(np.diag(r))
        return self.gain * (q if inputs >= units else q.T).reshape(shape)


class VarianceScaling(RandomInitializer):
    """Draws weights with mean 0 and variance `scale / n`, where `n` is a number of connections.

    Parameters
    ----------
    scale : float
        Above 0.
    mode : {"fan_in", "fan_out", "fan_avg"}
        Whether `n` is the number of connections into a unit, out of an input, or the mean of both.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        ``"normal"`` is another name for ``"truncated_normal"``, which is truncated at two standard deviations.
    seed : int, numpy.random.Generator or None
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        super().__init__(seed)
        self.scale = positive_number("scale", scale)
        self.mode = one_of("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        distribution = "truncated_normal" if distribution == "normal" else distribution
        known = ("truncated_normal", "untruncated_normal", "uniform")
        self.distribution = one_of("distribution", distribution, known)

    def sample(self, shape, rng):
        fan_in, fan_out = compute_fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        std = np.sqrt(self.scale / max(1, n))
        if self.distribution == "uniform":
            limit = np.sqrt(3.0) * std  # the variance of U(-l, l) is l² / 3
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, std, shape)
        return std / TRUNCATED_NORMAL_STD * draw_truncated_normal(shape, rng)


class GlorotUniform(VarianceScaling):
    """Uniform with variance `2 / (inputs + units)` (Glorot & Bengio 2010), the default for kernels."""

    def __init__(self, seed=None):
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal with variance `2 / (inputs + units)` (Glorot & Bengio 2010)."""

    def __init__(self, seed=None):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform with variance `2 / inputs` (He et al. 2015)."""

    def __init__(self, seed=None):
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal with variance `2 / inputs` (He et al. 2015)."""

    def __init__(self, seed=None):
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform with variance `1 / inputs` (LeCun et al. 1998)."""

    def __init__(self, seed=None):
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal with variance `1 / inputs` (LeCun et al. 1998)."""

    def __init__(self, seed=None):
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


def draw_truncated_normal(shape, rng):
    """Draw from a standard normal distribution truncated at ±2; values outside are drawn again."""
    draws = np.asarray(rng.standard_normal(shape))
    while (outside := np.abs(draws) > 2.0).any():
        draws[outside] = rng.standard_normal(outside.sum())
    return draws


def compute_fans(shape):
    """Return the number of connections into a unit and out of an input, for weights of this shape.

    A unit of a convolution, with a kernel `(height, width, inputs, filters)`, is connected to every input in its
    window.
    """
    if len(shape) < 2:  # a bias
        return (shape[0], shape[0]) if shape else (1, 1)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def finite_number(name, value):
    """Return `value` as a float; raise `ValueError` if it is not a finite number."""
    if not is_finite_number(value):
        raise ValueError(f"{name} must be a finite number. Received: {value!r}.")
    return float(value)


def one_of(name, value, choices):
    """Return `value`; raise `ValueError` if it is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}. Received: {value!r}.")
    return value


INITIALIZERS = by_name(
    Constant,
    Zeros,
    Ones,
    Identity,
    RandomNormal,
    TruncatedNormal,
    RandomUniform,
    Orthogonal,
    VarianceScaling,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    zero=Zeros,
    one=Ones,
    normal=RandomNormal,
    uniform=RandomUniform,
    IdentityInitializer=Identity,
    OrthogonalInitializer=Orthogonal,
)


__getattr__ = refuse_names(__name__, INITIALIZERS)


def get(identifier):
    """Return the initializer for a name, a dictionary, a class or an object; `None` stays `None`, as in Keras."""
    return None if identifier is None else resolve(identifier, INITIALIZERS, Initializer, "initializer")


def serialize(initializer):
    """Return an identifier from which `get` makes an equal initializer: class and arguments."""
    return initializer.identifier()


deserialize = get
