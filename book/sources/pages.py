"""The pages of the book as they are written: Markdown files and notebooks, their text and their places."""

import functools
import json
import pathlib
import re
from typing import NamedTuple

import yaml

from book.extensions.cells import parsed

TEMPLATE = "book/template.ipynb"  # the chapter that CONTRIBUTING.md has copied: checked as one, listed nowhere


class Fault(NamedTuple):
    """What is wrong in a source of the book: where, what, and what to do."""

    place: str
    wrong: str
    cure: str

    def __str__(self):
        return f"{self.place}: {self.wrong}. {self.cure}"


class Block(NamedTuple):
    """A piece of Markdown: a file, a cell of a notebook, or the caption in a cell's metadata."""

    source: str  # what comes before a line's number in a place
    text: str  # without the examples in it, which are code

    def place(self, position):
        """Where a position of the text is, for a person."""
        return f"{self.source}, line {self.text.count(chr(10), 0, position) + 1}"


class Page:
    """A Markdown file or a notebook of the book.

    Attributes
    ----------
    path : pathlib.Path
    file : str
        Its path from the book's root.
    notebook : dict or None
        What a notebook's file holds.
    """

    def __init__(self, path, root):
        self.path, self.file = path, path.relative_to(root).as_posix()
        self.source = path.read_text(encoding="utf-8")
        self.notebook = json.loads(self.source) if path.suffix == ".ipynb" else None

    def placed_cells(self):
        """Yield (place, cell) of each cell of a notebook."""
        for number, cell in enumerate(self.notebook["cells"] if self.notebook else []):
            yield f"{self.file}, cell {cell.get('id', number)}", cell

    def cells(self, kind):
        """Yield (place, source, metadata) of each cell of a kind, `code` or `markdown`."""
        for place, cell in self.placed_cells():
            if cell["cell_type"] == kind:
                yield place, "".join(cell["source"]), cell["metadata"]

    @functools.cached_property
    def code(self):
        """The syntax tree of each code cell, as (place, tree, metadata); an empty tree where a cell is not Python."""
        return [(place, parsed(source), metadata) for place, source, metadata in self.cells("code")]

    @functools.cached_property
    def blocks(self):
        """The page's Markdown in pieces, in order, without captions."""
        pieces = [(place, source) for place, source, _ in self.cells("markdown")] if self.notebook else None
        return [Block(place, without_examples(text)) for place, text in pieces or [(self.file, self.source)]]

    @functools.cached_property
    def captions(self):
        """The captions of the figures that a notebook's cells make."""
        settings = [(place, metadata.get("mystnb", {})) for place, _, metadata in self.cells("code")]
        return [Block(place, figure.get("figure", {}).get("caption", "")) for place, figure in settings]

    @property
    def text(self):
        """All of its Markdown in one string."""
        return "\n".join(block.text for block in self.blocks)


class Book:
    """The sources of a book below a folder.

    Attributes
    ----------
    root : pathlib.Path
    pages : list of Page
    parts : list of dict
        The entries of the table of contents that have chapters below them, in order.
    order : list of str
        Every page that the table of contents names, without its ending.
    """

    def __init__(self, root):
        self.root = pathlib.Path(root)
        paths = [path for ending in ("md", "ipynb") for path in (self.root / "chapters").rglob(f"*.{ending}")]
        paths = sorted(path for path in paths if ".ipynb_checkpoints" not in path.parts)
        self.pages = [Page(path, self.root) for path in paths]
        self.template = [Page(self.root / TEMPLATE, self.root)] if (self.root / TEMPLATE).exists() else []
        self.toc = yaml.safe_load((self.root / "_toc.yml").read_text(encoding="utf-8"))
        entries = [entry for group in self.toc["parts"] for entry in group["chapters"]]
        self.parts = [entry for entry in entries if "sections" in entry]
        self.order = [self.toc["root"], *listed(entries)]

    @property
    def with_template(self):
        """The pages and the template, whose labels and references are checked as theirs are."""
        return self.pages + self.template

    @property
    def chapters(self):
        """The pages that are notebooks, and the template."""
        return [page for page in self.with_template if page.notebook]


def listed(entries):
    """The files of a part of the table of contents, in the order in which they are read."""
    for entry in entries:
        yield entry["file"]
        yield from listed(entry.get("sections", []))


def without_examples(text):
    """Blank settings before the title, and code in fences or double backticks, so that each line keeps its number."""
    lines, fences = [], []  # of each fence that is open: its marks, and whether it holds code
    settings = re.match(r"---\n(?:.*\n)*?---\n", text)
    text = "\n" * settings[0].count("\n") + text[settings.end() :] if settings else text
    for line in text.split("\n"):
        marks, after = re.match(r"\s*(`{3,}|~{3,}|:{3,}|)(.*)", line).groups()
        in_code = bool(fences) and fences[-1][1]
        if marks and fences and marks.startswith(fences[-1][0]) and not after.strip():
            fences.pop()
        elif marks and not in_code:
            fences.append((marks, not after.startswith("{")))
        lines.append("" if in_code else re.sub("``.+?``", lambda code: " " * len(code[0]), line))
    return "\n".join(lines)
