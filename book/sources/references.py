"""Every label is defined once, and every reference leads to a label, a page or a file of the right kind."""

import re

from book.sources.markup import addresses, definitions, near, references
from book.sources.pages import Fault

ANCHORS = {"place", "figure", "table", "exercise"}
ROLES = {
    "ref": ANCHORS,
    "chapter": ANCHORS,
    "run-time": ANCHORS,
    "numref": ANCHORS,
    "eq": {"equation"},
    "prf:ref": {"theorem"},
    "solution": {"exercise"},
}
THEOREM_LABEL = re.compile(r"(def|thm|prop|cor|lem|alg)-[a-z0-9-]+")
ENDINGS = ("", ".md", ".ipynb", ".py")


def faults(book):
    """Yield what is wrong with the labels and references of a book."""
    labels = {}
    for label, kind, place in all_definitions(book):
        if label in labels:
            yield Fault(place, f"the label {label} is defined at {labels[label][1]} too", "Rename one of the two")
        labels.setdefault(label, (kind, place))
    referred = set()
    for page in book.with_template:
        for block in page.blocks + page.captions:
            for role, target, place in references(block):
                referred.add(target)
                yield from without_target(role, target, place, labels)
            yield from lost(book, page, block, labels)
    yield from theorems(labels, referred)


def all_definitions(book):
    """Yield (label, kind, place) of each label in the book, those of the figures that cells make among them."""
    for page in book.with_template:
        for block in page.blocks:
            yield from definitions(block)
        for place, _, metadata in page.cells("code"):
            if name := metadata.get("mystnb", {}).get("figure", {}).get("name"):
                yield name, "figure", place


def without_target(role, target, place, labels):
    """Yield a fault if what a role refers to is not there, or is of another kind."""
    kinds = ROLES.get(role)
    if not kinds:
        return
    kind = labels.get(target, (None,))[0]
    if kind is None:
        cure = near(target, [label for label, (kind, _) in labels.items() if kind in kinds])
        yield Fault(place, f"{{{role}}} refers to {target}, which no label defines", cure)
    elif kind not in kinds:
        suited = " or ".join(f"{{{name}}}" for name in ROLES if kind in ROLES[name])
        yield Fault(place, f"{{{role}}} refers to {target}, which is the label of an {kind}", f"Use {suited}")


def lost(book, page, block, labels):
    """Yield a fault for each address in a block that leads nowhere."""
    for address, place in addresses(block):
        path, _, label = address.partition("#")
        folder = book.root if path.startswith("/") else page.path.parent
        if path and not any((folder / f"{path.lstrip('/')}{ending}").exists() for ending in ENDINGS):
            yield Fault(place, f"there is no file {address}", "A path starts at the folder of its page")
        elif not path and label not in labels:
            yield Fault(place, f"there is no label {label}", near(label, labels))


def theorems(labels, referred):
    """Yield a fault for each theorem, definition or algorithm whose label is no name, or that no page refers to."""
    for label, (kind, place) in labels.items():
        if kind == "theorem" and not THEOREM_LABEL.fullmatch(label):
            yield Fault(place, f"the label {label} does not say what it labels", "Begin with thm-, prop-, def- or alg-")
        if kind == "theorem" and label not in referred:
            yield Fault(place, f"nothing refers to {label}", f"Use it somewhere: {{prf:ref}}`{label}`")
