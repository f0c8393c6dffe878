"""One line changes a chapter from NumPy to Keras: chapters run with `import keras` instead of `import aelib.nn as keras`.

Keras takes several times as long, so only the fastest chapter runs, unless the environment names others, or all of them:

    DENSE_CHAPTERS=all pytest -n0 tests/nn/test_dense_chapters.py
    DENSE_CHAPTERS=2_mathematics/linear_autoencoder pytest -n0 tests/nn/test_dense_chapters.py

A chapter is not in the list if it uses what Keras does not have: `forward`, `backward`, gradients or buffers of a network, a
`dtype` of a whole network, or derivatives of activations. Nor is a chapter that trains networks of `experiments`, which use NumPy.
"""

import operator
import os
import re

import aelib.models  # first: starts TensorFlow without its start-up messages

import keras
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

# Methods that Keras does not have and whose source a chapter shows.
SHOWN = {"layers.Dense.backward", "layers.Dense.backward_from_delta", "Sequential.loss_and_gradients"}


@pytest.mark.parametrize("chapter", DENSE if ASKED == ["all"] else ASKED or QUICK)
def test_a_dense_chapter_runs_in_keras(root, chapter):
    path = root / "chapters" / f"{chapter}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (imports,) = [cell for cell in notebook.cells if IN_NUMPY in cell.source]
    imports.source = imports.source.replace(IN_NUMPY, IN_KERAS)
    NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": path.parent}}).execute()


def test_what_the_chapters_call_by_a_keras_name_is_in_keras(root):
    found = set()
    for path in (root / "chapters").rglob("*.ipynb"):
        code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
        if IN_NUMPY in code:
            found.update(re.findall(r"\bkeras\.([\w.]*\w)", code.replace(IN_NUMPY, "")))
    assert {"Sequential", "layers.Dense", *SHOWN} <= found
    for name in found - SHOWN - {"__name__"}:
        operator.attrgetter(name)(keras)
