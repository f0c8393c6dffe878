"""What the Markdown of a page says: the labels it defines, what it refers to, and the files it names."""

import difflib
import re

ROLE = re.compile(r"(?<!`)\{([a-z][a-z:-]*)\}`([^`]+)`")
DIRECTIVE = re.compile(r"^[ \t]*(?:`{3,}|:{3,})\{([\w:-]+)\}[ \t]*(.*)\n((?:[ \t]*:[\w-]+:.*\n?)*)", re.MULTILINE)
OPTION = re.compile(r"^[ \t]*:([\w-]+):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
TARGET = re.compile(r"^\(([^)\s]+)\)=[ \t]*$", re.MULTILINE)
EQUATION = re.compile(r"\$\$[ \t]*\(([^)\s]+)\)[ \t]*$", re.MULTILINE)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
NOT_A_LINK = re.compile(r"(?<!\})`[^`\n]+`|\$\$[^$]+\$\$|\$[^$\n]+\$")
MODULE = re.compile(r"^\.\. automodule:: ([\w.]+)", re.MULTILINE)

KINDS = {"math": "equation", "exercise": "exercise", "figure": "figure", "table": "table", "list-table": "table"}


def directives(block):
    """Yield (name, argument, options, place) of each directive in a block."""
    for found in DIRECTIVE.finditer(block.text):
        yield found[1], found[2].strip(), dict(OPTION.findall(found[3])), block.place(found.start(1))


def definitions(block):
    """Yield (label, kind, place) of each label that a block defines."""
    for kind, pattern in (("place", TARGET), ("equation", EQUATION)):
        yield from ((found[1], kind, block.place(found.start(1))) for found in pattern.finditer(block.text))
    for name, _, options, place in directives(block):
        kind = "theorem" if name.startswith("prf:") else KINDS.get(name, "place")
        yield from ((options[option], kind, place) for option in ("label", "name") if option in options)


def references(block):
    """Yield (role, target, place) of each reference in a block; of a citation, one for each work."""
    for role in ROLE.finditer(block.text):
        target = (re.findall(r"<([^>]+)>$", role[2]) or [role[2]])[0]
        targets = target.split(",") if role[1].startswith("cite") else [target]
        yield from ((role[1], " ".join(each.split()), block.place(role.start())) for each in targets)
    for name, argument, options, place in directives(block):
        if name in ("solution", "solution-start"):
            yield "solution", argument, place
        if options.get("link-type") in ("ref", "doc"):
            yield options["link-type"], options["link"], place


def addresses(block):
    """Yield (address, place) of each page, picture or other file of the book that a block names."""
    text = NOT_A_LINK.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), block.text)
    for link in LINK.finditer(text):
        if not re.match(r"[a-z][a-z+.-]*:", link[3]):
            yield link[3], block.place(link.start())
    yield from ((target, place) for role, target, place in references(block) if role in ("doc", "download"))
    for name, argument, options, place in directives(block):
        if name in ("figure", "image", "include", "literalinclude"):
            yield argument, place
        if "file" in options:
            yield options["file"], place
    for module in MODULE.finditer(block.text):
        path = module[1].replace(".", "/")
        yield f"/{path}", block.place(module.start(1))


def near(name, names):
    """What to do about a name that is not among others."""
    similar = difflib.get_close_matches(name, list(names), 1)
    return f"Did you mean {similar[0]}?" if similar else "Define it, or take the reference out"
