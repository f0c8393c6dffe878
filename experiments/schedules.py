"""How the learning rate falls in the experiments of the NumPy half."""

import numpy as np

from aelib.nn.callbacks import LearningRateScheduler


def cosine(learning_rate, epochs):
    """A callback that lets the learning rate fall from epoch to epoch along half a cosine.

    Parameters
    ----------
    learning_rate : float
        Of the first epoch.
    epochs : int
        After how many epochs it would be 0. A training that stops before is the beginning
        of a longer one.
    """
    return LearningRateScheduler(lambda epoch, _: learning_rate * (1 + np.cos(np.pi * epoch / epochs)) / 2)
