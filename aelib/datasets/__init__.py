"""The data of the book, read from files in the repository: no network is needed."""

from aelib.datasets.fashion_mnist import load_fashion_mnist
from aelib.datasets.mnist import load_mnist

__all__ = ["load_fashion_mnist", "load_mnist"]
