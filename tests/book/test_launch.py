"""One value in the configuration turns the launch buttons on; while it is empty, there is none."""

import pathlib
import subprocess
import sys

import bs4
import nbformat
import pytest
import yaml

ADDRESS = "https://github.com/someone/the-book"


@pytest.fixture
def build(root, tmp_path):
    """Build a book of one chapter with the book's own configuration and an address; return the chapter's page."""

    def build_with(address):
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        config["repository"]["url"] = address
        config["execute"]["execute_notebooks"] = "off"
        del config["bibtex_bibfiles"]
        config["sphinx"] = {
            "config": {name: config["sphinx"]["config"][name] for name in ("html_context", "html_theme_options")}
        }
        config["sphinx"]["recursive_update"] = True
        (tmp_path / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/one\n", encoding="utf-8")
        (tmp_path / "chapters").mkdir()
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A chapter")])
        nbformat.write(notebook, tmp_path / "chapters" / "one.ipynb")
        program = pathlib.Path(sys.executable).with_name("jupyter-book")
        subprocess.run([program, "build", tmp_path, "--quiet"], check=True, capture_output=True, timeout=300)
        page = (tmp_path / "_build" / "html" / "chapters" / "one.html").read_text(encoding="utf-8")
        return bs4.BeautifulSoup(page, "html.parser")

    return build_with


def addresses(page):
    """Where the page's links lead."""
    return [link["href"] for link in page.find_all("a", href=True)]


def test_with_an_address_a_chapter_can_be_launched(build):
    launches = [address for address in addresses(build(ADDRESS)) if "mybinder.org" in address]
    assert launches == ["https://mybinder.org/v2/gh/someone/the-book/main?urlpath=lab/tree/chapters/one.ipynb"]


def test_without_an_address_no_button_leads_nowhere(build, root):
    assert yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"] == ""
    page = build("")
    assert not [address for address in addresses(page) if "binder" in address or "None" in address]
    assert not page.select(".dropdown-launch-buttons")
    assert any(address.endswith("_sources/chapters/one.ipynb") for address in addresses(page)), (
        "the notebook is offered"
    )
