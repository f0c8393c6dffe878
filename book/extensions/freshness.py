"""Says which pages a build makes anew beside those that Sphinx itself finds out of date.

Sphinx compares a page with its own source. But a page also depends on the extensions that make it, which Sphinx does not look
at; it names the digests of the style sheets; and it shows the titles and numbers of other pages, in its sidebar and in its
links. Where none of this has changed and no page was read, nothing of the book is numbered, collected or written again.
"""

import hashlib
import os
import pathlib
import sys

from book.extensions.book_pages import numbered_title, reading_order

BOOK = pathlib.Path(__file__).resolve().parents[1]


def digest_of_files(files):
    """A digest of files, by their paths and what is in them."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{os.path.relpath(path, BOOK)} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()


def files_below(folder):
    """Every file below a folder, but for Python's caches."""
    return {path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def installed():
    """The names, each with its version, of all packages that can be imported."""
    return sorted(path.name for place in sys.path for path in pathlib.Path(place).glob("*.dist-info"))


def note_what_pages_are_made_with(app, config):
    """Let Sphinx see, as values of its configuration, what makes pages and what they have beside them."""
    shown_with = {file for name in config.html_static_path for file in files_below(pathlib.Path(app.confdir, name))}
    imported = {pathlib.Path(module.__file__) for module in sys.modules.values() if getattr(module, "__file__", None)}
    made_with = {file for file in files_below(BOOK) - shown_with if file.suffix != ".py" or file in imported}
    config.pages_made_with = f"{digest_of_files(made_with)} {' '.join(installed())}"
    config.pages_shown_with = digest_of_files(shown_with)


def keep_what_was_collected(app, env, docnames):
    """Let no extension go through all pages again if none of them will be read: they are those of the last build."""
    if not docnames:
        for event in ("env-updated", "env-get-updated"):
            app.events.listeners[event].clear()


def what_pages_show_of_others(env):
    """The order, titles and numbers of pages, and what can be referred to."""
    cited = env.get_domain("cite").citations
    return [
        [(docname, numbered_title(env, docname)) for docname in reading_order(env)],
        [sorted(map(str, domain.get_objects())) for _, domain in sorted(env.domains.items())],
        sorted(env.get_domain("math").equations.items()),
        sorted(
            (docname, [item for item in numbers.items() if item[1]]) for docname, numbers in env.toc_secnumbers.items()
        ),
        sorted(env.toc_fignumbers.items()),
        sorted((c.key, c.bibliography_key.docname, c.citation_id, str(c.formatted_entry.text)) for c in cited),
    ]


def pages_that_show_others(app, env):
    """All pages, if what they may show of each other has changed."""
    shown = hashlib.sha256(repr(what_pages_show_of_others(env)).encode()).hexdigest()
    before, env.shown_of_others = getattr(env, "shown_of_others", None), shown
    return [] if shown == before else env.found_docs


def setup(app):
    app.add_config_value("pages_made_with", "", "env", [str])  # another value, and all pages are read again
    app.add_config_value("pages_shown_with", "", "html", [str])  # another value, and all pages are written again
    app.connect("config-inited", note_what_pages_are_made_with, priority=900)
    app.connect("env-before-read-docs", keep_what_was_collected)
    app.connect("env-get-updated", pages_that_show_others, priority=900)  # after the pages have their numbers
    return {"parallel_read_safe": True, "parallel_write_safe": True}
