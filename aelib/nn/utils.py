"""`set_random_seed`, and the random generator shared by all networks that are given neither generator nor seed."""

import random

import numpy as np

_seeded = None


def set_random_seed(seed):
    """Make all subsequent random draws reproducible, as `keras.utils.set_random_seed` does.

    Networks and layers that are given neither a generator nor a seed share one generator with this seed. The global
    generators of Python and of NumPy are also seeded, as in Keras.

    Parameters
    ----------
    seed : int
        From 0 to 2³² - 1.

    Raises
    ------
    ValueError
        If `seed` is not such an integer.
    """
    global _seeded
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1. Received: {seed!r}.")
    random.seed(int(seed))
    np.random.seed(seed)
    _seeded = np.random.default_rng(seed)


def generator(rng=None):
    """Return a generator made from a seed. Without one, return the shared generator or, if no seed was set, a new one.

    Parameters
    ----------
    rng : numpy.random.Generator, int, sequence of int or None

    Returns
    -------
    numpy.random.Generator
    """
    if rng is None and _seeded is not None:
        return _seeded
    return np.random.default_rng(rng)
