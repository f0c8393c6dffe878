"""Layers that add noise during training only: `Dropout` and `GaussianNoise`."""

from aelib.checks import between_0_and_1
from aelib.nn import utils
from aelib.nn.layers.layer import Layer
from aelib.nn.not_here import only


class Dropout(Layer):
    """Sets each entry to 0 with probability `p` in training, and scales the others to preserve the expectation.

    Every entry of a batch is multiplied by an independent random factor::

        A = M ⊙ X,    M = 0 with probability p, and 1 / (1 - p) otherwise,    so that E[A] = X

    The factors do not depend on `X`, so `∂C/∂X = M ⊙ ∂C/∂A`. Outside training `A = X` (Srivastava et al. 2014, who
    scale the weights at prediction instead).

    Parameters
    ----------
    rate : float
        `p`, from 0 to 1.
    noise_shape : None
        As in Keras; only the default is supported: all entries are dropped independently.
    seed : int, numpy.random.Generator or None
        Replaces the network's generator for this layer.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **layer):
        super().__init__(**layer)
        self.rate = between_0_and_1("rate", rate)
        self.noise_shape = only("noise_shape", noise_shape, None)
        self.seed = seed
        self.rng = None if seed is None else utils.generator(seed)

    def forward(self, x, training=False):
        """Return `M ⊙ X` in training and `X` itself otherwise."""
        if not training or self.rate == 0:
            self.kept = x.shape, None
            return x
        factors = (self.generator.random(x.shape, dtype="float32") >= self.rate).astype(x.dtype)
        if self.rate < 1:
            factors /= 1 - self.rate
        self.kept = x.shape, factors
        return x * factors

    def backward(self, gradient):
        """Return `∂C/∂X = M ⊙ ∂C/∂A`, given `∂C/∂A`, with the factors `M` of the last forward pass."""
        self._require_kept()
        shape, factors = self.kept
        self._check_gradient(gradient, shape)
        return gradient if factors is None else gradient * factors


class GaussianNoise(Layer):
    """Adds Gaussian noise in training: `A = X + σ E`, with the entries of `E` drawn from N(0, 1) for each batch.

    The noise does not depend on `X`, so `∂C/∂X = ∂C/∂A`. Outside training `A = X`.

    Parameters
    ----------
    stddev : float
        `σ`, from 0 to 1, as in Keras.
    seed : int, numpy.random.Generator or None
        Replaces the network's generator for this layer.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, stddev, seed=None, **layer):
        super().__init__(**layer)
        self.stddev = between_0_and_1("stddev", stddev)
        self.seed = seed
        self.rng = None if seed is None else utils.generator(seed)

    def forward(self, x, training=False):
        """Return `X + σ E` in training and `X` itself otherwise."""
        self.kept = x.shape
        if not training or self.stddev == 0:
            return x
        return x + self.stddev * self.generator.standard_normal(x.shape, dtype=x.dtype)

    def backward(self, gradient):
        """Return `∂C/∂X = ∂C/∂A`."""
        self._require_kept()
        self._check_gradient(gradient, self.kept)
        return gradient
