"""Checks of `backward` by central differences.

The central difference `(C(w + h) - C(w - h)) / 2h` approximates a derivative with two evaluations of the loss. It does
not use the backward pass, so it does not repeat a mistake made there.
"""

import copy

import numpy as np

from aelib.checks import positive_integer, positive_number
from aelib.nn import losses


def check_gradients(network, x, y, loss, entries=100, step=1e-5, rng=None, training=True):
    """Compare the gradients of `backward` with central differences, in float64.

    Parameters
    ----------
    network : Sequential
        The check uses a float64 copy, which is built from `x` if necessary; the network itself is not changed.
    x : array_like, shape (n, features)
    y : array_like, shape (n, units of the last layer)
    loss : str or Loss
        A loss of `aelib.nn.losses`; the network's penalties are added to it.
    entries : int or None
        The number of entries of each array to check, drawn at random; `None` checks all of them.
    step : float
        `h`, the size of a perturbation.
    rng : numpy.random.Generator, int or None
        Draws the entries.
    training : bool
        Whether to run the passes as in a training step. Random draws of a layer, such as a dropout mask, are the same
        in every pass.

    Returns
    -------
    dict of str to float
        For each weight array, such as ``"dense/kernel"``, the relative error
        `‖g - ĝ‖ / max(‖g‖, ‖ĝ‖)` between the gradient `g` and the central difference `ĝ`
        over the entries checked; 0 if both are exactly zero.

    Raises
    ------
    ValueError
        If `entries`, `step` or `loss` is invalid, or the data do not have the shapes of the network.

    Notes
    -----
    With smooth activations, a correct gradient gives about 1e-7 or less; a wrong sign gives 2, and a missing gradient
    gives 1. If a perturbation moves a ReLU across its kink, `g` and `ĝ` differ even though both are correct: check
    fewer entries, or change `x`.
    """
    step = positive_number("step", step)
    if entries is not None:
        entries = positive_integer("entries", entries)
    rng = np.random.default_rng(rng)
    network = copy.deepcopy(network).astype("float64")
    network.compile(optimizer="sgd", loss=losses.get(loss))
    x, y = np.asarray(x, dtype="float64"), np.asarray(y, dtype="float64")
    if not network.built:
        network.build((None, *x.shape[1:]))
    states = [(generator.bit_generator, generator.bit_generator.state) for generator in network.generators]

    def cost():
        restore(states)
        return network.compute_loss(x, y, network.forward(x, training))

    restore(states)
    gradients = [g.copy() for g in network.loss_and_gradients(x, y, training)[1]]
    errors = {}
    for name, variable, gradient in zip(trainable_names(network), network.trainable_variables, gradients):
        size = variable.size if entries is None else min(entries, variable.size)
        chosen = rng.choice(variable.size, size=size, replace=False)
        numerical = central_difference(cost, variable, chosen, step)
        errors[name] = relative_error(gradient.ravel()[chosen], numerical)
    return errors


def restore(states):
    """Set random generators back to saved states, so that they repeat their draws."""
    for bit_generator, state in states:
        bit_generator.state = state


def trainable_names(network):
    """Return the names `dense/kernel`, `dense/bias`, … in the order of the trainable variables."""
    trained = {id(variable) for variable in network.trainable_variables}
    return [name for name, variable in network.variables.items() if id(variable) in trained]


def relative_error(a, b):
    """Return `‖a - b‖ / max(‖a‖, ‖b‖)` for two arrays of equal shape; 0 if both are zero."""
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return 0.0 if scale == 0 else float(np.linalg.norm(a - b) / scale)


def central_difference(function, array, entries=None, step=1e-5):
    """Return approximate partial derivatives of a function with respect to the entries of an array.

    Parameters
    ----------
    function : callable
        Takes no arguments; returns one number, computed from the current values in `array`.
    array : ndarray
        Floating-point numbers. Each entry is changed in place and then restored.
    entries : sequence of int or None
        The flat indices of the entries, in row-major order; `None` means all entries.
    step : float
        `h`, the size of a perturbation.

    Returns
    -------
    ndarray
        `(f(a + h) - f(a - h)) / 2h` for each entry, in the shape of the array if `entries`
        is `None`, and otherwise of shape (number of entries,).

    Raises
    ------
    ValueError
        If `array` does not hold floating-point numbers, so that a perturbation would be rounded away.
    """
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"Expected an array of floating-point numbers. Received: dtype {array.dtype}.")
    flat = array.flat  # writes into the array in any memory order
    slopes = []
    for entry in range(array.size) if entries is None else entries:
        value = flat[entry]
        flat[entry] = value + step
        above = function()
        flat[entry] = value - step
        below = function()
        flat[entry] = value
        slopes.append((above - below) / (2.0 * step))
    return np.array(slopes).reshape(array.shape if entries is None else -1)
