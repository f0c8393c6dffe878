"""A record says what came out, and what it came out of: machine, versions, time."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform

RESULTS = pathlib.Path(__file__).parent / "results"
PACKAGES = ("numpy", "tensorflow", "keras", "scikit-learn")


def write_record(name, command, settings, results, cpu_seconds, folder=None, packages=PACKAGES):
    """Write `<name>.json` into a folder.

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
    folder : path or None
        Where to; `None` is the experiments' own `results/`.
    packages : iterable of str
        The distributions whose versions the record names. All must be installed.

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
        "packages": {package: importlib.metadata.version(package) for package in packages},
        "cpu_seconds": round(cpu_seconds, 1),
        "settings": settings,
        "results": results,
    }
    path = (folder or RESULTS) / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    return path


def read_record(name, folder=None):
    """Return a record as a dict.

    Parameters
    ----------
    name : str
    folder : path or None
        Where from; `None` is the experiments' own `results/`.

    Raises
    ------
    FileNotFoundError
        If there is no such record; the message says which there are.
    """
    path = (folder or RESULTS) / f"{name}.json"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.json"))) or "none"
        raise FileNotFoundError(f"Expected a record at {path}. Received: no such file; there are: {known}.")
    return json.loads(path.read_text())
