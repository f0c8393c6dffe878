"""MNIST: 70,000 handwritten digits of 28 × 28 pixels (LeCun, Cortes & Burges)."""

import hashlib
import pathlib

import numpy as np

from aelib.datasets.integrity import FOLDER, way_back

FILE = FOLDER / "mnist.npz"

# SHA-256 of each array's bytes, as rebuilt from the original IDX files.
DIGESTS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

WAY_BACK = way_back("mnist.npz")


def load_mnist(limit=None, flatten=True, path=FILE):
    """Return MNIST in the shape of `keras.datasets.mnist.load_data()`, scaled and flat.

    Parameters
    ----------
    limit : int or None
        Take only the first `limit` images of the training part and of the test part.
    flatten : bool
        Images as rows of 784 pixels; if false, as 28 × 28.
    path : str or path
        The file to read; the book's own by default.

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
    if limit is not None and (not isinstance(limit, (int, np.integer)) or limit < 1):
        raise ValueError(f"limit must be a positive integer or None. Received: {limit!r}.")
    arrays = _read(pathlib.Path(path))
    x_train, x_test = (_scale(arrays[name][:limit], flatten) for name in ("x_train", "x_test"))
    y_train, y_test = (arrays[name][:limit] for name in ("y_train", "y_test"))
    return (x_train, y_train), (x_test, y_test)


def _read(path):
    """Read and verify the four arrays."""
    if not path.exists():
        raise FileNotFoundError(f"Expected the MNIST data at {path}; it is not there. {WAY_BACK}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in DIGESTS}
    except Exception as error:  # zlib, zipfile and numpy each raise their own
        raise ValueError(f"The MNIST data at {path} cannot be read: {error}. {WAY_BACK}") from error
    for name, expected in DIGESTS.items():
        received = hashlib.sha256(np.ascontiguousarray(arrays[name])).hexdigest()
        if received != expected:
            raise ValueError(
                f"The array {name} in {path} is damaged: expected SHA-256 {expected}. Received: {received}. {WAY_BACK}"
            )
    return arrays


def _scale(images, flatten):
    """Bytes 0 to 255 as float32 in [0, 1]."""
    images = np.divide(images, 255, dtype="float32")
    return images.reshape(len(images), -1) if flatten else images
