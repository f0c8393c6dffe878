"""What the tests share: seeded randomness, slopes by central differences, closed figures."""

import os
import pathlib

import hypothesis
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]

# The same few examples in every run, so that no run differs from the one before.
hypothesis.settings.register_profile("book", derandomize=True, deadline=None, database=None, max_examples=25)
hypothesis.settings.load_profile("book")


@pytest.fixture(scope="session")
def book():
    """The folder of the built book."""
    if "BOOK_PAGES" not in os.environ:
        pytest.skip("no pages to check: build the book and set BOOK_PAGES=_build/html")
    folder = pathlib.Path(os.environ["BOOK_PAGES"]).resolve()
    assert (folder / "index.html").exists(), f"{folder} holds no built book"
    return folder


@pytest.fixture(scope="session")
def root():
    """The repository's root."""
    return ROOT


@pytest.fixture
def rng():
    """Randomness that is the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def mnist():
    """The full MNIST, read once: `(x_train, y_train), (x_test, y_test)`."""
    from aelib.datasets import load_mnist

    return load_mnist()


@pytest.fixture(scope="session")
def slope():
    """The central differences of `f`, a number, in every entry of `array`, as a float64 array."""

    def central_differences(f, array, step=1e-6):
        array = np.array(array, dtype="float64")
        result = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            nudge = np.zeros_like(array)
            nudge[index] = step
            result[index] = (f(array + nudge) - f(array - nudge)) / (2 * step)
        return result

    return central_differences


@pytest.fixture
def agg():
    """Figures without a screen, closed after the test."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@pytest.fixture(autouse=True)
def global_random_state_untouched():
    """No part of the book may draw from, or seed, NumPy's global generator."""
    before = np.random.get_state()
    yield
    after = np.random.get_state()
    assert before[2:] == after[2:] and (before[1] == after[1]).all()
