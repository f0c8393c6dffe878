"""The data of the book, read from files in the repository: no network is needed."""

from aelib.datasets import vocabulary
from aelib.datasets.credit import load_credit
from aelib.datasets.fashion_mnist import load_fashion_mnist
from aelib.datasets.mnist import load_mnist
from aelib.datasets.names import load_first_names
from aelib.datasets.papers import load_paper_summaries
from aelib.datasets.photographs import load_photographs
from aelib.datasets.sentence_vectors import load_sentence_vectors
from aelib.datasets.sentiment import load_sentiment_snippets
from aelib.datasets.stocks import load_stock_returns
from aelib.datasets.wordnet import load_example_sentences

__all__ = [
    "load_credit",
    "load_example_sentences",
    "load_fashion_mnist",
    "load_first_names",
    "load_mnist",
    "load_paper_summaries",
    "load_photographs",
    "load_sentence_vectors",
    "load_sentiment_snippets",
    "load_stock_returns",
    "vocabulary",
]
