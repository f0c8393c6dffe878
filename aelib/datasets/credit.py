"""4,454 people who asked a bank for credit, what was known of them, and how it ended."""

import csv
import io
import lzma

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified

NUMERIC = ("Seniority", "Time", "Age", "Expenses", "Income", "Assets", "Debt", "Amount", "Price")
CATEGORICAL = ("Home", "Marital", "Records", "Job")


def load_credit(*, folder=FOLDER):
    """Return the credit data as numbers, categories and outcomes.

    Parameters
    ----------
    folder : str or path
        Where the file lies; the book's own data by default.

    Returns
    -------
    numeric : ndarray, shape (4454, 9), float64
        The columns `NUMERIC`; NaN where the bank did not know, in 446 places.
    categorical : ndarray, shape (4454, 4), of str
        The columns `CATEGORICAL`; "missing" where the bank did not know, in 9 places.
    bad : ndarray, shape (4454,), bool
        Whether the credit was not paid back as agreed: 1,254 are.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or damaged.
    """
    text = lzma.decompress(read_verified("modeldata_credit_data.csv.xz", folder)).decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    numeric = np.array([[float(row[name] or "nan") for name in NUMERIC] for row in rows])
    categorical = np.array([[row[name] or "missing" for name in CATEGORICAL] for row in rows])
    return numeric, categorical, np.array([row["Status"] == "bad" for row in rows])
