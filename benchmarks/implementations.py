"""Implementations: one way each of training an autoencoder for an epoch.

An implementation is made ready once: built, compiled, warmed up by two steps, a whole batch and the
smaller last one, so that nothing is compiled later. Then it trains an epoch whenever it is
asked. All start from the same weights, shuffle the images anew each epoch, take a step on
the smaller last batch as well, and return the mean loss over the images. They import
their framework only when they are made.
"""

import numpy as np

from benchmarks.architectures import starting_weights


class Implementation:
    """Base class.

    Parameters
    ----------
    units : tuple of int
        The widths of the autoencoder, from the input to the output.
    images : ndarray, shape (n, units[0]), float32
    batch_size : int

    Attributes
    ----------
    label : str
        Its name in the table.
    module : str
        What must be installed for it.
    only : tuple of str or None
        The architectures that it runs, if not all.
    loss : str or None
        What its loss is, if it has one.
    note : str
        What a reader of the table must know.
    """

    label = module = note = ""
    only = None
    loss = "binary cross-entropy"

    def __init__(self, units, images, batch_size):
        self.units, self.images, self.batch_size = units, images, min(batch_size, len(images))
        self.weights = starting_weights(units)
        self.prepare()

    @property
    def warmup_images(self):
        """A whole batch and the smaller last one."""
        return self.images[: self.batch_size + len(self.images) % self.batch_size]

    def prepare(self):
        """Build, compile, warm up."""
        raise NotImplementedError

    def epoch(self):
        """Train for one epoch; return the mean loss, a float, or None if there is none."""
        raise NotImplementedError

    def timed_epoch(self, clock):
        """Return the seconds of an epoch, by `clock`, and its loss."""
        start = clock()
        loss = self.epoch()
        return clock() - start, loss


class Floor(Implementation):
    """The matrix products of an epoch, in their order, with outputs that exist beforehand; nothing else."""

    label = "the matrix products alone (the floor)"
    module = "numpy"
    loss = None

    def prepare(self):
        self.kernels = self.weights[::2]
        self.outputs = [np.empty((self.batch_size, width), "float32") for width in self.units[1:]]
        self.deltas = [np.empty_like(output) for output in self.outputs]
        self.deltas[-1][:] = 1.0
        self.gradients = [np.empty_like(kernel) for kernel in self.kernels]
        self.step(self.images[: self.batch_size])

    def epoch(self):
        for start in range(0, len(self.images), self.batch_size):
            self.step(self.images[start : start + self.batch_size])

    def step(self, batch):
        rows = len(batch)
        inputs = [batch, *(output[:rows] for output in self.outputs)]
        deltas = [delta[:rows] for delta in self.deltas]
        for layer, kernel in enumerate(self.kernels):
            np.matmul(inputs[layer], kernel, out=inputs[layer + 1])  # X W
        for layer in reversed(range(len(self.kernels))):
            np.matmul(inputs[layer].T, deltas[layer], out=self.gradients[layer])  # Xᵀ Δ
            if layer:
                np.matmul(deltas[layer], self.kernels[layer].T, out=deltas[layer - 1])  # Δ Wᵀ


class BareCalls(Implementation):
    """What `aelib` calls in NumPy in a step, and nothing around it: no layers, no checks, no callbacks.

    All weights lie in one vector, and all gradients in another, so that Adam has one array each.
    The distance from here to `NumPy` is what its classes cost.
    """

    label = "NumPy, the bare calls of a step"
    module = "numpy"

    def prepare(self):
        from aelib.nn.activations import ReLU, Sigmoid
        from aelib.nn.losses import sigmoid_crossentropy
        from aelib.nn.optimizers import Adam

        self.loss_and_delta, self.optimizer = sigmoid_crossentropy, Adam()
        self.activations = [ReLU()] * (len(self.units) - 2) + [Sigmoid()]
        self.rng = np.random.default_rng(0)
        self.variables = np.concatenate([w.reshape(-1) for w in self.weights])
        self.gradients = np.empty_like(self.variables)
        self.kernels, self.biases = self.views(self.variables)
        self.kernel_gradients, self.bias_gradients = self.views(self.gradients)
        self.batch, self.scratch = (np.empty((self.batch_size, self.units[0]), "float32") for _ in range(2))
        self.z, self.outputs, self.deltas = (
            [np.empty((self.batch_size, width), "float32") for width in self.units[1:]] for _ in range(3)
        )
        self.train(np.arange(len(self.warmup_images)))

    def views(self, vector):
        """The kernels and the biases in a vector that holds them one behind the other."""
        ends = np.cumsum([w.size for w in self.weights])[:-1]
        views = [part.reshape(w.shape) for part, w in zip(np.split(vector, ends), self.weights)]
        return views[::2], views[1::2]

    def epoch(self):
        return self.train(self.rng.permutation(len(self.images))) / len(self.images)

    def train(self, order):
        """Take a step on each batch of that order; return the sum of the losses."""
        batches = range(0, len(order), self.batch_size)
        return sum(self.step(order[start : start + self.batch_size]) for start in batches)

    def step(self, numbers):
        """Take one step; return the batch's loss, summed over its images."""
        n, layers = len(numbers), range(len(self.kernels))
        inputs = [np.take(self.images, numbers, axis=0, out=self.batch[:n], mode="clip")]
        for layer in layers:
            z = np.matmul(inputs[layer], self.kernels[layer], out=self.z[layer][:n])
            z += self.biases[layer]
            inputs.append(self.activations[layer](z, out=self.outputs[layer][:n]))
        loss, delta = self.loss_and_delta(inputs[0], z, inputs[-1], self.deltas[-1][:n], self.scratch[:n])
        for layer in reversed(layers):
            np.matmul(inputs[layer].T, delta, out=self.kernel_gradients[layer])
            np.sum(delta, axis=0, out=self.bias_gradients[layer])
            if layer:
                delta = np.matmul(delta, self.kernels[layer].T, out=self.deltas[layer - 1][:n])
                delta *= inputs[layer] > 0
        self.optimizer.apply([self.gradients], [self.variables])
        return n * loss


class Fit(Implementation):
    """An implementation with Keras's `fit`: what is timed is the epoch inside it, not what a call prepares.

    `prepare` calls `prepare_with`, which does the rest.
    """

    def prepare_with(self, keras, compile_options, **options):
        """Build and compile a `Sequential` of `keras`, or of what has its names, and warm up."""
        *hidden, last = self.units[1:]
        layers = [keras.layers.Dense(width, activation="relu") for width in hidden]
        layers.append(keras.layers.Dense(last, activation="sigmoid"))
        self.model = keras.Sequential([keras.layers.Input(self.units[:1]), *layers], **options)
        self.model.set_weights(self.weights)
        self.model.compile("adam", "binary_crossentropy", **compile_options)
        self.callback_class = keras.callbacks.Callback
        self.fit_arguments = self.arguments_for(self.warmup_images)
        self.epoch()
        self.fit_arguments = self.arguments_for(self.images)

    def arguments_for(self, images):
        """What `fit` is called with, in order and by name."""
        return (images, images), {"batch_size": self.batch_size}

    def epoch(self, callbacks=()):
        arguments, options = self.fit_arguments
        history = self.model.fit(*arguments, **options, epochs=1, verbose=0, callbacks=list(callbacks))
        return float(history.history["loss"][-1])

    def timed_epoch(self, clock):
        watch = stopwatch(self.callback_class, clock)
        loss = self.epoch([watch])
        return watch.seconds, loss


def stopwatch(callback_class, clock):
    """A callback that measures the last epoch in `seconds`, from its beginning to its end."""

    class Stopwatch(callback_class):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = clock()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = clock() - self.start

    return Stopwatch()


class NumPy(Fit):
    """The book's own."""

    label = "NumPy (aelib)"
    module = "numpy"

    def prepare(self):
        from aelib import nn

        self.prepare_with(nn, {}, rng=0)


class Keras(Fit):
    """As people write it."""

    label = "Keras, fit on arrays"
    module = "tensorflow"  # which brings Keras
    compile_options = {}

    def prepare(self):
        import aelib.models

        import keras
        import tensorflow as tf

        tf.random.set_seed(0)
        self.prepare_with(keras, self.compile_options)


class KerasRecipe(Keras):
    """Compiled steps, 32 of them before Python is asked again, and batches gathered by index.

    All steps of an epoch in one execution are no faster than 32, within the noise.
    """

    label = "Keras, the recipe"
    note = "jit_compile=True, steps_per_execution=32, batches from aelib.models.pipelines"
    compile_options = {"jit_compile": True, "steps_per_execution": 32}

    def arguments_for(self, images):
        from aelib.models.pipelines import shuffled_batches

        return (shuffled_batches(images, self.batch_size),), {"shuffle": False}


class TensorFlow(Implementation):
    """A whole epoch as one function compiled by XLA: Python is asked once, for the order of the images.

    XLA compiles for fixed shapes. So the whole batches are a loop, and the smaller last
    batch is a step of its own behind it, compiled for its own size.
    """

    label = "TensorFlow, an epoch as one function"
    module = "tensorflow"
    note = "tf.function(jit_compile=True) over a loop of batches; the smaller last batch is a step behind it"

    def prepare(self):
        import aelib.models

        import tensorflow as tf

        self.tf = tf
        self.rng = np.random.default_rng(0)
        self.data = tf.constant(self.images)
        self.variables = [tf.Variable(w) for w in self.weights]
        self.m = [tf.Variable(tf.zeros_like(w)) for w in self.weights]
        self.v = [tf.Variable(tf.zeros_like(w)) for w in self.weights]
        self.iterations = tf.Variable(0.0)
        self.compiled_epoch = tf.function(self.steps, jit_compile=True, autograph=False)
        self.train(whole_batches=1)

    def epoch(self):
        return self.train(len(self.images) // self.batch_size) / len(self.images)

    def train(self, whole_batches):
        """Take that many steps on whole batches and one on the rest; return the sum of the losses."""
        order = self.rng.permutation(len(self.images)).astype("int32")
        return float(self.compiled_epoch(self.tf.constant(order), self.tf.constant(whole_batches)))

    def steps(self, order, whole_batches):
        tf, size = self.tf, self.batch_size

        def whole_batch(start, total):
            batch = tf.gather(self.data, tf.slice(order, [start], [size]))
            return start + size, total + self.step(batch)

        # Not tf.range, which XLA would compile for each length.
        end = whole_batches * size
        _, total = tf.while_loop(lambda start, total: start < end, whole_batch, (0, 0.0))
        rest = len(self.images) % size
        if rest:
            total += self.step(tf.gather(self.data, order[-rest:]))
        return total

    def step(self, batch):
        """Take one step of Adam; return the batch's loss, summed over its images."""
        tf = self.tf
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(batch, self.logits(batch)))
        gradients = tape.gradient(loss, self.variables)
        t = self.iterations.assign_add(1.0)
        alpha = 0.001 * tf.sqrt(1.0 - 0.999**t) / (1.0 - 0.9**t)
        for w, g, m, v in zip(self.variables, gradients, self.m, self.v):
            m.assign_add(0.1 * (g - m))
            v.assign_add(0.001 * (tf.square(g) - v))
            w.assign_sub(alpha * m / (tf.sqrt(v) + 1e-7))
        return loss * tf.cast(tf.shape(batch)[0], "float32")

    def logits(self, a):
        layers = list(zip(self.variables[::2], self.variables[1::2]))
        for kernel, bias in layers[:-1]:
            a = self.tf.nn.relu(a @ kernel + bias)
        kernel, bias = layers[-1]
        return a @ kernel + bias


class PyTorch(Implementation):
    """A loop of eager steps, with the fastest of PyTorch's three forms of Adam."""

    label = "PyTorch, eager"
    module = "torch"
    note = "torch.optim.Adam(fused=True), BCEWithLogitsLoss, batches by index from a permutation"

    def prepare(self):
        import torch

        self.torch = torch
        self.generator = torch.Generator().manual_seed(0)
        self.data = torch.from_numpy(self.images)
        layers = []
        for kernel, bias in zip(self.weights[::2], self.weights[1::2]):
            linear = torch.nn.Linear(*kernel.shape)
            linear.load_state_dict({"weight": torch.from_numpy(kernel.T), "bias": torch.from_numpy(bias)})
            layers += [linear, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), eps=1e-7, fused=True)
        self.criterion = torch.nn.BCEWithLogitsLoss()
        self.train(torch.arange(len(self.warmup_images)))

    def epoch(self):
        return self.train(self.torch.randperm(len(self.data), generator=self.generator)) / len(self.data)

    def train(self, order):
        """Take a step on each batch of that order; return the sum of the losses."""
        total = self.torch.zeros(())
        for numbers in order.split(self.batch_size):
            batch = self.data[numbers]
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(batch), batch)
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(batch)
        return total.item()


class ScikitLearn(Implementation):
    """`MLPRegressor`, which has no cross-entropy: squared error and an output without activation."""

    label = "scikit-learn, MLPRegressor"
    module = "sklearn"
    only = ("a", "b")
    loss = "mean squared error"
    note = "squared error and a linear output, from its own starting weights: it has no cross-entropy"

    def prepare(self):
        from sklearn.neural_network import MLPRegressor

        self.model = MLPRegressor(
            hidden_layer_sizes=self.units[1:-1],
            solver="adam",
            batch_size=self.batch_size,
            alpha=0.0,
            random_state=0,
        )
        self.model.partial_fit(self.warmup_images, self.warmup_images)

    def epoch(self):
        self.model.partial_fit(self.images, self.images)  # one epoch; `fit` would start Adam afresh
        return 2.0 * float(self.model.loss_)  # which is half of the mean squared error


IMPLEMENTATIONS = {
    "floor": Floor,
    "bare_calls": BareCalls,
    "numpy": NumPy,
    "keras": Keras,
    "keras_recipe": KerasRecipe,
    "tensorflow": TensorFlow,
    "pytorch": PyTorch,
    "scikit_learn": ScikitLearn,
}
