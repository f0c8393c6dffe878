"""A summary by extraction is a choice of sentences: near to what the document is about, and far from one another."""

import numpy as np

from aelib.checks import between_0_and_1, positive_integer, real_array


def select_sentences(relevance, similarity, k=3, trade_off=1.0):
    """Choose sentences one after the other by maximal marginal relevance.

    The first is the most relevant one. Each next one has the largest

    `trade_off * relevance[i] - (1 - trade_off) * max(similarity[i, j] for j already chosen)`,

    and of equals the earlier one is taken (Carbonell and Goldstein 1998, and the book's chapter on summarising).

    Parameters
    ----------
    relevance : array_like, shape (n,)
        How well each sentence alone stands for the document.
    similarity : array_like, shape (n, n)
        How much two sentences say the same, on the scale of the relevance, such as the cosine of their vectors.
    k : int
        How many sentences to choose. A document with fewer gives all of them.
    trade_off : float
        From 0, nothing but difference after the first, to 1, nothing but relevance: then the similarity is not looked at.

    Returns
    -------
    ndarray of int, shape (min(k, n),)
        In the order in which they were chosen: sort them to have them in the order of the document.

    Raises
    ------
    ValueError
        If there is no sentence, the shapes do not belong together, a number is masked, NaN or infinite, `k` is not a
        positive integer, or `trade_off` is not between 0 and 1.

    Examples
    --------
    Sentences 0 and 1 are the same. Mere relevance takes both, a trade-off takes another in place of the copy:

    >>> relevance = [0.9, 0.9, 0.6]
    >>> similarity = [[1, 1, 0.2], [1, 1, 0.2], [0.2, 0.2, 1]]
    >>> select_sentences(relevance, similarity, k=2).tolist()
    [0, 1]
    >>> select_sentences(relevance, similarity, k=2, trade_off=0.6).tolist()
    [0, 2]
    """
    relevance = real_array("relevance", relevance).astype(float)
    similarity = real_array("similarity", similarity).astype(float)
    k = positive_integer("k", k)
    if relevance.ndim != 1 or len(relevance) == 0:
        raise ValueError(f"Expected the relevance of at least one sentence. Received: shape {relevance.shape}.")
    if similarity.shape != (len(relevance), len(relevance)):
        raise ValueError(
            f"Expected the similarities of {len(relevance)} sentences to one another, a square matrix. "
            f"Received: shape {similarity.shape}."
        )
    if not (np.isfinite(relevance).all() and np.isfinite(similarity).all()):
        raise ValueError("Expected finite relevances and similarities. Received: some that are NaN or infinite.")
    trade_off = between_0_and_1("trade_off", trade_off)

    chosen = [int(np.argmax(relevance))]
    while len(chosen) < min(k, len(relevance)):
        margin = trade_off * relevance - (1 - trade_off) * similarity[:, chosen].max(axis=1)
        margin[chosen] = -np.inf
        chosen.append(int(np.argmax(margin)))
    return np.array(chosen)
