"""Notebooks that are due are executed at the same time, once, and land in myst-nb's cache."""

import pathlib
import types

import nbformat
import pytest


@pytest.fixture
def module(load_module):
    return load_module("book/extensions/side_by_side.py")


@pytest.fixture
def book(tmp_path):
    """A book with the pages given as {name: source of its one cell}; a source of None makes a Markdown page."""

    def write(mode="cache", **pages):
        paths = {}
        for name, source in pages.items():
            paths[name] = tmp_path / f"{name}.{'md' if source is None else 'ipynb'}"
            if source is None:
                paths[name].write_text("# A page")
            else:
                cell = nbformat.v4.new_code_cell(source)
                kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
                nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), paths[name])
        config = types.SimpleNamespace(
            nb_execution_mode=mode, nb_execution_cache_path=str(tmp_path / "cache"), nb_execution_timeout=60
        )
        app = types.SimpleNamespace(srcdir=tmp_path, config=config)
        env = types.SimpleNamespace(doc2path=paths.__getitem__)
        return app, env, list(pages)

    return write


@pytest.fixture
def outputs(module, tmp_path):
    """What the cache holds as the outputs of a notebook's one cell; None if it does not hold the notebook."""

    def read(name):
        notebook = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        with module.opened_cache(str(tmp_path / "cache")) as cache:
            try:
                return cache.merge_match_into_notebook(notebook)[1].cells[0].outputs
            except KeyError:
                return None

    return read


def test_two_notebooks_run_at_the_same_time(module, book, outputs, monkeypatch):
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)
    meet = (
        "import pathlib, time\n"
        "pathlib.Path('{me}').touch()\n"
        "while not pathlib.Path('{other}').exists(): time.sleep(0.05)\n"
        "print('{me} met {other}')"
    )
    module.execute_side_by_side(
        *book(one=meet.format(me="one.here", other="two.here"), two=meet.format(me="two.here", other="one.here"))
    )
    assert outputs("one")[0].text == "one.here met two.here\n"
    assert outputs("two")[0].text == "two.here met one.here\n"


def test_what_the_cache_holds_does_not_run_again(module, book, tmp_path):
    arguments = book(one="open('runs', 'a').write('x')", text=None)
    for _ in range(2):
        module.execute_side_by_side(*arguments)
    assert pathlib.Path(tmp_path, "runs").read_text() == "x"


def test_a_notebook_that_fails_is_left_to_myst_nb(module, book, outputs):
    module.execute_side_by_side(*book(bad="1 / 0", good="1 + 1"))
    assert outputs("bad") is None
    assert outputs("good")[0].data["text/plain"] == "2"


def test_without_a_cache_nothing_runs(module, book, tmp_path):
    module.execute_side_by_side(*book(mode="off", one="open('runs', 'a').write('x')"))
    assert not pathlib.Path(tmp_path, "runs").exists()
