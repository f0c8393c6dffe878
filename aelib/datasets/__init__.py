"""The data of the book, read from files in the repository: no network is needed."""

from aelib.datasets.mnist import load_mnist
from aelib.datasets.papers import load_paper_summaries
from aelib.datasets.sentence_vectors import load_sentence_vectors
from aelib.datasets.sentiment import load_sentiment_snippets

__all__ = ["load_mnist", "load_paper_summaries", "load_sentence_vectors", "load_sentiment_snippets"]
