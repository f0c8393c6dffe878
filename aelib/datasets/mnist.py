"""MNIST: 70,000 handwritten digits of 28 × 28 pixels (LeCun, Cortes & Burges)."""

import io

import numpy as np

from aelib.checks import positive_integer
from aelib.datasets.reader import FOLDER, read_verified


def load_mnist(limit=None, flatten=True, *, folder=FOLDER):
    """Return MNIST in the shape of `keras.datasets.mnist.load_data()`, scaled and flat.

    Parameters
    ----------
    limit : int or None
        Take only the first `limit` images of the training part and of the test part.
    flatten : bool
        Images as rows of 784 pixels; if false, as 28 × 28.
    folder : str or path
        Where the file is; the book's own data by default.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : ndarrays
        Images as float32 in [0, 1], of shape (n, 784), or (n, 28, 28) if not `flatten`;
        labels as uint8 of shape (n,). There are 60,000 and 10,000.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If the file is damaged, or `limit` is not a positive integer.
    """
    if limit is not None:
        limit = positive_integer("limit", limit)
    with np.load(io.BytesIO(read_verified("mnist.npz", folder)), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    x_train, x_test = (scaled(arrays[name][:limit], flatten) for name in ("x_train", "x_test"))
    y_train, y_test = (arrays[name][:limit] for name in ("y_train", "y_test"))
    return (x_train, y_train), (x_test, y_test)


def scaled(images, flatten):
    """Return bytes from 0 to 255 as float32 in [0, 1], shape (n, 784) if `flatten`."""
    images = np.divide(images, 255, dtype="float32")
    return images.reshape(len(images), -1) if flatten else images
