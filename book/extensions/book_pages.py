"""What the book's extensions know about its pages: their order, their numbers, and links to them.

`` {chapter}`label` `` is a link that reads as the numbered title of the label's page.
"""

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)


def reading_order(env):
    """Every page of the book, from the cover to the last appendix, as previous and next walk them."""
    pages, waiting = [], [env.config.root_doc]
    while waiting:
        pages.append(waiting.pop(0))
        waiting = env.toctree_includes.get(pages[-1], []) + waiting
    return pages


def is_notebook(env, docname):
    """Whether a page comes from a notebook."""
    return str(env.doc2path(docname)).endswith(".ipynb")


def numbered_title(env, docname):
    """A page's title with its number in front, such as `2.3 Losses as likelihoods`."""
    number = ".".join(map(str, env.toc_secnumbers.get(docname, {}).get("", ())))
    return f"{number}\N{NO-BREAK SPACE}{env.titles[docname].astext()}".strip()


def link_to_page(app, fromdoc, docname, anchor=""):
    """A reference from one page to another, or to a place in it, that reads as its numbered title."""
    return make_refnode(app.builder, fromdoc, docname, anchor, nodes.Text(numbered_title(app.env, docname)))


FEW = 4  # links that a list of places shows at once; one more is shown, too, and of yet more the rest is folded


class folded(nodes.General, nodes.Element):
    """What is seen only when a reader asks for it, under a line that says what it is."""


def visit_folded(translator, node):
    """Begin what is folded."""
    translator.body.append(f"{translator.starttag(node, 'details')}<summary>{node['summary']}</summary>")


def depart_folded(translator, node):
    """End what is folded."""
    translator.body.append("</details>\n")


def list_of_places(said, links, kind):
    """A line such as `Used in …; …; ….` as a list of nodes of the class `kind`, with all but a few links folded."""
    shown = links if len(links) <= FEW + 1 else links[:FEW]
    places = [nodes.paragraph("", "", nodes.Text(f"{said} "), *joined(shown), nodes.Text("."))]
    if rest := links[len(shown) :]:
        places.append(folded("", nodes.paragraph("", "", *joined(rest), nodes.Text(".")), summary=f"{len(rest)} more"))
    return [nodes.container("", *places, classes=[kind])]


def joined(links):
    """Links in one line, with semicolons between them."""
    line = []
    for link in links:
        line += [nodes.Text("; "), link] if line else [link]
    return line


def page_of(env, label):
    """The page on which a label stands, or None."""
    return env.get_domain("std").anonlabels.get(label, (None,))[0]


class chapter_link(nodes.Inline, nodes.Element):
    """The place for a link to the page of a label."""


class Chapter(SphinxRole):
    """`` {chapter}`label` ``"""

    def run(self):
        node = chapter_link(label=self.text)
        self.set_source_info(node)
        return [node], []


def link_chapters(app, doctree, docname):
    """Put the links into their places, now that every page has its number."""
    for place in list(doctree.findall(chapter_link)):
        page = page_of(app.env, place["label"])
        if page is None:
            logger.warning("no page has the label %r", place["label"], location=place)
        place.replace_self(link_to_page(app, docname, page) if page else nodes.Text("?"))


def setup(app):
    app.add_node(chapter_link)
    app.add_node(folded, html=(visit_folded, depart_folded))
    app.add_role("chapter", Chapter())
    app.connect("doctree-resolved", link_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
