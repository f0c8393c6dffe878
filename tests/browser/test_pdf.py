"""The book as one PDF: every chapter is in it, its formulas are typeset, and its table of contents is right.

jupyter-book build . && python -m book.printing && BOOK_PDF=_build/book.pdf BOOK_PAGES=_build/html pytest -n0 tests/browser/test_pdf.py
"""

import os
import re

import pytest

from book.printing.one_page import one_page

PDF = os.environ.get("BOOK_PDF")


@pytest.fixture(scope="module")
def pdf():
    pypdfium2 = pytest.importorskip("pypdfium2", reason="no pypdfium2: see tests/browser/requirements.txt")
    if PDF is None:
        pytest.skip("no PDF to check: run `python -m book.printing` and set BOOK_PDF=_build/book.pdf")
    return pypdfium2.PdfDocument(PDF)


@pytest.fixture(scope="module")
def texts(pdf):
    """The text of each page, with one space between words."""
    return [" ".join(page.get_textpage().get_text_range().split()) for page in pdf]


@pytest.fixture(scope="module")
def titles(book):
    """The titles of the book's pages, in order."""
    _, found = one_page(book, book)
    return [" ".join(title.split()) for title in found.values()]


def test_it_is_a_whole_book(texts, titles):
    assert len(texts) > 3 * len(titles)
    assert max(map(len, texts)) < 10_000, "no page is printed over"


def test_every_chapter_begins_where_the_table_of_contents_says(texts, titles):
    first = next(number for number, text in enumerate(texts) if text.startswith("About this book"))
    contents = " ".join(texts[:first])
    for title in titles:
        page = re.search(re.escape(title) + r" (\d+)", contents)
        assert page, f"{title} is not in the table of contents"
        before, begin = texts[int(page[1]) - 2], texts[int(page[1]) - 1]
        assert begin.startswith(title) and not before.startswith(title), "each page begins with its chapter's title"


def test_every_chapter_has_its_bookmark(pdf, titles):
    bookmarks = [" ".join(mark.get_title().split()) for mark in pdf.get_toc()]
    assert [mark for mark in bookmarks if mark in titles] == titles
    assert bookmarks.count("Exercises") > 5, "and so have the sections"


def test_every_chapter_is_there_from_its_first_words_to_its_exercises(texts, book, titles):
    whole = " ".join(texts)
    chapters = [title for title in titles if re.match(r"\d+\.\d+ ", title)]
    assert len(chapters) >= 10
    for title in chapters:
        number = title.partition(" ")[0]
        if title.partition(" ")[2] != "Notation":
            assert f"Exercise {number}.1" in whole and f"Solution to Exercise {number}.1" in whole, title


def test_no_formula_is_left_as_tex(texts):
    raw = [text[:60] for text in texts if re.search(r"\\\(|\\begin\{|\\frac|\\mathbf|\\odot", text)]
    assert raw == []
