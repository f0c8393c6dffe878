"""Is `backward` right? Nudge each weight, watch the loss, and compare slopes.

The central difference `(C(w + h) - C(w - h)) / 2h` needs no calculus and no backward
pass, only the definition of the derivative. So it is a judge that cannot make the
same mistake as the code it judges.
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
        Built, or buildable from `x`. A float64 copy is checked; it is left as it was.
    x : array_like, shape (n, features)
    y : array_like, shape (n, units of the last layer)
    loss : str or Loss
        Any loss of `aelib.nn.losses`; the network's penalties are included.
    entries : int or None
        How many entries of each array are nudged, drawn at random where the array has
        more; `None` nudges all of them.
    step : float
        `h`, the size of a nudge.
    rng : numpy.random.Generator, int or None
        Draws the entries.
    training : bool
        Whether the passes are those of a training step. What a layer draws, such as the noise of
        a dropout, is the same in every pass.

    Returns
    -------
    dict of str to float
        For each weight array, such as ``"dense/kernel"``, the relative error
        `‖g - ĝ‖ / max(‖g‖, ‖ĝ‖)` between the gradient `g` and the central difference `ĝ`
        over the entries that were nudged; 0 if both are exactly zero.

    Notes
    -----
    A correct gradient gives about 1e-7 or less for smooth activations; a wrong sign
    gives 2, a gradient that is missing gives 1. Where a nudge carries a ReLU across
    its kink, the two slopes rightly differ: nudge fewer entries, or move `x`.
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
    """Let random generators draw again what they drew since their states were noted."""
    for bit_generator, state in states:
        bit_generator.state = state


def trainable_names(network):
    """`dense/kernel`, `dense/bias`, … in the order of the trainable variables."""
    trained = {id(variable) for variable in network.trainable_variables}
    return [name for name, variable in network.variables.items() if id(variable) in trained]


def relative_error(a, b):
    """Return `‖a - b‖ / max(‖a‖, ‖b‖)` of two arrays of one shape; 0 if both are zero."""
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return 0.0 if scale == 0 else float(np.linalg.norm(a - b) / scale)


def central_difference(function, array, entries=None, step=1e-5):
    """Return the slopes of a function in the entries of an array that it depends on.

    Parameters
    ----------
    function : callable
        Without arguments; returns one number, computed from `array` as it stands.
    array : ndarray
        Of floating-point numbers. It is nudged in place, entry by entry, and left as it was.
    entries : sequence of int or None
        Numbers of the entries, counted row after row; `None` nudges all of them.
    step : float
        `h`, the size of a nudge.

    Returns
    -------
    ndarray
        `(f(a + h) - f(a - h)) / 2h` of each entry, in the shape of the array if `entries`
        is `None`, and otherwise of shape (number of entries,).

    Raises
    ------
    ValueError
        If the array's numbers are whole, so that a nudge would be cut off.
    """
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"Expected an array of floating-point numbers. Received: dtype {array.dtype}.")
    flat = array.flat  # writes into the array whatever its memory order
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
