"""An experiment's record holds its settings without anyone typing them, and comes back as it was written."""

import datetime
import importlib
import json
import platform
import sys

import numpy as np
import pytest

from experiments import record, variants

EXPERIMENT = '''
"""An experiment."""
import collections, pathlib
from experiments.record import run_experiment
from experiments.variants.sibling import SEEDS, train

Setup = collections.namedtuple("Setup", "epochs rate")
SETUP, UNITS, FILE, KIND, lower = Setup(3, 0.5), {"wide": (8, 4)}, pathlib.Path("x"), Setup, 1


def measure(save):
    save({"runs": [train()]})
    save({"runs": [train(), 2]}, images=__import__("numpy").arange(3))


def forget(save):
    pass
'''


@pytest.fixture
def room(tmp_path, monkeypatch):
    """The folder of a room with an experiment and a sibling from which it takes a constant and a function."""
    room = tmp_path / "experiments" / "variants"
    room.mkdir(parents=True)
    (room / "experiment.py").write_text(EXPERIMENT)
    (room / "sibling.py").write_text("SEEDS = (0, 1)\nSTEPS = 7\n\n\ndef train():\n    return STEPS\n")
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(variants, "__path__", [str(room)])
    monkeypatch.setattr(sys, "argv", ["experiment.py"])
    return room


@pytest.fixture
def experiment(room):
    yield importlib.import_module("experiments.variants.experiment")
    for name in ("experiment", "sibling"):
        del sys.modules[f"experiments.variants.{name}"]


def write(name="variants/deep", command="python -m experiments.variants.deep", settings=None, results=None, **options):
    return record.write_record(name, command, settings or {}, results or {}, **options)


def test_an_experiment_is_recorded_under_its_name_with_its_constants(experiment, room, capsys):
    record.run_experiment(experiment.measure)
    back = record.read_record("variants/experiment")
    assert json.loads((room / "results" / "experiment.json").read_text()) == back
    assert back["experiment"] == "variants/experiment"
    assert back["command"] == "python -m experiments.variants.experiment"
    assert back["settings"] == {
        "seeds": [0, 1],
        "setup": {"epochs": 3, "rate": 0.5},
        "units": {"wide": [8, 4]},
        "sibling": {"seeds": [0, 1], "steps": 7},
    }
    assert back["results"] == {"runs": [7, 2]}
    np.testing.assert_array_equal(record.read_arrays("variants/experiment")["images"], [0, 1, 2])
    assert capsys.readouterr().out.count("experiment.json") == 2  # it was saved while the run went on


def test_a_saved_part_is_there_when_the_rest_fails(experiment):
    def measure(save):
        save({"runs": [1]}, images=np.zeros(2))
        save({"runs": [1, 2]})
        raise KeyboardInterrupt

    measure.__module__ = experiment.__name__
    with pytest.raises(KeyboardInterrupt):
        record.run_experiment(measure)
    assert record.read_record("variants/experiment")["results"] == {"runs": [1, 2]}
    assert record.read_arrays("variants/experiment")["images"].tolist() == [0, 0]  # of the first part


def test_an_experiment_that_saves_nothing_or_is_run_as_a_file_is_an_error(experiment, monkeypatch):
    with pytest.raises(RuntimeError, match="Expected forget of experiments.variants.experiment to save results"):
        record.run_experiment(experiment.forget)
    monkeypatch.setattr(experiment, "__spec__", None)
    with pytest.raises(RuntimeError, match="started by `python -m`. Received: .*experiment.py run as a file"):
        record.run_experiment(experiment.measure)


def test_a_timed_run_notes_its_processor_time_and_is_printed_without_long_lists(monkeypatch, capsys):
    monkeypatch.setattr(record.time, "process_time", iter([1.0, 3.26, 5.0, 6.0]).__next__)
    assert record.timed(lambda seed: {"seed": seed})(seed=3) == {"seed": 3, "cpu_seconds": 2.3}
    assert record.timed(lambda: ({"loss": [0.5] * 9}, "network"))() == (
        {"loss": [0.5] * 9, "cpu_seconds": 1.0},
        "network",
    )
    assert capsys.readouterr().out == "{'seed': 3, 'cpu_seconds': 2.3}\n{'cpu_seconds': 1.0}\n"


def test_a_record_says_what_it_came_out_of(room):
    write()
    back = record.read_record("variants/deep")
    assert list(back) == list(record.SCHEMA)
    assert back["packages"]["numpy"] == np.__version__ and "torch" not in back["packages"]
    assert back["python"] == platform.python_version() and platform.system() in back["machine"]
    assert abs(datetime.date.fromisoformat(back["date"]) - datetime.date.today()) <= datetime.timedelta(1)
    assert 0 < back["cpu_seconds"] < 3600


def test_benchmarks_are_a_room_whose_records_name_the_modules_that_they_are_told(room, tmp_path):
    (tmp_path / "benchmarks").mkdir()
    path = write("benchmarks/epoch", "python -m benchmarks.epoch --rounds 1", modules=["numpy"])
    assert path == tmp_path / "benchmarks" / "results" / "epoch.json" and path.read_text().endswith("}\n")
    assert record.read_record("benchmarks/epoch")["packages"] == {"numpy": np.__version__}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"results": {"value": np.zeros(2)}}, TypeError),
        ({"results": {"value": float("nan")}}, ValueError),
        ({"settings": [1]}, ValueError),
        ({"command": "deep.py"}, ValueError),
    ],
)
def test_what_is_no_record_is_refused_and_leaves_the_old_one(room, options, error):
    write(results={"value": 1})
    with pytest.raises(error):
        write(**options)
    assert record.read_record("variants/deep")["results"] == {"value": 1}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("settings", None, "Expected the fields experiment, .*Received: experiment, "),
        ("cpu_seconds", "3", "Expected cpu_seconds of type float in .*deep.json. Received: '3'"),
        ("date", "yesterday", "Expected date to match"),
        ("experiment", "variants/other", "Expected experiment to match variants/deep in .*deep.json"),
    ],
)
def test_a_file_that_does_not_follow_the_schema_is_an_error_that_names_the_field(room, field, value, message):
    path = write()
    changed = json.loads(path.read_text()) | {field: value}
    if value is None:
        del changed[field]
    path.write_text(json.dumps(changed))
    with pytest.raises(ValueError, match=message):
        record.read_record("variants/deep")


def test_a_record_that_is_not_there_is_an_error_that_lists_those_that_are(room):
    with pytest.raises(FileNotFoundError, match="Expected a record at .*deep.json.*there are: none"):
        record.read_record("variants/deep")
    for name in ("variants/wide", "variants/shallow"):
        write(name)
    with pytest.raises(FileNotFoundError, match="there are: variants/shallow, variants/wide"):
        record.read_arrays("variants/deep")
    with pytest.raises(ValueError, match="Expected a room and a name, as in 'variants/denoising'. Received: 'deep'"):
        record.read_record("deep")
