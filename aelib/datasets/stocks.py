"""The prices of 20 large American companies on 8,313 days, from 1990 to 2022."""

import csv
import gzip
import io

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified


def load_stock_returns(*, folder=FOLDER):
    """Return daily logarithmic returns, computed from closing prices.

    Parameters
    ----------
    folder : str or path
        Where the file lies; the book's own data by default.

    Returns
    -------
    days : ndarray, shape (8312,), datetime64[D]
        The day on which each return was made, since the trading day before.
    names : tuple of str
        The 20 ticker symbols.
    returns : ndarray, shape (8312, 20), float64
        `log(price today / price before)`: 0.01 is about one percent.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or damaged.

    Notes
    -----
    The companies are some that were large in 2022. Those that did not last that long are
    missing, so whatever is earned with these returns, nobody could have earned it.
    """
    text = gzip.decompress(read_verified("sp500_dataset.csv.gz", folder)).decode("utf-8")
    (_, *names), *rows = csv.reader(io.StringIO(text))
    days = np.array([row[0] for row in rows], dtype="datetime64[D]")
    prices = np.array([row[1:] for row in rows], dtype="float64")
    return days[1:], tuple(names), np.diff(np.log(prices), axis=0)
