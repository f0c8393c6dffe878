"""What the book says about how to cite it is the same everywhere."""

import re
import tomllib

import pytest
import yaml

import aelib


@pytest.fixture
def citation(root):
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


@pytest.fixture
def bibtex(root):
    """The fields of the entry in the colophon."""
    colophon = (root / "chapters/appendices/colophon.md").read_text(encoding="utf-8")
    entry = re.search(r"```bibtex\n@book\{\w+,\n(.*?)\n\}\n```", colophon, re.DOTALL)[1]
    return {name: value.strip("{}") for name, value in re.findall(r"(\w+)\s*= (\{.*\})", entry)}


def test_title_author_and_year_are_those_of_the_book(root, citation, bibtex):
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    book = citation["preferred-citation"]
    assert citation["title"] == book["title"] == bibtex["title"] == config["title"]
    assert citation["authors"] == book["authors"] == [{"name": config["author"]}]
    assert bibtex["author"] == config["author"]
    assert str(book["year"]) == bibtex["year"] == config["copyright"]


def test_version_and_licence_are_those_of_the_package_and_the_format_is_whole(root, citation, bibtex):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == bibtex["edition"] == project["version"] == aelib.__version__
    assert citation["preferred-citation"]["edition"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
