"""Executes the chapters whose outputs are not known, one a core, before Sphinx reads its pages.

Sphinx reads one page after the other, and myst-nb executes a page's notebook when it is read: one core works, the others
wait. Here the notebooks are executed first, into the cache in which myst-nb then finds them. Each has a cache of its own
for each key (`execution_key`), of which the last few stay, so that going back to an earlier state executes nothing. A page
that was made under another key is read again. A claim that fails ends the build with its own words.
"""

import ast
import os
import pathlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor, as_completed

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from jupyter_core.utils import ensure_event_loop
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging

from book.extensions.cells import code_cells, parsed, without_commands
from book.extensions.execution_key import Repository
from book.kernels import prepare_environment

KEPT = 5  # caches of one chapter

logger = logging.getLogger(__name__)


def pages_made_under_another_key(app, env, added, changed, removed):
    """Find the key of every page that is a notebook, and return the pages that have to be read again for it."""
    repository = Repository(pathlib.Path(app.srcdir))
    app.execution_keys = {}
    if app.config.nb_execution_mode == "cache":
        for docname in env.found_docs:
            if notebook := notebook_of(env, docname):
                app.execution_keys[docname] = repository.key([cell.source for cell in code_cells(notebook)])
    return [docname for docname, key in app.execution_keys.items() if env.metadata[docname].get("execution_key") != key]


def notebook_of(env, docname):
    """The notebook of a page, or None where a page is text alone."""
    path = pathlib.Path(env.doc2path(docname))
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return reader and reader.read(text)


def cache_of(app, docname):
    """The folder of a page's cache for its present key."""
    return pathlib.Path(app.outdir).parent / ".jupyter_cache" / docname.replace("/", ".") / app.execution_keys[docname]


def use_its_cache(app, docname, source):
    """Let myst-nb look for a page's outputs in the page's own cache, and note the key under which the page is made."""
    if docname in app.execution_keys:
        folder = cache_of(app, docname)
        app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=str(folder))
        app.env.metadata[docname]["execution_key"] = folder.name


def execute_side_by_side(app, env, docnames):
    """Execute the notebooks among the pages that are going to be read, where their cache does not hold them.

    Raises
    ------
    SystemExit
        If some of them fail, which it says; those that succeed are in their caches.
    """
    # Later chapters train longer, and the longest should not start last.
    pages = [docname for docname in reversed(docnames) if docname in app.execution_keys]
    failures = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [page for page in pages if not any(cache_of(app, page).glob("executed/*/base.ipynb"))]
        running = {pool.submit(execute, app, docname, notebook_of(env, docname)): docname for docname in waiting}
        for future in as_completed(running):
            docname, result = running[future], future.result()
            path = os.path.relpath(env.doc2path(docname), app.srcdir)
            failure = failure_of(result)
            logger.info("%s: %s in %.0f seconds", path, "failed" if failure else "executed", result.time)
            if failure:
                failures.append(f"{path}, {failure}")
            else:
                keep(result, path, cache_of(app, docname))
    for docname in pages:
        drop_old(cache_of(app, docname))
    if failures:
        raise SystemExit("\n\n".join(["", *sorted(failures)]))


def execute(app, docname, notebook):
    """Execute the notebook of a page in its own folder, in place."""
    folder, timeout = os.path.dirname(app.env.doc2path(docname)), app.config.nb_execution_timeout
    loop = ensure_event_loop()  # this thread's, which nbclient takes and would leave open
    try:
        return single_nb_execution(notebook, cwd=folder, timeout=timeout, allow_errors=False)
    finally:
        loop.close()


def keep(result, path, folder):
    """Put an executed notebook into a cache."""
    cache = get_cache(folder)
    bundle = CacheBundleIn(result.nb, path, data={"execution_seconds": result.time})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    cache.db.dispose()  # left to itself it makes Python 3.13 warn


def drop_old(used):
    """Mark a cache as used last, and drop all but the last few beside it."""
    if used.exists():
        os.utime(used)
    for folder in sorted(used.parent.glob("*"), key=os.path.getmtime)[:-KEPT]:
        shutil.rmtree(folder)


def failure_of(result):
    """Say which cell of an executed notebook failed, with the claim that does not hold, or None if none failed."""
    for number, cell in enumerate(code_cells(result.nb)):
        for output in cell.outputs:
            if output.output_type == "error":
                traceback = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))
                line = re.search(r"Cell In\s?\[\d+\], line (\d+)", traceback)
                lines = statement(cell.source, int(line[1])) if line else cell.source
                error = f"{output.ename}: {output.evalue[:1000]}".removesuffix(": ")
                return "\n    ".join([f"cell {number} fails:", *lines.splitlines(), error])
    return result.err and str(result.err)


def statement(code, line):
    """The innermost statement of a cell that holds a line of it."""
    nodes = [node for node in ast.walk(parsed(without_commands(code))) if isinstance(node, ast.stmt)]
    holders = [node for node in nodes if node.lineno <= line <= node.end_lineno]
    return ast.get_source_segment(code, max(holders, key=lambda node: node.lineno)) if holders else code


def setup(app):
    prepare_environment()
    app.connect("env-get-outdated", pages_made_under_another_key)
    app.connect("env-before-read-docs", execute_side_by_side)
    app.connect("source-read", use_its_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
