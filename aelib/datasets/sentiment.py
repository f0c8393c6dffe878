"""Short texts that people rated: from reviews, editorials and tweets (Hutto & Gilbert 2014)."""

import lzma
from typing import NamedTuple

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified

#: What the file calls a source, and what we call its domain.
DOMAINS = {
    "amazonReviewSnippets": "products",
    "movieReviewSnippets": "films",
    "nytEditorialSnippets": "editorials",
    "tweets": "tweets",
}


class Snippets(NamedTuple):
    """Rated texts, one a row.

    Attributes
    ----------
    texts : list of str
    ratings : ndarray of float32, shape (n,)
        The mean of 20 people's ratings, from -4 (very negative) to 4 (very positive), to three decimals.
    domains : ndarray of str, shape (n,)
        "products", "films", "editorials" or "tweets".
    documents : ndarray of int, shape (n,)
        The number of the document that the text is a part of, from 0 over all domains. The sentences of one review
        of a product, or of one editorial, share a number; each tweet has its own. So has each snippet of a film's
        review, since the source does not say which of them come from one review.
    """

    texts: list
    ratings: np.ndarray
    domains: np.ndarray
    documents: np.ndarray


def load_sentiment_snippets(*, folder=FOLDER):
    """Return 23,703 short English texts with the mean of 20 ratings of their sentiment.

    Parameters
    ----------
    folder : str or path
        Where the file lies; the book's own data by default.

    Returns
    -------
    Snippets
        3,708 sentences from reviews of products, 10,605 from reviews of films, 5,190 from editorials of a newspaper
        and 4,200 tweets, in this order, in the order of the source.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or damaged.
    """
    table = lzma.decompress(read_verified("vader_ground_truth.tsv.xz", folder)).decode("utf-8")
    rows = [line.split("\t") for line in table.rstrip("\n").split("\n")[1:]]
    sources, numbers, ratings, texts = zip(*rows)
    documents = {}  # (source, number in it) to number over all, in order of appearance
    for key in zip(sources, numbers):
        documents.setdefault(key, len(documents))
    return Snippets(
        list(texts),
        np.array(ratings, dtype="float32"),
        np.array([DOMAINS[source] for source in sources]),
        np.array([documents[key] for key in zip(sources, numbers)]),
    )
