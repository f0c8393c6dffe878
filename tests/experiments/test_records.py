"""Every record in the repository follows the schema and was made with the settings that its script has now."""

import importlib
import importlib.util
import subprocess
import sys

import pytest

from experiments.record import ROOT, read_record, record_names, settings_of


@pytest.fixture(scope="module", params=record_names())
def record(request):
    return read_record(request.param)


def test_the_command_names_the_module_beside_the_record(record):
    module = record["command"].split()[2]
    assert module.removeprefix("experiments.").replace(".", "/") == record["experiment"]
    assert importlib.util.find_spec(module)


def test_the_settings_are_the_scripts_constants(record):
    """A constant that was changed or renamed without a new record is reported by name."""
    if record["experiment"] == "benchmarks/epoch":
        record["settings"].pop("implementations")  # those that were installed
    now = flat(settings_of(importlib.import_module(record["command"].split()[2])))
    differing = {
        name: (value, now.get(name)) for name, value in flat(record["settings"]).items() if value != now.get(name)
    }
    assert not differing, f"{record['experiment']} (made with, now): {differing}"


def flat(settings, prefix=""):
    """Settings as one dict, those of a sibling as `sibling.name`; a setting made later than a record is in none."""
    found = {}
    for name, value in settings.items():
        is_module = isinstance(value, dict) and any(ROOT.glob(f"experiments/**/{name}.py"))
        found |= flat(value, f"{name}.") if is_module else {prefix + name: value}
    return found


def test_experiments_in_numpy_and_the_reading_of_records_load_no_framework():
    rooms = {
        "background": "code_size, cover",
        "in_keras": "shallow_and_deep",
        "applications": "compression, one_class_mnist, text_understanding",
        "practice": "code_purposes, known_dimension, latent_diffusion, masked_digits, overfitting_remedies, world_model",
    }
    imports = "; ".join(f"from experiments.{room} import {names}" for room, names in rooms.items())
    code = f"{imports}; import benchmarks.epoch, benchmarks.operations, sys; print({{'tensorflow', 'keras'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_arrays_lie_beside_a_record():
    arrays = ROOT.glob("experiments/*/results/*.npz")
    assert {f"{path.parts[-3]}/{path.stem}" for path in arrays} <= set(record_names())
