"""An activation bends a layer's output: without one, a deep network is a single matrix.

Each activation is a pair of element-wise functions of the pre-activation `Z`: the
value `A = f(Z)` for the forward pass and the derivative `f'(Z)` for the backward pass.
"""

import numpy as np

from aelib.registry import resolve


class Activation:
    """Base class: an element-wise function and its derivative."""

    def __call__(self, z):
        """Return `f(z)`.

        Parameters
        ----------
        z : ndarray, any shape
            The pre-activations.

        Returns
        -------
        ndarray, same shape and dtype as `z`
        """
        raise NotImplementedError

    def derivative(self, z, a):
        """Return `f'(z)`, given both `z` and `a = f(z)` so that neither is computed twice.

        Parameters
        ----------
        z, a : ndarray, same shape
            Pre-activations and activations of one forward pass.

        Returns
        -------
        ndarray, same shape and dtype as `z`
        """
        raise NotImplementedError


class Linear(Activation):
    """`f(z) = z`, `f'(z) = 1`: no activation at all."""

    def __call__(self, z):
        return z

    def derivative(self, z, a):
        return np.ones_like(z)


class ReLU(Activation):
    """`f(z) = max(z, 0)`, `f'(z) = 1` where `z > 0`, else 0.

    At the kink, `z = 0`, the derivative is taken to be 0, as Keras takes it.
    """

    def __call__(self, z):
        return np.maximum(z, 0)

    def derivative(self, z, a):
        return (z > 0).astype(z.dtype)


class Sigmoid(Activation):
    """`f(z) = 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2`, `f'(z) = f(z) (1 - f(z))`.

    The form with tanh is the same function and never overflows.
    """

    def __call__(self, z):
        return 0.5 * (1.0 + np.tanh(0.5 * z))

    def derivative(self, z, a):
        return a * (1.0 - a)


class Tanh(Activation):
    """`f(z) = tanh(z)`, `f'(z) = 1 - f(z)²`."""

    def __call__(self, z):
        return np.tanh(z)

    def derivative(self, z, a):
        return 1.0 - a * a


class ELU(Activation):
    """`f(z) = z` where `z > 0`, else `exp(z) - 1`; `f'(z) = 1`, else `exp(z) = f(z) + 1`.

    The exponential linear unit with Keras's default, alpha = 1.
    """

    def __call__(self, z):
        return np.maximum(z, 0) + np.expm1(np.minimum(z, 0))

    def derivative(self, z, a):
        return np.minimum(a, 0) + 1.0


class Softplus(Activation):
    """`f(z) = log(1 + exp(z))`, a smooth ReLU; `f'(z)` is the sigmoid of `z`."""

    def __call__(self, z):
        return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))

    def derivative(self, z, a):
        return 0.5 * (1.0 + np.tanh(0.5 * z))


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
