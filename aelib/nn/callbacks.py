"""Callbacks: objects that `fit` calls at the beginning and the end of training and of each epoch.

The hooks and their arguments are those of Keras.
"""

import os
import sys
import time

import numpy as np

from aelib.checks import is_finite_number, not_negative_integer
from aelib.nn.not_here import refuse_names


class Callback:
    """Base class: override the hooks that you need. `self.model` is the network in training."""

    model = None
    params = None

    def set_model(self, model):
        self.model = model

    def set_params(self, params):
        self.params = params

    def on_train_begin(self, logs=None):
        """Called once, before the first epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called before each epoch, counted from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """Called after each epoch; `logs` holds its `"loss"` and, with validation data, its `"val_loss"`."""

    def on_train_end(self, logs=None):
        """Called once, after the last epoch."""


class CallbackList(Callback):
    """Forwards every call to each callback in a list.

    Parameters
    ----------
    callbacks : Callback, list of Callback or None
    model : Sequential
    epochs : int
        The planned number of epochs.
    verbose : {0, 1, 2} or "auto"
        Unless 0, a `Progress` is added.
    history : History
        Called after the callbacks, as in Keras, so that it records what they add to `logs`.
    """

    def __init__(self, callbacks, model, epochs, verbose, history):
        callbacks = [callbacks] if isinstance(callbacks, Callback) else callbacks or []
        if not isinstance(callbacks, (list, tuple)) or not all(isinstance(each, Callback) for each in callbacks):
            raise TypeError(
                "callbacks expected an object of aelib.nn.callbacks.Callback, or a list of them. "
                f"Received: {callbacks!r} of type {type(callbacks).__name__}."
            )
        self.callbacks = [*callbacks, history]
        if verbose and not any(isinstance(callback, Progress) for callback in callbacks):
            self.callbacks.append(Progress())
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params({"epochs": epochs, "verbose": verbose})

    def on_train_begin(self, logs=None):
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_epoch_begin(self, epoch, logs=None):
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_end(self, logs=None):
        for callback in self.callbacks:
            callback.on_train_end(logs)


class History(Callback):
    """Records the losses of every epoch. `fit` creates one and returns it.

    Attributes
    ----------
    epoch : list of int
        The indices of the epochs, counted from 0.
    history : dict of str to list of float
        For each name in `logs`, such as ``"loss"``, one value per epoch.
    """

    def __init__(self):
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class Progress(Callback):
    """Prints one line, updated after each epoch: the epoch, the losses and the elapsed time in seconds.

    Parameters
    ----------
    stream : file or None
        The output; `None` is standard output.
    """

    def __init__(self, stream=None):
        self.stream = stream

    def on_train_begin(self, logs=None):
        self._start = time.perf_counter()
        self._width = 0

    def on_epoch_end(self, epoch, logs=None):
        numbers = "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        seconds = time.perf_counter() - self._start
        self._write(f"epoch {epoch + 1}/{self.params['epochs']}  {numbers}  {seconds:.1f} s")

    def on_train_end(self, logs=None):
        print(file=self._stream(), flush=True)

    def _write(self, line):
        # Spaces overwrite the rest of a longer previous line.
        print("\r" + line.ljust(self._width), end="", file=self._stream(), flush=True)
        self._width = len(line)

    def _stream(self):
        return self.stream or sys.stdout


class EarlyStopping(Callback):
    """Stop training when a loss has not improved for `patience` epochs (Prechelt 1998).

    Parameters
    ----------
    monitor : str
        The quantity to minimise: ``"val_loss"`` or ``"loss"``.
    min_delta : float
        The smallest decrease that counts as an improvement; its sign is ignored.
    patience : int
        The number of epochs without improvement after which training stops.
    restore_best_weights : bool
        Whether to restore the weights of the best epoch when training ends.

    Attributes
    ----------
    best : float
        The best value seen.
    best_epoch, stopped_epoch : int
        Counted from 0; `stopped_epoch` is 0 if training was not stopped.

    Raises
    ------
    ValueError
        At the end of an epoch, if `monitor` is not in `logs`.
    """

    def __init__(self, monitor="val_loss", min_delta=0.0, patience=0, *, restore_best_weights=False):
        self.monitor = monitor
        if not is_finite_number(min_delta):
            raise ValueError(f"min_delta must be a finite number. Received: {min_delta!r}.")
        self.min_delta = abs(min_delta)
        self.patience = not_negative_integer("patience", patience)
        self.restore_best_weights = restore_best_weights

    def on_train_begin(self, logs=None):
        self.best = np.inf
        self.best_epoch = self.stopped_epoch = self.wait = 0
        self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.monitor not in logs:
            raise ValueError(
                f"EarlyStopping expected '{self.monitor}' among the logs of an epoch. "
                f"Received: {', '.join(logs)}. A val_loss needs validation_data."
            )
        self.wait += 1
        if logs[self.monitor] < self.best - self.min_delta:
            self.best, self.best_epoch, self.wait = logs[self.monitor], epoch, 0
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class LearningRateScheduler(Callback):
    """Set the optimizer's learning rate before each epoch, and add it to the logs of the epoch.

    Parameters
    ----------
    schedule : callable
        Called with the index of the epoch, counted from 0, and the current learning rate; returns the new learning
        rate, a positive number.

    Raises
    ------
    ValueError
        At the beginning of an epoch, if `schedule` does not return a positive, finite number.
    """

    def __init__(self, schedule):
        self.schedule = schedule

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, optimizer.learning_rate)
        if not (is_finite_number(rate) and rate > 0):
            raise ValueError(f"The schedule must return a positive number. Received for epoch {epoch}: {rate!r}.")
        optimizer.learning_rate = float(rate)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate


class ModelCheckpoint(Callback):
    """Save the network after each epoch, so that training can resume from there.

    `aelib.nn.models.load_model` reads the file, which does not include the state of the callbacks. When you resume,
    pass the number of epochs already done to `fit` as `initial_epoch`; otherwise the epochs are counted from 1 again,
    and earlier files are replaced.

    Parameters
    ----------
    filepath : str or os.PathLike
        The name of the file. It may contain format fields for the number of the epoch, counted from 1, and for the
        logs of the epoch: ``"{epoch:02d}-{val_loss:.4f}.npz"``. Without fields, each file replaces the previous one.
        Missing folders are created.
    monitor : str
        The quantity to minimise if `save_best_only`: ``"val_loss"`` or ``"loss"``.
    save_best_only : bool
        Whether to save only when `monitor` is smaller than ever before; NaN never is.

    Attributes
    ----------
    best : float
        The best value seen in all trainings that used this callback, as in Keras; infinity unless `save_best_only`.

    Raises
    ------
    ValueError
        At the end of an epoch, if `filepath` or `monitor` names a quantity that is not in `logs`.
    """

    def __init__(self, filepath, monitor="val_loss", *, save_best_only=False):
        self.filepath = os.fsdecode(filepath)
        self.monitor = monitor
        self.save_best_only = save_best_only
        self.best = np.inf

    def on_epoch_end(self, epoch, logs=None):
        path = self._path(epoch, logs or {})
        if self.save_best_only and not self._is_best(logs or {}):
            return
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.model.save(path)

    def _path(self, epoch, logs):
        try:
            return self.filepath.format(epoch=epoch + 1, **logs)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"ModelCheckpoint expected only the fields {', '.join(['epoch', *logs])} in filepath. "
                f"Received: {self.filepath!r}. A val_loss needs validation_data."
            ) from error

    def _is_best(self, logs):
        if self.monitor not in logs:
            raise ValueError(
                f"ModelCheckpoint expected '{self.monitor}' among the logs of an epoch. "
                f"Received: {', '.join(logs)}. A val_loss needs validation_data."
            )
        if not logs[self.monitor] < self.best:
            return False
        self.best = logs[self.monitor]
        return True


__getattr__ = refuse_names(__name__)
