"""Every section for which the search has other names is there."""

import re

import yaml
from docutils.nodes import make_id

from book.sources.markup import near
from book.sources.pages import Fault

FILE = "book/synonyms.yml"


def faults(book):
    """Yield a fault for each place in the file of synonyms that no page has, and for a place without names."""
    path = book.root / FILE
    if not path.exists():
        return
    places = {place for page in book.pages for place in sections(page)}
    lines = path.read_text(encoding="utf-8").splitlines()
    for place, names in yaml.safe_load("\n".join(lines)).items():
        number = next(number for number, line in enumerate(lines, start=1) if line.startswith(f"{place}:"))
        if place not in places:
            yield Fault(f"{FILE}, line {number}", f"there is no section {place}", near(place, places))
        if not names:
            yield Fault(f"{FILE}, line {number}", f"{place} has no names", "Name it, or take the line out")


def sections(page):
    """Yield the place of each section of a page, such as `4_numpy/mnist#training`."""
    name = page.file.removeprefix("chapters/").rpartition(".")[0]
    for heading in re.findall(r"^#+ (.+)$", page.text, re.MULTILINE):
        yield f"{name}#{make_id(heading)}"
