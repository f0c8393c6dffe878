"""A network in one file: what it is made of, its weights, and all that its training needs to go on.

The file is one of NumPy's npz archives. Its array `network` is a description in JSON; the
others are the weights and what the optimizer keeps beside each. Nothing is pickled, so
that reading a file never runs code that came with it.
"""

import contextlib
import inspect
import io
import json
import os
import secrets
import zipfile

import numpy as np

from aelib.nn.activations import ACTIVATIONS
from aelib.nn.initializers import INITIALIZERS
from aelib.nn.layers import Dense, Input
from aelib.nn.losses import LOSSES
from aelib.nn.optimizers import OPTIMIZERS
from aelib.nn.regularizers import REGULARIZERS
from aelib.nn.sequential import Sequential

FORMAT, VERSION = "aelib network", 1
DESCRIPTION = "network"  # the name of the array that holds the description
DTYPES = ("float32", "float64")

# What a layer is made of, beside its numbers, and where each part's class is found by name.
PARTS = {
    "activation": ACTIVATIONS,
    "kernel_initializer": INITIALIZERS,
    "bias_initializer": INITIALIZERS,
    "kernel_regularizer": REGULARIZERS,
    "bias_regularizer": REGULARIZERS,
    "activity_regularizer": REGULARIZERS,
}

BIT_GENERATORS = {
    kind.__name__: kind
    for kind in (
        np.random.MT19937,
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.Philox,
        np.random.SFC64,
    )
}


def save_model(network, path):
    """Write a network to one file, from which `load_model` makes an equal one.

    Saved are the layers, the weights, the state of `network.rng` and, if the network is
    compiled, its loss and its optimizer with all that the optimizer remembers. So
    training goes on after `load_model` as if it had never stopped, bit for bit.

    The file is complete or not there: it is written beside `path` under another name and
    then renamed, so that an interrupted save leaves an earlier file as it was.

    Parameters
    ----------
    network : Sequential
    path : str or os.PathLike
        The file's name, used as it is; no ending is asked for. An existing file is replaced.

    Raises
    ------
    RuntimeError
        If the network is not built. Its weights are still to be drawn, perhaps by an
        initializer with a generator of its own, and the file does not hold that generator.
    TypeError
        If a part is of a class that aelib does not know by name, for example an
        activation of your own: its code cannot be written down.
    ValueError
        If the weights are neither float32 nor float64, if a setting is not finite, if the
        optimizer belongs to another network, or if `path` is not a file.
    FileNotFoundError
        If the folder does not exist.

    Notes
    -----
    Everything is saved by value. A layer that two networks share is two layers after
    both have been saved and loaded; the same holds for a shared generator. Not saved are
    what an initializer would draw next, since its weights are made; the arrays of the last
    forward and backward pass; callbacks and the history; and how far a stream of batches
    has been read.
    """
    _require_saveable(network)
    description = json.dumps(_describe(network))
    _write(os.fsdecode(path), {DESCRIPTION: np.array(description.encode()), **_arrays(network)})


def load_model(path):
    """Return the network that `save_model` wrote.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    Sequential
        With the weights, names and precision of the saved one, compiled if it was.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one that `save_model` wrote, or is cut short or damaged.
    """
    path = os.fsdecode(path)
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise FileNotFoundError(f"Expected a saved network at {path}. Received: no such file.") from None
    with file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _read_network(archive)
        except Exception as error:  # zipfile, json, NumPy and each constructor raise their own
            reason = error if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            raise ValueError(
                f"Expected {path} to be a file that save_model wrote, whole and unchanged. Received: {reason}"
            ) from error


# ------------------------------------------------------------------------ from a network


def _require_saveable(network):
    """Say what about this network cannot be written down."""
    if type(network) is not Sequential:
        raise TypeError(f"save_model expected a Sequential. Received: {network!r} of type {type(network).__name__}.")
    for layer in network.layers:
        if type(layer) is not Dense:
            raise TypeError(
                f"save_model expected layers of the class Dense. Received: layer '{layer.name}' "
                f"of type {type(layer).__name__}, whose code cannot be written down."
            )
    if not network.built:
        raise RuntimeError(
            "save_model expected a network with weights. Received: one that is not built. "
            "Put an Input((features,)) in front or call build(features) first."
        )
    for name, array in _variables(network).items():
        if array.dtype.name not in DTYPES:
            raise ValueError(
                f"save_model expected weights in {' or '.join(DTYPES)}. Received: {name} in {array.dtype}."
            )
    _require_own_optimizer(network)


def _require_own_optimizer(network):
    """Say that the optimizer remembers steps of other weights, before they are taken for this network's."""
    if network.loss is None or network.optimizer.state is None:
        return
    variables = network.trainable_variables
    slots = _slots(network.optimizer)
    expected = [{slot: w.shape for slot in slots} for w in variables]
    received = [{slot: array.shape for slot, array in state.items()} for state in network.optimizer.state]
    if expected != received:
        raise ValueError(
            "save_model expected an optimizer that was used for this network's weights, of shapes "
            f"{[w.shape for w in variables]}. Received: one that keeps arrays of shapes {received}. "
            "Compile anew."
        )


def _describe(network):
    """Return all of a network that is not an array, as JSON can hold it."""
    compiled = network.loss is not None
    return {
        "format": FORMAT,
        "version": VERSION,
        "inputs": network.layers[0].kernel.shape[0],
        "layers": [_describe_layer(layer) for layer in network.layers],
        "loss": _describe_part("loss", network.loss, LOSSES) if compiled else None,
        "optimizer": _describe_optimizer(network.optimizer) if compiled else None,
        "rng": _describe_generator(network.rng),
    }


def _describe_layer(layer):
    parts = {name: _describe_part(name, getattr(layer, name), registry) for name, registry in PARTS.items()}
    return {
        "name": layer.name,
        "units": layer.units,
        "use_bias": layer.use_bias,
        "dtypes": [variable.dtype.name for variable in layer.trainable_variables],
        **parts,
    }


def _describe_optimizer(optimizer):
    return {
        **_describe_part("optimizer", optimizer, OPTIMIZERS),
        "iterations": optimizer.iterations,
        "slots": None if optimizer.state is None else _slots(optimizer),
    }


def _slots(optimizer):
    """The names of the arrays that the optimizer keeps beside each weight array."""
    return list(optimizer.state[0]) if optimizer.state else []


def _describe_part(what, part, registry):
    """Return the name of a part's class and its settings; `None` stays `None`."""
    if part is None:
        return None
    names = [name for name, kind in registry.items() if kind is type(part)]
    if not names:
        raise TypeError(
            f"save_model expected as {what} one of aelib's own: {', '.join(registry)}. Received: {part!r} "
            f"of type {type(part).__name__}, whose code cannot be written down."
        )
    # An initializer's seed has done its work; the other arguments are the attributes of the same name.
    settings = [name for name in inspect.signature(type(part)).parameters if name != "seed"]
    return {"name": names[0], "settings": {name: _plain(name, getattr(part, name)) for name in settings}}


def _plain(name, value):
    """Return a setting as JSON can hold it, with its type where that is NumPy's.

    The type is part of the value: a learning rate of `numpy.float64` makes a step in
    float64, a Python number one in the weights' own precision.
    """
    if isinstance(value, np.generic):
        return {"dtype": value.dtype.name, "value": _plain(name, value.item())}
    if type(value) not in (bool, int, float):
        raise TypeError(
            f"save_model expected {name} to be a number. Received: {value!r} of type {type(value).__name__}."
        )
    if not np.isfinite(value):
        raise ValueError(f"save_model expected {name} to be finite. Received: {value!r}.")
    return value


def _describe_generator(rng):
    """Return the state of a generator, its arrays as lists."""
    name = type(rng.bit_generator).__name__
    if BIT_GENERATORS.get(name) is not type(rng.bit_generator):
        raise TypeError(
            f"save_model expected a random generator of NumPy: {', '.join(BIT_GENERATORS)}. Received: {name}."
        )
    return json.loads(json.dumps(rng.bit_generator.state, default=np.ndarray.tolist))


def _variables(network):
    """The weight arrays by the names that they have in the file."""
    names = [name for i, layer in enumerate(network.layers) for name in _names(i, layer)]
    return dict(zip(names, network.trainable_variables))


def _names(index, layer):
    """The names, in the file, of the weights of the layer with this number."""
    return [f"layers/{index}/{name}" for name in ("kernel", "bias")[: 1 + layer.use_bias]]


def _arrays(network):
    """The weights, and what the optimizer keeps beside each, by name."""
    arrays = _variables(network)
    if network.loss is not None and network.optimizer.state is not None:
        # The optimizer would follow the precision of the weights at its next step.
        dtype = np.result_type(*arrays.values())
        for name, state in zip(list(arrays), network.optimizer.state):
            for slot, array in state.items():
                arrays[f"{name}/{slot}"] = array.astype(dtype, copy=False)
    return arrays


def _write(path, arrays):
    """Write an npz archive to `path`: all of it, or nothing."""
    path = os.path.realpath(path)  # what a link points at is replaced, not the link
    folder = os.path.dirname(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"save_model expected the name of a file. Received: {path}, which is something else.")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save_model expected a folder that exists. Received: {path}.")
    unfinished = os.path.join(folder, f".unfinished-{secrets.token_hex(8)}")
    try:
        with open(unfinished, "xb") as file:
            np.savez(file, **arrays)  # to an open file: to a name, savez would append ".npz"
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:  # Ctrl-C included
        with contextlib.suppress(FileNotFoundError):
            os.remove(unfinished)
        raise


# ------------------------------------------------------------------------ from a file


def _read_network(archive):
    """Make the network that an open archive describes; check everything before it is used."""
    description = _read_description(archive)
    layers = [_make_layer(layer) for layer in description["layers"]]
    optimizer = description["optimizer"]
    specifications = _specifications(description, layers)
    _check_names(archive, [DESCRIPTION, *specifications])
    arrays = {name: _read_array(archive, name, *expected) for name, expected in specifications.items()}

    for i, layer in enumerate(layers):
        for attribute, name in zip(("kernel", "bias"), _names(i, layer)):
            setattr(layer, attribute, arrays[name])
    network = Sequential([Input((description["inputs"],)), *layers], rng=_make_generator(description["rng"]))
    for layer, saved in zip(layers, description["layers"]):
        layer.name = saved["name"]  # as it was, even where a new network would have numbered it
    if optimizer is not None:
        network.compile(optimizer=_make_part(optimizer, OPTIMIZERS), loss=_make_part(description["loss"], LOSSES))
        _remember(network, optimizer, arrays)
    return network


def _read_description(archive):
    if f"{DESCRIPTION}.npy" not in archive.namelist():
        raise ValueError(f"an archive without the array '{DESCRIPTION}', which describes the network.")
    description = json.loads(_load(archive, DESCRIPTION).item())
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ValueError(f"an archive whose format is not '{FORMAT}'.")
    if description.get("version") != VERSION:
        raise ValueError(
            f"version {description.get('version')!r} of the format, where this aelib reads version {VERSION}."
        )
    return description


def _specifications(description, layers):
    """Return the shape and the dtype that each array must have, by name."""
    optimizer = description["optimizer"]
    slots = (optimizer["slots"] or []) if optimizer is not None else []
    variables, width = {}, description["inputs"]
    for i, (layer, saved) in enumerate(zip(layers, description["layers"])):
        shapes = [(width, layer.units), (layer.units,)]
        variables.update(zip(_names(i, layer), zip(shapes, saved["dtypes"])))
        width = layer.units
    finest = np.result_type("float32", *(dtype for _, dtype in variables.values())).name
    beside = {f"{name}/{slot}": (shape, finest) for name, (shape, _) in variables.items() for slot in slots}
    return {**variables, **beside}


def _check_names(archive, names):
    """Say which arrays are missing and which do not belong."""
    expected, received = [f"{name}.npy" for name in names], archive.namelist()
    if sorted(expected) != sorted(received):
        missing = sorted(set(expected) - set(received))
        extra = sorted(name for name in set(received) if received.count(name) > expected.count(name))
        raise ValueError(f"an archive that lacks the entries {missing} and has {extra} too many.")


def _read_array(archive, name, shape, dtype):
    """Return an array that has this shape and this dtype, in the machine's byte order."""
    array = _load(archive, name)
    if array.shape != shape or array.dtype.name != dtype or dtype not in DTYPES:
        raise ValueError(f"{name} of shape {array.shape} in {array.dtype}, where {shape} in {dtype} was expected.")
    return array.astype(dtype, copy=False)


def _load(archive, name):
    """Return one array. All of its bytes are read first: only then is their checksum compared."""
    return np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)


def _make_layer(saved):
    parts = {name: _make_part(saved[name], registry) for name, registry in PARTS.items()}
    return Dense(saved["units"], use_bias=saved["use_bias"], name=saved["name"], **parts)


def _make_part(saved, registry):
    """Return an object of the class and the settings that `_describe_part` noted."""
    if saved is None:
        return None
    if saved["name"] not in registry:
        raise ValueError(f"a part called {saved['name']!r}, where one of {', '.join(registry)} was expected.")
    settings = {name: _from_plain(value) for name, value in saved["settings"].items()}
    part = registry[saved["name"]](**settings)
    for name, value in settings.items():
        setattr(part, name, value)  # a constructor makes a Python number of it
    return part


def _from_plain(value):
    return np.dtype(value["dtype"]).type(value["value"]) if isinstance(value, dict) else value


def _make_generator(state):
    """Return a generator in the state that was saved."""
    if state["bit_generator"] not in BIT_GENERATORS:
        raise ValueError(
            f"a generator {state['bit_generator']!r}, where one of {', '.join(BIT_GENERATORS)} was expected."
        )
    bit_generator = BIT_GENERATORS[state["bit_generator"]]()
    bit_generator.state = state
    return np.random.Generator(bit_generator)


def _remember(network, saved, arrays):
    """Give the optimizer back what it had remembered of its steps."""
    optimizer = network.optimizer
    optimizer.iterations = saved["iterations"]
    if saved["slots"] is None:
        return
    variables = _variables(network)
    optimizer.build(list(variables.values()))
    for name, state in zip(variables, optimizer.state):
        if sorted(state) != sorted(saved["slots"]):
            raise ValueError(f"{saved['name']} with {saved['slots']}, where {sorted(state)} were expected.")
        for slot, array in state.items():
            array[...] = arrays[f"{name}/{slot}"]
