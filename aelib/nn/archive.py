"""A network in one file: what it is made of, its weights, and all that its training needs to go on.

The file is one of NumPy's npz archives. Its array `network` is a description in JSON; the others are the weights and
what the optimizer keeps beside each. Nothing is pickled, so that reading a file never runs code that came with it.
`aelib.nn.models.load_model` makes a network of it again.
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
    """Write a network, its optimizer and its generators to one file: see `Sequential.save`."""
    network._require_built()
    refuse_own("network", network)
    arrays = {f"weights/{name}": variable for name, variable in network.variables.items()}
    optimizer = None
    if network.optimizer is not None:
        optimizer = network.optimizer.identifier() | {"iterations": network.optimizer.iterations, "state": False}
        if network.optimizer.state is not None:
            network.optimizer.build(network.trainable_variables)  # says so if it remembers other weights
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
    """Write the weights of a network to one file, by their names."""
    network._require_built()
    write(path, {}, {f"weights/{name}": variable for name, variable in network.variables.items()})


def load_weights(network, path):
    """Read the weights of a network from a file that `save_weights` or `save` wrote.

    Raises
    ------
    ValueError
        If the file is no such file, or holds weights of other names, shapes or precision; then no weight is changed.
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
    """Say which arrays are missing, do not belong, or have another shape or precision; nothing if all is well."""
    wrong = [f"{name} missing" for name in expected if name not in received]
    wrong += [f"{name} too many" for name in received if name not in expected]
    for name in expected:
        if name in received:
            kinds = [f"{array.dtype.name}{array.shape}" for array in (expected[name], received[name])]
            if kinds[0] != kinds[1]:
                wrong.append(f"{name} of {kinds[1]} where {kinds[0]} was expected")
    return "; ".join(wrong)


def refuse_own(name, part):
    """Say that a part of a network, or of a part of it, is of a class that `load_model` does not know."""
    if not type(part).__module__.startswith(("aelib.nn.", "numpy.random.")):
        raise TypeError(
            f"save expected as {name} one of aelib.nn's own classes. Received: {part!r} "
            f"of type {type(part).__name__}, whose code cannot be written down."
        )
    if isinstance(part, np.random.Generator):
        refuse_own(name, part.bit_generator)
    if isinstance(part, Configurable):
        for name, value in vars(part).items():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, (Configurable, np.random.Generator)):
                    refuse_own(name, each)


def as_plain(value):
    """Return what JSON cannot hold as such: an array as a list, a number of NumPy's as a number."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"save expected numbers, names and lists of them as settings. Received: {value!r}.")


def write(path, description, arrays):
    """Write an archive to `path`: all of it, or nothing, so that an earlier file stays whole."""
    path = os.path.realpath(os.fsdecode(path))  # what a link points at is replaced, not the link
    folder = os.path.dirname(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"save expected the name of a file. Received: {path}, which is something else.")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save expected a folder that exists. Received: {path}.")
    text = json.dumps({"format": FORMAT, "version": VERSION, **description}, default=as_plain, allow_nan=False)
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
    """Return the description and the arrays of a file, whole and unchanged.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one that `save` wrote, or is cut short or damaged.
    """
    path = os.fsdecode(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"Expected a saved network at {path}. Received: no such file.")
    with refused_by_name(path), zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        if len(set(names)) < len(names):
            raise ValueError("an archive that holds an array twice.")
        # All bytes of an array are read before it is made: only then is their checksum compared.
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
    """Say of every error with which reading a file ends which file it was."""
    try:
        yield
    except Exception as error:  # zipfile, json, NumPy and each constructor raise their own
        reason = error if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(
            f"Expected {path} to be a file that a network was saved to, whole and unchanged. Received: {reason}"
        ) from error
