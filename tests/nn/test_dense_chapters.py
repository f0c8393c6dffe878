"""One line changes a chapter from NumPy to Keras: chapters with `import keras` in place of `import aelib.nn as keras`.

Keras takes several times as long, so only the quickest are run, unless the environment names others or `all`:

    DENSE_CHAPTERS=all pytest -n0 tests/nn/test_dense_chapters.py
    DENSE_CHAPTERS=2_mathematics/linear_autoencoder pytest -n0 tests/nn/test_dense_chapters.py

A chapter is not among them if it looks inside a network (`forward`, `backward`, gradients, buffers), asks for what
Keras has not (a `dtype` of the whole network, activations of its own), or trains networks of `experiments`, which are NumPy's.
"""

import os

import nbformat
import pytest
from nbclient import NotebookClient

IN_NUMPY, IN_KERAS = "import aelib.nn as keras\n", "import aelib.models\nimport keras\n"
DENSE = [
    "1_background/what_is_an_autoencoder",
    "1_background/history_and_relatives",
    "2_mathematics/linear_autoencoder",
    "7_applications/summarisation",
    "8_practice/misconceptions",
]
QUICK = DENSE[:1]
ASKED = os.environ.get("DENSE_CHAPTERS", "").split()


@pytest.mark.parametrize("chapter", DENSE if ASKED == ["all"] else ASKED or QUICK)
def test_a_dense_chapter_runs_in_keras(root, chapter):
    path = root / "chapters" / f"{chapter}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (imports,) = [cell for cell in notebook.cells if IN_NUMPY in cell.source]
    imports.source = imports.source.replace(IN_NUMPY, IN_KERAS)
    NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": path.parent}}).execute()


def test_the_list_names_chapters(root):
    assert all((root / "chapters" / f"{chapter}.ipynb").is_file() for chapter in DENSE)
