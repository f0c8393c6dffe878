"""The links between the chapters' code and the reference, and the reference's being complete."""

import html
import re

import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from book.extensions import api_links
from book.sources.pages import Book

REFERENCE = "chapters/appendices/api"


@pytest.fixture(scope="module")
def chapters(root):
    """The code cells of each chapter, by its file."""
    return {page.file: [source for _, source, _ in page.cells("code")] for page in Book(root).chapters}


@pytest.fixture(scope="module")
def reference(root):
    """The modules that the reference describes, and for each the names that it leaves out, as one string."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (root / REFERENCE).glob("*.md"))
    return dict(re.findall(r"automodule:: (\S+)\n   :members:\n(?:   :exclude-members: (.*)\n)?", pages))


def dotted(places):
    """The dotted names of one cell, in the order in which they stand there."""
    return [places[place][1] for place in sorted(places)]


# -------------------------------------------------------------- what a chapter's code names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from aelib.nn.layers import Dense", ["aelib.nn.layers", "aelib.nn.layers.Dense"]),
        ("from aelib.nn.layers import Dense as D\nD(3)", ["aelib.nn.layers"] + ["aelib.nn.layers.Dense"] * 2),
        (
            "from aelib.nn import optimizers\noptimizers.Adam()",
            ["aelib.nn"] + ["aelib.nn.optimizers"] * 2 + ["aelib.nn.optimizers.Adam"],
        ),
        (
            "import aelib.nn\naelib.nn.Sequential",
            ["aelib.nn", "aelib", "aelib.nn", "aelib.nn.Sequential"],
        ),
        ("import numpy as np\nnp.mean(1)", []),
        ("from keras.layers import Dense\nDense(3)", []),
        ("from aelib.nn.layers import Dense\nDense = 3\nDense", ["aelib.nn.layers", "aelib.nn.layers.Dense"]),
        ("from aelib.nn.layers import Dense\nf(Dense=1, other=x.Dense)", ["aelib.nn.layers", "aelib.nn.layers.Dense"]),
        ("%matplotlib inline\nfrom aelib.nn.layers import Dense", []),
    ],
)
def test_names_are_found_where_they_mean_something_of_aelib(code, names):
    (places,) = api_links.names_in([code])
    assert dotted(places) == names
    lines = code.splitlines()
    for (line, column), (text, _) in places.items():
        assert lines[line - 1][column:].startswith(text)


def test_names_imported_in_one_cell_are_known_in_the_others():
    first, second = api_links.names_in(["from aelib.nn.layers import Dense", "x = 'ä'; Dense.backward"])
    assert dotted(second) == ["aelib.nn.layers.Dense", "aelib.nn.layers.Dense.backward"]
    assert sorted(second) == [(1, 9), (1, 15)], "columns are counted in characters"


# ------------------------------------------------------------------------------ the links


def test_a_highlighted_cell_keeps_its_text_and_gains_its_links():
    code = 'from aelib.nn.layers import (\n    Dense,\n    Input,\n)\nlayer = Dense(3, "a < b")  # Dense'
    (places,) = api_links.names_in([code])
    plain = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True))
    linked = api_links.link_code(plain, places, lambda name: f"api.html#{name}" if name.endswith("Dense") else None)
    assert re.sub("<[^>]*>", "", linked) == re.sub("<[^>]*>", "", plain)
    assert re.findall(r'href="([^"]*)"[^>]*>(\w+)<', linked) == [("api.html#aelib.nn.layers.Dense", "Dense")] * 2


def test_every_name_that_the_chapters_use_is_found_again_in_their_pages(chapters):
    """The places are those of the cells as Pygments writes them, in every chapter."""
    for file, cells in chapters.items():
        for cell, places in zip(cells, api_links.names_in(cells)):
            plain = highlight(cell, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
            linked = api_links.link_code(plain, places, lambda name: "#")
            assert linked.count("<a ") == len(places), (file, cell[:80])
            assert html.unescape(re.sub("<[^>]*>", "", linked)).strip() == cell.strip()


# --------------------------------------------------------------------------- what aelib offers


def test_a_package_that_lists_its_names_speaks_for_its_modules(root):
    names = api_links.public_names(root / "aelib")
    assert names["load_mnist"] == "aelib.datasets.load_mnist"
    assert names["Dense"] == "aelib.nn.layers.Dense"
    assert names["draw_digit"] == "aelib.widgets.draw_digit", "a function that has the name of its module"
    assert "get" not in names, "activations, losses and others each have one"


def test_the_reference_leaves_nothing_out_by_mistake(root, reference):
    for name in api_links.public_names(root / "aelib").values():
        module = name.rpartition(".")[0]
        assert module in reference, f"{REFERENCE} has no `.. automodule:: {module}`"
    summary = (root / REFERENCE / "index.md").read_text(encoding="utf-8")
    for module in reference:
        assert f"\n   {module}\n" in summary, f"{module} is not in the first page's table"


def test_what_a_chapter_uses_is_not_left_out(chapters, reference):
    left_out = {f"{module}.{name}" for module, names in reference.items() for name in names.split(", ")}
    for file, cells in chapters.items():
        used = {name for places in api_links.names_in(cells) for _, name in places.values()}
        assert not used & left_out, file
