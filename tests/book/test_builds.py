"""Builds of a small book with the book's own configuration, by either program: what runs, what fails, what lasts."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import bs4
import nbformat
import pytest
import yaml

from book.extensions.execution import KEPT, drop_old
from book.extensions.execution_key import RUN_ON

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
RUN = "open('{}.runs', 'a').write('x')"  # a chapter's note that it was executed


@pytest.fixture
def book(root, tmp_path):
    """A folder with a package `toy` of two modules, and a way to write pages: a str is text, a list the code of cells."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"]["html_static_path"] = [str(root / "book/static")]
    config["html"]["favicon"] = str(root / "book/static/favicon.svg")
    config["bibtex_bibfiles"] = ["references.bib"]
    (tmp_path / "references.bib").write_text("@misc{someone, title = {A work}, author = {Someone}, year = {2020}}")
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "requirements.txt").write_text(f"{RUN_ON}\nnumpy\n")
    for name in ("chapters", "toy", "aelib"):
        (tmp_path / name).mkdir()
    for name in ("__init__", "first", "second"):
        (tmp_path / "toy" / f"{name}.py").write_text("VALUE = 1\n")

    def write(**pages):
        for name, content in pages.items():
            if isinstance(content, str):
                (tmp_path / "chapters" / f"{name}.md").write_text(content)
            else:
                cells = [nbformat.v4.new_markdown_cell(f"# {name}"), *map(nbformat.v4.new_code_cell, content)]
                nbformat.write(
                    nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), tmp_path / "chapters" / f"{name}.ipynb"
                )
        root_page, *others = pages
        chapters = "".join(f"  - file: chapters/{name}\n" for name in others)
        contents = f"parts:\n- numbered: 2\n  chapters:\n{chapters}" if others else ""
        (tmp_path / "_toc.yml").write_text(f"format: jb-book\nroot: chapters/{root_page}\n{contents}")
        return tmp_path

    return write


@pytest.fixture
def build(root, tmp_path, monkeypatch):
    """Build the book with a program, strictly, and return the finished process."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    monkeypatch.delenv("PYTHONSTARTUP")  # the tests' own

    def run(program, *arguments):
        command = [pathlib.Path(sys.executable).with_name(program), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
        )

    def build_with(program):
        strict = ["-W", "--keep-going", "-n"]
        if program == "jupyter-book":
            return run(program, "build", ".", *strict)
        assert run("jupyter-book", "config", "sphinx", ".").returncode == 0
        return run(program, *strict, "-d", "_build/.doctrees", ".", "_build/html")

    return build_with


def runs(folder, name):
    """How often a chapter was executed."""
    path = folder / "chapters" / f"{name}.runs"
    return len(path.read_text()) if path.exists() else 0


def test_an_edit_runs_what_depends_on_it_and_going_back_runs_nothing(book, build):
    folder = book(
        cover="# A book\n\n{cite}`someone`\n\n```{bibliography}\n```",
        one=[
            "from toy import first\nprint(first.VALUE)",
            RUN.format("one"),
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        ],
        two=["import toy.second", RUN.format("two")],
    )

    def built(program="jupyter-book"):
        done = build(program)
        assert done.returncode == 0, done.stdout
        return [runs(folder, "one"), runs(folder, "two")]

    def pages():
        html = folder / "_build/html"
        texts = {path.relative_to(html).as_posix(): path.read_text(encoding="utf-8") for path in html.rglob("*.html")}
        # Without the versions of files that the first build had not yet copied.
        return {name: re.sub(r"\?v=\w+", "", text) for name, text in texts.items()}

    assert built() == [1, 1]
    assert built() == [1, 1]
    before = pages()
    (folder / "toy/first.py").write_text("VALUE = 23\n")
    assert built() == [2, 1] and "23" in re.findall(r"<span></span>(\d+)", pages()["chapters/one.html"])
    (folder / "toy/first.py").write_text("VALUE = 1\n")
    assert built() == [2, 1] and pages() == before
    assert built("sphinx-build") == [2, 1] and pages() == before


@pytest.fixture
def written(book, build, root, tmp_path):
    """Build a small book that has its own copy of `book/`: which pages were written, and the text of each."""
    shutil.copytree(root / "book", tmp_path / "book", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "aelib/__init__.py").write_text("")
    (tmp_path / "aelib/tools.py").write_text('"""Tools."""\n\n\ndef first():\n    """Return one."""\n    return 1\n')
    folder = book(
        cover="# A book\n",
        one="# One\n\n(sec-one)=\n## A section\n\nThe word.\n",
        two="# Two\n\n{chapter}`sec-one`\n\n{cite:t}`someone`\n",
        code=["from aelib.tools import first"],
        api="# Reference\n\n```{eval-rst}\n.. automodule:: aelib.tools\n   :members:\n```\n",
        list="# List\n\n```{bibliography}\n```\n",
    )
    config = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"]["html_static_path"] = ["book/static"]
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    html = folder / "_build/html/chapters"

    def pages_written():
        before = {path: path.stat().st_mtime_ns for path in html.glob("*.html")}
        done = build("jupyter-book")
        assert done.returncode == 0, done.stdout
        now = {path.stem: path for path in html.glob("*.html") if path.stat().st_mtime_ns != before.get(path)}
        return set(now), {path.stem: path.read_text(encoding="utf-8") for path in html.glob("*.html")}

    return pages_written


ALL = {"cover", "one", "two", "code", "api", "list"}


def test_a_build_with_nothing_changed_writes_nothing(written, tmp_path):
    assert written()[0] == ALL
    files = {path: path.read_bytes() for path in (tmp_path / "_build").rglob("*") if path.is_file()}
    assert written()[0] == set()
    assert files == {path: path.read_bytes() for path in (tmp_path / "_build").rglob("*") if path.is_file()}


def edit(path, old, new):
    """Replace words in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_changes_is_seen_by_the_next_build_and_nothing_else_is_written(written, tmp_path):
    written()
    chapters, pages = tmp_path / "chapters", tmp_path / "_build/html/chapters"

    edit(chapters / "one.md", "The word", "Another word")
    found, texts = written()
    assert found == {"one", "cover"} and "Another word" in texts["one"], "Sphinx writes the cover with any page"

    edit(chapters / "one.md", "# One\n", "# Other\n")
    found, texts = written()
    assert found == ALL and all("Other" in text for text in texts.values()), "each page's sidebar has the title"
    assert re.search(r"Other</a>", texts["two"].partition("<article")[2]), "and a link of another page"

    edit(chapters / "one.md", "Another word", "{cite:t}`someone`")
    found, texts = written()
    assert found == {"one", "list", "cover"} and texts["list"].count("one.html#id") == 1

    edit(tmp_path / "references.bib", "Someone", "Nobody")
    found, texts = written()
    assert "Nobody" in texts["one"] and "Nobody" in texts["two"] and "Nobody" in texts["list"]

    edit(tmp_path / "aelib/tools.py", "Return one", "Return two")
    found, texts = written()
    assert found == {"code", "api", "cover"} and "Return two" in texts["api"], "the chapter imports the module"

    edit(tmp_path / "aelib/tools.py", "first", "second")
    edit(chapters / "code.ipynb", "first", "second")
    found, texts = written()
    assert found == ALL and "api.html#aelib.tools.second" in texts["code"] and "Used in" in texts["api"]

    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# code")], metadata=KERNEL),
        chapters / "code.ipynb",
    )
    found, texts = written()
    assert found == {"code", "api", "cover"} and "Used in" not in texts["api"]

    before = re.search(r"book\.css\?v=\w+", texts["api"])[0]
    edit(tmp_path / "book/static/page.css", "{", "{ --new: 1;")
    found, texts = written()
    style = re.search(r"book\.css\?v=\w+", texts["one"])[0]
    assert found == ALL and style != before and all(style in text for text in texts.values())
    assert "--new" in (tmp_path / "_build/html/_static/book.css").read_text(encoding="utf-8")

    edit(tmp_path / "book/extensions/cited_in.py", '"Cited in"', '"Quoted in"')
    found, texts = written()
    assert found == ALL and "Quoted in" in texts["list"]

    block = "{%- block extrahead %}{% endblock %}"
    edit(tmp_path / "book/templates/layout.html", block, block + "{% block docs_body %}<p>mine</p>{% endblock %}")
    found, texts = written()
    assert found == ALL and "<p>mine</p>" in texts["one"]

    (pages / "two.html").unlink()
    assert "two" in written()[0]
    assert written()[0] == set()


def test_a_page_that_leaves_the_book_leaves_the_sidebars(written, tmp_path):
    written()
    edit(tmp_path / "_toc.yml", "  - file: chapters/code\n", "")
    found, texts = written()
    assert found == ALL - {"code"} and not any("code.html" in texts[name] for name in found)


def test_the_last_few_caches_of_a_chapter_stay(tmp_path):
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (number, number))
    drop_old(tmp_path / "1")
    assert {folder.name for folder in tmp_path.iterdir()} == {"1", "4", "5", "6", "7"} and KEPT == 5


STOP = """
import os
from sphinx.application import Sphinx

def setup(app):
    app.connect("html-page-context", lambda app, page, *others: page == "chapters/other" and os._exit(9))
"""


def test_a_build_that_was_stopped_while_it_wrote_leaves_no_stale_page_and_no_warning_unseen(book, build):
    folder = book(
        cover="# A book\n", fault="# A fault\n\n{ref}`nowhere`\n", other="# Other\n", value=["import toy.first"]
    )
    config = (folder / "_config.yml").read_text(encoding="utf-8")
    (folder / "stop.py").write_text(STOP)
    (folder / "_config.yml").write_text(config.replace("- sphinx_proof", "- sphinx_proof\n  - stop"), encoding="utf-8")
    assert build("jupyter-book").returncode == 9
    (folder / "stop.py").write_text("def setup(app):\n    pass\n")
    done = build("jupyter-book")
    assert done.returncode != 0 and "nowhere" in done.stdout
    assert (folder / "_build/html/chapters/value.html").exists()


def test_a_warning_lasts_until_its_cause_is_gone(book, build):
    book(cover="# A book\n\n{ref}`nowhere`\n", other="# Other\n")
    for _ in range(2):
        done = build("sphinx-build")
        assert done.returncode != 0 and "nowhere" in done.stdout
    folder = book(cover="# A book\n", other="# Other\n")
    assert build("sphinx-build").returncode == 0
    done = build("jupyter-book")
    assert done.returncode == 0, "the same for the other program"
    assert (folder / "_build/html/index.html").exists()


@pytest.mark.parametrize("program", ["jupyter-book", "sphinx-build"])
def test_a_cell_that_fails_is_shown_with_its_claim_and_no_stack(book, build, program):
    folder = book(
        cover="# A book\n",
        value=["loss = 0.2", "assert 0 < loss < 0.1"],
        claim=["loss = 0.2", "a = 1\nassert (\n    loss < 0.1\n), 'too large'"],
        warning=["import numpy as np", "np.log(np.zeros(1))"],
        figure=["%matplotlib inline\nimport matplotlib.pyplot as plt", "plt.title('\u4e2d');"],
        good=["1 + 1", RUN.format("good")],
    )
    done = build(program)
    assert done.returncode == 1
    assert (
        "chapters/value.ipynb, cell 1 fails:\n    assert 0 < loss < 0.1\n    AssertionError: (0, 0.2, 0.1)\n"
        in done.stdout
    )
    assert (
        "chapters/claim.ipynb, cell 1 fails:\n    assert (\n        loss < 0.1\n    ), 'too large'\n    AssertionError: too large\n"
        in done.stdout
    )
    assert (
        "chapters/warning.ipynb, cell 1 fails:\n    np.log(np.zeros(1))\n    RuntimeWarning: divide by zero"
        in done.stdout
    )
    assert "chapters/figure.ipynb, cell 1 fails:\n" in done.stdout and "UserWarning: Glyph 20013" in done.stdout
    assert "Traceback" not in done.stdout and "site-packages" not in done.stdout
    build(program)
    assert runs(folder, "good") == 1, "what succeeds is kept"


LAUNCH = "https://mybinder.org/v2/gh/someone/the-book/main?urlpath=lab/tree/chapters/one.ipynb"


@pytest.mark.parametrize(("address", "launches"), [("''", []), ("https://github.com/someone/the-book", [LAUNCH])])
def test_one_value_in_the_configuration_turns_the_launch_buttons_on(book, build, address, launches):
    folder = book(cover="# A book\n", one=["1 + 1"])
    config = (folder / "_config.yml").read_text(encoding="utf-8")
    assert config.count("\n  url: ''") == 1
    (folder / "_config.yml").write_text(config.replace("\n  url: ''", f"\n  url: {address}"), encoding="utf-8")
    assert build("jupyter-book").returncode == 0
    text = (folder / "_build/html/chapters/one.html").read_text(encoding="utf-8")
    assert "thebe" not in text, "no page asks for a server of others"
    page = bs4.BeautifulSoup(text, "html.parser")
    links = [link["href"] for link in page.find_all("a", href=True)]
    assert [link for link in links if "binder" in link or "None" in link] == launches
    assert bool(page.select(".dropdown-launch-buttons")) == bool(launches)
    assert "../_sources/chapters/one.ipynb" in links, "the notebook is offered"
