"""A saved network comes back whole and trains on as if nothing had happened; anything else is refused."""

import json
import os
import pathlib
import resource
import sys
import zipfile

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import aelib
from aelib.datasets.reader import FOLDER
from aelib.nn import Sequential
from aelib.nn.activations import ACTIVATIONS, ReLU
from aelib.nn.callbacks import Callback
from aelib.nn.initializers import INITIALIZERS, HeNormal, Zeros
from aelib.nn.layers import Dense, Input
from aelib.nn.losses import LOSSES, BinaryCrossentropy, Loss, MeanSquaredError
from aelib.nn.optimizers import SGD, Adam, RMSprop
from aelib.nn.regularizers import L1, L2
from aelib.nn.saving import BIT_GENERATORS, load_model, save_model


def autoencoder(optimizer="adam", loss="mse", dtype="float32", rng=0):
    """4-3-4, compiled, with a penalty of each kind."""
    layers = [
        Dense(3, "tanh", activity_regularizer=L1(1e-3), kernel_regularizer=L2(1e-3)),
        Dense(4, "sigmoid", bias_regularizer=L2(1e-3)),
    ]
    network = Sequential([Input((4,)), *layers], rng=rng, dtype=dtype)
    network.compile(optimizer, loss)
    return network


@pytest.fixture
def x(rng):
    """Ten examples: with four to a batch, the last batch has two."""
    return rng.random((10, 4)).astype("float32")


def train(network, x, epochs=1, **settings):
    """Train with a smaller last batch; return the losses."""
    return network.fit(x, x, batch_size=4, epochs=epochs, verbose=0, **settings).history


def exact(array):
    """An array as something that is equal only to the same bits in the same type."""
    return array.dtype.str, array.shape, array.tobytes()


def settings(part):
    """The class of a part and its public attributes, with their types."""
    public = {name: value for name, value in vars(part).items() if not name.startswith("_")} if part else {}
    return type(part), {name: (type(value), value) for name, value in public.items() if name not in ("rng", "state")}


def slots(optimizer):
    return [{name: exact(array) for name, array in state.items()} for state in optimizer.state or []]


def everything(network):
    """All that a network is, and all that its further training depends on."""
    parts = [
        "activation",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
    ]
    return {
        "weights": [exact(w) for w in network.get_weights()],
        "dtype": network.dtype,
        "layers": [(layer.name, layer.units, layer.use_bias) for layer in network.layers],
        "parts": [[settings(getattr(layer, part)) for part in parts] for layer in network.layers],
        "loss": settings(network.loss),
        "optimizer": settings(network.optimizer),
        "slots": slots(network.optimizer) if network.optimizer else None,
        "rng": repr(network.rng.bit_generator.state),
    }


def saved_and_loaded(network, path):
    save_model(network, path)
    return load_model(path)


# ------------------------------------------------------------------ round trip

strengths = st.floats(0, 0.1)
regularizers = st.none() | st.builds(L1, strengths) | st.builds(L2, strengths)
layers = st.builds(
    Dense,
    units=st.integers(1, 5),
    activation=st.sampled_from(sorted(ACTIVATIONS)) | st.none(),
    use_bias=st.booleans(),
    kernel_initializer=st.sampled_from(sorted(INITIALIZERS)) | st.builds(HeNormal, st.integers(0, 9)),
    kernel_regularizer=regularizers,
    bias_regularizer=regularizers,
    activity_regularizer=regularizers,
    name=st.none() | st.text(max_size=5),
)
rates, fractions = st.floats(1e-6, 1e-2), st.floats(0, 0.99)
optimizers = (
    st.builds(SGD, rates, fractions)
    | st.builds(RMSprop, rates, fractions, st.floats(1e-8, 1e-2))
    | st.builds(Adam, rates, fractions, fractions, st.floats(1e-8, 1e-2))
)
losses = st.sampled_from(sorted(LOSSES)) | st.builds(BinaryCrossentropy, st.booleans())
generators = st.builds(
    lambda kind, seed: np.random.Generator(BIT_GENERATORS[kind](seed)),
    st.sampled_from(sorted(BIT_GENERATORS)),
    st.integers(0, 99),
)
networks = st.builds(
    lambda inputs, layers, rng, dtype: Sequential([Input((inputs,)), *layers], rng, dtype),
    st.integers(1, 5),
    st.lists(layers, min_size=1, max_size=4),
    generators,
    st.sampled_from(["float32", "float64"]),
)


@hypothesis.settings(max_examples=60)
@hypothesis.given(networks, st.none() | st.tuples(optimizers, losses), st.integers(0, 2))
def test_any_network_comes_back_equal_and_trains_on_equally(tmp_path_factory, network, compiled, epochs):
    path = tmp_path_factory.getbasetemp() / "network.npz"
    n = np.random.default_rng(0)
    x = n.random((6, network.layers[0].kernel.shape[0])).astype(network.dtype)
    y = n.random((6, network.layers[-1].units)).astype(network.dtype)
    if compiled:
        network.compile(*compiled)
        if epochs:
            network.fit(x, y, batch_size=4, epochs=epochs, verbose=0)

    before = everything(network)
    loaded = saved_and_loaded(network, path)
    assert everything(network) == before, "saving changed the network"
    assert everything(loaded) == before
    assert exact(loaded.predict(x)) == exact(network.predict(x))
    if compiled:
        one, other = (n.fit(x, y, batch_size=4, verbose=0).history for n in (network, loaded))
        assert one == other and everything(network) == everything(loaded)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
@pytest.mark.parametrize(
    "optimizer", [SGD(0.5, momentum=0.9), RMSprop(0.05), Adam(0.05)], ids=["sgd", "rmsprop", "adam"]
)
def test_two_epochs_and_two_after_loading_are_four_epochs(optimizer, loss, dtype, x, tmp_path):
    def fresh():
        settings = {name: getattr(optimizer, name) for name in vars(optimizer) if name in ("momentum", "rho")}
        return autoencoder(type(optimizer)(optimizer.learning_rate, **settings), loss, dtype)

    x = x.astype(dtype)
    whole, interrupted = fresh(), fresh()
    expected = train(whole, x, epochs=4, validation_data=(x[:3], x[:3]))
    first = train(interrupted, x, epochs=2, validation_data=(x[:3], x[:3]))
    resumed = saved_and_loaded(interrupted, tmp_path / "halfway.npz")
    second = train(resumed, x, epochs=2, validation_data=(x[:3], x[:3]))
    assert {name: first[name] + second[name] for name in first} == expected
    assert everything(resumed) == everything(whole)
    assert resumed.dtype == dtype and resumed.optimizer.iterations == 4 * 3


def test_a_learning_rate_keeps_its_type(x, tmp_path):
    """A `numpy.float64` makes a step of float32 weights in float64, a Python float does not."""
    for rate in (0.05, np.float64(0.05), np.float32(0.05), 1):
        network = autoencoder("rmsprop")
        network.optimizer.learning_rate = rate
        loaded = saved_and_loaded(network, tmp_path / "network.npz")
        assert type(loaded.optimizer.learning_rate) is type(rate) and loaded.optimizer.learning_rate == rate
        assert train(network, x, 3) == train(loaded, x, 3) and everything(network) == everything(loaded)


def test_weights_of_different_precision_stay_so(x, tmp_path):
    network = autoencoder()
    network.layers[1].set_weights([w.astype("float64") for w in network.layers[1].get_weights()])
    loaded = saved_and_loaded(network, tmp_path / "network.npz")
    assert [w.dtype.name for w in loaded.get_weights()] == ["float32"] * 2 + ["float64"] * 2
    assert everything(loaded) == everything(network) and exact(loaded.predict(x)) == exact(network.predict(x))

    network.layers[1].kernel = network.layers[1].kernel.astype("float32")
    assert everything(saved_and_loaded(network, tmp_path / "network.npz")) == everything(network)


def test_training_goes_on_with_weights_of_different_precision(x, tmp_path):
    network = autoencoder()
    network.layers[1].set_weights([w.astype("float64") for w in network.layers[1].get_weights()])
    train(network, x, 2)
    loaded = saved_and_loaded(network, tmp_path / "network.npz")
    assert train(network, x, 2) == train(loaded, x, 2) and everything(loaded) == everything(network)
    assert [w.dtype.name for w in loaded.get_weights()] == ["float32"] * 2 + ["float64"] * 2


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")])
def test_a_precision_changed_after_training_is_followed(dtypes, x, tmp_path):
    before, after = dtypes
    network = autoencoder(dtype=before)
    train(network, x.astype(before), 2)
    network.astype(after)
    loaded = saved_and_loaded(network, tmp_path / "network.npz")
    assert train(network, x.astype(after), 2) == train(loaded, x.astype(after), 2)
    assert everything(network) == everything(loaded)


def test_names_come_back_as_they_were_even_if_they_are_equal(tmp_path):
    network = autoencoder()
    for layer in network.layers:
        layer.name = "code"
    assert [layer.name for layer in saved_and_loaded(network, tmp_path / "n.npz").layers] == ["code", "code"]


def test_weights_that_are_no_numbers_come_back(tmp_path):
    network = autoencoder()
    network.layers[0].kernel[0, :] = np.nan, np.inf, -0.0
    assert everything(saved_and_loaded(network, tmp_path / "n.npz")) == everything(network)


def test_a_network_that_is_not_compiled_comes_back_so(tmp_path):
    loaded = saved_and_loaded(Sequential([Input((4,)), Dense(3)], rng=0), tmp_path / "n.npz")
    assert loaded.loss is None and loaded.optimizer is None
    with pytest.raises(RuntimeError, match="not compiled"):
        loaded.evaluate(np.ones((1, 4)), np.ones((1, 3)))


def test_a_shared_layer_is_saved_by_value(x, tmp_path):
    encoder, decoder = Sequential([Input((4,)), Dense(2)], rng=0), Sequential([Input((2,)), Dense(4)], rng=1)
    both = Sequential([encoder, decoder])
    before = encoder.get_weights()
    loaded_encoder, loaded_both = (saved_and_loaded(n, tmp_path / "n.npz") for n in (encoder, both))
    loaded_both.compile("sgd", "mse")
    train(loaded_both, x)
    assert all((a == b).all() for a, b in zip(before, loaded_encoder.get_weights()))
    assert all((a == b).all() for a, b in zip(before, encoder.get_weights()))


def test_the_file_is_read_without_pickle_and_tells_what_it_holds(x, tmp_path):
    network = autoencoder(SGD(momentum=0.5))
    train(network, x)
    save_model(network, tmp_path / "n.npz")
    with np.load(tmp_path / "n.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    description = json.loads(arrays["network"].item())
    assert (description["format"], description["version"]) == ("aelib network", 1)
    assert exact(arrays["layers/1/kernel"]) == exact(network.layers[1].kernel)
    assert exact(arrays["layers/1/bias/velocity"]) == exact(network.optimizer.state[3]["velocity"])
    assert len(arrays) == 1 + 4 + 4


# ------------------------------------------------------------------ the file


@pytest.mark.parametrize("name", ["network", "network.npz", "network.keras", "ein Netz – ö.npz"])
@pytest.mark.parametrize("kind", [str, pathlib.Path, os.fsencode])
def test_the_name_is_used_as_it_is(name, kind, tmp_path):
    path = kind(str(tmp_path / name))
    save_model(autoencoder(), path)
    assert os.listdir(tmp_path) == [name]
    assert everything(load_model(path)) == everything(autoencoder())


def test_a_name_without_a_folder_is_in_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_model(autoencoder(), "network.npz")
    assert os.listdir(tmp_path) == ["network.npz"] and load_model("network.npz").built


def test_the_file_may_be_read_by_whom_any_new_file_may_be_read_by(tmp_path):
    save_model(autoencoder(), tmp_path / "n.npz")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "n.npz").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_goes_on_pointing_at_what_is_saved(tmp_path):
    (tmp_path / "latest").symlink_to(tmp_path / "epoch-3.npz")
    save_model(autoencoder(), tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink() and load_model(tmp_path / "epoch-3.npz").built


def test_an_earlier_file_is_replaced_only_when_all_of_the_new_one_is_on_the_disk(tmp_path, monkeypatch):
    path, events, fsync, replace = tmp_path / "n.npz", [], os.fsync, os.replace
    save_model(autoencoder(rng=0), path)
    before = path.read_bytes()

    def recorded_fsync(file):
        events.append(("fsync", os.fstat(file).st_size, path.read_bytes() == before))
        fsync(file)

    def recorded_replace(source, target):
        events.append(("replace", os.stat(source).st_size, path.read_bytes() == before))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    save_model(autoencoder(rng=1), path)
    size = path.stat().st_size
    assert events == [("fsync", size, True), ("replace", size, True)]
    assert everything(load_model(path)) == everything(autoencoder(rng=1))
    assert os.listdir(tmp_path) == ["n.npz"]


@pytest.mark.parametrize("size", [0, 10, 700, 2000])
def test_a_full_disk_leaves_the_earlier_file_whole(size, tmp_path):
    """The system refuses to let any file grow beyond `size` bytes."""
    path = tmp_path / "n.npz"
    save_model(autoencoder(rng=0), path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    other = autoencoder(rng=1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_model(other, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert everything(load_model(path)) == everything(autoencoder(rng=0))
    assert os.listdir(tmp_path) == ["n.npz"]


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_an_interrupted_save_leaves_the_earlier_file_whole(where, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    path = tmp_path / "n.npz"
    save_model(autoencoder(rng=0), path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, where, interrupt)
        save_model(autoencoder(rng=1), path)
    assert everything(load_model(path)) == everything(autoencoder(rng=0))
    assert os.listdir(tmp_path) == ["n.npz"]


def test_what_is_no_file_is_not_replaced(tmp_path):
    """A pipe stands for all that is not on the disk, such as a device."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ValueError, match=f"expected the name of a file. Received: {path}, which is"):
            save_model(autoencoder(), path)
    assert os.listdir(tmp_path) == ["pipe"] and (tmp_path / "pipe").is_fifo()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a folder that exists. Received: .*nowhere/n.npz"):
        save_model(autoencoder(), tmp_path / "nowhere" / "n.npz")


# ------------------------------------------------------------------ what cannot be saved


class OwnReLU(ReLU):
    pass


class OwnLoss(MeanSquaredError):
    pass


class OwnOptimizer(SGD):
    pass


class OwnPenalty(L2):
    pass


class OwnZeros(Zeros):
    pass


class OwnDense(Dense):
    pass


class OwnNetwork(Sequential):
    pass


class OwnBits(np.random.PCG64):
    pass


@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda n: setattr(n.layers[0], "activation", OwnReLU()),
            "activation .* linear, relu.*Received: .* OwnReLU",
        ),
        (lambda n: n.compile("sgd", OwnLoss()), "loss .* mse.*Received: .* OwnLoss, whose code"),
        (lambda n: n.compile(OwnOptimizer(), "mse"), "optimizer .* sgd.*Received: .* OwnOptimizer"),
        (
            lambda n: setattr(n.layers[0], "bias_regularizer", OwnPenalty()),
            "bias_regularizer .* l1, l2.*OwnPenalty",
        ),
        (
            lambda n: setattr(n.layers[0], "bias_initializer", OwnZeros()),
            "bias_initializer .* zeros.*OwnZeros",
        ),
        (
            lambda n: n.add(OwnDense(4)),
            "layers of the class Dense. Received: layer 'dense_2' of type OwnDense",
        ),
        (
            lambda n: setattr(n, "rng", np.random.Generator(OwnBits())),
            "generator of NumPy: .*PCG64.*Received: OwnBits",
        ),
        (
            lambda n: setattr(n.optimizer, "learning_rate", "fast"),
            "learning_rate to be a number. Received: 'fast'",
        ),
    ],
    ids=["activation", "loss", "optimizer", "regularizer", "initializer", "layer", "generator", "setting"],
)
def test_what_cannot_be_written_down_is_refused(change, message, tmp_path):
    network = autoencoder()
    change(network)
    with pytest.raises(TypeError, match=message):
        save_model(network, tmp_path / "n.npz")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("thing", [OwnNetwork([Input((4,)), Dense(2)]), Dense(3), None])
def test_only_a_sequential_is_saved(thing, tmp_path):
    with pytest.raises(TypeError, match=f"expected a Sequential. Received: .* of type {type(thing).__name__}"):
        save_model(thing, tmp_path / "n.npz")


@pytest.mark.parametrize("layers", [[], [Input((4,))], [Dense(3)]])
def test_a_network_without_weights_is_refused(layers, tmp_path):
    with pytest.raises(RuntimeError, match="expected a network with weights. Received: one that is not built"):
        save_model(Sequential(layers), tmp_path / "n.npz")


def test_a_precision_that_aelib_does_not_make_is_refused(tmp_path):
    with pytest.raises(ValueError, match="float32 or float64. Received: layers/0/kernel in float16"):
        save_model(autoencoder().astype("float16"), tmp_path / "n.npz")


@pytest.mark.parametrize("rate", [np.inf, np.float32("nan")])
def test_a_setting_that_is_not_finite_is_refused(rate, tmp_path):
    network = autoencoder()
    network.optimizer.learning_rate = rate
    with pytest.raises(ValueError, match="learning_rate to be finite. Received: (inf|nan)"):
        save_model(network, tmp_path / "n.npz")


def test_an_optimizer_that_remembers_other_weights_is_refused(x, tmp_path):
    network = autoencoder()
    train(network, x)
    network.add(Dense(2))
    with pytest.raises(ValueError, match=r"optimizer that was used for this network's weights.*\(4, 2\).*Compile anew"):
        save_model(network, tmp_path / "n.npz")
    network.compile("adam", "mse")
    assert everything(saved_and_loaded(network, tmp_path / "n.npz")) == everything(network)


# ------------------------------------------------------------------ what cannot be loaded


@pytest.fixture
def path(x, tmp_path):
    """The file of a trained network."""
    network = autoencoder(SGD(momentum=0.9))
    train(network, x)
    save_model(network, tmp_path / "network.npz")
    return tmp_path / "network.npz"


def refused(path, message=""):
    with pytest.raises(ValueError, match=f"Expected .*{path.name} to be a file that save_model.*Received: .*{message}"):
        load_model(path)
    return True


def rewrite(path, **changes):
    """Change arrays of the file; `None` removes one."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {**archive, **{name.replace("__", "/"): array for name, array in changes.items()}}
    with open(path, "wb") as file:
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})


def redescribe(path, change):
    """Change the description in the file."""
    with np.load(path, allow_pickle=False) as archive:
        description = json.loads(archive["network"].item())
    change(description)
    rewrite(path, network=np.array(json.dumps(description).encode()))


def test_the_changes_of_these_tests_are_all_that_makes_a_file_refused(path):
    before = everything(load_model(path))
    redescribe(path, lambda description: None)
    assert everything(load_model(path)) == before


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a saved network at .*nothing.npz. Received: no such file"):
        load_model(tmp_path / "nothing.npz")


def test_a_file_cut_short_anywhere_is_refused(path):
    whole = path.read_bytes()
    for size in [*range(0, len(whole), 23), len(whole) - 1]:
        path.write_bytes(whole[:size])
        assert refused(path)


def test_a_byte_changed_anywhere_changes_nothing_or_is_refused(path):
    """Some bytes of an archive, such as the time of its making, have no say in what is loaded."""
    whole, expected, refusals = path.read_bytes(), everything(load_model(path)), 0
    places = range(0, len(whole), 11)
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            assert everything(load_model(path)) == expected, place
        except ValueError:
            refusals += 1
    assert refusals > 0.8 * len(places)


def test_a_byte_changed_in_an_array_is_refused(path):
    whole = path.read_bytes()
    with np.load(path) as archive:
        arrays = [archive[name].tobytes() for name in archive.files]
    for array in arrays:
        assert whole.count(array) == 1
        place = whole.index(array) + len(array) // 2
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refused(path, "BadZipFile: Bad CRC-32")


def test_a_file_of_another_kind_is_refused(path):
    path.write_text("units,activation\n3,tanh\n")
    assert refused(path, "File is not a zip file")
    with path.open("wb") as file:
        np.save(file, np.ones(3))
    assert refused(path, "File is not a zip file")
    path.write_bytes(b"")
    assert refused(path)


def test_an_archive_from_elsewhere_is_refused(path):
    refused(FOLDER / "mnist.npz", "an archive without the array 'network'")
    with path.open("wb") as file:
        np.savez(file, network=np.arange(3))
    assert refused(path)
    with path.open("wb") as file:
        np.savez(file, network=np.array(b'["784-32-784"]'))
    assert refused(path, "an archive whose format is not 'aelib network'")


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["network", "layers__0__kernel"])
def test_a_pickle_is_refused_and_not_opened(name, path, tmp_path):
    trap = np.empty((4, 3), dtype=object)
    trap[:] = Trap(tmp_path / "sprung")
    rewrite(path, **{name: trap})
    assert refused(path, "Object arrays cannot be loaded when allow_pickle=False")
    assert not (tmp_path / "sprung").exists()
    with np.load(path, allow_pickle=True) as archive:
        archive[name.replace("__", "/")]
    assert (tmp_path / "sprung").exists(), "the trap does not work"


KERNEL = np.ones((4, 3), "float32")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"layers__0__kernel": None}, r"lacks the entries \['layers/0/kernel.npy'\] and has \[\] too many"),
        ({"layers__1__bias__velocity": None}, r"lacks the entries \['layers/1/bias/velocity.npy'\]"),
        ({"layers__2__kernel": KERNEL}, r"lacks the entries \[\] and has \['layers/2/kernel.npy'\] too many"),
        (
            {"layers__0__kernel": KERNEL.T},
            r"kernel of shape \(3, 4\) in float32, where \(4, 3\) in float32 was",
        ),
        ({"layers__0__kernel": KERNEL[0]}, r"kernel of shape \(3,\)"),
        (
            {"layers__0__kernel": KERNEL.astype("float64")},
            r"in float64, where \(4, 3\) in float32 was expected",
        ),
        ({"layers__0__bias": np.zeros(3, "int32")}, r"bias of shape \(3,\) in int32"),
        ({"layers__0__bias": np.zeros((), "float32")}, r"bias of shape \(\) in float32"),
        (
            {"layers__1__bias__velocity": np.zeros(3, "float32")},
            r"velocity of shape \(3,\) in float32, where \(4,\)",
        ),
    ],
)
def test_arrays_that_do_not_fit_the_description_are_refused(changes, message, path):
    rewrite(path, **changes)
    assert refused(path, message)


def test_an_array_that_is_there_twice_is_refused(path):
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("layers/0/bias.npy", archive.read("layers/0/bias.npy"))
    assert refused(path, r"\['layers/0/bias.npy'\] too many")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda d: d.update(version=2), "version 2 of the format, where this aelib reads version 1"),
        (lambda d: d.pop("version"), "version None of the format"),
        (lambda d: d.update(format="elsewhere"), "format is not 'aelib network'"),
        (lambda d: d.pop("rng"), "KeyError: 'rng'"),
        (
            lambda d: d["rng"].update(bit_generator="PCG32"),
            "generator 'PCG32', where one of MT19937, .* was expected",
        ),
        (lambda d: d["layers"].clear(), "lacks the entries"),
        (lambda d: d["layers"][0].update(units=-3), "units must be a positive integer. Received: -3"),
        (
            lambda d: d["layers"][0]["activation"].update(name="swish"),
            "called 'swish', where one of linear, relu",
        ),
        (
            lambda d: d["layers"][0]["activation"].update(settings={"slope": 2}),
            "TypeError: Tanh.* takes no arguments",
        ),
        (
            lambda d: d["layers"][0].update(dtypes=["float16", "float16"]),
            "in float32, where .* in float16 was",
        ),
        (lambda d: d["optimizer"].update(name="lion"), "called 'lion', where one of sgd, rmsprop, adam"),
        (
            lambda d: d["optimizer"]["settings"].update(learning_rate=-1),
            "learning_rate must be a positive number",
        ),
        (
            lambda d: d["optimizer"].update(name="adam", settings={}),
            r"with \['velocity'\], where \['m', 'v'\] were",
        ),
        (lambda d: d["loss"]["settings"].update(weight=1), "TypeError"),
    ],
)
def test_a_description_that_makes_no_network_is_refused(change, message, path):
    redescribe(path, change)
    assert refused(path, message)


def test_a_precision_that_aelib_does_not_make_is_not_read(path):
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if name.startswith("layers/0/")}
    rewrite(path, **{name: array.astype("float16") for name, array in arrays.items()})
    redescribe(path, lambda description: description["layers"][0].update(dtypes=["float16", "float16"]))
    assert refused(path, "kernel .* in float16")


def test_arrays_of_the_other_byte_order_are_read(path):
    """A file from a machine that puts the high byte first."""
    before = everything(load_model(path))
    with np.load(path) as archive:
        kernel = archive["layers/0/kernel"]
    rewrite(path, layers__0__kernel=kernel.astype(">f4"))
    assert everything(load_model(path)) == before


# ------------------------------------------------------------------ interruption


class InterruptAtEnd(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


class InterruptedLoss(Loss):
    """The mean squared error, which interrupts when the loss or its gradient is asked for the nth time."""

    def __init__(self, n):
        self.n, self.loss = n, MeanSquaredError()

    def _count(self):
        self.n -= 1
        if self.n == 0:
            raise KeyboardInterrupt

    def __call__(self, y_true, y_pred):
        self._count()
        return self.loss(y_true, y_pred)

    def gradient(self, y_true, y_pred):
        self._count()
        return self.loss.gradient(y_true, y_pred)


def assert_usable(network, x, path):
    """The network predicts, trains on and can be saved, as one without a past does."""
    assert all(np.isfinite(w).all() for w in network.get_weights())
    predictions = network.predict(x, batch_size=4)
    unspoilt = saved_and_loaded(network, path)
    assert exact(predictions) == exact(unspoilt.predict(x, batch_size=4))
    first, _ = network(x[:4]), network(x[4:8])
    assert exact(first) == exact(unspoilt(x[:4])), "one result was written over the other"
    losses = train(network, x, 4)
    assert losses["loss"][-1] < losses["loss"][0]
    assert train(unspoilt, x, 4) == losses and everything(network) == everything(unspoilt)


def test_training_interrupted_between_epochs_can_go_on(x, tmp_path):
    """What was trained until then is kept: the network is the one of one epoch."""
    network, other = autoencoder(), autoencoder()
    with pytest.raises(KeyboardInterrupt):
        train(network, x, 3, callbacks=[InterruptAtEnd()])
    train(other, x, 1)
    assert everything(network) == everything(other)
    assert_usable(network, x, tmp_path / "n.npz")


@pytest.mark.parametrize("n", range(1, 9))
def test_training_interrupted_within_an_epoch_can_go_on(n, x, tmp_path):
    """What is left is the network of all whole steps before."""
    network, other = autoencoder(loss=InterruptedLoss(n)), autoencoder()
    with pytest.raises(KeyboardInterrupt):
        train(network, x, 2)
    steps = (n - 1) // 2  # the loss and its gradient are asked for once a step
    for epoch in range(1 + steps // 3):
        order = other.rng.permutation(10)
        for batch in (order[:4], order[4:8], order[8:])[: steps - 3 * epoch]:
            other.train_on_batch(x[batch], x[batch])
    network.loss = other.loss
    assert everything(network) == everything(other)
    assert_usable(network, x, tmp_path / "n.npz")


@pytest.mark.parametrize("built", [True, False])
def test_training_can_be_interrupted_before_any_line(built, x, tmp_path):
    """As Ctrl-C does it: before each line of aelib that a short training runs, at its first and last turn."""
    folder = str(pathlib.Path(aelib.__file__).parent)

    def fit(moment=None):
        """Train, with an interruption at this moment; return the network and the lines executed."""
        layers = [Dense(3, "tanh", activity_regularizer="l1"), Dense(4, "sigmoid")]
        network = Sequential([Input((4,)), *layers] if built else layers, rng=0)
        network.compile("adam", "mse")
        lines = []

        def trace(frame, event, argument):
            if not frame.f_code.co_filename.startswith(folder):
                return None
            if event == "line":
                if len(lines) == moment:
                    raise KeyboardInterrupt
                lines.append((frame.f_code.co_filename, frame.f_lineno))
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            train(network, x, validation_data=(x[:5], x[:5]))
        except KeyboardInterrupt:
            assert len(lines) == moment
        finally:
            sys.settrace(before)
        return network, lines

    _, lines = fit()
    moments = {line: moment for moment, line in reversed(list(enumerate(lines)))}.values()
    moments = sorted({*moments, *{line: moment for moment, line in enumerate(lines)}.values()})
    assert len(moments) > 100
    failures = []
    for moment in moments:
        network, _ = fit(moment)
        try:
            if not network.built:
                network.build(4)
            assert_usable(network, x, tmp_path / "n.npz")
        except Exception as error:
            failures.append((*lines[moment], type(error)))
    assert failures == []
