"""A record says what came out, and what it came out of: machine, versions, time."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform

RESULTS = pathlib.Path(__file__).parent / "results"
PACKAGES = ("numpy", "tensorflow", "keras", "scikit-learn")


def write_record(name, command, settings, results, cpu_seconds):
    """Write `results/<name>.json`.

    Parameters
    ----------
    name : str
        The experiment's name.
    command : str
        The one command that makes the record again.
    settings, results : dict
        What was asked and what was found; JSON's types only.
    cpu_seconds : float
        How long it took, in seconds of processor time, which a busy machine does not change much.

    Returns
    -------
    pathlib.Path
        The file that was written.
    """
    record = {
        "experiment": name,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in PACKAGES},
        "cpu_seconds": round(cpu_seconds, 1),
        "settings": settings,
        "results": results,
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    return path


def read_record(name):
    """Return the record of an experiment as a dict.

    Raises
    ------
    FileNotFoundError
        If there is no such record; the message says which there are.
    """
    path = RESULTS / f"{name}.json"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in RESULTS.glob("*.json"))) or "none"
        raise FileNotFoundError(f"Expected a record at {path}. Received: no such file; there are: {known}.")
    return json.loads(path.read_text())
