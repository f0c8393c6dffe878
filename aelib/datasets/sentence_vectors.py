"""Sentence vectors: what a trained language model makes of each text, 384 numbers, stored as bytes.

`experiments/applications/sentence_vectors.py` made them with all-MiniLM-L6-v2, so that no chapter needs the model.
"""

import io

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified

NAMES = ("snippets", "papers")


def load_sentence_vectors(name, *, folder=FOLDER):
    """Return the sentence vectors of a data set, one a row.

    Parameters
    ----------
    name : {"snippets", "papers"}
        "snippets" for the texts of `load_sentiment_snippets`, in their order. "papers" for all sentences of all papers of
        `load_paper_summaries`: training, validation and test papers, each paper's sentences in their order.
    folder : str or path
        Where the files lie; the book's own data by default.

    Returns
    -------
    ndarray of float32, shape (n, 384)
        `scale * codes`, with whole numbers from -127 to 127 as codes and one scale a file. The length of each vector is 1
        up to the rounding, so the product of two is nearly their cosine.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If the file is damaged, or the name is another.

    Examples
    --------
    One matrix for each paper:

    >>> import numpy as np
    >>> from aelib.datasets import load_paper_summaries, load_sentence_vectors
    >>> papers = [paper for part in load_paper_summaries().values() for paper in part]
    >>> ends = np.cumsum([len(paper.sentences) for paper in papers])
    >>> matrices = np.split(load_sentence_vectors("papers"), ends[:-1])
    >>> [len(m) for m in matrices] == [len(paper.sentences) for paper in papers]
    True
    """
    if name not in NAMES:
        raise ValueError(
            f"Expected the name of a data set with sentence vectors: {', '.join(NAMES)}. Received: {name!r}."
        )
    content = read_verified(f"minilm_{name}.npz", folder)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return archive["codes"] * archive["scale"]
