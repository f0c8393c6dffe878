"""The search: what its index holds, and what it finds first.

The ranking is the book's own script, run in Python. The tests of the whole book want its built pages:

    jupyter-book build . && BOOK_PAGES=_build/html pytest -n0 tests/book/test_search.py
"""

import functools
import gzip
import json
import pathlib
import re

import bs4
import pytest
import quickjs
import yaml
from docutils.core import publish_doctree

from book.extensions import search
from book.minisearch.__main__ import SHA256, VERSION
from book.sources import synonyms
from book.sources.pages import Book

STATIC = pathlib.Path(search.__file__).parents[1] / "static" / "search"
QUERIES = yaml.safe_load(pathlib.Path(__file__).with_name("queries.yml").read_text(encoding="utf-8"))
SIZE = 280_000  # bytes of the index, as it is sent
FIRST_USE = 310_000  # bytes of all that is loaded when a reader goes to the search


def searcher(index):
    """A function that finds sections for a query in an index, which is a script."""
    context = quickjs.Context()
    for script in ((STATIC / "minisearch.js").read_text(encoding="utf-8"), index):
        context.eval(script)
    context.eval((STATIC / "ranking.js").read_text(encoding="utf-8"))
    find = context.eval("(query, most) => JSON.stringify(bookSearch.find(query, most))")
    return lambda query, most=10: json.loads(find(query, most))


def small_index(*entries, names=()):
    """The index of one page, whose entries are (title, text)."""
    entries = [[f"s{number}", title, [], text] for number, (title, text) in enumerate(entries)]
    return search.script_of({"chapters/page": ("page.html", "1.1 A page", entries)}, dict(names))


def titles(found):
    """The titles of what was found, best first."""
    return [section["title"] for section in found["sections"]]


# ------------------------------------------------------------------------------- the ranking


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("NORMALIZATION", "Batch normalisation"),
        ("normalizing", "Batch normalisation"),
        ("labeled colors", "Labelled colours"),
        ("gradients", "The gradient"),
        ("reparametrization", "Reparameterisation"),
        ("Bézier", "Bezier curves"),
        ("overfittting", "Overfitting"),
        ("reparam", "Reparameterisation"),
    ],
)
def test_other_spellings_and_endings_find_the_same(query, title):
    names = "Batch normalisation,Labelled colours,The gradient,Reparameterisation,Bezier curves,Overfitting"
    assert titles(searcher(small_index(*((name, "Words.") for name in names.split(","))))(query))[0] == title


def test_a_title_counts_for_more_than_the_text_and_all_words_for_more_than_one():
    find = searcher(small_index(("One", "momentum " * 20), ("Momentum", "Words."), ("Two", "momentum and a rate")))
    assert titles(find("momentum"))[0] == "Momentum"
    assert titles(find("momentum rate")) == ["Two"]
    assert set(titles(find("momentum nowhere"))) == {"One", "Momentum", "Two"}
    assert find("nowhere") == {"count": 0, "sections": []} == find("the") == find("?!")


def test_another_name_leads_to_the_section():
    index = small_index(("First weights", "Words."), ("Glorot", "Words."), names={"page#s0": ["Xavier initialisation"]})
    assert titles(searcher(index)("xavier initialization")) == ["First weights"]


def test_an_excerpt_is_cut_around_the_words_and_marks_them():
    text = "before " * 40 + "where gradients vanish, " + "after " * 40
    [section] = searcher(small_index(("One", text)))("vanishing gradient")["sections"]
    assert "".join(piece for piece, _ in section["excerpt"]).startswith("… before before")
    assert [piece for piece, found in section["excerpt"] if found] == ["gradients", "vanish"]
    assert len("".join(piece for piece, _ in section["excerpt"]).split()) < 35
    assert section["address"] == "page.html#s0" and section["page"] == "1.1 A page"


# --------------------------------------------------------------------------------- the index


PAGE = """
Title
=====

Opening *words* of :math:`\\sigma(z)`::

  code

.. math:: x

One
---

- a
- b
"""


def test_a_page_is_cut_into_its_sections():
    tree = publish_doctree(PAGE, settings_overrides={"doctitle_xform": False})
    assert search.entries_of(tree) == [["title", "Title", [], "Opening words of σ(z):"], ["one", "One", [], "a b"]]


@pytest.mark.parametrize(
    ("tex", "characters"),
    [
        (r"\frac{1}{1 + e^{-z}}", "1/(1+e^−z)"),
        (r"\hat{x} \in \mathbb{R}^{d}", "x\u0302∈R^d"),
        (r"W^{\top} x_{ij}", "W⊤x_ij"),
        (r"\sum_{i=1}^n a \setminus b", "∑_(i=1)^na∖b"),
        (r"\notamacro", "…"),
    ],
)
def test_a_formula_stands_in_characters(tex, characters):
    assert search.in_characters(tex) == characters


def test_every_section_that_a_query_should_find_is_there(root):
    sections = {place for page in Book(root).pages for place in synonyms.sections(page)}
    wanted = {place.replace(".html", "") for place in QUERIES.values() if "/api/" not in place}
    assert wanted - sections == set()


def test_the_vendored_files_are_those_of_the_documented_version(root):
    documented = (root / "book/minisearch/SOURCES.md").read_text(encoding="utf-8")
    assert VERSION in documented and SHA256 in documented
    assert "global.MiniSearch" in (STATIC / "minisearch.js").read_text(encoding="utf-8")
    assert "Luca Ongaro" in (STATIC / "LICENSE").read_text(encoding="utf-8")


# ---------------------------------------------------------------------------- the built book


@pytest.fixture(scope="module")
def index(book):
    """The text of the book's index."""
    return (book / search.INDEX).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def find(index):
    """Search the built book, each query once."""
    return functools.cache(searcher(index))


def test_every_query_finds_its_section_first(find):
    found = {query: find(query)["sections"] for query in QUERIES}
    first = {
        query: sections[0]["address"].removeprefix("chapters/") if sections else None
        for query, sections in found.items()
    }
    assert len(QUERIES) >= 40
    assert first == QUERIES


def test_every_place_of_the_index_is_there_and_no_text_is_tex(book, index):
    entries = json.loads(re.search(r"^var bookIndex = (.*);$", index, re.MULTILINE)[1])
    anchors = {}
    for number, (page, title) in enumerate(entries["pages"]):
        tree = bs4.BeautifulSoup((book / page).read_text(encoding="utf-8"), "html.parser")
        anchors[number] = {element["id"] for element in tree.find_all(id=True)}
        assert title
    assert [entry[:2] for entry in entries["entries"] if entry[1] not in anchors[entry[0]]] == []
    texts = [text for _, _, title, names, text, _ in entries["entries"] for text in (title, text, *names)]
    assert len(texts) > 1000
    assert [text for text in texts if re.search(r"[\\$]", text)] == []


def test_no_page_loads_the_index(book):
    for page in book.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(
            r"search/(index|ranking|results|minisearch)\.js|searchindex|searchtools|language_data", text
        ), page
    assert not [name for name in ("searchindex.js", *search.THEIRS) if (book / name).exists()]


def test_what_is_loaded_on_first_use_is_light(book, capsys):
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in (book / search.INDEX).parent.glob("*.*s")}
    with capsys.disabled():
        print("\nof the search, in bytes as they are sent:", sizes)
    assert sizes["index.js"] < SIZE and sum(sizes.values()) < FIRST_USE
