"""The rooms around the chapters, on the built pages: parts, reference, bibliography, colophon.

jupyter-book build . && BOOK_PAGES=_build/html pytest -n0 tests/book/test_rooms.py
"""

import functools
import importlib.metadata
import os
import pathlib
import platform
import re

import bs4
import pytest

from book.extensions.book_pages import FEW
from book.sources.pages import Book

SOURCES = Book(pathlib.Path(__file__).resolve().parents[2])
NOTEBOOKS = [page.file.removesuffix(".ipynb") for page in SOURCES.pages if page.notebook]


@pytest.fixture(scope="module")
def page(book):
    """Read a page of the built book, once."""
    return functools.cache(
        lambda name: bs4.BeautifulSoup((book / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    )


def leads_to(name, link):
    """The page to which a link on the page `name` leads, without its ending."""
    return os.path.normpath(pathlib.PurePosixPath(name).parent / link["href"].partition("#")[0]).removesuffix(".html")


# --------------------------------------------------------------------------------- parts


def test_next_walks_the_book_in_order(page):
    walked = SOURCES.order[:1]
    while following := page(walked[-1]).select_one("link[rel=next]"):
        walked.append(leads_to(walked[-1], following))
    assert walked == SOURCES.order


def test_equations_and_exercises_have_the_number_of_their_chapter(page):
    for name in NOTEBOOKS:
        number = page(name).select_one("h1 .section-number").get_text().strip()
        equations = [re.match(r"\((.*)\.\d+\)", e.get_text())[1] for e in page(name).select("article .eqno")]
        exercises = re.findall(
            r"^Exercise (\d+\.\d+)\.\d+",
            "\n".join(e.get_text() for e in page(name).select(".admonition-title")),
            re.MULTILINE,
        )
        assert set(equations) <= {number} and set(exercises) == {number}, name


# ------------------------------------------------------------------- the reference of aelib


def test_code_cells_lead_to_the_reference_and_the_reference_leads_back(page):
    seen = 0
    for name in NOTEBOOKS:
        link = page(name).select_one(".cell_input a.api-name:not([href*=module-])")
        if link is not None:
            seen += 1
            entry = page(leads_to(name, link)).find(id=link["href"].partition("#")[2]).parent
            assert entry.select_one(".sig-name").get_text() == link.get_text()
            chapters = entry.select_one(".chapters-using").select("a")
            assert name in [leads_to(leads_to(name, link), chapter) for chapter in chapters]
    assert seen > 20


def test_of_many_chapters_all_but_a_few_are_folded(page):
    for name in SOURCES.order:
        for places in page(name).select(".chapters-using, .cited-in"):
            shown, rest = places.select("p:not(details p) a"), places.select("details a")
            assert 1 <= len(shown) <= FEW + 1 and len(rest) != 1, places
            if rest:
                assert len(shown) == FEW and places.summary.get_text() == f"{len(rest)} more"
    assert page("chapters/appendices/api/data").select(".chapters-using details a")


# ----------------------------------------------------------------------------- glossary


def test_each_letter_of_the_glossary_leads_to_its_first_term(page):
    glossary = page("chapters/appendices/glossary")
    letters = glossary.select("nav.letters a")
    terms = [term.get_text().upper() for term in glossary.select("dl.glossary > dt:not(dt + dt)")]  # not a second name
    assert [link.get_text() for link in letters] == sorted({term[0] for term in terms}) and len(letters) > 15
    for link in letters:
        term = glossary.find(id=link["href"].removeprefix("#")).get_text().upper()
        assert term == next(term for term in terms if term[0] == link.get_text())


# ------------------------------------------------------------------------- bibliography


def test_a_citation_leads_to_its_reference_says_it_and_is_led_back_to(page):
    bibliography = page("chapters/appendices/bibliography")
    seen = 0
    for name in NOTEBOOKS:
        for link in page(name).select('article a[href*="bibliography.html#"]'):
            reference = bibliography.find(id=link["href"].partition("#")[2])
            if "citation" not in reference.get("class", []):
                continue
            seen += 1
            text = " ".join(reference.select_one("p").get_text().split())
            assert text[:40] == " ".join(link["title"].split())[:40]
            citing = [leads_to("chapters/appendices/bibliography", a) for a in reference.select(".cited-in a")]
            assert name in citing
    assert seen > 20


# ----------------------------------------------------------------------------- colophon


def test_the_colophon_says_what_the_book_was_built_with(page):
    lines = page("chapters/appendices/colophon").select_one(".cell_output pre").get_text().splitlines()
    assert f"Python {platform.python_version()}" in lines
    for package in ("numpy", "tensorflow", "keras", "matplotlib", "scikit-learn", "jupyter-book"):
        assert f"{package} {importlib.metadata.version(package)}" in lines


def test_the_colophon_says_how_long_each_chapter_took(page):
    rows = page("chapters/appendices/colophon").select("table tbody tr")
    seconds = {leads_to("chapters/appendices/colophon", row.a): float(row.select("td")[3].get_text()) for row in rows}
    assert set(NOTEBOOKS) < set(seconds) and all(0 < time < 600 for time in seconds.values())
