"""A record comes back as it was written, with what it came out of."""

import datetime
import json
import platform

import numpy
import pytest


@pytest.fixture
def record(load_module, tmp_path, monkeypatch):
    module = load_module("experiments/record.py")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    return module


def test_a_record_comes_back_with_settings_and_results(record, tmp_path):
    path = record.write_record("deep", "python -m deep", {"epochs": 3}, {"errors": [1.5, 2.5]}, 12.3456)
    assert path == tmp_path / "deep.json"
    back = record.read_record("deep")
    assert back["experiment"] == "deep" and back["command"] == "python -m deep"
    assert back["settings"] == {"epochs": 3} and back["results"] == {"errors": [1.5, 2.5]}
    assert back["cpu_seconds"] == 12.3


def test_a_record_says_what_it_came_out_of(record):
    record.write_record("deep", "command", {}, {}, 1.0)
    back = record.read_record("deep")
    assert back["packages"]["numpy"] == numpy.__version__ and set(back["packages"]) >= {"tensorflow", "keras"}
    assert back["python"] == platform.python_version() and platform.system() in back["machine"]
    assert abs(datetime.date.fromisoformat(back["date"]) - datetime.date.today()) <= datetime.timedelta(1)


def test_a_record_is_text_that_ends_with_a_line(record):
    path = record.write_record("deep", "command", {}, {"runs": [{"seed": 0}]}, 1.0)
    assert path.read_text().endswith("}\n") and json.loads(path.read_text())


def test_a_second_record_replaces_the_first(record):
    for value in (1, 2):
        record.write_record("deep", "command", {}, {"value": value}, 1.0)
    assert record.read_record("deep")["results"] == {"value": 2}


def test_a_record_of_another_folder_lies_there_and_names_the_packages_that_it_is_told(record, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = record.write_record("epoch", "command", {}, {"value": 1}, 1.0, folder=folder, packages=["numpy"])
    assert path == folder / "epoch.json"
    assert record.read_record("epoch", folder)["packages"] == {"numpy": numpy.__version__}
    with pytest.raises(FileNotFoundError, match="elsewhere.*there are: epoch"):
        record.read_record("deep", folder)


def test_a_result_that_json_does_not_know_leaves_the_old_record(record):
    record.write_record("deep", "command", {}, {"value": 1}, 1.0)
    with pytest.raises(TypeError):
        record.write_record("deep", "command", {}, {"value": numpy.zeros(2)}, 1.0)
    assert record.read_record("deep")["results"] == {"value": 1}


def test_a_record_that_is_not_there_is_an_error_that_lists_those_that_are(record, tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a record at .*deep.json.*there are: none"):
        record.read_record("deep")
    for name in ("wide", "shallow"):
        record.write_record(name, "command", {}, {}, 1.0)
    with pytest.raises(FileNotFoundError, match="there are: shallow, wide"):
        record.read_record("deep")


def test_the_results_lie_beside_the_scripts(load_module, root):
    assert load_module("experiments/record.py").RESULTS == root / "experiments" / "results"
