"""Begins the glossary with the letters of the alphabet, each of which leads to the first term that begins with it."""

from docutils import nodes
from sphinx import addnodes


def first_terms(glossary):
    """Map each letter to the anchor of the first entry whose first term begins with it, in the order of the glossary."""
    found = {}
    for entry in glossary.findall(nodes.definition_list_item):
        term = entry.next_node(nodes.term)
        found.setdefault(term.astext()[0].upper(), term["ids"][0])
    return found


def add_letters(app, doctree, docname):
    """Put the letters before each glossary of a page."""
    for glossary in list(doctree.findall(addnodes.glossary)):
        links = "\n".join(f'<a href="#{anchor}">{letter}</a>' for letter, anchor in first_terms(glossary).items())
        letters = f'<nav class="letters" aria-label="Letters of the glossary">\n{links}\n</nav>'
        glossary.parent.insert(glossary.parent.index(glossary), nodes.raw("", letters, format="html"))


def setup(app):
    app.connect("doctree-resolved", add_letters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
