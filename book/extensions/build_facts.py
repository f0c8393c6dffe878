"""Says on the pages what only the build knows: how long the chapters ran, and on what.

`` {run-time}`label` `` is the time that the chapters at or below a label's page took, so that a part's label
gives the time of the part. The directive `run-times` is a table of all chapters, and `versions` one
of what the book was built with. All are filled in when the pages are written, after the chapters have run.
"""

import importlib.metadata
import os
import platform

from book_pages import is_notebook, link_to_page, page_of, pages_below, reading_order
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

logger = logging.getLogger(__name__)

PACKAGES = ("numpy", "tensorflow", "keras", "matplotlib", "scikit-learn", "jupyter-book", "Sphinx", "myst-nb")


class run_time(nodes.Inline, nodes.Element):
    """The place for the time that the chapters of a label took."""


class fact_table(nodes.General, nodes.Element):
    """The place for a table of facts."""


class RunTime(SphinxRole):
    """`` {run-time}`label` ``"""

    def run(self):
        self.env.metadata[self.env.docname]["build_facts"] = True
        node = run_time(label=self.text)
        self.set_source_info(node)
        return [node], []


class FactTable(SphinxDirective):
    """`run-times` or `versions`."""

    def run(self):
        self.env.metadata[self.env.docname]["build_facts"] = True
        return [fact_table(facts=self.name)]


def seconds(env, docname):
    """How long the notebook of a page ran, or None."""
    data = NbMetadataCollector.get_exec_data(env, docname)
    return data["runtime"] if data else None


def in_words(duration):
    """A duration in seconds as a reader wants it: `8 s`, `1 min 20 s`."""
    minutes, rest = divmod(max(1, round(duration)), 60)
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest))


def time_below(env, docname):
    """How long all notebooks at or below a page ran, in words."""
    times = [seconds(env, page) for page in pages_below(env, docname) if is_notebook(env, page)]
    return in_words(sum(times)) if times and None not in times else None


def table(header, rows):
    """A table from a header of strings and rows of lists of nodes."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in header), cols=len(header))
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", name)) for name in header))
    body = [nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in row)) for row in rows]
    group += [nodes.thead("", head), nodes.tbody("", *body)]
    return nodes.table("", group, classes=["colwidths-auto"])


def run_times(app, docname):
    """Every chapter with its time, and the whole."""
    env = app.env
    chapters = [page for page in reading_order(env) if is_notebook(env, page)]
    rows = [[[link_to_page(app, docname, page)], [nodes.Text(time_below(env, page) or "not run")]] for page in chapters]
    whole = time_below(env, env.config.root_doc) or "not run"
    return table(["chapter", "time"], [*rows, [[nodes.strong("", "all chapters")], [nodes.strong("", whole)]]])


def versions(app, docname):
    """What the book was built with."""
    system = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processor cores"
    rows = [("Python", platform.python_version()), *((name, importlib.metadata.version(name)) for name in PACKAGES)]
    return table(
        ["", "version"], [[[nodes.Text(name)], [nodes.Text(value)]] for name, value in [*rows, ("run on", system)]]
    )


def fill_in(app, doctree, docname):
    """Put the facts into their places."""
    for place in list(doctree.findall(run_time)):
        page = page_of(app.env, place["label"])
        words = page and time_below(app.env, page)
        if words is None:
            logger.warning("no chapter with a time at the label %r", place["label"], location=place)
        place.replace_self(nodes.Text(words or "?"))
    for place in list(doctree.findall(fact_table)):
        place.replace_self({"run-times": run_times, "versions": versions}[place["facts"]](app, docname))


def pages_with_facts(app, env):
    """Write them at every build: times and versions change without them."""
    return {docname for docname, data in env.metadata.items() if "build_facts" in data}


def setup(app):
    app.add_node(run_time)
    app.add_node(fact_table)
    app.add_role("run-time", RunTime())
    app.add_directive("run-times", FactTable)
    app.add_directive("versions", FactTable)
    app.connect("env-get-updated", pages_with_facts)
    app.connect("doctree-resolved", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
