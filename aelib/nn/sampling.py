"""Drawing tokens from the log-probabilities, or logits, that a model gives."""

import numpy as np


def tempered(log_probabilities, temperature):
    """Return log-probabilities at a temperature, `log p_i / T` normalised anew.

    Parameters
    ----------
    log_probabilities : array_like, shape (…, V)
        Or logits, which differ from them by a constant in each row.
    temperature : float
        Positive. 1 changes nothing, below 1 sharpens, above 1 flattens.

    Returns
    -------
    ndarray, shape (…, V), float64
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
        As in `tempered`; 0, its limit, takes the most probable token.
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
