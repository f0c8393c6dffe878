"""Which images several experiments show, how they are kept, and how much of an image is missing in its reconstruction."""

import numpy as np

from aelib.metrics import squared_error_per_image


def ten_digits(images, labels):
    """The first image of each digit, shape (10, 784)."""
    return images[[int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]]


def as_bytes(images):
    """Pixels in [0, 1], or a little outside, as bytes."""
    return np.rint(255 * np.clip(images, 0, 1)).astype("uint8")


def error(x, reconstructions):
    """The squared error summed over an image's pixels, averaged over the images."""
    return float(squared_error_per_image(x, reconstructions).mean())


def unexplained(x, reconstructions, centre):
    """The squared error of reconstructions as a share of that of one constant answer."""
    return error(x, reconstructions) / error(x, np.broadcast_to(centre, x.shape))
