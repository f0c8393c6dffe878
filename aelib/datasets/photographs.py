"""Seven photographs: five in the repository, and the two that come with scikit-learn."""

import io

import numpy as np

from aelib.datasets.integrity import read_verified

# SHA-256 of the files in `images/`.
DIGESTS = {
    "astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "camera.png": "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
}
WITH_SCIKIT_LEARN = ("china", "flower")
FILES = {name.partition(".")[0]: name for name in DIGESTS}
NAMES = (*FILES, *WITH_SCIKIT_LEARN)


def load_photographs(names=NAMES, grey=True):
    """Return photographs as arrays of bytes.

    Parameters
    ----------
    names : sequence of str
        Which ones: astronaut, camera, chelsea, coffee, rocket, china, flower.
    grey : bool
        Whether colours are turned to grey, `0.299 red + 0.587 green + 0.114 blue`. The
        photograph camera is grey from the beginning.

    Returns
    -------
    dict of str to ndarray of uint8
        In the order of the names; of shape (height, width) if grey, otherwise
        (height, width, 3). Three of them, rocket, china and flower, were JPEG files, and
        another JPEG decoder may decode one grey level differently.

    Raises
    ------
    ValueError
        If a name is unknown or a file is damaged.
    FileNotFoundError
        If a file is not there.
    """
    if isinstance(names, str) or not set(names) <= set(NAMES):
        raise ValueError(f"Expected a sequence of names among {', '.join(NAMES)}. Received: {names!r}.")
    return {name: np.array(_open(name).convert("L" if grey else "RGB")) for name in names}


def _open(name):
    """One photograph as an image of Pillow."""
    from PIL import Image  # here, since a chapter in NumPy alone does not need it

    if name in WITH_SCIKIT_LEARN:
        from sklearn.datasets import load_sample_image

        return Image.fromarray(load_sample_image(f"{name}.jpg"))
    file = FILES[name]
    return Image.open(io.BytesIO(read_verified(f"images/{file}", DIGESTS[file])))
