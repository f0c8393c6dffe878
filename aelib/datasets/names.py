"""First names: 5,163 of them, with how frequent they were in the United States in 1990."""

import csv
import io

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified

NAME = "census_first_names.csv"


def load_first_names(*, folder=FOLDER):
    """Return first names from the census of 1990, each once, and their frequencies.

    The file has a row for each name and sex, 5,494 in all; 331 names are given to both. Here a name is
    one entry, with two frequencies.

    Parameters
    ----------
    folder : str or path
        Where the file is; the book's own data by default.

    Returns
    -------
    names : ndarray, shape (5163,), str
        Of 2 to 11 letters from a to z, the most frequent first, equals in alphabetical order.
    percent : ndarray, shape (5163, 2), float64
        Percent of women and percent of men who have the name; 0 where it is not listed.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or is damaged.
    """
    rows = csv.DictReader(io.StringIO(read_verified(NAME, folder).decode("ascii")))
    found = {}
    for row in rows:
        found.setdefault(row["name"], [0.0, 0.0])["fm".index(row["sex"])] = float(row["percent"])
    names = sorted(found, key=lambda name: (-sum(found[name]), name))
    return np.array(names), np.array([found[name] for name in names])
