"""What to look at, layer by layer, when a network does not learn: its gradients, its dead units, its saturated units.

The chapter *How to make it train better* says which of these numbers means what.
"""

import numpy as np

from aelib.nn.activations import ReLU, Sigmoid, Tanh
from aelib.nn.layers import Affine

#: The two ends of an activation that flattens out on both sides.
ENDS = {Sigmoid: (0.0, 1.0), Tanh: (-1.0, 1.0)}


def gradient_sizes(network, x, y):
    """Return the root mean square of the entries of `∂C/∂W`, one number a layer.

    It does not depend on how many entries there are, so layers of different sizes can be compared.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
        Compiled.
    x, y : ndarray, shape (n, features)
        Some examples and their targets.

    Returns
    -------
    ndarray, shape (layers,)
    """
    network.loss_and_gradients(x, y)
    return np.array([root_mean_square(layer.kernel_gradient) for layer in affine_layers(network)])


def activation_sizes(network, x):
    """Return the root mean square of the activations, one number a layer.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
    x : ndarray, shape (n, features)
        Some examples.

    Returns
    -------
    ndarray, shape (layers,)
    """
    return np.array([root_mean_square(a) for _, a in _activations(network, x)])


def dead_shares(network, x):
    """Return the share of dead units of each layer: of those that are zero for every example.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
    x : ndarray, shape (n, features)
        Examples, a few hundred at least: a unit that none of them wakes may still be woken by another.

    Returns
    -------
    ndarray, shape (layers,)
        Between 0 and 1; NaN for a layer that is not ReLU, which has no units of this kind.
    """
    return np.array(
        [
            (a == 0).all(axis=0).mean() if isinstance(layer.activation, ReLU) else np.nan
            for layer, a in _activations(network, x)
        ]
    )


def saturated_shares(network, x, margin=0.01):
    """Return the share of saturated activations of each layer: of those that are at one of the two ends.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential
    x : ndarray, shape (n, features)
        Some examples.
    margin : float
        How near to an end counts, as a share of the way from one end to the other.

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
    """Yield each layer with its activations, shape (n, units)."""
    network.forward(x)
    for layer in affine_layers(network):
        yield layer, layer.kept[-1]


def affine_layers(network):
    """The layers with a kernel and an activation, those of networks within the network among them."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from affine_layers(layer)
        elif isinstance(layer, Affine):
            yield layer


def root_mean_square(array):
    """The root of the mean of the squares, in float64, where the square of a vanished gradient is not yet zero."""
    return float(np.sqrt(np.mean(np.square(array, dtype="float64"))))
