"""One training of one autoencoder, described by a dict of settings, so that one setting can be changed at a time.

Keras builds the network; an epoch is one compiled loop over its steps. The compiled loop is kept
for each architecture and serves every seed, initialisation and learning rate.
"""

import functools
import itertools

import aelib.models

import keras
import numpy as np
import tensorflow as tf

from experiments.reconstructions import error
from experiments.record import timed

LATENT_DIM = 32
TRAIN_IMAGES = 20_480  # a multiple of every batch size tried
VALIDATION_IMAGES = 5_000
WARMUP = 0.1  # of the steps, where a schedule has a warm-up
DECAY = 0.01  # of the first rate, at the end of the exponential decay
PRETRAINING_EPOCHS, PRETRAINING_RATE = 1, 1e-3  # of each floor of a pre-trained stack
BN_MOMENTUM = 0.9  # Keras's 0.99 would need more steps than an epoch has to forget its start

BASELINE = {
    "depth": 3,  # hidden layers of the encoder; the decoder has as many
    "width": 128,  # units of each
    "activation": "relu",
    "initializer": "glorot_uniform",
    "normalisation": "none",
    "residual": False,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "batch_size": 128,
    "epochs": 6,
}
ARCHITECTURE = ("depth", "width", "activation", "normalisation", "residual")


def initializer(name, seed):
    """A kernel initializer of a name; a number is the standard deviation of a Gaussian."""
    if isinstance(name, float):
        return keras.initializers.RandomNormal(stddev=name, seed=seed)
    if name == "orthogonal":  # with the gain for ReLU
        return keras.initializers.Orthogonal(gain=np.sqrt(2), seed=seed)
    return keras.initializers.get({"class_name": name, "config": {"seed": seed}})


def hidden_layer(x, settings):
    """Dense, normalisation, activation; with a link past all three where the widths allow one."""
    h = keras.layers.Dense(settings["width"])(x)
    if settings["normalisation"] == "batch":
        h = keras.layers.BatchNormalization(momentum=BN_MOMENTUM)(h)
    elif settings["normalisation"] == "layer":
        h = keras.layers.LayerNormalization()(h)
    h = keras.layers.Activation(settings["activation"])(h)
    return h + x if settings["residual"] and x.shape == h.shape else h


def build(settings):
    """784, `depth` layers of `width`, a linear code, as many layers again, 784 sigmoids: a `keras.Model`."""
    x = inputs = keras.Input((784,))
    for units, activation in ((LATENT_DIM, "linear"), (784, "sigmoid")):
        for _ in range(settings["depth"]):
            x = hidden_layer(x, settings)
        x = keras.layers.Dense(units, activation)(x)
    return keras.Model(inputs, x)


class Trainer:
    """A network, its optimizer, and two compiled functions: one epoch, and an answer.

    Parameters
    ----------
    network : keras.Model
    loss : callable
        From targets and outputs to a loss, or to one an example.
    """

    def __init__(self, network, loss):
        self.network, self.loss, self.optimizer = network, loss, keras.optimizers.Adam()
        self.optimizer.build(network.trainable_variables)
        self.epoch = tf.function(self._epoch, jit_compile=True)
        self.answer = tf.function(lambda x: network(x, training=False), jit_compile=True)

    def restart(self, weights):
        """Set the weights, and let the optimizer forget what it has seen."""
        self.network.set_weights(weights)
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable))

    def _epoch(self, inputs, targets, order, rates):
        """Take one step for each row of `order`, with the rate of that step; return the mean loss."""
        total = tf.constant(0.0)
        for step in tf.range(tf.shape(order)[0]):
            numbers = tf.gather(order, step)
            x, y = tf.gather(inputs, numbers), tf.gather(targets, numbers)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self.loss(y, self.network(x, training=True)))
            gradients = tape.gradient(loss, self.network.trainable_variables)
            self.optimizer.learning_rate.assign(tf.gather(rates, step))
            self.optimizer.apply(gradients)
            total += loss
        return total / tf.cast(tf.shape(order)[0], "float32")

    def fit(self, inputs, targets, rates, batch_size, seed):
        """Train for as many steps as there are rates; yield the mean loss of each epoch as it ends."""
        rng = np.random.default_rng(seed)
        inputs, targets = tf.constant(inputs), tf.constant(targets)
        for rates_of_epoch in rates.reshape(-1, len(inputs) // batch_size):
            order = rng.permutation(len(inputs))[: len(rates_of_epoch) * batch_size]
            order = order.reshape(-1, batch_size).astype("int32")
            yield float(self.epoch(inputs, targets, tf.constant(order), tf.constant(rates_of_epoch)))


@functools.lru_cache(maxsize=3)
def trainer(architecture):
    """The trainer of an architecture, compiled once; `architecture` holds the values of `ARCHITECTURE`."""
    return Trainer(build(dict(zip(ARCHITECTURE, architecture))), keras.losses.BinaryCrossentropy())


def initial_weights(network, start, seed):
    """Fresh weights for a network: kernels by an initializer, all others as Keras starts them."""
    kernels = iter(initializer(start, 1000 * seed + number) for number in range(1, 1000))
    fresh = {"kernel": lambda w: next(kernels)(w.shape), "gamma": tf.ones_like, "moving_variance": tf.ones_like}
    return [np.asarray(fresh.get(w.name, tf.zeros_like)(w)) for w in network.weights]


def learning_rates(settings):
    """The learning rate of each step: the schedule, written out; float32, shape (steps,)."""
    steps = settings["epochs"] * (TRAIN_IMAGES // settings["batch_size"])
    done = np.arange(steps) / steps
    warmup = WARMUP if settings["schedule"].startswith("warm-up") else 0.0
    falling = np.maximum(done - warmup, 0) / (1 - warmup)
    factors = {
        "constant": np.ones(steps),
        "cosine": (1 + np.cos(np.pi * falling)) / 2,
        "exponential": DECAY**falling,
    }[settings["schedule"].removeprefix("warm-up, ")]
    rising = np.minimum((np.arange(steps) + 1) / (warmup * steps), 1) if warmup else 1
    return (settings["learning_rate"] * factors * rising).astype("float32")


@timed
def run(settings, seed, x_train, x_val, pretrained=False):
    """Train once, from fresh weights or from those of a greedy pre-training.

    Returns
    -------
    entry : dict
        Settings, seed, the training loss and the validation error of each epoch (`None` where it
        is not a number), and processor time. The error is summed over pixels, averaged over images.
    trainer : Trainer
        Holds the trained network until the next run of the same architecture.
    """
    machine = trainer(tuple(settings[name] for name in ARCHITECTURE))
    machine.restart(
        pretrained_weights(settings, seed, x_train)
        if pretrained
        else initial_weights(machine.network, settings["initializer"], seed)
    )
    losses, errors = [], []
    for loss in machine.fit(x_train, x_train, learning_rates(settings), settings["batch_size"], seed):
        losses.append(round(loss, 5) if np.isfinite(loss) else None)
        errors.append(validation_error(machine, x_val))
    return {**settings, "pretrained": pretrained, "seed": seed, "loss": losses, "error": errors}, machine


def validation_error(machine, images):
    """The mean squared error an image of a trainer's network, or `None` if that is not a number."""
    found = error(images, machine.answer(tf.constant(images)).numpy())
    return round(found, 4) if np.isfinite(found) else None


@functools.lru_cache(maxsize=8)
def pair_trainer(inputs, units, activation, output_activation, loss):
    """The trainer of a small autoencoder with one hidden layer, a floor of the stack."""
    dense = keras.layers.Dense
    layers = [keras.Input((inputs,)), dense(units, activation), dense(inputs, output_activation)]
    return Trainer(keras.Sequential(layers), keras.losses.get(loss))


def pretrained_weights(settings, seed, images):
    """Greedy layer-wise pre-training (Bengio et al. 2007); return the weights of the deep network.

    Each floor is an autoencoder of its own, trained for `PRETRAINING_EPOCHS` on the codes of the
    floor below, and thereafter left alone. The deep network's encoder is the encoders one
    after another, its decoder the decoders in reverse.
    """
    hidden, rate = settings["activation"], PRETRAINING_RATE
    sizes = [784] + [settings["width"]] * settings["depth"] + [LATENT_DIM]
    encoder, decoder, x = [], [], images
    for floor, (inputs, units) in enumerate(itertools.pairwise(sizes)):
        output, loss = (hidden, "mean_squared_error") if floor else ("sigmoid", "binary_crossentropy")
        pair = pair_trainer(inputs, units, "linear" if units == LATENT_DIM else hidden, output, loss)
        pair.restart(initial_weights(pair.network, settings["initializer"], 100 * seed + floor))
        rates = learning_rates({**settings, "learning_rate": rate, "epochs": PRETRAINING_EPOCHS})
        for _ in pair.fit(x, x, rates, settings["batch_size"], seed):
            pass
        weights = pair.network.get_weights()
        encoder, decoder = encoder + weights[:2], weights[2:] + decoder
        x = pair.network.layers[0](x).numpy()
    return encoder + decoder
