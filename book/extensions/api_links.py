"""Links the chapters and the reference of `aelib`, both ways, from what the chapters' code says.

A name of `aelib` in a code cell leads to its entry in the reference, and so does a dotted
name such as `aelib.nn.losses` in the text. An entry of the reference ends with the chapters
that use it. Nothing of this is written by hand, so nothing of it can go stale: the cells
are parsed at each build that reads a page. In docstrings, a type or a name in single
backticks leads to its entry, too.
"""

import ast
import html
import pathlib
import re

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from numpydoc.xref import DEFAULT_LINKS
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from book.extensions.book_pages import is_notebook, link_to_page, list_of_places, reading_order
from book.extensions.cells import code_cells, parsed

PACKAGE = "aelib"
CODE_CELL = re.compile(
    r'(<div class="cell_input docutils container">\s*<div class="highlight-\S+ notranslate"><div class="highlight"><pre>)'
    r"(.*?)(</pre>)",
    re.DOTALL,
)


# --------------------------------------------------------------- what aelib offers


def public_names(folder):
    """Map each public class and function below a package's folder to its dotted name, without importing it.

    A package that lists names in `__all__` offers them itself and speaks for its modules, but for those that the list
    names. Names that two modules share are left out.
    """
    found = {}
    for path in sorted(folder.rglob("*.py")):
        *package, stem = path.relative_to(folder.parent).with_suffix("").parts
        modules, others = exported(path.parent, ".".join(package))
        if stem == "__init__":
            module, names = package, others
        elif others and stem not in modules:
            continue  # the package speaks for this module
        else:
            kinds = (ast.ClassDef, ast.FunctionDef)
            module, names = [*package, stem], [node.name for node in syntax(path).body if isinstance(node, kinds)]
        for name in names:
            if not name.startswith("_"):
                found.setdefault(name, []).append(".".join((*module, name)))
    return {name: places[0] for name, places in found.items() if len(places) == 1}


def syntax(path):
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def exported(folder, package):
    """The names in a package's `__all__` as two sets: those of its modules, and the others."""
    body = syntax(folder / "__init__.py").body
    lists = [
        node.value for node in body if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    ]
    names = {name for value in lists for name in ast.literal_eval(value)}
    own = [node.names for node in body if isinstance(node, ast.ImportFrom) and node.module == package]
    modules = {alias.name for aliases in own for alias in aliases}
    return names & modules, names - modules


# ---------------------------------------------------------- what a chapter's code names


def names_in(cells):
    """Return, for each cell of a page, where it names something of `aelib`: {(line, column): (text, dotted name)}.

    Lines count from 1 and columns, in characters, from 0. A name that the page also assigns to is left out, and a cell that
    does not parse names nothing.
    """
    trees = [parsed(cell) for cell in cells]
    imported = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                imported.update({name.asname: name.name} if name.asname else {top: top})
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            imported.pop(node.id, None)
    ours = {name: dotted for name, dotted in imported.items() if dotted.partition(".")[0] == PACKAGE}
    return [dict(found_in(tree, ours, cell.splitlines())) for tree, cell in zip(trees, cells)]


def found_in(tree, imported, lines):
    """Yield ((line, column), (text, dotted name)) for each name of `aelib` in a tree."""

    def place(line, column, text, dotted):
        return (line, len(lines[line - 1].encode()[:column].decode())), (text, dotted)

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == PACKAGE:
            yield place(node.lineno, node.col_offset + len("from "), node.module, node.module)
            for name in node.names:
                yield place(name.lineno, name.col_offset, name.name, f"{node.module}.{name.name}")
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] == PACKAGE:
                    yield place(name.lineno, name.col_offset, name.name, name.name)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            dotted = resolved(node, imported)
            if dotted is not None:
                text = getattr(node, "attr", None) or node.id
                yield place(node.end_lineno, node.end_col_offset - len(text.encode()), text, dotted)


def resolved(node, imported):
    """The dotted name that a name, or a chain of attributes, stands for, or None."""
    if isinstance(node, ast.Name):
        return imported.get(node.id)
    if isinstance(node, ast.Attribute):
        before = resolved(node.value, imported)
        return before and f"{before}.{node.attr}"
    return None


def link_code(highlighted, places, address):
    """Wrap the tokens of a cell that stand at `places`, as `names_in` gives them, in links; return the HTML.

    `highlighted` is the HTML that Pygments made of the cell, whose text stays as it is. `address` maps a dotted name to the
    address of its entry, or to None where there is none.
    """
    pieces, line, column = [], 1, 0
    for piece in re.split(r"(<[^>]*>)", highlighted):
        if not piece.startswith("<"):
            text = html.unescape(piece)
            word, dotted = places.get((line, column), (None, None))
            if word == text and address(dotted):
                piece = f'<a class="api-name" href="{html.escape(address(dotted))}" title="{dotted}">{piece}</a>'
            line += text.count("\n")
            column = len(text) - text.rfind("\n") - 1 if "\n" in text else column + len(text)
        pieces.append(piece)
    return "".join(pieces)


# ------------------------------------------------------------- from the chapters to the reference


def entries(env):
    """What the reference describes: {dotted name: its entry in Sphinx's index}."""
    return {name: entry for name, entry in env.get_domain("py").objects.items() if not entry.aliased}


def link_code_cells(app, pagename, templatename, context, doctree):
    """Link the names in the code cells of a page that comes from a notebook."""
    if doctree is None or not is_notebook(app.env, pagename):
        return
    known = entries(app.env)

    def address(dotted):
        if dotted in known:
            return f"{app.builder.get_relative_uri(pagename, known[dotted].docname)}#{known[dotted].node_id}"

    cells = [html.unescape(re.sub(r"<[^>]*>", "", cell[2])) for cell in CODE_CELL.finditer(context["body"])]
    places = iter(names_in(cells))
    context["body"] = CODE_CELL.sub(
        lambda cell: cell[1] + link_code(cell[2], next(places), address) + cell[3], context["body"]
    )


def link_dotted_names(app, doctree, docname):
    """Link each `aelib.…` in the text that names something the reference describes."""
    known = entries(app.env)
    for literal in list(doctree.findall(nodes.literal)):
        entry = known.get(literal.astext().removesuffix("()"))
        if entry and entry.docname != docname and not isinstance(literal.parent, nodes.reference):
            literal.replace_self(
                make_refnode(app.builder, docname, entry.docname, entry.node_id, literal.deepcopy(), literal.astext())
            )


# ------------------------------------------------------------- from the reference to the chapters


class chapters_using(nodes.General, nodes.Element):
    """The place, at the end of an entry, where the chapters that use it will be named."""


class ChaptersUsing(SphinxDirective):
    """Leave a place for the chapters that use the dotted name of the argument."""

    required_arguments = 1

    def run(self):
        return [chapters_using(dotted=directives.unchanged(self.arguments[0]))]


def end_docstring(app, what, name, obj, options, lines):
    """End a docstring with what the class inherits from, and with the place for the chapters that use it."""
    bases = getattr(obj, "__bases__", ())
    bases = [f":py:class:`.{base.__name__}`" for base in bases if base.__module__.partition(".")[0] == PACKAGE]
    if bases:
        lines += ["", f"What is not described here it inherits from {' and '.join(bases)}.", ""]
    if what in ("class", "function", "method", "property", "data"):
        lines += ["", f".. chapters-using:: {name}", ""]


def uses(env):
    """Which chapters name a thing of `aelib`, in the order of the book: {dotted name: pages}."""
    found = {}
    for docname in reading_order(env):
        if is_notebook(env, docname):
            notebook = nbformat.read(env.doc2path(docname), as_version=nbformat.current_nbformat)
            cells = [cell.source for cell in code_cells(notebook)]
            for dotted in {dotted for places in names_in(cells) for _, dotted in places.values()}:
                found.setdefault(dotted, []).append(docname)
    return found


def name_chapters(app, doctree, docname):
    """Put the chapters that use a thing at the end of its entry, or nothing where there is none."""
    for place in list(doctree.findall(chapters_using)):
        chapters = app.env.aelib_uses.get(place["dotted"], [])
        if not chapters:
            place.parent.remove(place)
            continue
        links = [link_to_page(app, docname, chapter) for chapter in chapters]
        place.replace_self(list_of_places("Used in", links, "chapters-using"))


def pages_of_the_reference(app, env):
    """The pages of the reference with an entry that other chapters use than when it was written."""
    before, env.aelib_uses = getattr(env, "aelib_uses", {}), uses(env)
    return {entry.docname for name, entry in entries(env).items() if env.aelib_uses.get(name) != before.get(name)}


# ---------------------------------------------------------------------- in docstrings


def link_types(app, config):
    """Let numpydoc link the types that are `aelib`'s, and leave the others as they are written."""
    ours = public_names(pathlib.Path(app.srcdir) / PACKAGE)
    config.numpydoc_xref_param_type = True
    config.numpydoc_xref_ignore = "all"
    classes = {name: dotted for name, dotted in ours.items() if name[0].isupper()}
    dotted_classes = {dotted: f".{dotted}" for dotted in classes.values()}  # an alias must differ from its name
    config.numpydoc_xref_aliases = {name: name for name in DEFAULT_LINKS} | classes | dotted_classes
    app.aelib_names = ours | {dotted: dotted for dotted in ours.values()}


def name_or_code(role, rawtext, text, lineno, inliner, options=None, content=None):
    """What single backticks mean in a docstring: a name of `aelib`, linked, or a piece of code."""
    env = inliner.document.settings.env
    code = nodes.literal(rawtext, text)
    dotted = env.app.aelib_names.get(text.removesuffix("()"))
    if dotted is None:
        return [code], []
    return [pending_xref("", code, refdomain="py", reftype="obj", reftarget=dotted, refexplicit=True, aelib=True)], []


def leave_as_code(app, env, node, contnode):
    """A name in backticks that the reference leaves out stays code, without a warning."""
    return contnode if node.get("aelib") else None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("numpydoc")
    app.add_node(chapters_using)
    app.add_directive("chapters-using", ChaptersUsing)
    app.add_role("name-or-code", name_or_code)
    app.connect("config-inited", link_types, priority=100)  # before numpydoc reads its aliases
    app.connect("autodoc-process-docstring", end_docstring, priority=900)  # after numpydoc has rewritten it
    app.connect("missing-reference", leave_as_code)
    app.connect("env-get-updated", pages_of_the_reference)
    app.connect("doctree-resolved", name_chapters)
    app.connect("doctree-resolved", link_dotted_names)
    app.connect("html-page-context", link_code_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
