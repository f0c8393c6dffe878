"""Build the page of one chapter: `python -m book.page 4_numpy/mnist`, or `make page P=4_numpy/mnist`.

This chapter alone is executed, each time. The first call reads all other pages too, without executing them, so that references
lead somewhere; later calls read only what has changed. A reference to a figure of a chapter that was not executed has no number.
The book itself is left alone: what is built here lies in `_build/page`.
"""

import pathlib
import sys

import nbformat
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from book.extensions.execution import execute, failure_of

# A page that warned is made anew at each call anyway, and the pages that are not executed must not be read again for theirs.
LEFT_OUT = ("book.extensions.lasting_warnings",)


def build(root, name):
    """Execute one chapter of the book below `root`, build its page, and return the page's path.

    Parameters
    ----------
    root : pathlib.Path
    name : str
        The chapter as in `_toc.yml`; `chapters/` and the file's ending may be left out.

    Raises
    ------
    SystemExit
        If there is no such chapter, or a cell of it fails.
    """
    name = pathlib.PurePosixPath("chapters", name.removeprefix("chapters/")).with_suffix("").as_posix()
    if not any((root / f"{name}{ending}").exists() for ending in (".ipynb", ".md")):
        raise SystemExit(f"there is no chapter {name}: expected a path such as 4_numpy/mnist")
    config, _ = get_final_config(
        user_yaml=root / "_config.yml", sourcedir=root, cli_config={"latex_individualpages": False}
    )
    config["extensions"] = [extension for extension in config["extensions"] if extension not in LEFT_OUT]
    config |= {"nb_execution_mode": "off", "suppress_warnings": ["ref", "myst.xref_missing", "myst-nb.lexer"]}
    folder = root / "_build" / "page"
    with patch_docutils(str(root)), docutils_namespace():
        app = Sphinx(root, None, folder / "html", folder / "doctrees", "html", config, status=None)
        app.connect("env-get-outdated", lambda app, env, added, changed, removed: {name})
        app.connect("source-read", lambda app, page, source: page == name and executed(app, page, source))
        app.build(filenames=[app.env.doc2path(name)])
    return folder / "html" / f"{name}.html"


def executed(app, name, source):
    """Replace the source of a page by itself with its outputs, if it is a notebook."""
    path = pathlib.Path(app.env.doc2path(name))
    if path.suffix == ".ipynb":
        result = execute(app, name, nbformat.reads(source[0], as_version=nbformat.current_nbformat))
        if failure := failure_of(result):
            raise SystemExit(f"{path.relative_to(app.srcdir)}, {failure}")
        source[0] = nbformat.writes(result.nb)


if __name__ == "__main__":
    print(build(pathlib.Path(__file__).resolve().parents[1], "".join(sys.argv[1:])))
