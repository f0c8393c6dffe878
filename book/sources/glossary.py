"""Every term that a page links is in the glossary, and every entry of the glossary is linked and says where to read on."""

import collections
import re
from typing import NamedTuple

from book.sources.markup import near, references
from book.sources.pages import Fault

GLOSSARY = re.compile(r"^```\{glossary\}\n((?:.*\n)*?)```", re.MULTILINE)


class Entry(NamedTuple):
    """An entry of the glossary: most have one name, some several."""

    place: str
    names: list
    text: str


def faults(book):
    """Yield what is wrong with the glossary and with the links to it."""
    entries = list(all_entries(book))
    names = collections.Counter(name for entry in entries for name in entry.names)
    linked = set()
    for page in book.with_template:
        for block in page.blocks + page.captions:
            for role, term, place in references(block):
                if role == "term" and term.lower() not in names:
                    yield Fault(place, f"the term '{term}' is not in the glossary", near(term.lower(), names))
                elif role == "term" and not GLOSSARY.search(block.text):
                    linked.add(term.lower())
    before = ""
    for entry in entries:
        term = entry.names[0]
        for name in entry.names:
            if names[name] > 1:
                yield Fault(entry.place, f"the term '{name}' is explained {names[name]} times", "Keep one entry")
        if not linked & set(entry.names):
            yield Fault(entry.place, f"no page links the term '{term}'", f"Link its first use: {{term}}`{term}`")
        if "{ref}`ch-" not in entry.text:
            yield Fault(entry.place, f"the term '{term}' names no chapter", "End it with 'See {ref}`ch-…`.'")
        explanation = [line for line in entry.text.splitlines() if line.startswith(" ")]
        sentences = re.split(r"(?<=\.)\s+", " ".join(explanation).strip())
        for sentence in sorted(set(sentences)):
            if sentences.count(sentence) > 1:
                yield Fault(entry.place, f"the term '{term}' says twice: {sentence}", "Say it once")
        if term < before:
            yield Fault(entry.place, f"the term '{term}' stands after '{before}'", "Keep the alphabetical order")
        before = term


def all_entries(book):
    """Yield each entry of the glossary, its names in lower case."""
    for block in (block for page in book.pages for block in page.blocks):
        for found in GLOSSARY.finditer(block.text):
            for entry in re.finditer(r"(?:.+\n?)+", found[1]):
                names = [line.lower() for line in entry[0].splitlines() if not line.startswith(" ")]
                yield Entry(block.place(found.start(1) + entry.start()), names, entry[0])
