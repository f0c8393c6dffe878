"""The one reader of data files: it compares a file with its known digest before anything is made of it."""

import hashlib
import pathlib
import re

FOLDER = pathlib.Path(__file__).parent / "files"

# SHA-256 of each file, from the table of origins and licences beside the data.
DIGESTS = dict(
    re.findall(
        r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (FOLDER / "SOURCES.md").read_text(encoding="utf-8"), re.MULTILINE
    )
)


def read_verified(name, folder=FOLDER):
    """Return the bytes of a data file, if they are the right ones.

    Parameters
    ----------
    name : str
        The file's name in the folder, one of those in `SOURCES.md`.
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
        If its bytes differ from those in `SOURCES.md`. Both messages say how to restore the file.
    """
    path = pathlib.Path(folder) / name
    way_back = f"Restore it with 'git checkout -- aelib/datasets/files/{name}' in the book's repository."
    if not path.is_file():
        raise FileNotFoundError(f"Expected a data file at {path}; it is not there. {way_back}")
    content = path.read_bytes()
    received = hashlib.sha256(content).hexdigest()
    if received != DIGESTS[name]:
        raise ValueError(
            f"The data file {path} is damaged: expected SHA-256 {DIGESTS[name]}. Received: {received}. {way_back}"
        )
    return content
