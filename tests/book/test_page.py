"""The page of one chapter is built without executing the others; the template chapter shows all it is a template for."""

import pathlib
import shutil
import subprocess
import sys

import bs4
import nbformat
import pytest
import yaml

CONFIG = {
    "only_build_toc_files": True,
    "bibtex_bibfiles": ["chapters/references.bib"],
    "sphinx": {"extra_extensions": ["sphinx_exercise", "sphinx_proof"]},
}
TOC = {"format": "jb-book", "root": "chapters/index", "chapters": [{"file": "chapters/one"}, {"file": "chapters/two"}]}


@pytest.fixture(scope="module")
def build(request, tmp_path_factory):
    """Build one page of a book whose chapter `one` is the template, and whose chapter `two` fails."""
    root, book = request.config.rootpath, tmp_path_factory.mktemp("book")
    (book / "chapters").mkdir()
    (book / "_config.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    (book / "_toc.yml").write_text(yaml.safe_dump(TOC), encoding="utf-8")
    (book / "chapters" / "index.md").write_text("# A book\n", encoding="utf-8")
    shutil.copy(root / "chapters" / "references.bib", book / "chapters")
    shutil.copy(root / "book" / "template.ipynb", book / "chapters" / "one.ipynb")
    cells = [nbformat.v4.new_markdown_cell("# Two"), nbformat.v4.new_code_cell("assert 1 == 2")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book / "chapters" / "two.ipynb")

    def run(name):
        code = f"import pathlib; from book.page import build; print(build(pathlib.Path({str(book)!r}), {name!r}))"
        return subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=300)

    return run


def test_the_page_of_the_template_shows_what_a_chapter_has(build):
    done = build("one")
    assert done.returncode == 0, done.stderr
    path = done.stdout.splitlines()[-1]
    page = bs4.BeautifulSoup(pathlib.Path(path).read_text(encoding="utf-8"), "html.parser")
    assert "one.html" in path and "of the error of the mean image" in page.select_one(".cell_output pre").get_text()
    assert page.select_one(".cell_output table.aelib-table caption")
    assert page.select_one("figure figcaption .caption-text") and page.select_one("figure img[alt^='Two rows of ten']")
    assert len(page.select(".theorem")) == 1 and len(page.select(".proof")) >= 1
    assert page.select("a[href='#equation-eq-template-error']") and page.select("a[href*='thm-template-mean']")
    assert len(page.select(".exercise")) == 2 and len(page.select(".solution.dropdown")) == 2
    assert len(page.select(".admonition.dropdown:not(.solution)")) == 2


def test_a_chapter_that_fails_says_in_which_cell(build):
    done = build("chapters/two.ipynb")
    assert done.returncode == 1 and "two.ipynb" in done.stderr and "assert 1 == 2" in done.stderr


def test_a_chapter_that_is_not_there_is_named(build):
    done = build("three")
    assert done.returncode == 1 and "there is no chapter chapters/three" in done.stderr
