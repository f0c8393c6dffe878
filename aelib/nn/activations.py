"""An activation bends a layer's output: without one, a deep network is a single matrix.

Each activation is a pair of element-wise functions of the pre-activation `Z`: the
value `A = f(Z)` for the forward pass and the derivative `f'(Z)` for the backward pass.
Where a result is worked on further in place, `np.asarray` lets a plain number pass too.
"""

import numpy as np

from aelib.nn.registry import resolve


class Activation:
    """Base class: an element-wise function and its derivative.

    Where a method takes `out`, it writes its result there and returns it; `None` makes
    a new array. A subclass must take `out`, too, and may leave it aside.
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


class Linear(Activation):
    """`f(z) = z`, `f'(z) = 1`: no activation at all."""

    def __call__(self, z, out=None):
        return z

    def derivative(self, z, a, out=None):
        ones = np.empty_like(z) if out is None else out
        ones.fill(1)
        return ones

    def backward(self, gradient, z, a, out=None):
        return gradient


class ReLU(Activation):
    """`f(z) = max(z, 0)`, `f'(z) = 1` where `z > 0`, else 0.

    At the kink, `z = 0`, the derivative is taken to be 0, as Keras takes it.
    """

    def __call__(self, z, out=None):
        return np.maximum(z, 0, out=out)

    def derivative(self, z, a, out=None):
        return np.greater(z, 0, out=np.empty_like(z) if out is None else out)


class Sigmoid(Activation):
    """`f(z) = 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2`, `f'(z) = f(z) (1 - f(z))`.

    The form with tanh is the same function, never overflows, and needs no division.
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

    The exponential linear unit with Keras's default, alpha = 1.
    """

    def __call__(self, z, out=None):
        a = np.asarray(np.minimum(z, 0.0, out=out))
        np.expm1(a, out=a)
        return np.maximum(z, a, out=a)  # exp(z) - 1 is never below z, so below 0 it is the larger

    def derivative(self, z, a, out=None):
        slope = np.asarray(np.minimum(a, 0, out=out))
        slope += 1
        return slope


class Softplus(Activation):
    """`f(z) = log(1 + exp(z))`, a smooth ReLU; `f'(z)` is the sigmoid of `z`."""

    def __call__(self, z, out=None):
        a = np.asarray(np.copysign(z, -1.0, out=out))  # -|z|
        np.log1p(np.exp(a, out=a), out=a)
        a += np.maximum(z, 0)
        return a

    def derivative(self, z, a, out=None):
        return Sigmoid()(z, out)


#: Each activation's class by its name.
ACTIVATIONS = {
    "linear": Linear,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "elu": ELU,
    "softplus": Softplus,
}


def get(identifier):
    """Return the activation of a name; `None` is the linear one, as in Keras."""
    if identifier is None:
        return Linear()
    return resolve(identifier, ACTIVATIONS, Activation, "activation")
