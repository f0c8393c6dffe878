r"""Sets mathematics when the pages are built, so that a reader's browser need not.

KaTeX, which lies in `book/katex`, runs in a small JavaScript engine inside Python. Of each formula it makes HTML for the eye
and MathML for a reader of screens. A formula that it refuses is a warning. The configuration may name macros in `math_macros`,
such as ``R: "\\mathbb{R}"``. Notebooks do without them, because a live notebook does not know them.
"""

import functools
import html
import json
import pathlib
import re

import quickjs
from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

PROGRAM = pathlib.Path(__file__).parents[1] / "katex" / "katex.min.js"

# As JSON, because the engine for Python cannot hand over a string that was put together from pieces.
TYPESET = """(tex, display, macros) => JSON.stringify(katex.renderToString(tex, {
  displayMode: display, macros: JSON.parse(macros), output: "htmlAndMathml", strict: "error"}))"""

# The fonts of nearly every formula are asked for before the page is drawn, because lines move when they arrive.
FETCH_FONTS = """["1em KaTeX_Main", "italic 1em KaTeX_Math"].forEach(font => document.fonts.load(font));"""

# What stays on the line of a formula: a bracket or a quotation mark before it, and closing ones and punctuation after it.
BEFORE, AFTER = re.compile(r"[(\[“‘]$"), re.compile(r"^[,.;:!?)\]”’]+")

# What opens, closes or ends a line of TeX, makes it tall, or looks like one of these.
PIECE = re.compile(r"\\begin\{(\w+)\*?\}|(\\end\{\w+\*?\})|(\\\\(?!\s*\[))|([{}])|(\\d?frac(?![a-zA-Z]))|\\\W")
WITH_LINES = {"aligned", "gathered", "split"}
ROOM = r"\\[0.8em]"  # below the axis of a line: a little more than a fraction takes

logger = logging.getLogger(__name__)


@functools.cache
def engine():
    """The JavaScript function that sets a formula, in an engine that starts when it is first needed."""
    context = quickjs.Context()
    context.eval(PROGRAM.read_text(encoding="utf-8"))
    return context.eval(TYPESET)


@functools.cache
def typeset(tex, display=False, macros="{}"):
    r"""Set a formula.

    Parameters
    ----------
    tex : str
        The formula without its dollars.
    display : bool
        Whether it stands on lines of its own.
    macros : str
        What each macro stands for, as JSON, such as ``{"\\R": "\\mathbb{R}"}``.

    Returns
    -------
    str
        HTML, with the formula in MathML inside it.

    Raises
    ------
    ValueError
        If KaTeX refuses the formula; the message says why.
    """
    try:
        return json.loads(engine()(tex, display, macros))
    except quickjs.JSException as error:
        raise ValueError(re.sub(r"^\w+: |\n\s+at .*", "", str(error), flags=re.DOTALL)) from None


def typeset_node(translator, node, tex, display):
    """Set the formula of a node; one that KaTeX refuses is reported, and stands on the page as it was written."""
    macros = {f"\\{name}": meaning for name, meaning in translator.config.math_macros.items()}
    try:
        return typeset(tex, display, json.dumps(macros))
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return f"<code>{html.escape(tex)}</code>"


def visit_math(translator, node):
    """Write a formula in a line of text."""
    formula = typeset_node(translator, node, node.astext(), display=False)
    translator.body.append(
        f"{translator.starttag(node, 'span', '', CLASS='math notranslate nohighlight')}{formula}</span>"
    )
    raise nodes.SkipNode


def visit_math_block(translator, node):
    """Write a displayed formula, with its number and the link to itself if it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f"{typeset_node(translator, node, on_lines(node.astext()), display=True)}</div>\n")
    raise nodes.SkipNode


def on_lines(tex):
    r"""The TeX of a displayed formula whose lines are parted by ``\\`` or by an empty line."""
    parts = [part for part in tex.split("\n\n") if part.strip()]
    lines = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    return apart(lines[0] if len(lines) == 1 else r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}")


def apart(tex):
    """Let no fraction of a displayed formula touch the line below it. The lines of a matrix stay as they are."""
    around, tall = [], []

    def with_room(piece):
        opened, closed, ended, brace, fraction = piece.groups()
        if opened or brace == "{":
            around.append(opened or brace)
            tall.append(False)
        elif around and (closed or brace):
            around.pop()
            tall.pop()
        elif fraction:
            tall[:] = [True] * len(tall)
        elif ended and around and around[-1] in WITH_LINES:
            was_tall, tall[-1] = tall[-1], False
            return ROOM if was_tall else piece[0]
        return piece[0]

    return PIECE.sub(with_room, tex)


def keep_together(app, doctree, docname):
    """Hold each formula in a line of text together with its brackets and its punctuation."""
    for formula in list(doctree.findall(nodes.math)):
        line, place = formula.parent, formula.parent.index(formula)
        before, after = found(BEFORE, line[:place][-1:]), found(AFTER, line[place + 1 :][:1])
        if before or after:
            line[place] = nodes.inline("", before, formula, nodes.Text(after), classes=["with-formula"])
        if before:
            line[place - 1] = nodes.Text(line[place - 1].removesuffix(before))
        if after:
            line[place + 1] = nodes.Text(line[place + 1].removeprefix(after))


def found(signs, neighbour):
    """The signs at the end of a text beside a formula, given as a list of this one node or of none."""
    match = isinstance(neighbour[0], nodes.Text) and signs.search(neighbour[0]) if neighbour else None
    return match[0] if match else ""


def fetch_fonts(app, pagename, templatename, context, doctree):
    """Let a page with formulas fetch their fonts at once."""
    if 'class="katex"' in context.get("body", ""):
        app.add_js_file(None, body=FETCH_FONTS, priority=100)


def setup(app):
    app.add_config_value("math_macros", {}, "html", [dict])
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "katex"
    app.connect("doctree-resolved", keep_together)
    app.connect("html-page-context", fetch_fonts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
