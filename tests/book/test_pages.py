"""The built pages: every link leads somewhere, nothing is asked of another host, every figure is described, no noise.

The checks run on the pages that `BOOK_PAGES` names, as `.ci/run` sets it after the build:

    jupyter-book build . && BOOK_PAGES=_build/html pytest -n0 tests/book/test_pages.py
"""

import functools
import pathlib
import re
import urllib.parse

import bs4
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The links that a browser follows by itself, without a click.
FETCHED_LINKS = {"stylesheet", "icon", "shortcut", "preload", "prefetch", "modulepreload", "manifest", "preconnect"}


def pages_below(folder):
    """Every page of the book; the theme's templates below `_static` are none."""
    return [page for page in folder.rglob("*.html") if "_static" not in page.relative_to(folder).parts]


@functools.cache
def parse(page):
    """The page as a tree."""
    return bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def requested(tree):
    """Every address that opening the page requests."""
    yield from (element["src"] for element in tree.find_all(src=True))
    yield from (element["data"] for element in tree.find_all("object", data=True))
    for element in tree.find_all("link", href=True):
        if FETCHED_LINKS & set(element.get("rel", [])):
            yield element["href"]
    for element in tree.find_all(srcset=True):
        yield from (candidate.split()[0] for candidate in element["srcset"].split(","))
    for style in [e.text for e in tree.find_all("style")] + [e["style"] for e in tree.find_all(style=True)]:
        yield from css_addresses(style)


def css_addresses(css):
    """Every address in a style sheet."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    yield from (found.strip("'\" ") for found in re.findall(r"url\(([^)]*)\)", css))
    yield from re.findall(r"@import\s+['\"]([^'\"]+)", css)


def foreign_requests(folder):
    """Every (file, address) below a folder that asks another host."""
    addresses = [(page, address) for page in pages_below(folder) for address in requested(parse(page))]
    for sheet in folder.rglob("*.css"):
        css = sheet.read_text(encoding="utf-8", errors="replace")
        addresses += [(sheet, address) for address in css_addresses(css)]
    return [(file, address) for file, address in addresses if re.match(r"(https?:)?//", address)]


def broken_links(folder):
    """Every (page, address) whose file or anchor is not there."""
    trees = {page.resolve(): parse(page) for page in pages_below(folder)}
    anchors = {
        page: {e["id"] for e in tree.find_all(id=True)} | {e["name"] for e in tree.find_all("a", attrs={"name": True})}
        for page, tree in trees.items()
    }
    for page, tree in trees.items():
        addresses = {element["href"] for element in tree.find_all("a", href=True)} | set(requested(tree))
        for address in addresses:
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or parts.netloc or address in ("", "#"):
                continue
            path = urllib.parse.unquote(parts.path)
            target = (page.parent / path).resolve() if path else page
            fragment = urllib.parse.unquote(parts.fragment)
            if not target.exists() or (fragment and target in anchors and fragment not in anchors[target]):
                yield page, address


def noise(folder):
    """Every (page, text) that a cell wrote to stderr, and every traceback."""
    for page in pages_below(folder):
        for element in parse(page).select(".cell_output .stderr, .cell_output .traceback"):
            yield page, element.text[:200]


def undescribed_images(folder):
    """Every (page, words) of a figure without a numbered caption, or with a path in place of an alternative text.

    `book.sources` looks at the words of those that the metadata of a cell name as figures; these are the others.
    """
    for page in pages_below(folder):
        for image in parse(page).select("article img"):
            alt, figure = image.get("alt", ""), image.find_parent("figure")
            if not alt or "_images/" in alt or not (figure and figure.select_one("figcaption .caption-number")):
                yield page, alt


def tex_left(folder):
    """Every (page, text) of TeX that was not set: what stands between its delimiters, or in an environment."""
    for page in pages_below(folder):
        article = parse(page).find("article")
        for text in article.find_all(string=re.compile(r"\\\(|\\\[|\\begin\{|\$[^$\s][^$]*\$")) if article else ():
            if not text.find_parent(["pre", "code", "script", "style", "annotation"]):
                yield page, text


def paths_of_the_machine(folder):
    """Every (page, path) that names a file of the machine on which the book was built."""
    below = "|".join({"home", "root", "tmp", "usr", "opt", "var", "mnt", "private", "Users", ROOT.parts[1]})
    for page in pages_below(folder):
        for path in re.findall(rf"(?<![\w.:/<-])/(?:{below})/[^\s<>\"'&]+", page.read_text(encoding="utf-8")):
            yield page, path


# ---------------------------------------------------------------- the book's pages


def test_every_internal_link_and_anchor_of_the_book_resolves(book):
    assert list(broken_links(book)) == []


def test_no_page_of_the_book_asks_another_host(book):
    assert foreign_requests(book) == []


def test_no_page_of_the_book_shows_stderr_or_a_traceback(book):
    assert list(noise(book)) == []


def test_every_figure_of_the_book_is_described(book):
    assert list(undescribed_images(book)) == []


def test_no_formula_of_the_book_is_left_as_tex(book):
    assert list(tex_left(book)) == []
    assert len({page for page in pages_below(book) if parse(page).select("article .math .katex")}) > 20


def test_no_page_of_the_book_loads_a_script_for_its_formulas(book):
    scripts = {address for page in pages_below(book) for address in requested(parse(page)) if ".js" in address}
    assert scripts and not [address for address in scripts if re.search("mathjax|katex", address, re.IGNORECASE)]
    assert not [
        file for file in book.rglob("*.js") if re.search("mathjax|katex", str(file.relative_to(book)), re.IGNORECASE)
    ]


def test_no_page_of_the_book_names_a_file_of_the_machine(book):
    assert list(paths_of_the_machine(book)) == []


# ------------------------------------------------- the checks themselves can fail


NUMBERED = '<figcaption><span class="caption-number">Figure 1 </span></figcaption>'


@pytest.fixture
def page(tmp_path):
    """Write a page with a body, beside a page `other.html` with one anchor; return their folder."""

    def write(body, head=""):
        (tmp_path / "other.html").write_text('<h1 id="there">Other</h1>')
        (tmp_path / "page.html").write_text(f"<html><head>{head}</head><body><article>{body}</article></body></html>")
        return tmp_path

    return write


@pytest.mark.parametrize("href", ["missing.html", "other.html#not-there", "#nowhere", "../other.html"])
def test_a_broken_link_is_found(page, href):
    assert [address for _, address in broken_links(page(f'<a href="{href}">x</a>'))] == [href]


@pytest.mark.parametrize("href", ["other.html", "other.html#there", "https://example.org/x#y", "#", "mailto:a@b.c"])
def test_a_good_link_is_left_alone(page, href):
    folder = page(f'<a href="{href}">x</a>')
    assert list(broken_links(folder)) == []
    assert foreign_requests(folder) == [], "a link is no request"


@pytest.mark.parametrize(
    "head",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<script src="//cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="https://cdn.example.org/x.css">',
        "<style>body { background: url(https://example.org/x.png) }</style>",
        '<style>@import "https://example.org/x.css";</style>',
    ],
)
def test_a_request_to_another_host_is_found(page, head):
    assert len(foreign_requests(page("", head))) == 1


def test_a_request_from_a_style_sheet_is_found(page):
    folder = page("")
    (folder / "x.css").write_text("@font-face { src: url('https://example.org/x.woff2') }")
    assert len(foreign_requests(folder)) == 1


@pytest.mark.parametrize("kind", ["stderr", "traceback"])
def test_noise_of_a_cell_is_found(page, kind):
    body = f'<div class="cell_output docutils container"><div class="output {kind}">oh</div></div>'
    assert [text for _, text in noise(page(body))] == ["oh"]


@pytest.mark.parametrize("alt", ["", "../_images/abc.png", "A falling learning curve"])
@pytest.mark.parametrize("caption", ["", "<figcaption>Loss</figcaption>", NUMBERED])
def test_a_figure_without_words_or_a_numbered_caption_is_found(page, alt, caption):
    found = list(undescribed_images(page(f'<figure><img src="x.png" alt="{alt}">{caption}</figure>')))
    assert bool(found) == (" " not in alt or caption != NUMBERED)


def test_a_figure_whose_neighbour_has_a_caption_is_found(page):
    image = '<img src="x.png" alt="A falling learning curve">'
    assert len(list(undescribed_images(page(f"<figure>{image}{NUMBERED}</figure>{image}")))) == 1


@pytest.mark.parametrize("text", [r"\(x\)", r"\[x\]", "$x^2$", r"<p>\begin{align} x \end{align}</p>"])
def test_tex_that_was_not_set_is_found(page, text):
    assert len(list(tex_left(page(text)))) == 1


@pytest.mark.parametrize("text", ["<code>$x$</code>", "<annotation>\\begin{split}</annotation>", "a price of $5"])
def test_what_only_looks_like_tex_is_left_alone(page, text):
    assert list(tex_left(page(text))) == []


@pytest.mark.parametrize(
    "path", ["/root/book/aelib/nn/layers.py", "/tmp/ipykernel_12/3.py", "/Users/me/x", str(ROOT / "aelib/checks.py")]
)
def test_a_path_of_the_machine_is_found(page, path):
    folder = page(f"<pre>{path}:125: RuntimeWarning: overflow</pre>")
    assert [found.removesuffix(":125:") for _, found in paths_of_the_machine(folder)] == [path]


def test_an_address_and_a_fraction_are_no_paths_of_the_machine(page):
    body = '<a href="../root/x.html">a/tmp/b</a> https://example.org/usr/x </root/> and/or'
    assert list(paths_of_the_machine(page(body))) == []
