"""The data of the book, read from files in the repository: no network is needed."""

from aelib.datasets.mnist import load_mnist
from aelib.datasets.photographs import load_photographs

__all__ = ["load_mnist", "load_photographs"]
