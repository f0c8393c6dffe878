"""Puts the pages of the built book together into one, in the order in which one reads them.

What a screen needs and paper does not is left out: navigation, buttons, scripts. What is folded is opened. A link to another
page of the book becomes one to the place in this page.
"""

import collections
import os
import pathlib
import re
import urllib.parse
from functools import partial

import bs4

ADDRESSES = {"href", "xlink:href", "src"}
NAMING = {"for", "aria-labelledby", "aria-describedby", "aria-controls"}  # attributes that name other elements
ELSEWHERE = r"\w+:|//"  # how an address outside the book begins
PLAIN = ".highlight :is(.n, .nb, .nn, .o, .p, .w, .bp, .go)"  # parts of a program that no style sheet marks
LEFT_OUT = "script, a.headerlink, button, .sd-stretched-link, .prev-next-footer"


def read(path):
    """A page as a tree."""
    return bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def reading_order(folder):
    """Yield (name, tree) of every page, from the cover on, as the links to the next page lead."""
    first = read(folder / "index.html").select_one('meta[http-equiv="Refresh"]')
    name = first["content"].partition("url=")[2] if first else "index.html"
    while name:
        tree = read(folder / name)
        yield name, tree
        following = tree.select_one("link[rel=next]")
        name = following and str(pathlib.PurePosixPath(name).parent / following["href"])
        name = name and os.path.normpath(name)


def depth(name, names):
    """How deep a page stands in the table of contents: parts at 1, chapters at 2."""
    page = pathlib.PurePosixPath(name)
    cover = next(iter(names))
    ancestors = {str(parent / "index.html") for parent in page.parents} & set(names) - {cover, name}
    return 1 + len(ancestors)


def one_page(folder, place):
    """Put the whole book into one HTML page.

    Parameters
    ----------
    folder : pathlib.Path
        Where the built book is.
    place : pathlib.Path
        The folder in which the page will be, to which its addresses are relative.

    Returns
    -------
    page : str
        With a place, in its table of contents, for the number of each chapter's first page.
    titles : dict of str to str
        The title behind each anchor of that table, in its order.
    """
    pages = dict(reading_order(folder))
    articles = {name: tree.select_one("article.bd-article") for name, tree in pages.items()}
    for article in articles.values():
        for element in article.select(LEFT_OUT):
            element.decompose()
    cover = next(iter(pages))
    book_title = articles[cover].select_one("h1").get_text().strip()
    articles[cover].select_one("h1").string = "About this book"
    titles = {name: article.select_one("h1").get_text().strip() for name, article in articles.items()}
    rename(articles)
    for name, article in articles.items():
        redirect(article, folder, name, articles, place)
        open_what_is_folded(article)
        join_plain_code(article)
        lower_headings(article, depth(name, articles) - 1)
    title_page = front(book_title, pages[cover], articles[cover])
    body = "\n".join(
        f'<section class="printed-page depth-{depth(name, articles)}" id="{anchor(name)}" style="page: {anchor(name)}">'
        f"{article.decode_contents()}</section>"
        for name, article in articles.items()
    )
    headers = "\n".join(
        f'@page {anchor(name)} {{ @top-left {{ content: "{as_css(title)}" }} }}' for name, title in titles.items()
    )
    page = (
        '<!doctype html>\n<html lang="en" data-theme="light" data-mode="light">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{book_title}</title>\n{head(pages[cover], folder, cover, place)}\n"
        f"<style>{headers}</style>\n</head>\n"
        f'<body class="printed"><main class="bd-main"><div class="bd-content"><article class="bd-article">\n'
        f"{title_page}\n{contents(titles)}\n{body}\n</article></div></main></body>\n</html>\n"
    )
    return page, {anchor(name): title for name, title in titles.items()}


def anchor(name):
    """The anchor of a page of the book in the one page."""
    return "page-" + re.sub(r"\W+", "-", name.removesuffix(".html"))


def as_css(text):
    """Text as it stands between quotation marks in a style sheet."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def head(tree, folder, name, place):
    """The style sheets."""
    sheets = tree.head.select("link[rel~=stylesheet], style")
    for sheet in sheets:
        if sheet.name == "link":
            sheet["href"] = moved(sheet["href"], folder, name, place)
    return "\n".join(map(str, sheets))


def front(title, tree, article):
    """The title page: the book's name, the figure of its cover, and who made it. The rest of the cover stays a page."""
    figure = article.select_one("figure, svg, .cell_output")
    picture = str(figure.extract()) if figure else ""
    authors = tree.select_one(".component-author, .footer-info__item")
    author = authors.get_text().strip().removeprefix("By ") if authors else ""
    return (
        f'<section class="title-page"><p class="book-title">{title}</p>{picture}'
        f'<p class="book-author">{author[:1].upper()}{author[1:]}</p></section>'
    )


def contents(titles):
    """The table of contents, with a place for each page number."""
    names = list(titles)
    lines = [
        f'<li class="depth-{depth(name, names)}"><a href="#{anchor(name)}"><span>{title}</span><span></span></a></li>'
        for name, title in titles.items()
    ]
    return f'<nav class="printed-contents"><h1>Contents</h1><ul>{"".join(lines)}</ul></nav>'


def rename(articles):
    """Give an anchor that several pages have another name in each of them."""
    pages_with = collections.Counter(
        i for article in articles.values() for i in {e["id"] for e in article.find_all(id=True)}
    )
    for name, article in articles.items():
        article.renamed = {i: f"{anchor(name)}--{i}" for i, count in pages_with.items() if count > 1}
        for element in article.find_all(True):
            if element.get("id") in article.renamed:
                element["id"] = article.renamed[element["id"]]
            for key, value in element.attrs.items():
                if isinstance(value, str) and "url(#" in value:
                    element[key] = re.sub(r"(?<=url\(#)[^)]+", partial(renamed, article), value)


def renamed(article, found):
    """What the anchor that a regular expression found is called now."""
    return article.renamed.get(found[0], found[0])


def redirect(article, folder, name, articles, place):
    """Let every link and every picture of a page lead from the one page to where it led before."""
    for element in article.find_all(True):
        for key in NAMING & element.attrs.keys():
            element[key] = " ".join(article.renamed.get(i, i) for i in element[key].split())
        for key in ADDRESSES & element.attrs.keys():
            if not re.match(ELSEWHERE, element[key]):
                inner = inner_address(element[key], name, articles)
                element[key] = inner or moved(element[key], folder, name, place)
                if element.name == "a" and not inner:
                    element.unwrap()
        if element.name == "img":
            element["loading"] = "eager"


def inner_address(address, name, articles):
    """The address in the one page of a place in the book, or None if it is not in the book."""
    parts = urllib.parse.urlsplit(address)
    path = urllib.parse.unquote(parts.path)
    page = os.path.normpath(pathlib.PurePosixPath(name).parent / path) if path else name
    if page not in articles:
        return None
    fragment = urllib.parse.unquote(parts.fragment)
    return f"#{articles[page].renamed.get(fragment, fragment) or anchor(page)}"


def moved(address, folder, name, place):
    """The address of a file, seen from `place` instead of from its page."""
    if re.match(ELSEWHERE, address):
        return address
    parts = urllib.parse.urlsplit(address)
    path = (folder / name).parent / urllib.parse.unquote(parts.path)
    return urllib.parse.quote(os.path.relpath(path, place))


def open_what_is_folded(article):
    """Open solutions and hidden cells: paper cannot be clicked on."""
    for element in article.find_all("details"):
        element["open"] = ""
    for element in article.select(".dropdown"):
        element["class"] = [name for name in element["class"] if name not in ("dropdown", "toggle")]


def join_plain_code(article):
    """Take the parts of a program that look like the text around them out of their elements, each of which weighs in the PDF."""
    for part in article.select(PLAIN):
        if not part.find(True):
            part.unwrap()
    article.smooth()


def lower_headings(article, levels):
    """Make each heading a deeper one, so that the bookmarks of the PDF follow the table of contents."""
    for heading in article.find_all(re.compile("^h[1-6]$")):
        level = int(heading.name[1])
        heading["class"] = [*heading.get("class", []), f"level-{level}"]
        heading.name = f"h{min(6, level + levels)}"
