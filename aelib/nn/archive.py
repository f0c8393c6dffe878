"""The file format of `Sequential.save`: configuration, weights, and the state needed to resume training.

The file is a NumPy npz archive. Its array `network` is a description in JSON; the other arrays are the weights and the
slots of the optimizer. Nothing is pickled, so loading a file never executes code from it.
`aelib.nn.models.load_model` restores the network.
"""

import contextlib
import io
import json
import os
import secrets
import zipfile

import numpy as np

from aelib.nn.configurable import Configurable

FORMAT, VERSION = "aelib network", 2
DESCRIPTION = "network"  # the name of the array that holds the description


def save(network, path):
    """Save a network, its optimizer and its generators to one file: see `Sequential.save`."""
    network._require_built()
    refuse_own("network", network)
    arrays = {f"weights/{name}": variable for name, variable in network.variables.items()}
    optimizer = None
    if network.optimizer is not None:
        optimizer = network.optimizer.identifier() | {"iterations": network.optimizer.iterations, "state": False}
        if network.optimizer.state is not None:
            network.optimizer.build(network.trainable_variables)  # refuses slots of other weights
            optimizer["state"] = True
            arrays |= {
                f"optimizer/{i}/{slot}": array
                for i, slots in enumerate(network.optimizer.state)
                for slot, array in slots.items()
            }
    generators = network.generators
    distinct = list({id(rng): rng for rng in generators}.values())
    description = {
        "network": network.get_config(),
        "loss": network.loss and network.loss.identifier(),
        "optimizer": optimizer,
        "generators": [rng.bit_generator.state for rng in distinct],
        "generator_of": [[rng is other for other in distinct].index(True) for rng in generators],
    }
    write(path, description, arrays)


def save_weights(network, path):
    """Save the weights of a network to one file, under their names."""
    network._require_built()
    write(path, {}, {f"weights/{name}": variable for name, variable in network.variables.items()})


def load_weights(network, path):
    """Load the weights of a network from a file that `save_weights` or `save` wrote.

    Raises
    ------
    ValueError
        If the file was not written by these, or its weights have other names, shapes or precision. No weight is
        changed in that case.
    """
    network._require_built()
    _, arrays = read(path)
    received = {name.removeprefix("weights/"): a for name, a in arrays.items() if name.startswith("weights/")}
    wrong = differences(network.variables, received)
    if wrong:
        raise ValueError(f"Expected {os.fsdecode(path)} to hold the weights of this network. Received: {wrong}.")
    for name, variable in network.variables.items():
        variable[...] = received[name]


def differences(expected, received):
    """Return a text that lists missing and unexpected arrays, and those of another shape or precision, or ``""``."""
    wrong = [f"{name} missing" for name in expected if name not in received]
    wrong += [f"{name} not expected" for name in received if name not in expected]
    for name in expected:
        if name in received:
            kinds = [f"{array.dtype.name}{array.shape}" for array in (expected[name], received[name])]
            if kinds[0] != kinds[1]:
                wrong.append(f"{name} of {kinds[1]} where {kinds[0]} was expected")
    return "; ".join(wrong)


def refuse_own(name, part):
    """Raise `TypeError` if a part of a network, at any depth, is of a class that `load_model` does not know."""
    if not type(part).__module__.startswith(("aelib.nn.", "numpy.random.")):
        raise TypeError(
            f"save expected {name} to be of a class of aelib.nn. Received: {part!r} "
            f"of type {type(part).__name__}, whose code cannot be saved."
        )
    if isinstance(part, np.random.Generator):
        refuse_own(name, part.bit_generator)
    if isinstance(part, Configurable):
        for name, value in vars(part).items():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, (Configurable, np.random.Generator)):
                    refuse_own(name, each)


def as_plain(value):
    """Return a NumPy array as a list and a NumPy number as a Python number, for JSON."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"save expected numbers, names and lists of them as settings. Received: {value!r}.")


def write(path, description, arrays):
    """Write an archive to `path` completely or not at all; if this fails, an earlier file stays as it was."""
    path = os.path.realpath(os.fsdecode(path))  # replaces the target of a link, not the link
    folder = os.path.dirname(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"save expected the name of a file. Received: {path}, which is something else.")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save expected a folder that exists. Received: {path}.")
    try:
        text = json.dumps({"format": FORMAT, "version": VERSION, **description}, default=as_plain, allow_nan=False)
    except ValueError as error:  # json does not say which setting is wrong
        raise TypeError(f"save expected settings that are finite numbers. Received: {description}.") from error
    unfinished = os.path.join(folder, f".unfinished-{secrets.token_hex(8)}")
    try:
        with open(unfinished, "xb") as file:
            np.savez(file, **{DESCRIPTION: np.array(text.encode())}, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:  # Ctrl-C included
        with contextlib.suppress(FileNotFoundError):
            os.remove(unfinished)
        raise


def read(path):
    """Return the description and the arrays of a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file was not written by `save`, or is truncated or damaged.
    """
    path = os.fsdecode(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"Expected a saved network at {path}. Received: no such file.")
    with refused_by_name(path), zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        if len(set(names)) < len(names):
            raise ValueError("an archive that holds an array twice.")
        # Reading all bytes of an array before decoding them makes zipfile compare their checksum.
        arrays = {
            name: np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
            for name in names
        }
        description = json.loads(arrays.pop(DESCRIPTION).item())
        if description["format"] != FORMAT or description["version"] != VERSION:
            raise ValueError(
                f"{description['format']!r}, version {description['version']!r}, not {FORMAT!r}, {VERSION}."
            )
    return description, arrays


@contextlib.contextmanager
def refused_by_name(path):
    """Turn any error raised while a file is read into a `ValueError` that names the file."""
    try:
        yield
    except Exception as error:  # zipfile, json, NumPy and each constructor raise their own
        reason = error if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(
            f"Expected {path} to be a complete, undamaged file of a saved network. Received: {reason}"
        ) from error
