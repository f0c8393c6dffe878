"""Which images several experiments show, how they are kept, and how much of an image is missing in its reconstruction."""

import numpy as np
from sklearn.decomposition import PCA

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


def simple_methods(x_train, components, *others):
    """The errors of the mean image and of PCA, fitted to training images: for each name, one number for each of others."""
    solver = "full" if len(x_train) < x_train.shape[1] else "covariance_eigh"
    pca, mean = PCA(components, svd_solver=solver).fit(x_train.astype("float64")), x_train.mean(axis=0)
    return {
        "mean image": [error(x, np.broadcast_to(mean, x.shape)) for x in others],
        "PCA": [error(x, pca.inverse_transform(pca.transform(x))) for x in others],
    }


def unexplained(x, reconstructions, centre):
    """The squared error of reconstructions as a share of that of one constant answer."""
    return error(x, reconstructions) / error(x, np.broadcast_to(centre, x.shape))
