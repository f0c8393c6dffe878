"""The floors of the house: which room may use which, and what may be loaded when."""

import pathlib
import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "matplotlib", "IPython", "PIL", "sklearn", "scipy"}


def test_the_floors_of_pyproject_hold(root):
    program = pathlib.Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", ["aelib", "aelib.nn", "aelib.metrics", "aelib.datasets", "aelib.applications.text"])
def test_importing_it_loads_nothing_heavy(module):
    code = f"import {module}, sys; print(*sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")
