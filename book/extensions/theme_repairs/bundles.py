"""Puts the style sheets of the pages into one file, and their scripts into another.

The theme and its companions let a page ask for three dozen files, and a phone waits for each. The two files are
`_static/book.css` and `_static/book.js`; `book/templates/static/webpack-macros.html` lets each page load them. What no page
uses is left out: the theme's script of icons, bootstrap's scripts, and of the style sheets of others the rules that fit
nothing on any page.
"""

import pathlib
import posixpath
import re
import zlib

BOOK = pathlib.Path(__file__).parents[2]
OWN = BOOK / "static"
TEMPLATES = BOOK / "templates"
FIRST_SHEETS = ("_static/basic.css", "_static/styles/pydata-sphinx-theme.css")  # what the theme's template links itself
LAST_SCRIPTS = ("_static/scripts/pydata-sphinx-theme.js",)
LEFT_OUT = ("_static/design-tabs.js",)
LATE = {"add_global_html_resources", "copy_asset_files", "overwrite_pygments_css"}  # listeners that write style sheets
EARLY = 100  # scripts of this priority stay on the page, because they run before anything is drawn

NAME = r"[.#](-?[A-Za-z_][\w-]*)"  # of a class or of an element, in a selector
RULE = r"([^{};]+)\{([^{}]*)\}"
COMMA = r",(?![^()]*(?:\([^()]*\)[^()]*)*\))"  # one that parts two selectors


class Bundles:
    """The two files of one build.

    Attributes
    ----------
    sheets : str
        The rules of all style sheets, with those that no page uses.
    scripts : str
    """

    sheets = scripts = None

    def link(self, app, pagename, templatename, context, doctree):
        """Let a page load the two files in place of all others."""
        static = pathlib.Path(app.outdir)
        if self.sheets is None:
            write_late_sheets(app)
            names = [sheet.filename for sheet in sorted(context["css_files"], key=lambda sheet: sheet.priority)]
            self.theirs, self.ours = together(static, names)
            self.sheets = self.theirs + self.ours
            self.scripts = scripts_together(static, context["script_files"])
            (static / "_static" / "book.js").write_text(self.scripts, encoding="utf-8")
        context["css_files"] = []
        context["script_files"] = [script for script in context["script_files"] if script.priority <= EARLY]
        context["bundles"] = {"book.css": digest(self.sheets), "book.js": digest(self.scripts)}

    def write_sheet(self, app, exception):
        """Write the style sheet, now that every page says what it uses."""
        if exception is None and self.sheets is not None:
            words = words_of_pages(pathlib.Path(app.outdir)) | set(re.findall(r"[\w-]+", self.scripts))
            sheet = without_unused_rules(self.theirs, words) + self.ours
            pathlib.Path(app.outdir, "_static", "book.css").write_text(sheet, encoding="utf-8")


def write_late_sheets(app):
    """Have the style sheets there that others write when a build is finished."""
    for listener in app.events.listeners["build-finished"]:
        if listener.handler.__name__ in LATE:
            listener.handler(app, None)


def digest(text):
    """Eight digits that change with a file, so that a browser does not show the one it has kept."""
    return f"{zlib.crc32(text.encode()):08x}"


def together(folder, names):
    """The text of the style sheets of others, and of the book's own, which follow them."""
    names = list(dict.fromkeys([*FIRST_SHEETS, *names]))
    texts = {name: with_addresses((folder / name).read_text(encoding="utf-8"), name) for name in names}
    own = [name for name in names if (OWN / name.removeprefix("_static/")).exists()]
    theirs = [name for name in names if name not in own]
    return "\n".join(texts[name] for name in theirs), "\n" + "\n".join(texts[name] for name in own)


def with_addresses(css, name):
    """A style sheet whose addresses are seen from the folder `_static`."""
    folder = posixpath.dirname(name.removeprefix("_static/"))

    def moved(match):
        return f"url({match[1]}{posixpath.normpath(posixpath.join(folder, match[2]))}{match[1]})"

    return re.sub(r"""url\((["']?)(?!data:|https?:|[/#])([^'")]+)\1\)""", moved, css)


def scripts_together(folder, scripts):
    """The text of all scripts that need not run before the page is drawn, in their order."""
    parts = []
    for script in sorted(scripts, key=lambda script: script.priority):
        body = script.attributes.get("body", "")
        if script.priority <= EARLY or script.filename in LEFT_OUT or body.startswith("DOCUMENTATION_OPTIONS.pagename"):
            continue
        parts.append((folder / script.filename).read_text(encoding="utf-8") if script.filename else body)
    parts += [(folder / name).read_text(encoding="utf-8") for name in LAST_SCRIPTS]
    # The semicolon in front keeps what one script says of itself, "use strict", from the others.
    return ";" + "\n;\n".join(re.sub(r"^//# sourceMappingURL=.*$", "", part, flags=re.MULTILINE) for part in parts)


def words_of_pages(folder):
    """The classes and ids of all pages below a folder, and every word of their scripts."""
    words = set()
    for page in folder.rglob("*.html"):
        if "_static" not in page.relative_to(folder).parts:
            text = page.read_text(encoding="utf-8")
            for value in set(re.findall(r'\s(?:class|id)="([^"]*)"', text)):
                words.update(value.split())
            for script in set(re.findall(r"<script[^>]*>(.+?)</script>", text, re.DOTALL)):
                words.update(re.findall(r"[\w-]+", script))
    for script in (folder / "_static").glob("*.js"):
        words.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return words


def without_unused_rules(css, words):
    """Leave out of a style sheet the selectors that want a class or an id which is not among `words`.

    What a selector asks of other elements, as in ``:not(.a)`` or ``:has(.b)``, is not looked at. Licences stay.
    """
    licences = re.findall(r"/\*!.*?\*/", css, re.DOTALL)

    def used(rule):
        selectors = [selector for selector in re.split(COMMA, rule[1]) if names(selector) <= words]
        return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""

    css = re.sub(RULE, used, re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    for _ in range(2):  # what is empty now, and what was empty but for that
        css = re.sub(r"@(?:media|supports)[^{};]*\{\s*\}", "", css)
    return "\n".join([*licences, css])


def names(selector):
    """The classes and ids that an element and those around it must have for a selector to fit it."""
    outside = re.sub(r"\[[^\]]*\]", "", selector)
    while "(" in outside:
        outside, changed = re.subn(r":?:[\w-]+\([^()]*\)", "", outside)
        if not changed:
            break
    return set(re.findall(NAME, outside))


def setup(app):
    bundles = Bundles()
    app.config.templates_path.insert(0, str(TEMPLATES))
    app.connect("html-page-context", bundles.link, priority=950)  # when all others have said what a page needs
    app.connect("build-finished", bundles.write_sheet)
