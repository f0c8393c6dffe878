"""The book as one PDF: every chapter is in it, its formulas are typeset, its table of contents is right, its pages are full, and
it is light.

jupyter-book build . && python -m book.printing && BOOK_PDF=_build/book.pdf BOOK_PAGES=_build/html pytest -n0 tests/browser/test_pdf.py
"""

import collections
import os
import re

import numpy as np
import pytest

from book.printing.one_page import one_page

PDF = os.environ.get("BOOK_PDF")
WEIGHT = 12_000_000  # bytes
COPIES = 6  # of one font, which has four faces and a few more where it stands in for a letter that another lacks
TOP, BOTTOM = 25 / 297, 24 / 297  # margins, as shares of a page
FULL = 0.5  # of a page of a chapter, but for the last


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


def test_the_table_of_contents_takes_no_page_for_a_few_lines(pdf, texts):
    first = next(number for number, text in enumerate(texts) if text.startswith("About this book"))
    pages = [filled(pdf[number]) for number in range(1, first)]
    assert 1 <= len(pages) <= 2 and min(pages) > FULL


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


def filled(page):
    """The share of a page's height, without its margins, down to which there is ink."""
    picture = page.render(scale=1 / 3, grayscale=True).to_numpy()
    darkest = picture.reshape(len(picture), -1).min(axis=1)
    lines = darkest[round(TOP * len(darkest)) : round((1 - BOTTOM) * len(darkest))] < 240
    return (np.flatnonzero(lines).max(initial=-1) + 1) / len(lines)


def test_no_page_is_left_half_empty(pdf, texts):
    heads = [page.get_textpage().get_text_range().partition("\n")[0].strip() for page in pdf]
    inner = [n for n in range(len(pdf) - 1) if heads[n] and heads[n] == heads[n + 1]]
    assert len(inner) > len(pdf) / 2
    half_empty = {n + 1: round(filled(pdf[n]), 2) for n in inner if filled(pdf[n]) < FULL}
    assert half_empty == {}


def test_it_is_light(pdf):
    assert os.path.getsize(PDF) <= WEIGHT


def test_no_font_is_there_many_times(pdf):
    pikepdf = pytest.importorskip("pikepdf", reason="no pikepdf: see tests/browser/requirements.txt")
    with pikepdf.open(PDF) as document:
        things = [thing for thing in document.objects if isinstance(thing, pikepdf.Dictionary)]
        fonts = [thing for thing in things if thing.get("/Type") == "/Font" and thing.Subtype != "/Type0"]
        names = collections.Counter(str(font.get("/BaseFont", font.Subtype)).rpartition("+")[2] for font in fonts)
    assert len(names) > 5 and max(names.values()) <= COPIES, names
