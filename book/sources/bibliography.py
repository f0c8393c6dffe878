"""Every citation is in the bibliography, and every work of the bibliography is cited."""

import collections
import re

import yaml

from book.sources.markup import near, references
from book.sources.pages import Block, Fault


def faults(book):
    """Yield each citation of an unknown work, and each work that is cited nowhere or listed twice."""
    works, cited = listed_works(book), set()
    for block in (block for page in book.with_template for block in page.blocks + page.captions):
        for role, key, place in references(block):
            if role.startswith("cite"):
                cited.add(key)
                if key not in works:
                    yield Fault(place, f"{{{role}}} cites {key}, which is not in the bibliography", near(key, works))
    for key, places in works.items():
        if key not in cited:
            yield Fault(places[0], f"no page cites {key}", "Cite it, or take it out")
        if len(places) > 1:
            yield Fault(places[1], f"the key {key} is defined at {places[0]} too", "Rename one of the two")


def listed_works(book):
    """Map each key of the bibliography to the places where it stands: one, unless there is a fault."""
    works = collections.defaultdict(list)
    config = yaml.safe_load((book.root / "_config.yml").read_text(encoding="utf-8"))
    for file in config["bibtex_bibfiles"]:
        block = Block(file, (book.root / file).read_text(encoding="utf-8"))
        for entry in re.finditer(r"^@\w+\{([^,\s]+),", block.text, re.MULTILINE):
            works[entry[1]].append(block.place(entry.start()))
    return works
