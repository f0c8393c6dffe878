"""Executes the notebooks that are due side by side, one a core, before Sphinx reads its pages.

Sphinx reads one page after the other, and myst-nb executes a page's notebook when it is
read: one core works, the others wait. Here the same notebooks are executed first, several
at a time, into the cache in which myst-nb then finds them. A notebook that fails is
left out of the cache, so that myst-nb meets its error and reports it in its own way.
"""

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor, as_completed

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from jupyter_core.utils import ensure_event_loop
from sphinx.util import logging

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def opened_cache(path):
    """The cache at a path, whose database is closed afterwards: left to itself it makes Python 3.13 warn."""
    cache = get_cache(path)
    try:
        yield cache
    finally:
        cache.db.dispose()


def due(cache, paths):
    """Yield (path, notebook) for each notebook whose code the cache does not hold."""
    for path in paths:
        notebook = nbformat.read(path, as_version=nbformat.current_nbformat)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            yield path, notebook


def execute(path, notebook, timeout):
    """Execute a notebook in its own folder, in place."""
    loop = ensure_event_loop()  # this thread's, which nbclient takes and would leave open
    try:
        return single_nb_execution(notebook, cwd=os.path.dirname(path), timeout=timeout, allow_errors=False)
    finally:
        loop.close()


def execute_side_by_side(app, env, docnames):
    """Fill the cache with the notebooks among the pages that are going to be read."""
    if app.config.nb_execution_mode != "cache":
        return
    with opened_cache(app.config.nb_execution_cache_path) as cache:
        fill(cache, [str(env.doc2path(name)) for name in docnames], app)


def fill(cache, paths, app):
    """Execute the notebooks among `paths` that are due, one a core, and put those that succeed into the cache."""
    # Later chapters train longer, and the longest should not start last.
    notebooks = list(due(cache, [path for path in reversed(paths) if path.endswith(".ipynb")]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {
            pool.submit(execute, path, notebook, app.config.nb_execution_timeout): path for path, notebook in notebooks
        }
        for future in as_completed(running):
            path, result = running[future], future.result()
            logger.info("%s: executed in %.0f seconds", os.path.relpath(path, app.srcdir), result.time)
            if result.err is None:
                bundle = CacheBundleIn(result.nb, path, data={"execution_seconds": result.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app):
    app.connect("env-before-read-docs", execute_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
