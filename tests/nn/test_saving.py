"""A saved network is restored exactly and resumes training; any other file is refused."""

import inspect
import json
import os
import pathlib
import resource
import unittest.mock
import zipfile

import numpy as np
import pytest

from aelib.nn import Sequential, activations, initializers, losses, optimizers, regularizers
from aelib.nn.layers import LAYERS, Dense, Input
from aelib.nn.models import load_model


def autoencoder(optimizer="adam", loss="mse", rng=0, **settings):
    """4-3-4, nested and compiled, with a penalty of each kind."""
    encoder = Sequential([Dense(3, "tanh", kernel_regularizer="l2", activity_regularizer="l1")], name="encoder")
    network = Sequential([Input((4,)), encoder, Dense(4, "sigmoid", bias_regularizer="l2")], rng=rng, **settings)
    network.compile(optimizer, loss)
    return network


@pytest.fixture
def x(rng):
    """Ten examples: with four to a batch, the last batch has two."""
    return rng.random((10, 4)).astype("float32")


def train(network, x, y=None, epochs=1):
    return network.fit(x, x if y is None else y, batch_size=4, epochs=epochs, verbose=0).history


def exact(array):
    """A value that is equal only for arrays with the same bytes and dtype."""
    return array.dtype.str, array.shape, array.tobytes()


def everything(network):
    """The complete state of a network, including everything that further training depends on."""
    optimizer, generators = network.optimizer, network.generators
    return {
        "config": network.get_config(),
        "weights": {name: exact(w) for name, w in network.variables.items()},
        "loss": network.loss and (type(network.loss), network.loss.get_config()),
        "optimizer": optimizer and (type(optimizer), optimizer.get_config(), optimizer.iterations),
        "slots": [[exact(a) for a in s.values()] for s in (optimizer and optimizer.state) or []],
        "generators": repr([rng.bit_generator.state for rng in generators]),
        "shared": [[rng is other for other in generators] for rng in generators],
    }


def saved_and_loaded(network, path):
    network.save(path)
    return load_model(path)


def assert_it_comes_back(network, path, x, y):
    """Assert that a network is restored bit for bit, and trains on in the same way."""
    before = everything(network)
    loaded = saved_and_loaded(network, path)
    assert everything(network) == before, "saving changed the network"
    assert everything(loaded) == before
    assert exact(loaded.predict(x)) == exact(network.predict(x))
    if network.loss is not None:
        assert train(network, x, y, 2) == train(loaded, x, y, 2) and everything(network) == everything(loaded)


# ------------------------------------------------------------------ round trip


def variants(cls):
    """Return an object with the defaults, and one object for each setting that can be changed."""
    made = [cls()]
    for name, parameter in inspect.signature(cls).parameters.items():
        changes = {bool: [not parameter.default], float: [0.25, 0.75], str: ["uniform", "fan_out"]}
        for value in changes.get(type(parameter.default), [3, 0.125]):
            try:
                made.append(cls(**{name: value}))
            except (TypeError, ValueError):
                continue
    return made


PARTS = {
    "activation": getattr(activations, "NAMES", activations.ACTIVATIONS),
    "kernel_initializer": initializers.INITIALIZERS,
    "kernel_regularizer": regularizers.REGULARIZERS,
    "loss": losses.LOSSES,
    "optimizer": optimizers.OPTIMIZERS,
}
CLASSES = [(kind, cls) for kind, registry in PARTS.items() for cls in sorted(set(registry.values()), key=str)]


@pytest.mark.parametrize("kind, cls", CLASSES, ids=[f"{kind}-{cls.__name__}" for kind, cls in CLASSES])
def test_every_part_is_restored_with_every_setting(kind, cls, x, tmp_path):
    for part in variants(cls):
        parts = {"optimizer": "sgd", "loss": "mse"} | ({kind: part} if kind in ("optimizer", "loss") else {})
        network = Sequential([Input((4,)), Dense(4, **({} if kind in parts else {kind: part}))], rng=0)
        network.compile(**parts)
        loaded = saved_and_loaded(network, tmp_path / "n.npz")
        other = getattr(loaded if kind in parts else loaded.layers[0], kind)
        assert type(other) is cls and vars(other) == vars(part)
        assert everything(loaded) == everything(network)


# Values for arguments without a default: a new layer needs a line here only if it has a new argument of this kind.
ARGUMENTS = {"units": 4, "filters": 2, "kernel_size": 2, "rate": 0.25, "stddev": 0.1, "target_shape": (-1,)}
ARGUMENTS |= {"activation": "tanh", "pool_size": 2, "scale": 0.5}


@pytest.mark.parametrize("cls", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer_is_restored(cls, dtype, rng, tmp_path):
    parameters = inspect.signature(cls).parameters.values()
    needed = {p.name: ARGUMENTS[p.name] for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    shape = (4, 4, 2) if {"kernel_size", "pool_size", "size"} & {p.name for p in parameters} else (4,)
    network = Sequential([Input(shape), Sequential([cls(**needed)]), cls(**needed, name="again")], rng=0, dtype=dtype)
    network.compile("adam", "mse")
    x, y = rng.random((10, *shape)), rng.random((10, *network.output_shape[1:]))
    train(network, x, y)
    assert_it_comes_back(network, tmp_path / "n.npz", x, y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", sorted(set(optimizers.OPTIMIZERS)))
def test_two_epochs_and_two_after_loading_are_four_epochs(optimizer, dtype, x, tmp_path):
    whole, halfway = (autoencoder(optimizer, dtype=dtype) for _ in range(2))
    expected, first = train(whole, x, epochs=4), train(halfway, x, epochs=2)
    resumed = saved_and_loaded(halfway, tmp_path / "halfway.npz")
    assert {name: first[name] + values for name, values in train(resumed, x, epochs=2).items()} == expected
    assert everything(resumed) == everything(whole) and resumed.optimizer.iterations == 4 * 3


def changed(change):
    network = autoencoder()
    train(network, np.full((4, 4), 0.5))
    change(network)
    train(network, np.full((4, 4), 0.5))
    return network


@pytest.mark.parametrize(
    "network",
    [
        lambda: Sequential([Input((4,)), Dense(4)], rng=0),  # not compiled
        lambda: autoencoder(name="ein Netz – ö"),
        lambda: Sequential(autoencoder().layers),  # built before, and never trained
        lambda: changed(lambda n: n.astype("float64")),  # after training in float32
        lambda: changed(lambda n: n.layers[0].astype("float64")),
        lambda: changed(lambda n: setattr(n.layers[0], "trainable", False) or n.compile("adam", "mse")),
        lambda: changed(lambda n: setattr(n.layers[0], "rng", np.random.default_rng(9))),
        lambda: changed(lambda n: setattr(n.optimizer, "learning_rate", np.float32(0.1))),
        *(lambda kind=kind: autoencoder(rng=np.random.Generator(getattr(np.random, kind)(5)))
          for kind in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")),
    ],
)  # fmt: skip
def test_networks_of_all_kinds_are_restored(network, x, tmp_path):
    assert_it_comes_back(network(), tmp_path / "n.npz", x, x)


def test_a_configuration_alone_makes_a_network_with_new_weights():
    network = autoencoder()
    again = Sequential.from_config(network.get_config(), rng=0)
    assert again.get_config() == network.get_config() and list(again.variables) == list(network.variables)
    assert again.loss is None
    with pytest.raises(ValueError, match="Unknown layer: expected one of .*Dense.* Received: 'Lambda'"):
        Sequential.from_config(network.get_config() | {"layers": [{"class_name": "Lambda", "config": {}}]})


def test_a_network_that_is_not_built_comes_back_from_its_configuration():
    again = Sequential.from_config(Sequential([Dense(3)]).get_config(), rng=0)
    assert again.input_shape is None and not again.built and again.layers[0].units == 3


def test_weights_alone_go_into_a_network_of_the_same_layers(x, tmp_path):
    network, other = autoencoder(rng=0), autoencoder(rng=1)
    network.save_weights(tmp_path / "w.npz")
    other.load_weights(tmp_path / "w.npz")
    assert exact(other.predict(x)) == exact(network.predict(x))
    network.save(tmp_path / "n.npz")
    other.load_weights(tmp_path / "n.npz")  # also holds the weights
    with pytest.raises(ValueError, match="w.npz to be a complete.* Received: weights alone, which load_weights reads"):
        load_model(tmp_path / "w.npz")
    for layers in ([Dense(4, name="encoder")], [autoencoder().layers[0], Dense(3)], [autoencoder().layers[0]]):
        third = Sequential([Input((4,)), *layers], rng=2)
        before = third.get_weights()
        with pytest.raises(ValueError, match="w.npz to hold .* this network. Received: .*(missing|not expected|where)"):
            third.load_weights(tmp_path / "w.npz")
        assert all((a == b).all() for a, b in zip(before, third.get_weights()))
    with pytest.raises(ValueError, match=r"dense/kernel of float32\(3, 4\) where float64\(3, 4\) was expected"):
        autoencoder(dtype="float64").load_weights(tmp_path / "w.npz")


# ------------------------------------------------------------------ the file


@pytest.mark.parametrize("kind", [str, pathlib.Path, os.fsencode])
def test_the_file_name_is_used_unchanged_and_a_link_keeps_its_target(kind, tmp_path):
    path = kind(str(tmp_path / "ein Netz – ö.keras"))
    (tmp_path / "latest").symlink_to(tmp_path / "ein Netz – ö.keras")
    assert everything(saved_and_loaded(autoencoder(), path)) == everything(autoencoder())
    assert everything(saved_and_loaded(autoencoder(rng=1), tmp_path / "latest")) == everything(load_model(path))
    assert sorted(os.listdir(tmp_path)) == ["ein Netz – ö.keras", "latest"] and (tmp_path / "latest").is_symlink()


@pytest.mark.parametrize("where", ["fsync", "replace", "a full disk"])
def test_a_save_that_fails_leaves_the_earlier_file_whole(where, tmp_path, monkeypatch):
    path, limits, other = tmp_path / "n.npz", resource.getrlimit(resource.RLIMIT_FSIZE), autoencoder(rng=1)
    autoencoder(rng=0).save(path)
    with monkeypatch.context() as patch, pytest.raises((KeyboardInterrupt, OSError)):
        if where == "a full disk":  # no file may grow beyond 700 bytes
            resource.setrlimit(resource.RLIMIT_FSIZE, (700, limits[1]))
        else:
            patch.setattr(os, where, unittest.mock.Mock(side_effect=KeyboardInterrupt))
        try:
            other.save(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == ["n.npz"] and everything(load_model(path)) == everything(autoencoder(rng=0))


# ------------------------------------------------------------------ what cannot be saved


class OwnDense(Dense):
    pass


def own(cls):
    """An object of a subclass, defined here, of one of aelib's classes."""
    return type(f"Own{cls.__name__}", (cls,), {"__module__": __name__})()


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda n: setattr(n.layers[1], "activation", own(activations.ReLU)), "activation .*OwnReLU, whose code"),
        (lambda n: setattr(n.layers[1], "bias_regularizer", own(regularizers.L2)), "bias_regularizer .* OwnL2"),
        (lambda n: setattr(n.layers[1], "bias_initializer", own(initializers.Zeros)), "bias_initializer .* OwnZeros"),
        (lambda n: n.compile("sgd", own(losses.MeanSquaredError)), "loss .* OwnMeanSquaredError"),
        (lambda n: n.compile(own(optimizers.SGD), "mse"), "optimizer .* OwnSGD"),
        (lambda n: n.add(OwnDense(4)), "layers .* OwnDense"),
        (lambda n: n.add(Sequential([OwnDense(4)])), "layers .* OwnDense"),
        (lambda n: n.add(own(Sequential)) or n.layers[-1].add(Dense(4)), "layers .* OwnSequential"),
        (lambda n: setattr(n, "rng", np.random.Generator(own(np.random.PCG64))), "rng .* OwnPCG64"),
        (lambda n: setattr(n.optimizer, "beta_1", np.nan), "settings that are finite numbers. Received: .*'beta_1': nan"),
    ],
)  # fmt: skip
def test_user_defined_classes_and_nan_settings_are_refused(change, message, tmp_path):
    network = autoencoder()
    change(network)
    with pytest.raises(TypeError, match=message):
        network.save(tmp_path / "n.npz")
    assert os.listdir(tmp_path) == []


def test_unbuilt_networks_and_unusable_paths_are_refused(x, tmp_path):
    for layers in ([], [Input((4,))], [Dense(3)]):
        with pytest.raises(RuntimeError, match="no layers|not built"):
            Sequential(layers).save(tmp_path / "n.npz")
    grown = autoencoder()
    train(grown, x)
    grown.add(Dense(2))
    with pytest.raises(ValueError, match=r"optimizer was built for variables .*\(4, 2\).*Use a new optimizer"):
        grown.save(tmp_path / "n.npz")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ValueError, match=f"expected the name of a file. Received: {path}, which is"):
            autoencoder().save(path)
    with pytest.raises(FileNotFoundError, match="expected a folder that exists. Received: .*nowhere/n.npz"):
        autoencoder().save(tmp_path / "nowhere" / "n.npz")
    assert os.listdir(tmp_path) == ["pipe"]


# ------------------------------------------------------------------ what cannot be loaded


@pytest.fixture
def path(x, tmp_path):
    """The file of a trained network."""
    network = autoencoder(optimizers.SGD(momentum=0.9))
    train(network, x)
    network.save(tmp_path / "network.npz")
    return tmp_path / "network.npz"


def assert_refused(path, message="", load=load_model):
    with pytest.raises(ValueError, match=f"Expected .*{path.name} to be a complete.*Received: .*{message}"):
        load(path)


def rewrite(path, change=lambda description: None, **arrays):
    """Change the description and the arrays of the file; `None` removes one."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {**archive} | {name.replace("__", "/"): array for name, array in arrays.items()}
    description = json.loads(arrays["network"].item())
    change(description)
    arrays["network"] = np.array(json.dumps(description).encode())
    with open(path, "wb") as file:
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})


def test_a_file_cut_short_or_changed_anywhere_is_refused(path):
    """Some bytes of an archive, such as its time stamps, do not affect what is loaded."""
    whole, expected, refusals = path.read_bytes(), everything(load_model(path)), 0
    for size in [*range(0, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:size])
        assert_refused(path)
    places = range(0, len(whole), 23)
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        try:
            assert everything(load_model(path)) == expected, place
        except ValueError:
            refusals += 1
    assert refusals > 0.8 * len(places)


@pytest.mark.parametrize("load", [load_model, lambda path: autoencoder().load_weights(path)])
def test_a_file_that_is_not_a_saved_network_is_named_in_the_error(load, tmp_path, root):
    with pytest.raises(FileNotFoundError, match="Expected a saved network at .*nothing.npz. Received: no such file"):
        load(tmp_path / "nothing.npz")
    (tmp_path / "table.csv").write_text("units,activation\n3,tanh\n")
    assert_refused(tmp_path / "table.csv", "File is not a zip file", load)
    assert_refused(tmp_path, "Is a directory", load)
    assert_refused(root / "aelib" / "datasets" / "files" / "mnist.npz", "network", load)
    np.savez(tmp_path / "other.npz", network=np.array(b'{"format": "elsewhere", "version": 2}'))
    assert_refused(tmp_path / "other.npz", "'elsewhere', version 2, not 'aelib network'", load)


def test_a_pickle_is_refused_and_not_opened(path):
    rewrite(path, weights__dense__kernel=np.full((3, 4), None))
    assert_refused(path, "Object arrays cannot be loaded when allow_pickle=False")


KERNEL = np.ones((3, 4), "float32")
ARRAYS = {
    "weights/dense/kernel missing": {"weights__dense__kernel": None},
    "weights/more/kernel not expected": {"weights__more__kernel": KERNEL},
    r"kernel of float32\(4, 3\) where float32\(3, 4\) was expected": {"weights__dense__kernel": KERNEL.T},
    r"kernel of float64\(3, 4\) where float32": {"weights__dense__kernel": KERNEL.astype("float64")},
}
DESCRIPTIONS = {
    "version 1, not 'aelib network', 2": lambda d: d.update(version=1),
    "KeyError: 'generators'": lambda d: d.pop("generators"),
    "'default_rng', which NumPy does not have": lambda d: d["generators"][0].update(bit_generator="default_rng"),
    "weights/dense/kernel not expected": lambda d: d["network"]["layers"].pop(),
    "units must be a positive integer.*: -3": lambda d: d["network"]["layers"][1]["config"].update(units=-3),
    "Unknown layer: .*: 'eval'": lambda d: d["network"]["layers"][1].update(class_name="eval"),
    "learning_rate must be .*: -1": lambda d: d["optimizer"]["config"].update(learning_rate=-1),
    "TypeError": lambda d: d["loss"]["config"].update(weight=1),
}


@pytest.mark.parametrize("message", [*ARRAYS, *DESCRIPTIONS])
def test_arrays_and_descriptions_that_do_not_go_together_are_refused(message, path):
    before = everything(load_model(path))
    with np.load(path) as archive:
        rewrite(path, weights__dense__kernel=archive["weights/dense/kernel"].astype(">f4"))
    assert everything(load_model(path)) == before, "that it is rewritten, and the order of bytes, are no reasons"
    rewrite(path, DESCRIPTIONS.get(message, lambda description: None), **ARRAYS.get(message, {}))
    assert_refused(path, message)


def test_an_array_that_is_there_twice_is_refused(path):
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("weights/dense/bias.npy", archive.read("weights/dense/bias.npy"))
    assert_refused(path, "holds an array twice")
