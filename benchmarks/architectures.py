"""The three autoencoders of the benchmark, and the weights that every implementation starts from."""

import numpy as np

ARCHITECTURES = {
    "a": (784, 32, 784),
    "b": (784, 128, 64, 32, 64, 128, 784),
    "c": (784, 1000, 500, 250, 30, 250, 500, 1000, 784),
}


def title(units):
    """`784-32-784`, for a table."""
    return "-".join(str(width) for width in units)


def starting_weights(units, seed=0):
    """Return `[W1, b1, W2, b2, …]` in float32, as Keras starts: Glorot's uniform kernels, zero biases."""
    rng = np.random.default_rng(seed)
    weights = []
    for inputs, outputs in zip(units, units[1:]):
        limit = np.sqrt(6.0 / (inputs + outputs))
        weights.append(rng.uniform(-limit, limit, (inputs, outputs)).astype("float32"))
        weights.append(np.zeros(outputs, "float32"))
    return weights


def multiplications(units, images):
    """How many numbers the matrix products of one epoch multiply.

    Each layer has three products of `images × inputs × outputs`: `X W` forward, `Xᵀ Δ` and
    `Δ Wᵀ` backward. The first layer does without the last of them, since nobody asks for
    the slope of its input.
    """
    sizes = [inputs * outputs for inputs, outputs in zip(units, units[1:])]
    return images * (3 * sum(sizes) - sizes[0])
