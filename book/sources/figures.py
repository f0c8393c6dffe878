"""Every figure has a name, a caption, and words for those who cannot see it.

Which cells show a figure is read from their code: those that open one with Matplotlib, by themselves or through a function of
the chapter or of `aelib`, and those that call a diagram or a widget. The last two carry their own description.
"""

import ast
import re

from book.sources.markup import LINK, directives
from book.sources.pages import Fault

OPENS_A_FIGURE = {
    "plt.figure",
    "plt.subplots",
    "plt.subplot_mosaic",
    "plt.plot",
    "plt.imshow",
    "plt.hist",
    "plt.scatter",
}
DESCRIBED_BY_THEMSELVES = ("aelib.figures.diagrams", "aelib.widgets")
CAPTION_WORDS, ALT_WORDS = 8, 5
FIGURE = '"mystnb": {"figure": {"name": "fig-…", "caption": "…"}}'
ALT = '"mystnb": {"image": {"alt": "…"}}'


def faults(book):
    """Yield what is missing from the figures of a book."""
    modules = {}
    for page in book.chapters:
        plotting, described = set(), set()
        for place, tree, metadata in page.code:
            for node in tree.body:
                if isinstance(node, ast.ImportFrom):
                    names = {name.name: name.asname or name.name for name in node.names}
                    if node.module not in modules:
                        modules[node.module] = plotting_in(book, node.module)
                    plotting |= {names[name] for name in modules[node.module] & set(names)}
                    described |= set(names.values()) if node.module.startswith(DESCRIBED_BY_THEMSELVES) else set()
            plotting |= plotting_functions(tree, plotting)
            plots = bool(calls(node for node in tree.body if not isinstance(node, ast.FunctionDef)) & plotting)
            displayed = calls(tree.body[-1:]) if tree.body and isinstance(tree.body[-1], ast.Expr) else set()
            shows = plots or any(name.partition(".")[0] in described for name in displayed)
            yield from of_cell(place, metadata.get("mystnb", {}), plots, shows)
    for block in (block for page in book.with_template for block in page.blocks):
        yield from of_markdown(block)


def of_cell(place, settings, plots, shows):
    """Yield what the metadata of a cell lacks, for a cell that shows a figure and may plot it with Matplotlib."""
    figure, alt = settings.get("figure", {}), settings.get("image", {}).get("alt", "")
    name, caption = figure.get("name", ""), figure.get("caption", "")
    if not (shows or {"figure", "image"} & set(settings)):
        return
    if not re.fullmatch(r"fig-[a-z0-9-]+", name):
        yield Fault(place, f"the figure has no name such as fig-chapter-what, but '{name}'", f"Metadata: {FIGURE}")
    if not caption:
        yield Fault(place, "the figure has no caption", f"Say what to see in the cell's metadata: {FIGURE}")
    elif len(caption.split()) < CAPTION_WORDS or not caption.endswith("."):
        yield Fault(place, f"the caption '{caption}' is not made of sentences", "Say in words what to see")
    if not alt and plots:
        yield Fault(place, "the figure has no alternative text", f"Describe it in the cell's metadata: {ALT}")
    elif alt and (len(alt.split()) < ALT_WORDS or "_images" in alt or alt.strip(". ") == caption.strip(". ")):
        yield Fault(place, f"the alternative text '{alt}' does not describe the picture", "Say what is drawn in it")


def of_markdown(block):
    """Yield a fault for each picture in the text without alternative text."""
    for image in LINK.finditer(block.text):
        if image[1] and len(image[2].split()) < ALT_WORDS:
            yield Fault(block.place(image.start()), f"{image[3]} has no alternative text", "Write ![what it shows](…)")
    for name, argument, options, place in directives(block):
        if name in ("figure", "image") and len(options.get("alt", "").split()) < ALT_WORDS:
            yield Fault(place, f"{argument} has no alternative text", "Add the option ':alt: what it shows'")


def plotting_in(book, module):
    """The functions of a module of the repository that open a figure; none for other modules."""
    path = book.root.joinpath(*module.split(".")).with_suffix(".py")
    return plotting_functions(ast.parse(path.read_text(encoding="utf-8"))) if path.is_file() else set()


def plotting_functions(tree, known=frozenset()):
    """The calls that open a figure with Matplotlib, those of a module's or cell's own functions among them."""
    functions = {node.name: calls(node.body) for node in tree.body if isinstance(node, ast.FunctionDef)}
    found, before = OPENS_A_FIGURE | known, None
    while found != before:
        before = found
        found = found | {name for name, called in functions.items() if called & found}
    return found


def calls(nodes):
    """The functions that pieces of code call, as `name` or `module.name`."""
    found = [node.func for outer in nodes for node in ast.walk(outer) if isinstance(node, ast.Call)]
    dotted = {f"{f.value.id}.{f.attr}" for f in found if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name)}
    return dotted | {f.id for f in found if isinstance(f, ast.Name)}
