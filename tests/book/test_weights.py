"""What a page of the built book asks for is little: one style sheet, one script, and no picture that is heavier than it need be.

What a browser really loads, fonts among it, is measured in `tests/browser/test_reading.py`.

    jupyter-book build . && BOOK_PAGES=_build/html pytest -n0 tests/book/test_weights.py
"""

import gzip
import re

import bs4
import pytest

TEXTS = 100_000  # bytes, compressed, of the style sheet and the script: the fonts of a page weigh up to 250,000
ICONS = re.compile(r"\bfa-(?:solid|regular|brands)\b|\bfa[sb]\b")


def pages_below(folder):
    """Every page, as its path and its tree."""
    for path in sorted(folder.rglob("*.html")):
        if not path.relative_to(folder).parts[0].startswith("_"):
            tree = bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            if not tree.select_one("meta[http-equiv]"):  # which leads on to another
                yield path, tree


@pytest.fixture(scope="module")
def pages(book):
    return list(pages_below(book))


def parts(path, tree):
    """The files of a page's style sheets and scripts."""
    links = [link["href"] for link in tree.select("link[rel=stylesheet]")] + [
        s["src"] for s in tree.select("script[src]")
    ]
    return [(path.parent / link.partition("?")[0]).resolve() for link in links]


def missing_icons(tree, css):
    """The icons of a page that the style sheet does not draw."""
    names = {name for icon in tree.find_all(class_=ICONS) for name in icon["class"] if name.startswith("fa-")}
    return {name for name in names - {"fa-solid", "fa-lg"} if not re.search(rf"\.{name}\s*\{{\s*--icon:", css)}


def test_a_page_asks_for_one_style_sheet_and_one_script_which_are_light(book, pages):
    assert len(pages) > 40
    for path, tree in pages:
        assert [part.name for part in parts(path, tree)] == ["book.css", "book.js"], path
    assert sum(len(gzip.compress(part.read_bytes())) for part in parts(*pages[0])) <= TEXTS


def test_every_icon_is_drawn_by_the_style_sheet(book, pages):
    css = (book / "_static" / "book.css").read_text(encoding="utf-8")
    assert {name for _, tree in pages for name in missing_icons(tree, css)} == set()
    assert sum(len(tree.find_all(class_=ICONS)) for _, tree in pages) > 100


def test_every_page_is_introduced(book, pages):
    for path, tree in pages:
        assert 20 < len(tree.select_one("meta[name=description]")["content"]) <= 200, path
        assert (path.parent / tree.select_one('meta[property="og:image"]')["content"]).exists(), path
        assert (path.parent / tree.select_one("link[rel=icon]")["href"]).exists(), path


# ------------------------------------------------- the checks themselves can fail


def test_a_second_style_sheet_and_an_icon_that_is_not_drawn_are_found(tmp_path):
    (tmp_path / "page.html").write_text(
        '<link rel="stylesheet" href="a.css?v=1"><script src="b.js"></script><i class="fa-solid fa-sun fa-lg"></i>'
    )
    [(path, tree)] = pages_below(tmp_path)
    assert [part.name for part in parts(path, tree)] == ["a.css", "b.js"]
    assert missing_icons(tree, ".fa-sun { color: red }") == {"fa-sun"}
    assert missing_icons(tree, ".fa-sun {\n  --icon: url()}") == set()
