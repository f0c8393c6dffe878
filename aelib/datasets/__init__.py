"""The data of the book, read from files in the repository: no network is needed."""

from aelib.datasets.credit import load_credit
from aelib.datasets.fashion_mnist import load_fashion_mnist
from aelib.datasets.mnist import load_mnist
from aelib.datasets.stocks import load_stock_returns

__all__ = ["load_credit", "load_fashion_mnist", "load_mnist", "load_stock_returns"]
