"""A data file is compared with its known digest before anything is made of it."""

import hashlib
import pathlib

FOLDER = pathlib.Path(__file__).parent / "files"


def read_verified(name, sha256, folder=FOLDER):
    """Return the bytes of a data file, if they are the right ones.

    Parameters
    ----------
    name : str
        The file's name in the folder.
    sha256 : str
        The SHA-256 of its bytes, as `SOURCES.md` beside the data gives it.
    folder : str or path
        Where to look; the book's own data by default.

    Returns
    -------
    bytes

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If its bytes are others. Both messages say how to get the file back.
    """
    path = pathlib.Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"Expected a data file at {path}; it is not there. {way_back(name)}")
    content = path.read_bytes()
    received = hashlib.sha256(content).hexdigest()
    if received != sha256:
        raise ValueError(
            f"The data file {path} is damaged: expected SHA-256 {sha256}. Received: {received}. {way_back(name)}"
        )
    return content


def way_back(name):
    """The sentence that says how a lost file of the repository is restored."""
    return f"Restore it with 'git checkout -- aelib/datasets/files/{name}' in the book's repository."
