"""Fashion-MNIST: 10,000 pictures of clothes, 28 × 28 pixels, in the place of digits (Xiao, Rasul & Vollgraf 2017)."""

import gzip

import numpy as np

from aelib.checks import positive_integer
from aelib.datasets.mnist import scaled
from aelib.datasets.reader import FOLDER, read_verified

FILES = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")

#: What each label, 0 to 9, means.
CLOTHES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def load_fashion_mnist(limit=None, flatten=True, *, folder=FOLDER):
    """Return the test part of Fashion-MNIST; the book has no use for the training part.

    Parameters
    ----------
    limit : int or None
        Take only the first `limit` images.
    flatten : bool
        Images as rows of 784 pixels; if false, as 28 × 28.
    folder : str or path
        Where the two files are; the book's own data by default.

    Returns
    -------
    x, y : ndarrays
        Images as float32 in [0, 1], of shape (n, 784), or (n, 28, 28) if not `flatten`;
        labels as uint8 of shape (n,), with their names in `aelib.datasets.fashion_mnist.CLOTHES`. There are 10,000.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    ValueError
        If a file is damaged, or `limit` is not a positive integer.
    """
    if limit is not None:
        limit = positive_integer("limit", limit)
    images, labels = (read_idx(gzip.decompress(read_verified(name, folder)))[:limit] for name in FILES)
    return scaled(images, flatten), labels.copy()


def read_idx(content):
    """Return the bytes of an IDX file as an array of uint8.

    Two bytes of zero, the type (8: bytes), the number of axes, each axis's length as four bytes with the high one
    first, and then the values, row after row: this is the format in which MNIST was published.

    Raises
    ------
    ValueError
        If the content is not such a file.
    """
    head = np.frombuffer(content[:4], dtype="uint8").tolist()
    if len(head) < 4 or head[:3] != [0, 0, 8]:
        raise ValueError(f"Expected an IDX file of bytes, which begins with 0, 0, 8. Received: {head}.")
    axes = head[3]
    shape = tuple(np.frombuffer(content[4 : 4 + 4 * axes], dtype=">u4").tolist())
    values = content[4 + 4 * axes :]
    if len(shape) != axes or len(values) != np.prod(shape, dtype=int):
        raise ValueError(f"Expected an IDX file with values of shape {shape}. Received: {len(values)} bytes.")
    return np.frombuffer(values, dtype="uint8").reshape(shape)
