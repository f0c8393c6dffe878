"""When callbacks are called and with what; when training stops; which weights remain."""

import io
import os
import pathlib

import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LearningRateScheduler,
    ModelCheckpoint,
    Progress,
)
from aelib.nn.layers import Dense, Input
from aelib.nn.models import load_model


class FakeNetwork:
    """A stub for a network whose weight is the index of the epoch."""

    stop_training = False
    weight = None

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        (self.weight,) = weights


def train(callback, values, name="val_loss"):
    """Pass one value per epoch to `callback` until it stops; return the network and the number of epochs."""
    network = FakeNetwork()
    callback.set_model(network)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        network.weight = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {name: value})
        if network.stop_training:
            break
    callback.on_train_end()
    return network, epoch + 1


VALUES = [1.0, 0.8, 0.9, 0.7, 0.75, 0.71, 0.72, 0.6]


@pytest.mark.parametrize("patience, epochs, best", [(0, 3, 1), (1, 3, 1), (2, 6, 3), (3, 7, 3), (4, 8, 7)])
def test_training_stops_after_patience_epochs_without_improvement(patience, epochs, best):
    stopping = EarlyStopping(patience=patience)
    network, seen = train(stopping, VALUES)
    assert (seen, stopping.best_epoch, stopping.best) == (epochs, best, VALUES[best])
    assert network.stop_training == (epochs < 8)
    assert stopping.stopped_epoch == (epochs - 1 if epochs < 8 else 0)


def test_the_first_epoch_never_stops_training():
    assert train(EarlyStopping(), [np.inf, 1.0, 0.5])[1] == 3


def test_an_equal_value_is_no_improvement():
    assert train(EarlyStopping(patience=1), [1.0, 1.0, 0.5])[1] == 2


@pytest.mark.parametrize("min_delta", [0.2, -0.2])
def test_an_improvement_must_be_larger_than_min_delta(min_delta):
    stopping = EarlyStopping(patience=2, min_delta=min_delta)
    _, seen = train(stopping, [1.0, 0.9, 0.7, 0.6, 0.55, 0.0])
    assert (seen, stopping.best_epoch) == (5, 2)


def test_an_improvement_of_exactly_min_delta_is_none():
    assert train(EarlyStopping(min_delta=0.25), [1.0, 0.75, 0.25])[1] == 2


def test_the_best_weights_are_put_back_when_asked():
    assert train(EarlyStopping(patience=2, restore_best_weights=True), VALUES)[0].weight == 3
    assert train(EarlyStopping(patience=2), VALUES)[0].weight == 5


def test_the_best_weights_are_put_back_even_if_training_ran_to_its_end():
    assert train(EarlyStopping(patience=9, restore_best_weights=True), [3.0, 1.0, 2.0])[0].weight == 1


def test_the_training_loss_can_be_watched():
    assert train(EarlyStopping("loss"), [1.0, 2.0, 0.0], name="loss")[1] == 2


def test_a_second_training_starts_afresh():
    stopping = EarlyStopping(patience=1, restore_best_weights=True)
    train(stopping, [0.1, 0.2])
    network, seen = train(stopping, [9.0, 8.0, 7.0])
    assert seen == 3 and stopping.best == 7.0 and stopping.stopped_epoch == 0 and network.weight == 2


def test_a_number_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="expected 'val_loss' among .*Received: loss. A val_loss needs validation"):
        train(EarlyStopping(), [1.0], name="loss")


def test_restored_weights_are_those_of_the_best_epoch(rng):
    """In a real training, the final network has the best val_loss seen."""
    x, v = rng.random((8, 5)), rng.random((30, 5))
    network = Sequential([Input((5,)), Dense(20, "tanh"), Dense(5)], rng=0)
    network.compile("adam", "mse")
    network.optimizer.learning_rate = 0.05
    stopping = EarlyStopping(patience=5, restore_best_weights=True)
    history = network.fit(x, x, epochs=300, verbose=0, validation_data=(v, v), callbacks=[stopping]).history
    assert len(history["val_loss"]) == stopping.best_epoch + 6 < 300
    assert network.evaluate(v, v) == min(history["val_loss"]) == stopping.best


def test_history_remembers_each_epoch():
    history = History()
    train(history, [3.0, 2.0, 1.0], name="loss")
    assert history.epoch == [0, 1, 2] and history.history == {"loss": [3.0, 2.0, 1.0]}


def test_history_of_nothing_is_empty():
    history = History()
    history.on_epoch_end(0)
    assert history.epoch == [0] and history.history == {}


def progress_of(epochs):
    stream = io.StringIO()
    progress = Progress(stream)
    progress.set_params({"epochs": len(epochs)})
    progress.on_train_begin()
    for epoch, logs in enumerate(epochs):
        progress.on_epoch_end(epoch, logs)
    progress.on_train_end()
    return stream.getvalue()


def test_progress_is_one_line_that_is_rewritten():
    text = progress_of([{"loss": 0.5, "val_loss": 0.25}, {"loss": 0.123456, "val_loss": 0.2}])
    assert text.count("\n") == 1 and text.endswith("\n")
    first, second = text.rstrip("\n").split("\r")[1:]
    assert first.startswith("epoch 1/2  loss 0.5000  val_loss 0.2500  0.0 s")
    assert second.startswith("epoch 2/2  loss 0.1235  val_loss 0.2000  0.0 s")


def test_a_shorter_line_covers_the_longer_one_before_it():
    first, second = progress_of([{"loss": 12345678.0}, {"loss": 1.0}]).rstrip("\n").split("\r")[1:]
    assert len(second) == len(first) and second.endswith("    ")


def test_seconds_are_counted_from_the_start(monkeypatch):
    clock = iter([100.0, 101.5])
    monkeypatch.setattr("aelib.nn.callbacks.time.perf_counter", lambda: next(clock))
    assert "loss 1.0000  1.5 s" in progress_of([{"loss": 1.0}])


def test_fit_prints_one_line_unless_it_is_silent(capsys):
    network = Sequential([Input((2,)), Dense(2)], rng=0)
    network.compile("sgd", "mse")
    x = np.eye(2)
    network.fit(x, x, epochs=3)
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1 and shown.count("\r") == 3 and "epoch 3/3  loss " in shown
    network.fit(x, x, epochs=3, verbose=0)
    assert capsys.readouterr().out == ""


def test_a_progress_callback_replaces_that_of_fit(capsys):
    stream = io.StringIO()
    network = Sequential([Input((2,)), Dense(2)], rng=0)
    network.compile("sgd", "mse")
    network.fit(np.eye(2), np.eye(2), epochs=2, callbacks=[Progress(stream)])
    assert capsys.readouterr().out == "" and "epoch 2/2" in stream.getvalue()


class Diary(Callback):
    def __init__(self):
        self.pages = []

    def on_train_begin(self, logs=None):
        self.pages.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.pages.append(f"epoch {epoch} begins")

    def on_epoch_end(self, epoch, logs=None):
        self.pages.append(f"epoch {epoch} ends with {sorted(logs)}")

    def on_train_end(self, logs=None):
        self.pages.append("end")


def test_callbacks_receive_the_network_the_parameters_and_every_epoch():
    network = Sequential([Input((2,)), Dense(2)], rng=0)
    network.compile("sgd", "mse")
    x, diaries = np.eye(2), [Diary(), Diary()]
    network.fit(x, x, epochs=2, verbose=0, validation_data=(x, x), callbacks=diaries)
    for diary in diaries:
        assert diary.model is network and diary.params["epochs"] == 2
        assert diary.pages == [
            "begin",
            "epoch 0 begins",
            "epoch 0 ends with ['loss', 'val_loss']",
            "epoch 1 begins",
            "epoch 1 ends with ['loss', 'val_loss']",
            "end",
        ]


def test_the_base_class_does_nothing():
    train(Callback(), [1.0, 2.0])


@pytest.mark.parametrize("thing", [EarlyStopping, "early stopping", None])
def test_an_object_that_is_not_a_callback_is_an_error(thing):
    for callbacks in ([thing], thing or "nothing"):
        with pytest.raises(
            TypeError, match="callbacks expected an object of .*Callback, or a list of them. Received: "
        ):
            CallbackList(callbacks, None, 1, 0, History())


@pytest.mark.parametrize("listed", [lambda diary: diary, lambda diary: [diary], lambda diary: (diary,)])
def test_one_callback_needs_no_list(listed):
    network, diary = small_network(), Diary()
    network.fit(np.eye(4), np.eye(4), verbose=0, callbacks=listed(diary))
    assert diary.pages[0] == "begin" and diary.pages[-1] == "end"


def test_the_history_remembers_what_callbacks_add_to_the_numbers_of_an_epoch():
    class Twice(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["twice"] = 2 * logs["loss"]

    history = small_network().fit(np.eye(4), np.eye(4), epochs=2, verbose=0, callbacks=Twice()).history
    assert history["twice"] == [2 * loss for loss in history["loss"]]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"patience": "3"}, "patience must be zero or a positive integer. Received: '3'"),
        ({"patience": -1}, "patience must be zero or a positive integer. Received: -1"),
        ({"min_delta": "0.1"}, "min_delta must be a finite number. Received: '0.1'"),
        ({"min_delta": np.nan}, "min_delta must be a finite number. Received: nan"),
    ],
)
def test_invalid_settings_of_early_stopping_are_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**settings)


def test_arguments_in_another_position_in_keras_are_keyword_only():
    """In Keras, `verbose` is the fourth argument of EarlyStopping and the third of ModelCheckpoint."""
    with pytest.raises(TypeError, match="positional arguments"):
        EarlyStopping("val_loss", 0, 5, True)
    with pytest.raises(TypeError, match="positional arguments"):
        ModelCheckpoint("n.npz", "val_loss", True)


# ------------------------------------------------------------------ checkpoints


def small_network():
    network = Sequential([Input((4,)), Dense(3, "tanh"), Dense(4)], rng=0)
    network.compile("adam", "mse")
    return network


def checkpoint(callback, network, values, trainings=1):
    """Pass one val_loss per epoch to `callback`, in each of several trainings."""
    callback.set_model(network)
    for _ in range(trainings):
        callback.on_train_begin()
        for epoch, value in enumerate(values):
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, {"loss": 2 * value, "val_loss": value})
        callback.on_train_end()


class FakeKerasModel:
    """A stub for a Keras model that is saved as an empty file."""

    def save(self, filepath, overwrite=True):
        pathlib.Path(filepath).touch()


@pytest.mark.parametrize("monitor", ["val_loss", "loss"])
@pytest.mark.parametrize("save_best_only", [True, False])
@pytest.mark.parametrize(
    "values", [VALUES, [1.0, 1.0, 0.5, 0.5], [2.0, np.nan, 1.0, 1.5], [3.0, np.inf, 4.0], [1e-9, -1.0]]
)
def test_the_same_epochs_are_saved_as_in_keras(values, save_best_only, monitor, tmp_path):
    import aelib.models

    from keras.callbacks import ModelCheckpoint as KerasModelCheckpoint

    for kind, network in ((ModelCheckpoint, small_network()), (KerasModelCheckpoint, FakeKerasModel())):
        filepath = tmp_path / kind.__module__ / "{epoch:02d}-{val_loss:.4f}.keras"
        callback = kind(filepath, monitor=monitor, save_best_only=save_best_only)
        checkpoint(callback, network, [value + 0.5 for value in values])
        checkpoint(callback, network, values, trainings=2)
    ours, theirs = (sorted(os.listdir(folder)) for folder in tmp_path.iterdir())
    assert ours == theirs != []


def test_each_epoch_is_trained_at_the_rate_of_the_schedule(rng):
    """Training with a schedule equals several trainings in sequence, each with one learning rate."""
    x, rates = rng.random((12, 4)).astype("float32"), (0.5, 0.2, 0.05)
    scheduled, by_hand = small_network(), small_network()
    asked = []

    def schedule(epoch, learning_rate):
        asked.append((epoch, learning_rate))
        return np.float64(rates[epoch])

    callbacks = [LearningRateScheduler(schedule)]
    history = scheduled.fit(x, x, epochs=3, batch_size=5, verbose=0, callbacks=callbacks).history
    assert history["learning_rate"] == list(rates)
    first = by_hand.optimizer.learning_rate
    for rate in rates:
        by_hand.optimizer.learning_rate = rate
        by_hand.fit(x, x, epochs=1, batch_size=5, verbose=0)
    assert asked == [(0, first), (1, 0.5), (2, 0.2)]
    assert type(scheduled.optimizer.learning_rate) is float  # a NumPy number would make the steps float64
    for ours, expected in zip(scheduled.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf, None, "0.1"], ids=str)
def test_a_schedule_that_does_not_return_a_positive_number_is_an_error(rate):
    x = np.eye(4, dtype="float32")
    with pytest.raises(ValueError, match="must return a positive number. Received for epoch 0: "):
        small_network().fit(x, x, verbose=0, callbacks=[LearningRateScheduler(lambda epoch, _: rate)])


def test_nan_is_never_the_best(tmp_path):
    """Keras takes the first value even if it is NaN, and then never finds a smaller one."""
    callback = ModelCheckpoint(tmp_path / "{epoch}.npz", save_best_only=True)
    checkpoint(callback, small_network(), [np.nan, np.inf, 2.0, np.nan, 1.0])
    assert sorted(os.listdir(tmp_path)) == ["3.npz", "5.npz"] and callback.best == 1.0


def test_checkpoints_carry_the_epochs_number_and_losses_in_their_names(tmp_path):
    network, x = small_network(), np.eye(4, dtype="float32")
    callback = ModelCheckpoint(str(tmp_path / "{epoch:02d}-{loss:.3f}-{val_loss:.3f}.npz"))
    history = network.fit(x, x, epochs=2, verbose=0, validation_data=(x, x), callbacks=[callback]).history
    numbers = zip(("01", "02"), history["loss"], history["val_loss"])
    assert sorted(os.listdir(tmp_path)) == [f"{n}-{loss:.3f}-{val:.3f}.npz" for n, loss, val in numbers]


def test_a_checkpoint_without_places_is_replaced(tmp_path):
    network, x = small_network(), np.eye(4, dtype="float32")
    network.fit(x, x, epochs=3, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "deep" / "last.npz")])
    assert os.listdir(tmp_path / "deep") == ["last.npz"]
    np.testing.assert_array_equal(load_model(tmp_path / "deep" / "last.npz").predict(x), network.predict(x))


def test_a_checkpoint_in_the_current_folder_needs_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoint(ModelCheckpoint("last.npz"), small_network(), [1.0])
    assert os.listdir() == ["last.npz"]


def test_the_best_checkpoint_is_the_best_epochs_network(rng, tmp_path):
    """In a real training that overfits, the file has the best val_loss and the network a worse one."""
    x, y, x_val, y_val = rng.random((4, 8, 5))  # random data: nothing learned generalises
    network = Sequential([Input((5,)), Dense(20, "tanh"), Dense(5)], rng=0)
    network.compile("adam", "mse")
    network.optimizer.learning_rate = 0.05
    callback = ModelCheckpoint(tmp_path / "best.npz", save_best_only=True)
    settings = {"validation_data": (x_val, y_val), "callbacks": [callback], "verbose": 0}
    history = network.fit(x, y, epochs=60, **settings).history
    assert callback.best == min(history["val_loss"])
    assert callback.best == load_model(tmp_path / "best.npz").evaluate(x_val, y_val)
    assert callback.best < history["val_loss"][-1] and history["val_loss"].index(callback.best) > 0


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_training_goes_on_from_any_checkpoint_as_if_it_had_never_stopped(optimizer, validate, rng, tmp_path):
    """The file saved at the end of an epoch determines the next epoch bit for bit."""
    x = rng.random((10, 4)).astype("float32")
    network = small_network()
    network.compile(optimizer, "mse")
    settings = {"batch_size": 4, "verbose": 0, "validation_data": (x[:3], x[:3]) if validate else None}
    checkpoints = ModelCheckpoint(tmp_path / "{epoch}.npz")
    whole = network.fit(x, x, epochs=4, callbacks=[checkpoints], **settings).history
    for epoch in (1, 2, 3):
        resumed = load_model(tmp_path / f"{epoch}.npz")
        rest = resumed.fit(x, x, epochs=4 - epoch, **settings).history
        assert rest == {name: values[epoch:] for name, values in whole.items()}
        for ours, expected in zip(resumed.get_weights(), network.get_weights(), strict=True):
            assert ours.tobytes() == expected.tobytes()


def test_a_resumed_training_goes_on_counting_where_the_checkpoint_was_made(rng, tmp_path):
    x, settings = rng.random((10, 4)).astype("float32"), {"epochs": 4, "verbose": 0}
    whole, half = tmp_path / "whole", tmp_path / "half"
    small_network().fit(x, x, callbacks=[ModelCheckpoint(whole / "{epoch}.npz")], **settings)
    checkpoints = ModelCheckpoint(half / "{epoch}.npz")
    small_network().fit(x, x, callbacks=[checkpoints], **(settings | {"epochs": 2}))
    load_model(half / "2.npz").fit(x, x, initial_epoch=2, callbacks=[checkpoints], **settings)
    for name in ("1.npz", "2.npz", "3.npz", "4.npz"):
        ours, expected = (load_model(folder / name).get_weights() for folder in (half, whole))
        assert all(a.tobytes() == b.tobytes() for a, b in zip(ours, expected, strict=True))


def test_a_checkpoint_of_a_number_that_is_not_there_is_an_error(tmp_path):
    network, x = small_network(), np.eye(4)
    not_logged = "expected 'val_loss' among .*Received: loss"
    no_place = "expected only the fields epoch, loss in filepath. Received: "
    for name, best_only, message in (
        ("best.npz", True, not_logged),
        ("{val_loss}.npz", False, no_place + "'.*{val_loss}"),
        ("{}.npz", False, no_place),
        ("{epoch:nonsense}.npz", False, no_place),
    ):
        with pytest.raises(ValueError, match=message):
            callback = ModelCheckpoint(tmp_path / name, save_best_only=best_only)
            network.fit(x, x, verbose=0, callbacks=[callback])
    assert os.listdir(tmp_path) == []
