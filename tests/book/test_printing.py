"""The pages of a book, put together into one page for the printer."""

import bs4
import pytest

from book.printing.one_page import one_page

PAGE = """<html><head><title>x</title><link rel="stylesheet" href="{up}_static/a.css"/>
<link rel="next" href="{next}"/><script src="{up}_static/other.js"></script>
</head><body><div class="sidebar">aside</div><article class="bd-article">{body}</article></body></html>"""

COVER = (
    '<h1>A Book<a class="headerlink" href="#x">#</a></h1><figure><img src="../_images/c.png"/></figure><p>Read on.</p>'
)
PART = '<h1 id="part">1 Part</h1><p><a href="one.html#exercises">to one</a> <a href="one.html">whole</a></p>'
ONE = """<h1 id="one">1.1 One</h1><h2 id="exercises">Exercises</h2>
<p><a href="#exercises">here</a> <a href="two.html#exercises">there</a> <a href="two.html#alone">alone</a>
<a href="https://example.org/x#y">outside</a> <a href="../../_sources/one.ipynb">file</a></p>
<div class="highlight"><pre><span class="n">a</span><span class="o">.</span><span class="k">in</span></pre></div>
<div class="admonition dropdown"><p>solution</p></div><details><summary>code</summary></details>
<img src="../../_images/p.png"/><script>play()</script>"""
TWO = """<h1>1.2 "Two"</h1><h2 id="exercises">Exercises</h2><p id="alone">x</p>
<svg aria-labelledby="alone exercises"><marker id="exercises-arrow"></marker><path marker-end="url(#exercises)"/></svg>"""


@pytest.fixture
def book(tmp_path):
    """A cover, a part and two chapters; the one page, as a tree, and the titles."""
    html = tmp_path / "html"
    pages = {
        "chapters/index.html": ("1_part/index.html", COVER),
        "chapters/1_part/index.html": ("one.html", PART),
        "chapters/1_part/one.html": ("two.html", ONE),
        "chapters/1_part/two.html": ("", TWO),
    }
    for name, (following, body) in pages.items():
        path = html / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = PAGE.format(up="../" * name.count("/"), next=following, body=body)
        path.write_text(text if following else text.replace('<link rel="next" href=""/>', ""), encoding="utf-8")
    (html / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=chapters/index.html" />')
    page, titles = one_page(html, tmp_path)
    return bs4.BeautifulSoup(page, "html.parser"), titles


def test_every_page_is_there_once_in_order_and_under_its_part(book):
    tree, titles = book
    assert list(titles.values()) == ["About this book", "1 Part", "1.1 One", '1.2 "Two"']
    assert [section["id"] for section in tree.select(".printed-page")] == list(titles)
    assert [link.get_text() for link in tree.select(".printed-contents a")] == list(titles.values())
    assert [(h.name, h.get_text()) for h in tree.select(".level-1")] == [
        ("h1", "About this book"),
        ("h1", "1 Part"),
        ("h2", "1.1 One"),
        ("h2", '1.2 "Two"'),
    ]
    assert {h.name for h in tree.select(".level-2")} == {"h3"}


def test_anchors_are_unique_and_links_find_them(book):
    tree, _ = book
    ids = [element["id"] for element in tree.find_all(id=True)]
    assert len(ids) == len(set(ids))
    targets = {link.get_text(): link["href"] for link in tree.select(".printed-page a")}
    one, two = "page-chapters-1_part-one", "page-chapters-1_part-two"
    assert targets == {
        "to one": f"#{one}--exercises",
        "whole": f"#{one}",
        "here": f"#{one}--exercises",
        "there": f"#{two}--exercises",
        "alone": "#alone",
        "outside": "https://example.org/x#y",
    }
    assert {href[1:] for href in targets.values() if href.startswith("#")} <= set(ids)
    assert tree.select_one("svg")["aria-labelledby"] == f"alone {two}--exercises"
    assert tree.select_one("path")["marker-end"] == f"url(#{two}--exercises)"


def test_files_are_found_from_where_the_page_is(book):
    tree, _ = book
    assert [image["src"] for image in tree.find_all("img")] == ["html/_images/c.png", "html/_images/p.png"]
    assert tree.select_one("link[rel=stylesheet]")["href"] == "html/_static/a.css"
    assert tree.find_all("script") == []


def test_what_is_folded_is_open_and_what_helps_on_a_screen_is_gone(book):
    tree, _ = book
    assert tree.select_one("details").has_attr("open")
    assert not tree.select(".dropdown, .headerlink, .sidebar")
    assert "play()" not in tree.get_text()


def test_the_title_page_has_the_figure_of_the_cover(book):
    tree, _ = book
    title_page = tree.select_one(".title-page")
    assert title_page.select_one(".book-title").get_text() == tree.title.get_text() == "A Book"
    assert title_page.select_one("img") and not tree.select(".printed-page figure")


def test_what_looks_alike_in_a_program_is_one_text(book):
    tree, _ = book
    assert str(tree.select_one(".highlight pre")) == '<pre>a.<span class="k">in</span></pre>'
