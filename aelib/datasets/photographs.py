"""Seven photographs: five in the repository, and the two that come with scikit-learn."""

import io

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified

IN_THE_REPOSITORY = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
WITH_SCIKIT_LEARN = ("china", "flower")
FILES = {name.partition(".")[0]: name for name in IN_THE_REPOSITORY}
NAMES = (*FILES, *WITH_SCIKIT_LEARN)


def load_photographs(names=NAMES, grey=True, *, folder=FOLDER):
    """Return photographs as arrays of bytes.

    Parameters
    ----------
    names : sequence of str
        Which ones: astronaut, camera, chelsea, coffee, rocket, china, flower.
    grey : bool
        Whether colours are turned to grey, `0.299 red + 0.587 green + 0.114 blue`. The
        photograph camera is grey from the beginning.
    folder : str or path
        Where the files of the repository are; the book's own data by default.

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
    return {name: np.array(_open(name, folder).convert("L" if grey else "RGB")) for name in names}


def _open(name, folder):
    """One photograph as an image of Pillow."""
    from PIL import Image  # here, since a chapter in NumPy alone does not need it

    if name in WITH_SCIKIT_LEARN:
        from sklearn.datasets import load_sample_image

        return Image.fromarray(load_sample_image(f"{name}.jpg"))
    return Image.open(io.BytesIO(read_verified(f"images/{FILES[name]}", folder)))
