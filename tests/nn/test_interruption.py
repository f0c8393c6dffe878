"""After Ctrl-C at any moment, a network still predicts, trains and can be copied like any other."""

import pathlib
import pickle
import sys

import numpy as np
import pytest

import aelib
from aelib.nn import Sequential
from aelib.nn.callbacks import Callback
from aelib.nn.layers import Dense, Input
from aelib.nn.losses import Loss, MeanSquaredError


def autoencoder(loss="mse", built=True):
    """4-3-4, nested and compiled, with a penalty on the code."""
    encoder = Sequential([Dense(3, "tanh", activity_regularizer="l1")])
    network = Sequential([*([Input((4,))] if built else []), encoder, Dense(4, "sigmoid")], rng=0)
    network.compile("adam", loss)
    return network


@pytest.fixture
def x(rng):
    """Ten examples: with four to a batch, the last batch has two."""
    return rng.random((10, 4)).astype("float32")


def train(network, x, epochs=1, **settings):
    return network.fit(x, x, batch_size=4, epochs=epochs, verbose=0, **settings).history


def everything(network):
    """The bytes of everything that further training depends on."""
    slots = [array for state in network.optimizer.state or [] for array in state.values()]
    arrays = [array.tobytes() for array in [*network.weights, *slots]]
    return arrays, network.optimizer.iterations, repr([rng.bit_generator.state for rng in network.generators])


def assert_usable(network, x):
    """A copy holds no arrays of a pass: the network must behave like its copy."""
    assert all(np.isfinite(w).all() for w in network.get_weights())
    unspoilt = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(network.predict(x, batch_size=4), unspoilt.predict(x, batch_size=4))
    first, _ = network(x[:4]), network(x[4:8])
    np.testing.assert_array_equal(first, unspoilt(x[:4]), "one result was written over the other")
    losses = train(network, x, 4)
    assert losses["loss"][-1] < losses["loss"][0]
    assert train(unspoilt, x, 4) == losses and everything(network) == everything(unspoilt)


class InterruptAtEnd(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


class InterruptedLoss(Loss):
    """The mean squared error, which interrupts at the nth call of the loss or its gradient."""

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


def test_training_interrupted_between_epochs_can_go_on(x):
    """Completed training is kept: the network is the one after one epoch."""
    network, other = autoencoder(), autoencoder()
    with pytest.raises(KeyboardInterrupt):
        train(network, x, 3, callbacks=InterruptAtEnd())
    train(other, x, 1)
    assert everything(network) == everything(other)
    assert_usable(network, x)


@pytest.mark.parametrize("n", range(1, 9))
def test_training_interrupted_within_an_epoch_can_go_on(n, x):
    """The network is the one after all completed steps."""
    network, other = autoencoder(InterruptedLoss(n)), autoencoder()
    with pytest.raises(KeyboardInterrupt):
        train(network, x, 2)
    steps = (n - 1) // 2  # one call of the loss and one of its gradient per step
    for epoch in range(1 + steps // 3):
        order = other.rng.permutation(10)
        for batch in (order[:4], order[4:8], order[8:])[: steps - 3 * epoch]:
            other.train_on_batch(x[batch], x[batch])
    network.loss = other.loss
    assert everything(network) == everything(other)
    assert_usable(network, x)


@pytest.mark.parametrize("built", [True, False])
def test_training_can_be_interrupted_before_any_line(built, x):
    """As Ctrl-C does: before each line of aelib that a short training executes, at its first and last execution."""
    folder = str(pathlib.Path(aelib.__file__).parent)

    def fit(moment=None):
        """Train, with an interruption at this moment; return the network and the lines executed."""
        network, lines = autoencoder(built=built), []

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
                network.build((None, 4))
            assert_usable(network, x)
        except Exception as error:
            failures.append((*lines[moment], type(error), str(error)[:80]))
    assert failures == []
