"""Weights small enough for a page: one byte each, and one scale a unit.

A kernel's column holds the weights of one unit. Divided by 1/127 of its largest, they fit
into the whole numbers from -127 to 127; rounding moves a weight by half a scale at most.
"""

import base64

import numpy as np

from aelib.nn import activations

# What `base.js` can compute.
ACTIVATIONS = {
    name: activations.ACTIVATIONS[name] for name in ("linear", "relu", "sigmoid", "tanh", "elu", "silu", "softplus")
}


def quantize(kernel):
    """Return a kernel as whole numbers and one scale for each unit.

    Parameters
    ----------
    kernel : array_like, shape (inputs, units)

    Returns
    -------
    whole : ndarray of int8, shape (inputs, units)
    scale : ndarray of float32, shape (units,)
        `whole * scale` differs from `kernel` by `scale / 2` at most, but for the rounding of float32.

    Raises
    ------
    ValueError
        If `kernel` is no matrix of finite numbers.
    """
    kernel = np.asarray(kernel, dtype="float64")
    if kernel.ndim != 2 or kernel.size == 0 or not np.isfinite(kernel).all():
        raise ValueError(
            f"Expected a matrix (inputs, units) of finite numbers. Received: shape {kernel.shape}, "
            f"{np.count_nonzero(~np.isfinite(kernel))} of them not finite."
        )
    scale = np.abs(kernel).max(axis=0) / 127
    scale[scale == 0] = 1.0  # a unit whose weights are all zero
    return np.rint(kernel / scale).astype("int8"), scale.astype("float32")


def dense_layers(network):
    """Return a network of dense layers, in NumPy or in Keras, as data for a page.

    Parameters
    ----------
    network : aelib.nn.sequential.Sequential or keras.Sequential
        Built, and made of `Dense` layers; a network inside it stands for its layers.

    Returns
    -------
    list of dict
        For each layer its `inputs`, `units`, `activation`, its `kernel` as base64 of the bytes of
        `quantize`, row by row, and its `scale` and `bias` as base64 of float32, lowest byte first.

    Raises
    ------
    ValueError
        If a layer is not dense, or its activation is none that the script knows.
    """
    layers = []
    for layer in network.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        layers += dense_layers(layer) if hasattr(layer, "layers") else [_dense_layer(layer)]
    return layers


def _dense_layer(layer):
    """One layer as data."""
    if type(layer).__name__ != "Dense":
        raise ValueError(f"Expected layers of the class Dense. Received: a {type(layer).__name__}.")
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__).lower()  # Keras has functions
    if name not in ACTIVATIONS:
        raise ValueError(f"Expected one of the activations {', '.join(ACTIVATIONS)}. Received: {name!r}.")
    kernel, *bias = layer.get_weights()
    whole, scale = quantize(kernel)
    bias = bias[0] if bias else np.zeros(whole.shape[1])
    return {
        "inputs": whole.shape[0],
        "units": whole.shape[1],
        "activation": name,
        "kernel": base64_of(whole, "int8"),
        "scale": base64_of(scale, "<f4"),
        "bias": base64_of(bias, "<f4"),
    }


def page_forward(layers, x):
    """Return what a page computes from a network's data.

    Parameters
    ----------
    layers : list of dict
        Of `dense_layers`.
    x : array_like, shape (n, inputs)

    Returns
    -------
    ndarray of float64, shape (n, units)
        `A = f(X W + b)`, layer by layer, where `W` holds the rounded weights.

    Raises
    ------
    ValueError
        If `x` is no matrix with as many columns as the network has inputs.
    """
    return _page_forward(layers, x)[0]


def rounding_deviation(layers, x):
    """Return how far rounded weights should move the outputs: one standard deviation of each.

    To round to multiples of a scale is to add errors that are spread evenly over one scale, with the
    variance `scale² / 12`. Taking them as independent, the variance of a pre-activation is

        Var[z_j] = Σ_i (a_i² scale_j² / 12 + Var[a_i] w_ij²),    Var[a_i] = f'(z_i)² Var[z_i],

    where the second equation is of first order, and so is the independence of the `a_i` of deeper layers.

    Parameters
    ----------
    layers, x
        As in `page_forward`.

    Returns
    -------
    ndarray of float64, shape (n, units)

    Raises
    ------
    ValueError
        As `page_forward`.
    """
    return np.sqrt(_page_forward(layers, x)[1])


def _page_forward(layers, x):
    """The outputs of rounded weights, and the variances that the rounding gives them."""
    a = np.asarray(x, dtype="float64")
    if a.ndim != 2 or a.shape[1] != layers[0]["inputs"]:
        raise ValueError(f"Expected examples of shape (n, {layers[0]['inputs']}). Received: {a.shape}.")
    variance = np.zeros_like(a)
    for layer in layers:
        whole = np.frombuffer(base64.b64decode(layer["kernel"]), "int8").reshape(layer["inputs"], layer["units"])
        scale, bias = (
            np.frombuffer(base64.b64decode(layer[name]), "<f4").astype("float64") for name in ("scale", "bias")
        )
        kernel, f = whole * scale, ACTIVATIONS[layer["activation"]]()
        z = a @ kernel + bias  # (n, units)
        moved = np.square(a).sum(axis=1, keepdims=True) * scale**2 / 12 + variance @ kernel**2
        a = f(z)
        variance = moved * f.derivative(z, a) ** 2
    return a, variance


def base64_of(array, dtype):
    """Return an array's bytes, row by row, as base64."""
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode()
