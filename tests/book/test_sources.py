"""The sources of the book have no fault, and each kind of fault is reported by its place and its name."""

import pathlib
import shutil

import pytest
import yaml

from book.sources import faults
from book.sources.pages import Book

SMALL_BOOK = pathlib.Path(__file__).with_name("small_book")
FIRST = "chapters/1_one/first.ipynb"


@pytest.fixture
def book(root, tmp_path):
    """A small book without a fault, whose first chapter is the template; return its folder."""
    chapter = (root / "book" / "template.ipynb").read_text(encoding="utf-8")
    for old, new in {"-template": "-first", "ch-losses": "ch-second", "ch-linear": "ch-first"}.items():
        chapter = chapter.replace(old, new)
    shutil.copytree(SMALL_BOOK, tmp_path, dirs_exist_ok=True)
    (tmp_path / FIRST).write_text(chapter.replace("aelib.figures.plots", "code"), encoding="utf-8")
    return tmp_path


def change(path, old, new):
    """Replace a piece of a file, which stands there once at least."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_sources_of_the_book_have_no_fault(root):
    assert len(Book(root).chapters) > 20
    assert [str(fault) for fault in faults(root)] == []


def test_a_book_without_a_fault_is_left_alone(book):
    assert [str(fault) for fault in faults(book)] == []


@pytest.mark.parametrize("fault", yaml.safe_load((SMALL_BOOK / "faults.yml").read_text(encoding="utf-8")))
def test_a_fault_is_reported_by_its_place_and_name(book, fault):
    change(book / fault["in"], fault["replace"], fault["by"])
    assert any(fault["report"] in str(found) for found in faults(book)), [str(found) for found in faults(book)]


def test_a_helper_that_stands_in_two_chapters_is_reported_in_the_second(book):
    change(book / FIRST, '"rivals = ', '"def helper():\\n", ' + '"    rng\\n", ' * 6 + '"rivals = ')
    shutil.copy(book / FIRST, book / "chapters" / "1_one" / "third.ipynb")
    assert f"helper stands in {FIRST}, cell " in "\n".join(map(str, faults(book)))


def test_a_file_that_is_no_notebook_is_named(book):
    (book / FIRST).write_text("{\n<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"{FIRST}, line 2: expected a notebook in JSON"):
        faults(book)
