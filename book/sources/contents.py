"""The order of the book: the table of contents, the folders of the parts, and the pages that list them."""

import pathlib
import re

from book.sources.pages import Fault, listed

TOC = "_toc.yml"
WORDS_PER_CHAPTER = 5  # a part's page says of each chapter, in a sentence, what it is for


def faults(book):
    """Yield what is wrong with the order of the book."""
    yield from table_of_contents(book)
    yield from numbers(book)
    for part in book.parts:
        yield from part_page(book, part)
    yield from cover(book)


def table_of_contents(book):
    """Every page stands in the table of contents once, and the table names no other."""
    files = {page.file.rpartition(".")[0]: page.file for page in book.pages}
    for name, file in files.items():
        if name not in book.order:
            yield Fault(file, f"the page is not in {TOC}", f"Add '- file: {name}' below its part")
    for name in sorted(set(book.order)):
        if name not in files:
            yield Fault(TOC, f"there is no page {name}", "Write it or take the line out")
        if book.order.count(name) > 1:
            yield Fault(TOC, f"the page {name} is listed {book.order.count(name)} times", "Keep one of the lines")


def numbers(book):
    """The folder of a numbered part begins with its number, and holds all of its chapters."""
    numbered = [part for group in book.toc["parts"] if group.get("numbered") for part in group["chapters"]]
    for number, part in enumerate(numbered, start=1):
        folder = pathlib.PurePath(part["file"]).parent
        if not folder.name.startswith(f"{number}_"):
            yield Fault(TOC, f"part {number} is in the folder {folder}", f"Rename the folder to {number}_…")
        for name in listed([part]):
            if pathlib.PurePath(name).parent != folder:
                yield Fault(TOC, f"{name} is listed in the part of the folder {folder}", "Move the page or the line")


def part_page(book, part):
    """The page of a part lists its chapters in order, and says of each what it is for."""
    page = page_named(book, part["file"])
    if page is None:
        return
    items = re.findall(r"^- \{chapter\}`([^`]+)`(.*(?:\n[ \t]+\S.*)*)", page.text, re.MULTILINE)
    wanted = [(name, label_of(page_named(book, name))) for name in (entry["file"] for entry in part["sections"])]
    for name, label in wanted:
        if label not in dict(items):
            line = f"- {{chapter}}`{label}` says in a sentence what it is for."
            yield Fault(page.file, f"the chapter {name} is missing", f"Add a line such as '{line}'")
    labels = [label for _, label in wanted]
    for label, words in items:
        if label not in labels:
            yield Fault(page.file, f"{label} is listed and is no chapter of this part", f"Take it out, or see {TOC}")
        elif len(words.split()) < WORDS_PER_CHAPTER:
            yield Fault(page.file, f"nothing is said about {label}", "Say in a sentence what the chapter is for")
    given = [label for label, _ in items if label in labels]
    if given != [label for label in labels if label in given]:
        yield Fault(
            page.file, f"the chapters are not in the order of {TOC}", f"The order is {', '.join(map(str, labels))}"
        )


def cover(book):
    """The first page names every part, in order."""
    page = page_named(book, book.toc["root"])
    if page is None:
        return
    labels = [label_of(page_named(book, part["file"])) for part in book.parts]
    given = [label for label in re.findall(r"\{chapter\}`([^`]+)`", page.text) if label in labels]
    if given != labels:
        missing = [label for label in labels if label not in given]
        wrong = f"the part {missing[0]} is missing" if missing else f"the parts are not in the order of {TOC}"
        yield Fault(page.file, wrong, f"Name each part once: {', '.join(map(str, labels))}")


def page_named(book, name):
    """The page with a name of the table of contents, or None."""
    return next((page for page in book.pages if page.file.rpartition(".")[0] == name), None)


def label_of(page):
    """The label with which a page begins, or None."""
    found = page and re.match(r"\s*\(([^)\s]+)\)=\n# ", page.text)
    return found and found[1]
