"""A chapter's test fails on a warning and on too long a run; what a chapter's kernel finds in it is the chapter's own."""

import re
import shutil
import subprocess
import sys

import nbformat
import pytest

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


@pytest.fixture
def outcome(root, tmp_path, monkeypatch):
    """Run a notebook of the given cells as pytest runs a chapter, with a limit in seconds, and return what pytest says."""

    for name in ("PYTHONSTARTUP", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name)  # the tests' own

    def run(*cells, seconds=75):
        shutil.copy(root / "conftest.py", tmp_path)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=KERNEL)
        nbformat.write(notebook, tmp_path / "chapter.ipynb")
        options = ["--nbval-lax", "--color=no", "--rootdir=.", "-p", "no:cacheprovider", f"-ochapter_seconds={seconds}"]
        command = [sys.executable, "-m", "pytest", *options, "-opythonpath=" + str(root), "chapter.ipynb"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == [
            "chapter.ipynb",
            "conftest.py",
        ]
        return done.stdout

    return run


def failed(outcome):
    """The cells that failed."""
    return re.findall(r"^FAILED chapter.ipynb::(Cell \d+)", outcome, re.MULTILINE)


def test_a_warning_of_the_chapter_is_an_error_and_one_between_libraries_is_none(outcome):
    code = "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel={})"
    said = outcome(
        "import sys, numpy as np\nprint('quiet')",
        "np.log(np.zeros(1))",
        code.format(1),
        f"exec(compile({code.format(1)!r}, 'x', 'exec'), {{'__name__': 'numpy.core'}})",
        f"exec(compile({code.format(1)!r}, 'x', 'exec'), {{'__name__': 'aelib.nn.layers'}})",
        f"exec(compile({code.format(1)!r}, 'x', 'exec'), {{'__name__': 'aelibrary'}})",
    )
    assert failed(said) == ["Cell 1", "Cell 2", "Cell 4"], said
    assert re.search("RuntimeWarning.*: divide by zero encountered in log", said)


def test_a_kernel_finds_no_name_that_the_chapter_has_not_made_and_one_thread(outcome):
    said = outcome(
        "assert not {'warnings', 'ast', 'make_warnings_errors', 'give_claims_their_values'} & set(dir())",
        "import os\nassert os.environ['OPENBLAS_NUM_THREADS'] == os.environ['OMP_NUM_THREADS'] == '1'",
    )
    assert "2 passed" in said, said


@pytest.mark.parametrize(("seconds", "cells"), [(1, ["Cell 1"]), (60, [])])
def test_a_chapter_that_takes_too_long_fails_at_its_end_and_is_named(outcome, seconds, cells):
    said = outcome("import time\nwhile time.process_time() < 2: pass", "'the end'", seconds=seconds)
    assert failed(said) == cells, said
    assert bool(re.search(r"chapter\.ipynb took \d+\.\d s of processor time; the limit is 1 s", said)) == bool(cells)
