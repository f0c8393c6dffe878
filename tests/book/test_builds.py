"""Builds of a small book with the book's own configuration, by either program: what runs, what fails, what lasts."""

import os
import pathlib
import re
import subprocess
import sys

import bs4
import nbformat
import pytest
import yaml

from book.extensions.execution import KEPT, drop_old

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
RUN = "open('{}.runs', 'a').write('x')"  # a chapter's note that it was executed


@pytest.fixture
def book(root, tmp_path):
    """A folder with a package `toy` of two modules, and a way to write pages: a str is text, a list the code of cells."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"]["html_static_path"] = [str(root / "book/static")]
    config["bibtex_bibfiles"] = ["references.bib"]
    (tmp_path / "references.bib").write_text("@misc{someone, title = {A work}, author = {Someone}, year = {2020}}")
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("numpy\n")
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


def test_the_last_few_caches_of_a_chapter_stay(tmp_path):
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (number, number))
    drop_old(tmp_path / "1")
    assert {folder.name for folder in tmp_path.iterdir()} == {"1", "4", "5", "6", "7"} and KEPT == 5


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
    assert config.count("url: ''") == 1
    (folder / "_config.yml").write_text(config.replace("url: ''", f"url: {address}"), encoding="utf-8")
    assert build("jupyter-book").returncode == 0
    text = (folder / "_build/html/chapters/one.html").read_text(encoding="utf-8")
    assert "thebe" not in text, "no page asks for a server of others"
    page = bs4.BeautifulSoup(text, "html.parser")
    links = [link["href"] for link in page.find_all("a", href=True)]
    assert [link for link in links if "binder" in link or "None" in link] == launches
    assert bool(page.select(".dropdown-launch-buttons")) == bool(launches)
    assert "../_sources/chapters/one.ipynb" in links, "the notebook is offered"
