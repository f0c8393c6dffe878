"""`Sequential`: a stack of layers, with a forward pass, a backward pass and training.

It is a small version of the Keras class of that name. A network uses only what `Layer` promises. It is itself a
layer, so an encoder and a decoder can be the two layers of an autoencoder.
"""

import itertools
import math
import re

import numpy as np

from aelib.checks import fraction, not_negative_integer, positive_integer
from aelib.nn import archive, losses, optimizers, utils
from aelib.nn.batches import ArrayBatches, StreamBatches
from aelib.nn.callbacks import CallbackList, History
from aelib.nn.layers import LAYERS, Input, Layer
from aelib.nn.layers.layer import precision, shown
from aelib.nn.memory import reused
from aelib.nn.not_here import refuse_arguments


class Sequential(Layer):
    """A stack of layers.

    Parameters
    ----------
    layers : list of Layer and Input, or None
        At most one `Input`, which comes first. A layer that is a network is shared, not copied: an autoencoder made
        of an encoder and a decoder trains both. Without an `Input` the weights are made from the first data.
    trainable : bool
        Whether training changes the weights.
    name : str or None
    rng : numpy.random.Generator, int, sequence of int or None
        The source of random weights, of noise, and of the order of the examples. Keras has no such argument. `None`
        uses the generator of `aelib.nn.utils.set_random_seed` or, if no seed was set, fresh entropy.
    dtype : {"float32", "float64"} or None
        The precision of the weights; data are converted to it. `None` uses that of the first layer or, if the
        network has no weights yet, of the network it becomes a part of. The default is float32, as in Keras.

    Examples
    --------
    >>> import numpy as np
    >>> import aelib.nn as keras
    >>> layers = [keras.Input((4,)), keras.layers.Dense(2, "relu"), keras.layers.Dense(4, "sigmoid")]
    >>> autoencoder = keras.Sequential(layers, rng=0)
    >>> autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
    >>> x = np.eye(4, dtype="float32")
    >>> history = autoencoder.fit(x, x, epochs=3, batch_size=2, verbose=0)
    >>> autoencoder.predict(x).shape
    (4, 4)
    """

    def __init__(self, layers=None, trainable=True, name=None, *, rng=None, dtype=None):
        self.layers = []
        super().__init__(name, dtype, trainable)
        self.rng = None if rng is None else utils.generator(rng)
        self.optimizer = self.loss = self.history = None
        self.stop_training = False
        for layer in layers or ():
            self.add(layer)

    @property
    def trainable(self):
        """Whether training changes the weights. Setting it also sets it for every layer, as in Keras."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable):
        self._trainable = trainable
        for layer in self.layers:
            layer.trainable = trainable

    # ------------------------------------------------------------------ structure

    def add(self, layer):
        """Append a layer, or start with an `Input`. If it does not fit, the network stays as it was."""
        if isinstance(layer, Input):
            if self.layers or self.input_shape is not None:
                raise ValueError("Input must be the first layer, and the only Input.")
            self.input_shape = (None, *layer.shape)
            return
        if not isinstance(layer, Layer):
            raise TypeError(
                "Expected layers of aelib.nn.layers, or a Sequential. "
                f"Received: {layer!r} of type {type(layer).__name__}."
            )
        inside = {id(each) for each in every_layer(self)}
        twice = [each._shown_name for each in every_layer(layer) if id(each) in inside]
        if twice:  # its second forward pass would overwrite what the first one kept
            raise ValueError(f"Expected each layer once. Received: layer '{twice[0]}' a second time.")
        name = self._name_for(layer)
        before = self.input_shape, self.dtype, self.rng, layer.rng, layer.dtype
        if not self.layers:
            self.dtype = self.dtype or layer.dtype
            self.input_shape = self.input_shape or layer.input_shape  # that of a nested network with an Input
        self.layers.append(layer)
        try:
            if self.input_shape is not None:
                self._build_layers(self.input_shape)
        except BaseException:  # a user-defined layer may raise anything
            del self.layers[-1]
            self.input_shape, self.dtype, self.rng, layer.rng, layer.dtype = before
            raise
        layer.name = name

    def _name_for(self, layer):
        """The layer's name or, if it has none, its kind, with a number if that name is taken."""
        taken = {other.name for other in self.layers}
        own = layer.name
        if own is not None and own not in taken:
            return own
        if own is not None and not is_numbered(own, kind_of(layer)):
            raise ValueError(f"Expected layers of different names. Received: a second layer called '{own}'.")
        numbered = (f"{kind_of(layer)}_{i}" if i else kind_of(layer) for i in itertools.count())
        return next(candidate for candidate in numbered if candidate not in taken)

    def build(self, input_shape):
        """Make the weights of every layer.

        Parameters
        ----------
        input_shape : tuple
            The shape of a batch, with `None` for the number of examples: ``(None, features)``.

        Raises
        ------
        ValueError
            If a layer cannot take the output of the layer before it, or was built for another shape.
        """
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 2:
            raise ValueError(f"build expected the shape of a batch, (None, features). Received: {input_shape!r}.")
        shape = (None, *(positive_integer("A size of the shape", size) for size in input_shape[1:]))
        if self.input_shape is not None and shape != self.input_shape:
            raise ValueError(
                f"Expected batches of shape {shown(self.input_shape)}, for which this network was built. "
                f"Received: {shown(shape)}."
            )
        self._build_layers(shape)
        self.input_shape = shape

    build_for = build

    def _build_layers(self, shape):
        """Build the layers that are not built yet; a shared layer keeps its weights."""
        generator = self.generator  # fixed from now on, even if no layer needs it
        for layer in self.layers:
            if layer.dtype is None:
                layer.dtype = self.dtype or "float32"
            if layer.rng is None:
                layer.rng = generator
            layer.build_for(shape)
            shape = layer.compute_output_shape(shape)
            self.dtype = self.dtype or layer.dtype  # the first layer may have been built earlier

    def compute_output_shape(self, input_shape):
        """Return the shape of the output, ``(None, …)``, for batches of shape `input_shape`."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def output_shape(self):
        """The shape of the output, ``(None, …)``, of a network that is built."""
        self._require_built()
        return self.compute_output_shape(self.input_shape)

    @property
    def built(self):
        """Whether every layer has its weights."""
        return bool(self.layers) and all(layer.built for layer in self.layers)

    def get_layer(self, name=None, index=None):
        """Return the layer with this name or at this index.

        Raises
        ------
        ValueError
            If there is no such layer, or not exactly one of `name` and `index` is given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer expected a name or an index. Received: name={name!r}, index={index!r}.")
        n = len(self.layers)
        found = [layer for i, layer in enumerate(self.layers) if layer.name == name or index in (i, i - n)]
        if not found:
            raise ValueError(
                f"Expected one of {[layer.name for layer in self.layers]}, or an index from 0 to "
                f"{n - 1}. Received: {name if index is None else index!r}."
            )
        return found[0]

    def astype(self, dtype):
        """Change the precision of every weight array; return the network."""
        self.dtype = precision(dtype)
        for layer in self.layers:
            layer.astype(dtype)
        return self

    @property
    def trainable_variables(self):
        """The weight arrays themselves, not copies: `[W1, b1, W2, b2, …]`."""
        return [v for layer in self.layers for v in layer.trainable_variables] if self.trainable else []

    @property
    def gradients(self):
        """`[∂C/∂W1, ∂C/∂b1, …]` of the last backward pass, in the order of the variables."""
        return [g for layer in self.layers for g in layer.gradients] if self.trainable else []

    @property
    def variables(self):
        """All weight arrays by name, such as ``"dense/kernel"``."""
        named = [(f"{layer.name}/{name}", v) for layer in self.layers for name, v in layer.variables.items()]
        if len(dict(named)) < len(named):
            raise ValueError(
                "Expected layers of different names. Received: "
                f"{[layer.name for layer in self.layers]}. Another network that shares one of them has renamed it: "
                "give each layer a name."
            )
        return dict(named)

    @property
    def weights(self):
        """All weight arrays, in Keras's order."""
        return [variable for layer in self.layers for variable in layer.weights]

    def summary(self):
        """Print one line per layer: its name, the shape of its output, and its number of parameters."""
        self._require_built()
        shape, rows = self.input_shape, []
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
            rows.append((layer.name, shown(shape), layer.count_params()))
        rows.append(("total", "", self.count_params()))
        names, shapes = (max(len(row[column]) for row in rows) for column in (0, 1))
        for name, shape, count in rows:
            print(f"{name:<{max(names, 12)}} {shape:<{max(shapes, 12)}} {count:>10,} parameters")

    # ------------------------------------------------------- forward and backward

    def forward(self, x, training=False):
        """Return the network's output; each layer keeps what its `backward` needs.

        Parameters
        ----------
        x : array_like, shape (n, …)
        training : bool
            Whether this is a training step: dropout and noise are active, and normalisation uses batch statistics.

        Returns
        -------
        ndarray, shape (n, …)
        """
        self._require_layers()
        x = np.asarray(x, dtype=self.dtype or "float32")
        if not self.built:
            self.build((None, *self._check_batch("x", x).shape[1:]))
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    __call__ = forward

    def backward(self, gradient):
        """Return `∂C/∂X`, and set the gradients of all weights, given `∂C/∂Y`.

        Parameters
        ----------
        gradient : ndarray, of the shape of the last output
            The gradient of the loss with respect to the network's output.

        Returns
        -------
        ndarray, of the shape of the last input
        """
        self._require_layers()
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def backward_from_delta(self, delta, input_gradient=True):
        """Do the same as `backward`, given the error signal `∂C/∂Z` of the last layer."""
        first, *others = self.layers
        if not others:
            return first.backward_from_delta(delta, input_gradient)
        gradient = others[-1].backward_from_delta(delta)
        for layer in reversed(others[:-1]):
            gradient = layer.backward(gradient)
        return first.backward(gradient) if input_gradient else first.backward_to_weights(gradient)

    def backward_to_weights(self, gradient):
        """Set the gradients of all weights, as `backward` does, without computing `∂C/∂X`."""
        for layer in reversed(self.layers[1:]):
            gradient = layer.backward(gradient)
        self.layers[0].backward_to_weights(gradient)

    @property
    def output_activation(self):
        """The pre-activations and the activation function of the last layer, or `None`."""
        return self.layers[-1].output_activation

    def loss_and_gradients(self, x, y, training=True):
        """Run one forward and one backward pass.

        Parameters
        ----------
        x : array_like, shape (n, …)
        y : array_like, of the shape of the output
        training : bool
            Whether to run the passes as in a training step.

        Returns
        -------
        loss : float
            The mean loss of the batch, including penalties.
        gradients : list of ndarray
            In the order of `trainable_variables`.
        """
        self._require_compiled()
        y, y_pred = self._cast(y), self.forward(x, training)
        loss, delta = self._loss_with_delta(y, y_pred)
        if delta is not None:
            self.backward_from_delta(delta, input_gradient=False)
        else:
            self.backward_to_weights(self.loss.gradient(y, y_pred))
        return loss + self.penalty(), self.gradients

    def _loss_with_delta(self, y, y_pred):
        """Return the mean loss, and `∂C/∂Z` if the loss can be combined with the output's activation, else `None`.

        Computed separately, the sigmoid may round to 0 or 1 before the logarithm is taken. The combined formula
        needs only the logits and loses nothing. Keras does the same.
        """
        self._check_target(y, y_pred)
        output = self.output_activation
        if output is not None:
            out, scratch = (self._buffers.out(name, y_pred.shape, y_pred.dtype) for name in ("delta", "scratch"))
            together = self.loss.with_delta(y, y_pred, *output, out=out, scratch=scratch)
            if together is not None:
                return together
        return self.loss(y, y_pred), None

    def compute_loss(self, x=None, y=None, y_pred=None):
        """Return the mean loss of predictions, including penalties, like the Keras method of this name.

        Parameters
        ----------
        x : ndarray or None
            Not used, accepted as in Keras; the penalties are those of the last forward pass.
        y, y_pred : ndarray, of the shape of the output
        """
        self._require_compiled()
        return self._loss_with_delta(self._cast(y), self._cast(y_pred))[0] + self.penalty()

    def penalty(self):
        """Return the sum of the layers' penalties, a float, for the last forward pass."""
        return sum(layer.penalty() for layer in self.layers)

    # ------------------------------------------------------------------- training

    def compile(self, optimizer="rmsprop", loss=None, **not_here):
        """Set the optimizer and the loss.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str or Loss
        **not_here
            Keras's other arguments are refused, such as `metrics`, or have no effect, such as `jit_compile`.
        """
        refuse_arguments("compile", not_here)
        if loss is None:
            raise ValueError(f"compile needs a loss: expected one of {', '.join(losses.LOSSES)}. Received: None.")
        optimizer, loss = optimizers.get(optimizer), losses.get(loss)
        self.optimizer, self.loss = optimizer, loss

    def train_on_batch(self, x, y):
        """Take one training step on one batch; return the loss before the step, a float.

        Each step overwrites the gradients of the previous step: copy a gradient that you want to keep.
        """
        with reused():
            loss, gradients = self.loss_and_gradients(x, y)
            self.optimizer.apply(gradients, self.trainable_variables)
        return loss

    def fit(
        self,
        x,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        *,
        initial_epoch=0,
        steps_per_epoch=None,
        **not_here,
    ):
        """Train for a number of epochs.

        Parameters
        ----------
        x : array_like, shape (n, …), or iterable of (x_batch, y_batch)
            A `numpy.memmap` is read one batch at a time. An iterable of batches replaces `y`, `batch_size` and
            `shuffle`.
        y : array_like, shape (n, …), or None
            The targets; for an autoencoder, `x` itself. `None` with an iterable of batches.
        batch_size : int or None
            Examples per step; the last batch of an epoch may be smaller. `None` is 32.
        epochs : int
            The number of passes over the data; with an `initial_epoch`, the number of the last epoch, as in Keras.
        verbose : {0, 1, 2} or "auto"
            0 prints nothing; any other value prints one line, which is updated after each epoch.
        callbacks : Callback, list of Callback or None
        validation_split : float
            In [0, 1): the fraction of the examples, taken from the end, that is held out for validation.
        validation_data : (x_val, y_val) or None
            Data on which the loss is evaluated after each epoch; replaces `validation_split`.
        shuffle : bool
            Whether to draw a new order of the examples for each epoch.
        initial_epoch : int
            The number of epochs already done, to resume the training of a saved network. Callbacks count from
            there. If it is at least `epochs`, there is no training.
        steps_per_epoch : int or None
            The number of batches of an iterable that make an epoch; `None` is all of them.
        **not_here
            Keras's other arguments are refused, such as `sample_weight`.

        Returns
        -------
        History
            Its `history` maps ``"loss"`` and ``"val_loss"`` to a list with one number per epoch. The training loss
            is the mean over the epoch's examples, each evaluated before its step. It is also the attribute
            `history` of the network.

        Raises
        ------
        RuntimeError
            If the network was not compiled.
        ValueError
            If the data are empty, have the wrong shape, lie outside the domain of the loss, or hold NaN or infinity.
        FloatingPointError
            If the loss becomes NaN or infinite.
        """
        refuse_arguments("fit", not_here)
        self._require_compiled()
        epochs = positive_integer("epochs", epochs)
        initial_epoch = not_negative_integer("initial_epoch", initial_epoch)
        batch_size = self._batch_size(batch_size)
        validation_split = fraction("validation_split", validation_split)
        if validation_data is not None:
            validation_split = 0.0
        batches, held_out = self._batches(x, y, batch_size, shuffle, steps_per_epoch, validation_split)
        if validation_data is not None:
            held_out = self._prepare_pair(*pair_of("validation_data", validation_data), "x_val", "y_val")

        self.history = History()
        callbacks = CallbackList(callbacks, self, epochs, verbose, self.history)
        self.stop_training = False
        callbacks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            logs = {"loss": self._train_one_epoch(batches)}
            if held_out is not None:
                logs["val_loss"] = self._mean_loss(*held_out, batch_size)
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        callbacks.on_train_end()
        return self.history

    def _batches(self, x, y, batch_size, shuffle, steps_per_epoch, validation_split):
        """Return the source of the batches, and the pair that `validation_split` holds out, or `None`."""
        if y is None:
            if validation_split:
                raise ValueError(
                    "validation_split goes with arrays x and y: expected 0 with an iterable of batches. "
                    f"Received: {validation_split!r}."
                )
            if steps_per_epoch is not None:
                steps_per_epoch = positive_integer("steps_per_epoch", steps_per_epoch)
            return StreamBatches(x, steps_per_epoch), None
        if steps_per_epoch is not None:
            raise ValueError(
                "steps_per_epoch goes with an iterable of batches: expected None beside arrays x and y. "
                f"Received: {steps_per_epoch!r}."
            )
        x, y = self._prepare_pair(x, y, "x", "y")
        held_out = None
        if validation_split:
            trained = math.floor(len(x) * (1 - validation_split))  # as Keras rounds
            if not 0 < trained < len(x):
                raise ValueError(
                    f"validation_split expected a fraction that leaves examples on both sides of {len(x)}. "
                    f"Received: {validation_split!r}."
                )
            held_out = x[trained:], y[trained:]
            x, y = x[:trained], x[:trained] if y is x else y[:trained]
        return ArrayBatches(x, y, batch_size, shuffle, self.generator, self.dtype or "float32"), held_out

    def _train_one_epoch(self, batches):
        """Take one step per batch; return the mean loss over the examples of the epoch."""
        total, count = 0.0, 0
        for x, y in batches.epoch():
            if isinstance(batches, StreamBatches):  # arrays were checked before the first epoch
                x, y = self._prepare_pair(x, y, "x", "y")
                x, y = self._cast(x), self._cast(y)
            loss = self.train_on_batch(x, y)
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"The loss became {loss} at step {self.optimizer.iterations}: expected a finite number. "
                    f"The learning rate, {self.optimizer.learning_rate}, is probably too large."
                )
            total += loss * len(x)
            count += len(x)
        return total / count

    def evaluate(self, x, y, batch_size=None, verbose="auto", **not_here):
        """Return the mean loss on data, a float, including penalties, without training.

        Parameters
        ----------
        x : array_like, shape (n, …)
        y : array_like, of the shape of the output
        batch_size : int or None
            Examples per batch; `None` is 32.
        verbose : int or str
            Accepted as in Keras; nothing is printed.
        **not_here
            Keras's other arguments are refused, such as `sample_weight`.
        """
        refuse_arguments("evaluate", not_here)
        self._require_compiled()
        return self._mean_loss(*self._prepare_pair(x, y, "x", "y"), self._batch_size(batch_size))

    def _mean_loss(self, x, y, batch_size):
        total = 0.0
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            x_batch, y_batch = self._cast(x[rows]), self._cast(y[rows])
            with reused():
                loss, _ = self._loss_with_delta(y_batch, self.forward(x_batch))
            total += (loss + self.penalty()) * len(x_batch)
        return total / len(x)

    def predict(self, x, batch_size=None, verbose="auto", **not_here):
        """Return the network's output for all of `x`, computed in batches.

        Parameters
        ----------
        x : array_like, shape (n, …)
        batch_size : int or None
            Examples per batch; `None` is 32.
        verbose : int or str
            Accepted as in Keras; nothing is printed.
        **not_here
            Keras's other arguments are refused, such as `steps`.

        Returns
        -------
        ndarray, shape (n, …)
        """
        refuse_arguments("predict", not_here)
        self._require_layers()
        batch_size = self._batch_size(batch_size)
        x = self._prepare("x", x)
        return np.concatenate([self.forward(x[start : start + batch_size]) for start in range(0, len(x), batch_size)])

    # --------------------------------------------------------------------- saving

    def get_config(self):
        """Return the layers and the settings of the network, without its weights."""
        return {
            "layers": [layer.identifier() for layer in self.layers],
            "input_shape": self.input_shape,
            "name": self.name,
            "dtype": self.dtype,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, rng=None):
        """Return a new network from the result of `get_config`, with new weights drawn from `rng`."""
        network = cls(trainable=config["trainable"], name=config["name"], dtype=config["dtype"], rng=rng)
        if config["input_shape"] is not None:
            network.add(Input(tuple(config["input_shape"][1:])))
        for layer in config["layers"]:
            kind = layer["class_name"]
            if kind == "Sequential":
                network.add(cls.from_config(layer["config"], network.generator))
            elif kind in LAYERS:
                network.add(LAYERS[kind].from_config(layer["config"]))
            else:
                raise ValueError(f"Unknown layer: expected one of {', '.join(sorted(LAYERS))}. Received: {kind!r}.")
        return network

    @property
    def generators(self):
        """The random generators of the network and of all layers in it, in order; most are the same object."""
        return [self.rng, *(rng for layer in self.layers for rng in layer.generators)]

    @generators.setter
    def generators(self, generators):
        self.rng, *generators = generators
        for layer in self.layers:
            count = len(layer.generators)
            layer.generators, generators = generators[:count], generators[count:]

    def save(self, path):
        """Save the network to one file, from which `aelib.nn.models.load_model` restores it.

        The file holds the layers, the weights, the state of the random generators and, if the network is compiled,
        its loss and its optimizer with the optimizer's state. Training can therefore resume bit for bit as if it
        had never stopped. The file is written completely or not at all: if saving is interrupted, an earlier file
        stays as it was. A layer shared by two networks becomes two layers once both have been saved and loaded.
        Callbacks, the history and the position in a stream of batches are not saved.

        Parameters
        ----------
        path : str or os.PathLike
            The name of the file, with any or no extension. An existing file is replaced.

        Raises
        ------
        RuntimeError
            If the network is not built.
        TypeError
            If a part is an object of a user-defined class, whose code cannot be saved, or a setting is not finite.
        ValueError
            If the optimizer belongs to another network, or if `path` is not a regular file.
        FileNotFoundError
            If the folder does not exist.
        """
        archive.save(self, path)

    def save_weights(self, path):
        """Save the weights to one file, under the names of the layers."""
        archive.save_weights(self, path)

    def load_weights(self, path):
        """Load weights that `save_weights` or `save` wrote for a network with the same layers."""
        archive.load_weights(self, path)

    # --------------------------------------------------------------------- checks

    def _batch_size(self, batch_size):
        return 32 if batch_size is None else positive_integer("batch_size", batch_size)

    def _cast(self, array):
        """Return data in the precision of the network."""
        return np.asarray(array, dtype=self.dtype or "float32")

    def _prepare_pair(self, x, y, x_name, y_name):
        """Check inputs and targets, and build the network; if `y is x`, the data are checked only once."""
        prepared_x = self._prepare(x_name, x)
        prepared_y = prepared_x if y is x else self._prepare(y_name, y)
        if len(prepared_x) != len(prepared_y):
            raise ValueError(
                f"Expected as many targets as inputs: {x_name} has {len(prepared_x)} rows. "
                f"Received: {y_name} with {len(prepared_y)} rows."
            )
        if not self.built:
            self.build((None, *prepared_x.shape[1:]))
        self.loss.check_targets(prepared_y)
        return prepared_x, prepared_y

    def _prepare(self, name, array):
        """Return data as an array of shape (n, …); raise `ValueError` if they are not a batch of finite numbers."""
        if isinstance(array, np.ma.MaskedArray):
            raise ValueError(f"{name} must be an array without a mask. Received: a masked array; call filled() first.")
        array = self._check_batch(name, np.asarray(array))
        if array.dtype.kind in "biu":
            return array
        if array.dtype.kind != "f":
            raise ValueError(f"{name} must hold numbers. Received: dtype {array.dtype}.")
        with np.errstate(over="ignore", invalid="ignore"):
            suspicious = not np.isfinite(array.sum())  # one pass, without an array of booleans
        if suspicious and (bad := int(np.count_nonzero(~np.isfinite(array)))):
            raise ValueError(f"{name} must be finite. Received: {bad} values that are NaN or infinite.")
        network = np.finfo(self.dtype or "float32")
        if array.dtype.itemsize > network.dtype.itemsize and max(array.max(), -array.min()) > network.max:
            raise ValueError(
                f"{name} must be in the range of {network.dtype}, up to {network.max:.1e}. "
                f"Received: values from {array.min():.1e} to {array.max():.1e}."
            )
        return array

    @staticmethod
    def _check_batch(name, array):
        if np.ndim(array) < 2 or array.size == 0:
            raise ValueError(
                f"{name} must be a batch of shape (n, features) with at least one row. "
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
            raise RuntimeError("This network has no layers: expected at least one. Received: none.")

    def _require_built(self):
        self._require_layers()
        for layer in self.layers:
            layer._require_built()

    def _require_compiled(self):
        self._require_layers()
        if self.loss is None:
            raise RuntimeError("This network is not compiled: call compile(optimizer=…, loss=…) first.")


def every_layer(layer):
    """Yield a layer and, if it is a network, all layers in it."""
    yield layer
    for inner in getattr(layer, "layers", ()):
        yield from every_layer(inner)


def kind_of(layer):
    """Return Keras's default name for a layer, its class in snake case: ``"batch_normalization"``, ``"conv2d"``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", type(layer).__name__).lower()


def is_numbered(name, kind):
    """Return whether a name is one that a network assigns by default: ``"dense"``, ``"dense_1"``, …"""
    return name == kind or (name.startswith(f"{kind}_") and name[len(kind) + 1 :].isdecimal())


def pair_of(name, value):
    """Return `value` if it is a pair of inputs and targets; raise `ValueError` otherwise."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        length = f" of length {len(value)}" if isinstance(value, (tuple, list)) else ""
        raise ValueError(
            f"{name} expected a pair (x, y), without sample weights. Received: a {type(value).__name__}{length}."
        )
    return value
