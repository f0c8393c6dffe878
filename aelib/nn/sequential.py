"""A network is layers in a row: forward through them, backward through them, and step.

`Sequential` is Keras's class of that name in miniature. Training is one line a verb:
predict, loss, gradient, backward, step.
"""

import itertools
import math

import numpy as np

from aelib.checks import not_negative_integer, positive_integer, real_arrays
from aelib.nn import losses, optimizers
from aelib.nn.activations import Sigmoid
from aelib.nn.batches import ArrayBatches, StreamBatches, as_floating
from aelib.nn.callbacks import CallbackList, History
from aelib.nn.layers import Dense, Input


class Sequential:
    """Layers in a row.

    Parameters
    ----------
    layers : list of Input, Dense or Sequential
        At most one `Input`, in front. A `Sequential` stands for its layers, which are
        shared, not copied: an autoencoder made of an encoder and a decoder trains both.
        Without an `Input` the weights are made when the first data comes.
    rng : numpy.random.Generator, int or None
        Where random weights and the order of the examples come from. `None` draws
        fresh entropy; the global random state is never touched.
    dtype : str or dtype
        The precision in which weights are made, float32 as in Keras or float64.

    Notes
    -----
    Precision follows NumPy's rule of promotion, so nothing is lost: float32 data in a
    float32 network stay float32; float64 data, or weights, make the network float64.

    Examples
    --------
    >>> import numpy as np
    >>> autoencoder = Sequential([Input((4,)), Dense(2, "relu"), Dense(4, "sigmoid")], rng=0)
    >>> autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    >>> x = np.eye(4, dtype="float32")
    >>> history = autoencoder.fit(x, x, epochs=3, batch_size=2, verbose=0)
    >>> autoencoder.predict(x).shape
    (4, 4)
    """

    def __init__(self, layers=(), rng=None, dtype="float32"):
        if np.dtype(dtype) not in (np.dtype("float32"), np.dtype("float64")):
            raise ValueError(f"dtype must be float32 or float64. Received: {dtype!r}.")
        self.rng = np.random.default_rng(rng)
        self.layers = []
        self.optimizer = self.loss = self.history = None
        self.stop_training = False
        self._input_dim = None
        self._dtype = np.dtype(dtype)
        for layer in layers:
            self.add(layer)

    # ------------------------------------------------------------------ structure

    def add(self, layer):
        """Append a layer, all layers of a `Sequential`, or, in front, an `Input`."""
        if isinstance(layer, Sequential):
            if not self.layers and self._input_dim is None:
                self._input_dim = layer._input_dim
            before = len(self.layers)
            try:
                for inner in layer.layers:
                    self.add(inner)
            except ValueError:
                del self.layers[before:]
                raise
        elif isinstance(layer, Input):
            if self.layers or self._input_dim is not None:
                raise ValueError("Input must be the first layer, and the only Input.")
            self._input_dim = layer.shape[0]
        elif isinstance(layer, Dense):
            if any(layer is other for other in self.layers):
                raise ValueError(f"Expected each layer once. Received: layer '{layer.name}' a second time.")
            name = self._unique_name(layer.name or "dense")
            self.layers.append(layer)
            try:
                self._build_from_known_input()
            except ValueError:
                del self.layers[-1]
                raise
            layer.name = name
        else:
            raise TypeError(
                "Expected layers of aelib.nn.layers (Input, Dense) or a Sequential. "
                f"Received: {layer!r} of type {type(layer).__name__}."
            )

    def _unique_name(self, name):
        """`name`, or `name_1`, `name_2`, … where another layer has it already."""
        taken = {layer.name for layer in self.layers}
        numbered = (f"{name}_{i}" if i else name for i in itertools.count())
        return next(candidate for candidate in numbered if candidate not in taken)

    def build(self, input_dim):
        """Make the weights of every layer, for examples of `input_dim` features."""
        before, self._input_dim = self._input_dim, positive_integer("The number of features", input_dim)
        try:
            self._build_from_known_input()
        except ValueError:
            self._input_dim = before
            raise

    def _build_from_known_input(self):
        """Build what is not built yet; a layer that is shared keeps its weights."""
        width = self._input_dim
        for layer in self.layers:
            if layer.built and width is not None and layer.kernel.shape[0] != width:
                raise ValueError(
                    f"Layer '{layer.name}' expected {layer.kernel.shape[0]} inputs. "
                    f"Received: a layer with {width} outputs in front of it."
                )
            if not layer.built and width is not None:
                layer.build(width, self.rng, self.dtype)
            width = layer.units if layer.built else None

    @property
    def built(self):
        """Whether every layer has its weights."""
        return bool(self.layers) and all(layer.built for layer in self.layers)

    @property
    def dtype(self):
        """The precision of the weights, or the one they will be made in."""
        weights = [w for layer in self.layers if layer.built for w in layer.trainable_variables]
        return np.result_type(*weights) if weights else self._dtype

    def astype(self, dtype):
        """Change the precision of every weight array, in place; return the network."""
        self._dtype = np.dtype(dtype)
        for layer in self.layers:
            if layer.built:
                layer.kernel = layer.kernel.astype(dtype, copy=False)
                if layer.use_bias:
                    layer.bias = layer.bias.astype(dtype, copy=False)
        return self

    @property
    def trainable_variables(self):
        """The weight arrays themselves, `[W1, b1, W2, b2, …]`."""
        self._require_layers()
        return [variable for layer in self.layers for variable in layer.trainable_variables]

    @property
    def gradients(self):
        """`[∂C/∂W1, ∂C/∂b1, …]` of the last backward pass, in the order of the variables."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    def get_weights(self):
        """Return copies of all weights, in Keras's order: `[W1, b1, W2, b2, …]`."""
        return [variable.copy() for variable in self.trainable_variables]

    def set_weights(self, weights):
        """Set all weights from arrays in Keras's order, as `get_weights` returns them.

        Raises
        ------
        ValueError
            If the number of arrays or a shape differs; then no weight is changed.
        """
        weights = real_arrays(weights)
        expected = [variable.shape for variable in self.trainable_variables]
        received = [w.shape for w in weights]
        if expected != received:
            raise ValueError(f"Expected weights of shapes {expected}. Received: {received}.")
        for layer in self.layers:
            count = len(layer.trainable_variables)
            layer.set_weights(weights[:count])
            weights = weights[count:]

    def save(self, path):
        """Write the network to one file: see `aelib.nn.saving.save_model`."""
        from aelib.nn.saving import save_model  # not above: saving needs the network

        save_model(self, path)

    def count_params(self):
        """Return the number of weights."""
        self._require_layers()
        return sum(layer.count_params() for layer in self.layers)

    def summary(self):
        """Print one line a layer: its name, its output's shape, its number of weights."""
        self._require_layers()
        for layer in self.layers:
            shape = f"(n, {layer.units})"
            print(f"{layer.name:<12} {shape:<12} {layer.count_params():>10,} parameters")
        print(f"{'total':<12} {'':<12} {self.count_params():>10,} parameters")

    # ------------------------------------------------------- forward and backward

    def forward(self, x, reuse_arrays=False):
        """Return the network's output, keeping in each layer what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (n, features)
        reuse_arrays : bool
            Whether the layers may write into the arrays of the pass before.

        Returns
        -------
        ndarray, shape (n, units of the last layer)
        """
        self._require_layers()
        if not self.built:
            self.build(self._check_batch("x", np.asarray(x)).shape[1])
        for layer in self.layers:
            x = layer.forward(x, reuse_arrays)
        return x

    __call__ = forward

    def backward(self, gradient):
        """Go back through the layers, from `∂C/∂Y` to `∂C/∂X`, setting every gradient.

        Parameters
        ----------
        gradient : ndarray, shape (n, units of the last layer)
            The gradient of the loss with respect to the network's output.

        Returns
        -------
        ndarray, shape (n, features)
        """
        self._require_layers()
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def loss_and_gradients(self, x, y, reuse_arrays=False):
        """Run one forward and one backward pass.

        Parameters
        ----------
        x : ndarray, shape (n, features)
        y : ndarray, shape (n, units of the last layer)
        reuse_arrays : bool
            Whether the gradients may be written into those of the pass before.

        Returns
        -------
        loss : float
            The mean loss of the batch, penalties included.
        gradients : list of ndarray
            In the order of `trainable_variables`.
        """
        self._require_compiled()
        loss, gradient = self._loss_and_its_gradient(y, self.forward(x, reuse_arrays))
        first, last = self.layers[0], self.layers[-1]
        for layer in reversed(self.layers):
            from_delta = layer is last and self._loss_takes_logits()
            backward = layer.backward_from_delta if from_delta else layer.backward
            gradient = backward(gradient, input_gradient=layer is not first)
        return loss + self.penalty(), self.gradients

    def _loss_and_its_gradient(self, y, y_pred):
        """The mean loss, and `∂C/∂Y`, or `∂C/∂Z` where the loss takes the logits."""
        self._check_target(y, y_pred)
        last = self.layers[-1]
        if self._loss_takes_logits():
            out, scratch = (last._array(name, y_pred.shape, y, y_pred) for name in ("loss", "scratch"))
            return losses.sigmoid_crossentropy(y, last.logits, y_pred, out, scratch)
        return self.loss(y, y_pred), self.loss.gradient(y, y_pred)

    def _loss_takes_logits(self):
        """Whether a sigmoid output meets the cross-entropy: then the two are taken together.

        Apart, the sigmoid rounds to 0 or 1 and the logarithm has nothing left to work
        with. Together they need only the logits. Keras does the same.
        """
        return (
            type(self.loss) is losses.BinaryCrossentropy
            and not self.loss.from_logits
            and type(self.layers[-1].activation) is Sigmoid
        )

    def penalty(self):
        """Return the sum of the layers' penalties for the last forward pass."""
        return sum(layer.penalty() for layer in self.layers)

    # ------------------------------------------------------------------- training

    def compile(self, optimizer="rmsprop", loss=None):
        """Say how the network will be trained.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str or Loss
        """
        if loss is None:
            raise ValueError(f"compile needs a loss: expected one of {', '.join(losses.LOSSES)}. Received: None.")
        self.optimizer = optimizers.get(optimizer)
        self.loss = losses.get(loss)

    def train_on_batch(self, x, y):
        """Take one step on one batch; return the loss before the step, a float.

        The step writes into the arrays of the step before: take a copy of a gradient
        that you want to keep.
        """
        loss, gradients = self.loss_and_gradients(x, y, reuse_arrays=True)
        self.optimizer.apply(gradients, self.trainable_variables)
        return loss

    def fit(
        self,
        x,
        y=None,
        batch_size=32,
        epochs=1,
        verbose=1,
        callbacks=None,
        validation_data=None,
        shuffle=True,
        initial_epoch=0,
        steps_per_epoch=None,
    ):
        """Train for some epochs.

        Parameters
        ----------
        x : array_like, shape (n, features), or iterable of (x_batch, y_batch)
            A `numpy.memmap` is read a batch at a time. An iterable of batches takes the
            place of `y`, `batch_size` and `shuffle`.
        y : array_like, shape (n, units of the last layer), or None
            The targets; for an autoencoder, `x` itself. `None` with an iterable of batches.
        batch_size : int or None
            Examples a step; the last batch of an epoch may be smaller. `None` is 32.
        epochs : int
            How many times every example is seen; with an `initial_epoch`, the number of the
            last epoch, as in Keras.
        verbose : {0, 1} or "auto"
            0 is silent; otherwise the progress is one line of text.
        callbacks : list of aelib.nn.callbacks.Callback or None
        validation_data : (x_val, y_val) or None
            Examples that are only looked at, after each epoch.
        shuffle : bool
            Whether the examples come in a new order each epoch.
        initial_epoch : int
            How many epochs were done before, for a training that goes on from a saved
            network: callbacks count on from there. From `epochs` on there is nothing left to do.
        steps_per_epoch : int or None
            How many batches of an iterable make an epoch; `None` is all of them.

        Returns
        -------
        History
            Its `history` maps ``"loss"``, and ``"val_loss"``, to one number an epoch.
            The training loss is the mean over the epoch's examples, each before its step.
            The network keeps it as its attribute `history`.

        Raises
        ------
        RuntimeError
            If the network was not compiled.
        ValueError
            If the data are empty, of the wrong shape, or hold NaN or infinity.
        FloatingPointError
            If the loss stops being a number.
        """
        self._require_compiled()
        epochs = positive_integer("epochs", epochs)
        initial_epoch = not_negative_integer("initial_epoch", initial_epoch)
        batch_size = 32 if batch_size is None else positive_integer("batch_size", batch_size)
        batches = self._batches(x, y, batch_size, shuffle, steps_per_epoch)
        if validation_data is not None:
            validation_data = self._prepare_pair(*validation_data, "x_val", "y_val")

        self.history = History()
        callbacks = CallbackList([self.history, *(callbacks or [])], self, epochs, verbose)
        self.stop_training = False
        callbacks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            logs = {"loss": self._train_one_epoch(batches)}
            if validation_data is not None:
                logs["val_loss"] = self._mean_loss(*validation_data, batch_size)
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        callbacks.on_train_end()
        return self.history

    def _batches(self, x, y, batch_size, shuffle, steps_per_epoch):
        """Where the batches of each epoch come from."""
        if y is None:
            if steps_per_epoch is not None:
                steps_per_epoch = positive_integer("steps_per_epoch", steps_per_epoch)
            return StreamBatches(x, steps_per_epoch)
        if steps_per_epoch is not None:
            raise ValueError(
                "steps_per_epoch goes with an iterable of batches: expected None beside arrays x and y. "
                f"Received: {steps_per_epoch!r}."
            )
        x, y = self._prepare_pair(x, y, "x", "y")
        return ArrayBatches(x, y, batch_size, shuffle, self.rng, self.dtype)

    def _train_one_epoch(self, batches):
        """Take a step on every batch; return the mean loss of their examples."""
        total, count = 0.0, 0
        for x, y in batches.epoch():
            if isinstance(batches, StreamBatches):  # what comes from outside is checked as it comes
                x, y = self._prepare_pair(x, y, "x", "y")
                x, y = as_floating(x, self.dtype), as_floating(y, self.dtype)
            loss = self.train_on_batch(x, y)
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"The loss became {loss} at step {self.optimizer.iterations}: expected a finite number. "
                    f"The learning rate, {self.optimizer.learning_rate}, is probably too large."
                )
            total += loss * len(x)
            count += len(x)
        return total / count

    def evaluate(self, x, y, batch_size=32, verbose=0):
        """Return the mean loss on data, penalties included, without training.

        Parameters
        ----------
        x : array_like, shape (n, features)
        y : array_like, shape (n, units of the last layer)
        batch_size : int or None
            Examples at a time; `None` is 32.
        verbose : int
            Taken for Keras's sake; nothing is printed.
        """
        self._require_compiled()
        batch_size = 32 if batch_size is None else positive_integer("batch_size", batch_size)
        return self._mean_loss(*self._prepare_pair(x, y, "x", "y", follow=False), batch_size)

    def _mean_loss(self, x, y, batch_size):
        total = 0.0
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            x_batch, y_batch = (as_floating(data[rows], self.dtype) for data in (x, y))
            loss, _ = self._loss_and_its_gradient(y_batch, self.forward(x_batch, reuse_arrays=True))
            total += (loss + self.penalty()) * len(x_batch)
        return total / len(x)

    def predict(self, x, batch_size=32, verbose=0):
        """Return the network's output for all of `x`, a batch at a time.

        Parameters
        ----------
        x : array_like, shape (n, features)
        batch_size : int or None
            Examples at a time; `None` is 32.
        verbose : int
            Taken for Keras's sake; nothing is printed.

        Returns
        -------
        ndarray, shape (n, units of the last layer)
        """
        self._require_layers()
        batch_size = 32 if batch_size is None else positive_integer("batch_size", batch_size)
        x = self._prepare("x", x)
        batches = (x[start : start + batch_size] for start in range(0, len(x), batch_size))
        return np.concatenate([self.forward(as_floating(batch, self.dtype)) for batch in batches])

    # --------------------------------------------------------------------- checks

    def _prepare_pair(self, x, y, x_name, y_name, follow=True):
        """Check inputs and targets; `y is x` stays so, to be looked at once."""
        prepared_x = self._prepare(x_name, x)
        prepared_y = prepared_x if y is x else self._prepare(y_name, y)
        if len(prepared_x) != len(prepared_y):
            raise ValueError(
                f"Expected as many targets as inputs: {x_name} has {len(prepared_x)} rows. "
                f"Received: {y_name} with {len(prepared_y)} rows."
            )
        dtype = np.result_type(self.dtype, *(a for a in (prepared_x, prepared_y) if a.dtype.kind == "f"))
        if follow and dtype != self.dtype:
            self.astype(dtype)
        if not self.built:
            self.build(prepared_x.shape[1])
        return prepared_x, prepared_y

    def _prepare(self, name, array):
        """Return data as an array of shape (n, features), or say what is wrong with it."""
        array = self._check_batch(name, np.asarray(array))
        if array.dtype.kind in "biu":
            return array
        if array.dtype.kind != "f":
            raise ValueError(f"{name} must hold numbers. Received: dtype {array.dtype}.")
        with np.errstate(over="ignore", invalid="ignore"):
            suspicious = not np.isfinite(array.sum())  # one pass, and no array of booleans is made
        if suspicious and (bad := int(np.count_nonzero(~np.isfinite(array)))):
            raise ValueError(f"{name} must be finite. Received: {bad} values that are NaN or infinite.")
        return array

    @staticmethod
    def _check_batch(name, array):
        if np.ndim(array) != 2 or len(array) == 0 or array.shape[1] == 0:
            raise ValueError(
                f"{name} must be a matrix of shape (n, features) with at least one row. "
                f"Received: shape {np.shape(array)}."
            )
        return array

    @staticmethod
    def _check_target(y, y_pred):
        if np.shape(y) != y_pred.shape:
            raise ValueError(
                f"Expected targets of the shape of the network's output, {y_pred.shape}. Received: shape {np.shape(y)}."
            )

    def _require_layers(self):
        if not self.layers:
            raise RuntimeError("This network has no layers: expected at least one Dense. Received: none.")

    def _require_compiled(self):
        self._require_layers()
        if self.loss is None:
            raise RuntimeError("This network is not compiled: call compile(optimizer=…, loss=…) first.")
