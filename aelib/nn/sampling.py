"""Sampling of tokens from the log-probabilities or logits of a language model."""

import numpy as np


def tempered(log_probabilities, temperature):
    """Return log-probabilities at a temperature `T`: `log p_i / T - log Σ_j exp(log p_j / T)`.

    Parameters
    ----------
    log_probabilities : array_like, shape (…, V)
        Or logits, which differ from them by a constant in each row.
    temperature : float
        `T`, above 0. A value of 1 leaves the distribution unchanged; smaller values sharpen it, larger values
        flatten it.

    Returns
    -------
    ndarray, shape (…, V), float64

    Raises
    ------
    ValueError
        If `temperature` is not a positive, finite number.
    """
    if not temperature > 0 or not np.isfinite(temperature):
        raise ValueError(f"Expected a positive, finite temperature. Received: {temperature!r}.")
    scaled = np.asarray(log_probabilities, dtype="float64") / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))


def sample_tokens(log_probabilities, temperature, rng):
    """Draw one token from each row of log-probabilities or logits.

    Parameters
    ----------
    log_probabilities : array_like, shape (n, V)
    temperature : float
        As in `tempered`, or 0: the limit, which takes the most probable token.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,), int32
    """
    if temperature == 0:
        return np.argmax(log_probabilities, axis=-1).astype("int32")
    cumulated = np.cumsum(np.exp(tempered(log_probabilities, temperature)), axis=-1)  # (n, V)
    thresholds = rng.random((len(cumulated), 1)) * cumulated[:, -1:]
    return (cumulated <= thresholds).sum(axis=-1).astype("int32")  # (n,)
