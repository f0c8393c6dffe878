"""What is shown on a page is the source that runs."""

import ast
import textwrap

import pytest

from aelib import checks
from aelib.figures.source import show_source
from aelib.nn import Sequential, layers
from aelib.nn import sequential as network
from aelib.nn.layers import Dense


def code_of(shown):
    """The name above the code block, and the code in it."""
    name, block = shown.data.split("\n\n", 1)
    assert block.startswith("```python\n") and block.endswith("\n```")
    return name, block.removeprefix("```python\n").removesuffix("\n```")


@pytest.mark.parametrize(
    "thing, name, first_line",
    [
        (checks.positive_integer, "`aelib.checks.positive_integer`", "def positive_integer(name, value):"),
        (Dense.backward, "`aelib.nn.layers.affine.Affine.backward`", "def backward(self, gradient):"),
        (Dense, "`aelib.nn.layers.dense.Dense`", "class Dense(Affine):"),
        (Dense.build, "`aelib.nn.layers.dense.Dense.build`", "def build(self, input_shape):"),
        (Dense.logits, "`aelib.nn.layers.affine.Affine.logits`", "@property"),
        (Dense(2).forward, "`aelib.nn.layers.affine.Affine.forward`", "def forward(self, x, training=False):"),
        (Sequential._check_batch, "`aelib.nn.sequential.Sequential._check_batch`", "@staticmethod"),
    ],
)
def test_functions_methods_classes_and_properties_are_shown(thing, name, first_line):
    shown_name, code = code_of(show_source(thing))
    assert shown_name == name and code.startswith(first_line)
    ast.parse(code)  # dedented, so it is Python on its own


def test_the_source_is_the_files_own():
    _, code = code_of(show_source(Dense.backward))
    with open(layers.affine.__file__, encoding="utf-8") as file:
        assert textwrap.indent(code, "    ", lambda line: line.strip()) in file.read()


@pytest.mark.parametrize("thing", [len, 3, "Dense.backward", None, network, Dense(2)])
def test_what_has_no_source_of_its_own_is_an_error(thing):
    with pytest.raises(TypeError, match="Expected a function, method or class written in Python. Received: "):
        show_source(thing)
