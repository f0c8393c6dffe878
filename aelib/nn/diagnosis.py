"""Measures per layer for a network that does not learn: sizes of gradients, dead units, and saturated units.

The chapter *How to make it train better* explains how to interpret these numbers.
"""

import numpy as np

from aelib.nn.activations import ReLU, Sigmoid, Tanh
from aelib.nn.layers import Affine

#: The lower and upper limits of the saturating activations.
ENDS = {Sigmoid: (0.0, 1.0), Tanh: (-1.0, 1.0)}


def gradient_sizes(network, x, y):
    """Return the root mean square of the entries of `∂C/∂W`, one value per layer.

    It does not depend on the number of entries, so layers of different sizes can be compared.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
        A compiled network.
    x, y : ndarray, shape (n, features)
        Examples and their targets.

    Returns
    -------
    ndarray, shape (layers,)
    """
    network.loss_and_gradients(x, y)
    return np.array([root_mean_square(layer.kernel_gradient) for layer in affine_layers(network)])


def activation_sizes(network, x):
    """Return the root mean square of the activations, one value per layer.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
    x : ndarray, shape (n, features)
        Examples.

    Returns
    -------
    ndarray, shape (layers,)
    """
    return np.array([root_mean_square(a) for _, a in _activations(network, x)])


def dead_shares(network, x):
    """Return the fraction of dead units of each layer, that is, of units whose output is zero for every example.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
    x : ndarray, shape (n, features)
        At least a few hundred examples: a unit that is zero for all of them may still be active for another.

    Returns
    -------
    ndarray, shape (layers,)
        Between 0 and 1; NaN for a layer without ReLU units.
    """
    return np.array(
        [
            (a == 0).all(axis=0).mean() if isinstance(layer.activation, ReLU) else np.nan
            for layer, a in _activations(network, x)
        ]
    )


def saturated_shares(network, x, margin=0.01):
    """Return the fraction of saturated activations of each layer, that is, of activations close to a limit.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
    x : ndarray, shape (n, features)
        Examples.
    margin : float
        The largest distance from a limit that counts as close, as a fraction of the distance between the limits.

    Returns
    -------
    ndarray, shape (layers,)
        Between 0 and 1; NaN for a layer that is neither sigmoid nor tanh.
    """
    shares = []
    for layer, a in _activations(network, x):
        low, high = ENDS.get(type(layer.activation), (np.nan, np.nan))
        near = np.minimum(a - low, high - a) < margin * (high - low)
        shares.append(near.mean() if np.isfinite(low) else np.nan)
    return np.array(shares)


def _activations(network, x):
    """Yield each layer and its activations, shape (n, units)."""
    network.forward(x)
    for layer in affine_layers(network):
        yield layer, layer.kept[-1]


def affine_layers(network):
    """Yield the layers with a kernel and an activation, including those of nested networks."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from affine_layers(layer)
        elif isinstance(layer, Affine):
            yield layer


def root_mean_square(array):
    """Return the root mean square in float64, where the squares of vanishing gradients do not underflow."""
    return float(np.sqrt(np.mean(np.square(array, dtype="float64"))))
