"""How far a reconstruction is from its image, one number an image.

The mean over pixels (Keras's `mse`) is what training reports; the sum over pixels is
what Hinton & Salakhutdinov (2006) report. They differ by a factor of 784 on MNIST.
"""

import numpy as np


def squared_error_per_image(images, reconstructions):
    """Return the squared error of each image, summed over its pixels.

    Parameters
    ----------
    images, reconstructions : array_like, shape (n, …)
        Pixels in [0, 1].

    Returns
    -------
    ndarray, shape (n,), float64
        `Σ_pixels (x - y)²`; its mean over a test set is the "average squared
        reconstruction error" of Hinton & Salakhutdinov (2006).

    Raises
    ------
    ValueError
        If the shapes differ or there is no image.
    """
    images, reconstructions = np.asarray(images), np.asarray(reconstructions)
    if images.shape != reconstructions.shape or images.ndim < 2 or len(images) == 0:
        raise ValueError(
            "Expected images and reconstructions of one shape (n, …) with n at least 1. "
            f"Received: shapes {images.shape} and {reconstructions.shape}."
        )
    dtype = np.result_type(images, reconstructions, "float32")  # bytes would wrap around
    difference = np.subtract(images, reconstructions, dtype=dtype).reshape(len(images), -1)  # (n, pixels)
    return np.einsum("ij,ij->i", difference, difference, dtype="float64")


def mean_squared_error(images, reconstructions):
    """Return the squared error averaged over images and pixels, a float: Keras's `mse`."""
    pixels = np.asarray(images)[0].size if len(images) else 1
    return float(squared_error_per_image(images, reconstructions).mean() / pixels)
