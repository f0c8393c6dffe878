"""Static checks of the sources: labels, references, citations, part pages, figures, names to search for, the form of a chapter.

They take about a second for the whole book, run nothing and build nothing. `python -m book.sources` prints
each fault with its file, its cell or line, and what to do about it.
"""

from book.sources import bibliography, chapters, contents, figures, glossary, references, synonyms
from book.sources.pages import Book

CHECKS = (contents, references, bibliography, glossary, figures, chapters, synonyms)


def faults(root):
    """Return every fault in the sources of the book below `root`, as a list of `Fault`."""
    book = Book(root)
    return [fault for check in CHECKS for fault in check.faults(book)]
