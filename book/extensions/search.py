"""Makes the index of the book's search: one entry for each section, term of the glossary, cited work and name of the reference.

An entry has the place to which it leads, its title, other names under which a reader may look for it (`book/synonyms.yml`),
and its text, in which formulas stand as characters. The entries of a page are kept beside what Sphinx has read, so that a page
that is not written again keeps them. The browser loads the index, as a script, when a reader first goes to the search.
"""

import functools
import json
import pathlib
import re
import textwrap
from xml.etree import ElementTree

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.search.en import SearchEnglish
from sphinx.util import logging

from book.extensions.book_pages import numbered_title, reading_order
from book.extensions.typeset_math import typeset

BOOK = pathlib.Path(__file__).parents[1]
SYNONYMS = "book/synonyms.yml"
INDEX = "_static/search/index.js"
THEIRS = tuple(f"_static/{name}.js" for name in ("searchtools", "language_data", "sphinx_highlight"))

# What counts for less than a section that explains something, by its anchor or by its page.
WEIGHTS_OF_SECTIONS = {"what-you-will-learn": 0.6, "key-points": 0.7, "exercises": 0.4}
WEIGHTS_OF_PAGES = {"index": 0.6, "how_to_read": 0.6, "colophon": 0.6, "glossary": 0.3, "bibliography": 0.3}
WEIGHT_OF_REFERENCE = 0.2

# Code, what it printed, formulas on lines of their own, what is written for programs, and the lists of parameters.
LEFT_OUT = (
    *(nodes.literal_block, nodes.math_block, nodes.raw, nodes.Invisible, nodes.image, nodes.label),
    *(nodes.rubric, nodes.field_list, addnodes.desc_signature),
)
LISTS_OF_PLACES = {"cited-in", "chapters-using"}

logger = logging.getLogger(__name__)


# ----------------------------------------------------------------------------- the text of a page


class Entry:
    """One place of a page to which the search may lead.

    Attributes
    ----------
    anchor, title : str
    names : list of str
        Under which it is found as well as under its title.
    pieces : list of str
        Of its text, without that of other entries inside it.
    """

    def __init__(self, anchor, title, names=()):
        self.anchor, self.title, self.names, self.pieces = anchor, title, list(names), []

    def as_list(self):
        """What is kept of it: the anchor, the title, the names and the text."""
        text = re.sub(r"\$([^$]+)\$", lambda formula: in_characters(formula[1]), "".join(self.pieces))  # in quoted code
        return [self.anchor, self.title, self.names, " ".join(text.split())]


def entries_of(doctree):
    """Return the entries of a page, in the order of the page, as lists."""
    found = []
    collect(doctree, Entry("", ""), found)
    return [entry.as_list() for entry in found]


def collect(node, entry, found):
    """Add the text of a node to an entry, and the entries that begin in the node to those that are found."""
    if isinstance(node, nodes.Text):
        entry.pieces.append(str(node))
    elif isinstance(node, nodes.math):
        entry.pieces.append(in_characters(node.astext()))
    elif not is_left_out(node):
        inner = begun_by(node)
        if inner:
            found.append(inner)
        for child in node.children:
            collect(child, inner or entry, found)
        if not isinstance(node, nodes.Inline):
            entry.pieces.append(" ")


def is_left_out(node):
    """Whether the text of a node is not searched."""
    if isinstance(node, nodes.title):
        return isinstance(node.parent, nodes.section)  # whose entry has it
    if isinstance(node, nodes.term):
        return isinstance(node.parent.parent.parent, addnodes.glossary)
    return isinstance(node, LEFT_OUT) or not LISTS_OF_PLACES.isdisjoint(node.get("classes", []))


def begun_by(node):
    """The entry that begins with a node, or None."""
    if isinstance(node, nodes.section) and isinstance(node[0], nodes.title):
        return Entry(node["ids"][0], plain(node[0]))
    if isinstance(node, nodes.definition_list_item) and isinstance(node.parent.parent, addnodes.glossary):
        terms = [plain(term) for term in node.findall(nodes.term)]
        return Entry(node.next_node(nodes.term)["ids"][0], ", ".join(terms), terms)
    if isinstance(node, nodes.citation):
        return Entry(node["ids"][0], textwrap.shorten(plain(node.next_node(nodes.paragraph)), 90, placeholder=" …"))
    if isinstance(node, addnodes.desc):
        signature = node.next_node(addnodes.desc_signature)
        if signature["ids"]:
            name = signature["fullname"]
            return Entry(signature["ids"][0], name, [" ".join(words_of_name(name))])
    return None


def plain(node):
    """The text of a node in one line, with its formulas in characters."""
    entry = Entry("", "")
    for child in node.children:
        collect(child, entry, [])
    return entry.as_list()[-1]


def words_of_name(name):
    """The words from which a name of Python is made."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)


@functools.cache
def in_characters(tex):
    r"""Write a formula in one line of characters, such as σ(z) = 1/(1+e^-z); one that KaTeX refuses is left out."""
    try:
        mathml = re.search(r"<math.*?</math>", typeset(tex), re.DOTALL)[0]
    except ValueError:
        return "…"
    return in_line(ElementTree.fromstring(mathml.replace("&nbsp;", " ")))


def in_line(element):
    """The characters of an element of MathML."""
    kind = element.tag.rpartition("}")[2]
    parts = [in_line(child) for child in element]
    match kind, parts:
        case "annotation", _:
            return ""
        case "mfrac", [above, below]:
            return f"{together(above)}/{together(below)}"
        case "msup", [base, above] if above not in "′⊤T":
            return f"{base}^{together(above)}"
        case "msub", [base, below]:
            return f"{base}_{together(below)}"
        case "msubsup", [base, below, above]:
            return f"{base}_{together(below)}{above if above in '′⊤T' else '^' + together(above)}"
        case "mover", [base, "^" | "ˆ"]:
            return f"{base}\N{COMBINING CIRCUMFLEX ACCENT}"
        case "mover", [base, "~" | "˜"]:
            return f"{base}\N{COMBINING TILDE}"
        case "mover", [base, "ˉ" | "‾" | "¯"]:
            return f"{base}\N{COMBINING MACRON}"
        case "msqrt", _:
            return f"√{together(''.join(parts))}"
        case "mspace", _:
            return " "
    own = re.sub("[\N{FUNCTION APPLICATION}-\N{INVISIBLE PLUS}\N{ZERO WIDTH SPACE}]", "", element.text or "")
    return own.replace("\\", "∖") + "".join(parts)


def together(text):
    """Put brackets around what consists of several parts."""
    return text if re.fullmatch(r"[\w.]*|[^\w\s]*\w", text) else f"({text})"


# ----------------------------------------------------------------------------- the entries of all pages


def kept(app):
    """The file in which the entries of the pages wait for the next build."""
    return pathlib.Path(app.doctreedir, "search.json")


def begin(app):
    """Use this index in place of Sphinx's own, and take over the entries of the build before."""
    if app.builder.format != "html":
        return
    app.builder.search = False
    app.search_entries = json.loads(kept(app).read_text(encoding="utf-8")) if kept(app).exists() else {}


def read_page(app, doctree, docname):
    """Take the entries of a page that is about to be written, with all its references resolved."""
    if app.builder.format == "html":
        app.search_entries[docname] = entries_of(doctree)


def write(app, exception):
    """Write the index, with the pages in the order of the book."""
    if exception or app.builder.format != "html":
        return
    kept(app).write_text(json.dumps(app.search_entries), encoding="utf-8")
    pages = {
        name: (app.builder.get_target_uri(name), numbered_title(app.env, name), app.search_entries[name])
        for name in reading_order(app.env)
        if name in app.search_entries
    }
    path = pathlib.Path(app.outdir, INDEX)
    path.parent.mkdir(parents=True, exist_ok=True)
    script = script_of(pages, read_synonyms(pathlib.Path(app.srcdir, SYNONYMS)))
    if not path.exists() or path.read_text(encoding="utf-8") != script:
        path.write_text(script, encoding="utf-8")


def script_of(pages, synonyms):
    """Return the index as a script.

    Parameters
    ----------
    pages : dict of str to (str, str, list)
        The address, the title and the entries of each page.
    synonyms : dict of str to list of str
        What `read_synonyms` returns.
    """
    index = {"stopWords": sorted(SearchEnglish.stopwords), "pages": [], "entries": []}
    unused = dict(synonyms)
    for number, (docname, (address, page_title, entries)) in enumerate(pages.items()):
        name = docname.removeprefix("chapters/")
        index["pages"].append([address, page_title])
        for anchor, title, names, text in entries:
            names = names + unused.pop(f"{name}#{anchor}", [])
            index["entries"].append([number, anchor, title, names, text, weight(docname, anchor)])
    for place in unused:
        if f"chapters/{place.partition('#')[0]}" in pages:
            logger.warning("%s names a section that is not there: %s", SYNONYMS, place)
    return f"{SearchEnglish.js_stemmer_code}\nvar bookIndex = {json.dumps(index, ensure_ascii=False)};\n"


def weight(docname, anchor):
    """How much a place counts beside one that explains something, which counts 1."""
    if "/api/" in docname:
        return WEIGHT_OF_REFERENCE
    kind = re.sub(r"-?(id)?\d+$", "", anchor)
    return WEIGHTS_OF_SECTIONS.get(kind, WEIGHTS_OF_PAGES.get(pathlib.PurePosixPath(docname).name, 1))


def read_synonyms(path):
    """Map each place in a file of synonyms to the names under which it should be found; nothing if there is no file."""
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def search_page(app):
    """The page that shows all results of a query."""
    return [("search", {}, "search.html")] if app.builder.format == "html" else []


def leave_out_theirs(app, pagename, templatename, context, doctree):
    """Take a script off a page that marks words which Sphinx's own search has found."""
    context["script_files"] = [script for script in context["script_files"] if script.filename not in THEIRS]


def remove_theirs(app, exception):
    """Remove the scripts of Sphinx's own search, which no page loads."""
    if not exception and app.builder.format == "html":
        for name in THEIRS:
            pathlib.Path(app.outdir, name).unlink(missing_ok=True)


def setup(app):
    if str(BOOK / "templates") not in app.config.templates_path:
        app.config.templates_path.insert(0, str(BOOK / "templates"))
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", read_page, priority=900)  # after the links have their words
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", write, priority=400)
    app.connect("html-page-context", leave_out_theirs)
    app.connect("build-finished", remove_theirs)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
