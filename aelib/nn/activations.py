"""Activation functions and their derivatives.

Each activation except the softmax is a pair of element-wise functions of the pre-activations `Z`: the value
`A = f(Z)` for the forward pass and the derivative `f'(Z)` for the backward pass. Where a method works in place,
`np.asarray` makes it accept plain numbers too.

Each class has an instance under Keras's name for the function: `relu` is `ReLU()`, so that both `relu(z)` and
`Dense(32, activation=relu)` work as in Keras.
"""

import math

import numpy as np

from aelib.checks import between_0_and_1
from aelib.nn.configurable import Configurable
from aelib.nn.not_here import refuse_names
from aelib.nn.registry import resolve


class Activation(Configurable):
    """Base class: an element-wise function and its derivative.

    A method with an argument `out` writes its result there and returns it; `None` makes a new array. The methods of a
    subclass must accept `out` but may ignore it.
    """

    def __call__(self, z, out=None):
        """Return `f(z)`.

        Parameters
        ----------
        z : ndarray, any shape
            The pre-activations.
        out : ndarray of the shape of `z`, or None

        Returns
        -------
        ndarray, same shape and dtype as `z`
        """
        raise NotImplementedError

    def derivative(self, z, a, out=None):
        """Return `f'(z)`, given both `z` and `a = f(z)` so that neither is computed twice.

        Parameters
        ----------
        z, a : ndarray, same shape
            Pre-activations and activations of one forward pass.
        out : ndarray of the shape of `z`, or None

        Returns
        -------
        ndarray, same shape and dtype as `z`
        """
        raise NotImplementedError

    def backward(self, gradient, z, a, out=None):
        """Return the error signal `∂C/∂Z = ∂C/∂A ⊙ f'(Z)`.

        Parameters
        ----------
        gradient, z, a : ndarray, same shape
            `∂C/∂A`, and the `Z` and `A` of the forward pass.
        out : ndarray of that shape, or None

        Returns
        -------
        ndarray, same shape
        """
        return np.multiply(gradient, self.derivative(z, a, out), out=out)

    def identifier(self):
        """Return Keras's name of the activation, or class and arguments if an argument is not the default.

        Returns
        -------
        str or dict
        """
        names = [name for name, cls in NAMES.items() if cls is type(self)]
        return names[0] if names and repr(self) == repr(type(self)()) else super().identifier()


class Linear(Activation):
    """`f(z) = z`, `f'(z) = 1`."""

    def __call__(self, z, out=None):
        return z

    def derivative(self, z, a, out=None):
        ones = np.empty_like(z) if out is None else out
        ones.fill(1)
        return ones

    def backward(self, gradient, z, a, out=None):
        return gradient


class ReLU(Activation):
    """`f(z) = max(z, 0)`, `f'(z) = 1` where `z > 0`, else 0 (Nair & Hinton 2010).

    At the kink, `z = 0`, we set the derivative to 0, as Keras does.
    """

    def __call__(self, z, out=None):
        return np.maximum(z, 0, out=out)

    def derivative(self, z, a, out=None):
        return np.greater(z, 0, out=np.empty_like(z) if out is None else out)


class Sigmoid(Activation):
    """`f(z) = 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2`, `f'(z) = f(z) (1 - f(z))`.

    The form with tanh is the same function, but cannot overflow and needs no division.
    """

    def __call__(self, z, out=None):
        a = np.asarray(np.multiply(z, 0.5, out=out))
        np.tanh(a, out=a)
        a *= 0.5
        a += 0.5
        return a

    def derivative(self, z, a, out=None):
        complement = np.asarray(np.subtract(1, a, out=out))
        return np.multiply(a, complement, out=complement)


class Tanh(Activation):
    """`f(z) = tanh(z)`, `f'(z) = 1 - f(z)²`."""

    def __call__(self, z, out=None):
        return np.tanh(z, out=out)

    def derivative(self, z, a, out=None):
        square = np.asarray(np.square(a, out=out))
        return np.subtract(1, square, out=square)


class ELU(Activation):
    """`f(z) = z` where `z > 0`, else `exp(z) - 1`; `f'(z) = 1`, else `exp(z) = f(z) + 1`.

    The exponential linear unit with Keras's default, alpha = 1 (Clevert et al. 2016).
    """

    def __call__(self, z, out=None):
        a = np.asarray(np.minimum(z, 0.0, out=out))
        np.expm1(a, out=a)
        return np.maximum(z, a, out=a)  # exp(z) - 1 ≥ z, so for z < 0 it is the larger one

    def derivative(self, z, a, out=None):
        slope = np.asarray(np.minimum(a, 0, out=out))
        slope += 1
        return slope


class Softplus(Activation):
    """`f(z) = log(1 + exp(z))`, a smooth ReLU; `f'(z)` is the sigmoid of `z` (Dugas et al. 2001)."""

    def __call__(self, z, out=None):
        a = np.asarray(np.copysign(z, -1.0, out=out))  # -|z|
        np.log1p(np.exp(a, out=a), out=a)
        a += np.maximum(z, 0)
        return a

    def derivative(self, z, a, out=None):
        return Sigmoid()(z, out)


class LeakyReLU(Activation):
    """`f(z) = z` where `z > 0`, else `negative_slope · z`; `f'(z) = 1`, else `negative_slope`.

    Unlike a ReLU, it has a non-zero gradient for negative `z`, so its units cannot die (Maas et al. 2013).

    Parameters
    ----------
    negative_slope : float
        From 0 to 1. The default is that of Keras's `leaky_relu`.
    """

    def __init__(self, negative_slope=0.2):
        self.negative_slope = between_0_and_1("negative_slope", negative_slope)

    def __call__(self, z, out=None):
        a = np.asarray(np.multiply(z, self.negative_slope, out=out))
        return np.maximum(z, a, out=a)  # the slope is at most 1, so f(z) is the larger one

    def derivative(self, z, a, out=None):
        slope = np.empty_like(z) if out is None else out
        slope.fill(self.negative_slope)
        slope[z > 0] = 1
        return slope


class SiLU(Activation):
    """`f(z) = z σ(z)`, `f'(z) = σ(z) + f(z) (1 - σ(z))`, with the sigmoid `σ`.

    Also called swish (Elfwing et al. 2018).
    """

    def __call__(self, z, out=None):
        return np.multiply(z, precise_sigmoid(z), out=out)

    def derivative(self, z, a, out=None):
        sigmoid = precise_sigmoid(z)
        return np.add(sigmoid, a * (1 - sigmoid), out=out)


def precise_sigmoid(z):
    """Return the sigmoid, accurate even where it is tiny and `Sigmoid` rounds to 0."""
    e = np.exp(-np.abs(z))  # at most 1: no overflow
    return np.where(np.greater(z, 0), 1, e) / (1 + e)


class GELU(Activation):
    """`f(z) = z Φ(z)`, `f'(z) = Φ(z) + z φ(z)`, with the standard normal distribution `Φ` and its density `φ`.

    The Gaussian error linear unit (Hendrycks & Gimpel 2016) in its exact form, which is Keras's default.
    """

    def __call__(self, z, out=None):
        return np.multiply(z, normal_cdf(z), out=out)

    def derivative(self, z, a, out=None):
        density = np.exp(-0.5 * np.square(z)) / math.sqrt(2 * math.pi)
        return np.add(normal_cdf(z), z * density, out=out)


ERFC = np.frompyfunc(math.erfc, 1, 1)


def normal_cdf(z):
    """Return `Φ(z) = erfc(-z / √2) / 2`, in the dtype of `z`.

    NumPy has no error function, so we call that of the standard library once per entry, which takes about 0.1 µs.
    Using `erfc` keeps the digits of small probabilities.
    """
    argument = np.asarray(z) / -math.sqrt(2.0)
    return np.asarray(ERFC(argument), argument.dtype) / 2


class Softmax(Activation):
    """`f(z)_i = exp(z_i) / Σ_j exp(z_j)` along the last axis: positive numbers that sum to 1.

    Each output depends on all entries of its row, so there is no element-wise derivative `f'(z)`. The error signal is
    `∂C/∂z_i = a_i (∂C/∂a_i - Σ_j a_j ∂C/∂a_j)`.
    """

    def __call__(self, z, out=None):
        a = np.subtract(z, np.max(z, axis=-1, keepdims=True), out=out)  # at most 0: no overflow
        np.exp(a, out=a)
        a /= a.sum(axis=-1, keepdims=True)
        return a

    def derivative(self, z, a, out=None):
        raise NotImplementedError(
            "Softmax has no element-wise derivative: expected a call of backward. Received: a call of derivative."
        )

    def backward(self, gradient, z, a, out=None):
        mean = np.vecdot(a, gradient)[..., np.newaxis]
        delta = np.subtract(gradient, mean, out=out)
        delta *= a
        return delta


#: The class of each element-wise activation by Keras's name.
ACTIVATIONS = {
    "linear": Linear,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "elu": ELU,
    "softplus": Softplus,
    "leaky_relu": LeakyReLU,
    "silu": SiLU,
    "gelu": GELU,
}
NAMES = {**ACTIVATIONS, "softmax": Softmax, "swish": SiLU}  # all names that `get` accepts

linear, relu, sigmoid, tanh, elu, softplus = Linear(), ReLU(), Sigmoid(), Tanh(), ELU(), Softplus()
leaky_relu, silu, gelu, softmax = LeakyReLU(), SiLU(), GELU(), Softmax()
swish = silu


def get(identifier):
    """Return the activation for a name, a dictionary, a class or an object; `None` is `Linear`, as in Keras."""
    if identifier is None:
        return Linear()
    return resolve(identifier, NAMES, Activation, "activation")


def serialize(activation):
    """Return an identifier from which `get` makes an equal activation: Keras's name, or class and arguments."""
    return activation.identifier()


deserialize = get


__getattr__ = refuse_names(__name__)
