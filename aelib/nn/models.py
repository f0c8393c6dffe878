"""`Sequential`, and `load_model`, which restores a network from a file."""

import os

import numpy as np

from aelib.nn import archive
from aelib.nn.not_here import refuse_names
from aelib.nn.sequential import Sequential

__all__ = ["Sequential", "load_model"]

__getattr__ = refuse_names(__name__)


def load_model(filepath):
    """Return the network that `Sequential.save` wrote.

    Parameters
    ----------
    filepath : str or os.PathLike

    Returns
    -------
    Sequential
        With the weights, names and precision of the saved network, and compiled if that was. Training resumes bit
        for bit as if it had never stopped.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file was not written by `save`, or is truncated or damaged.
    """
    description, arrays = archive.read(filepath)
    path = os.fsdecode(filepath)
    with archive.refused_by_name(path):
        if "network" not in description:
            raise ValueError("weights alone, which load_weights reads.")
        network = Sequential.from_config(description["network"], rng=0)
        if description["optimizer"] is not None:
            saved = description["optimizer"]
            network.compile({name: saved[name] for name in ("class_name", "config")}, description["loss"])
            network.optimizer.iterations = saved["iterations"]
            if saved["state"]:
                network.optimizer.build(network.trainable_variables)
        expected = {f"weights/{name}": variable for name, variable in network.variables.items()}
        for i, slots in enumerate((network.optimizer and network.optimizer.state) or []):
            expected |= {f"optimizer/{i}/{slot}": array for slot, array in slots.items()}
        wrong = archive.differences(expected, arrays)
        if wrong:
            raise ValueError(f"{wrong}.")
        for name, array in expected.items():
            array[...] = arrays[name]
        generators = [generator_in(state) for state in description["generators"]]
        network.generators = [generators[i] for i in description["generator_of"]]
    return network


def generator_in(state):
    """Return a NumPy generator in the state that was saved."""
    kind = getattr(np.random, state["bit_generator"])
    if not (isinstance(kind, type) and issubclass(kind, np.random.BitGenerator)):
        raise ValueError(f"a generator {state['bit_generator']!r}, which NumPy does not have.")
    bit_generator = kind()
    bit_generator.state = state
    return np.random.Generator(bit_generator)
