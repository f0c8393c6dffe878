"""How much does an autoencoder overfit, from 100 images to all of them?

    python -m experiments.practice.overfitting

trains 784-256-32-256-784 on more and more images of MNIST, always in the same number of steps, from
five seeds with other images each, and compares the error on the training images with that on the
test images, beside PCA of the same code size and the mean image, both fitted to the same images.
First tries had compared two widths, rates and losses on validation images. The test images are met
once, when a training is over.
"""

import numpy as np

from aelib.datasets import load_mnist
from aelib.nn import Sequential
from aelib.nn.callbacks import Callback, EarlyStopping
from aelib.nn.layers import Dense, Dropout, Input
from aelib.nn.optimizers import Adam
from experiments import reconstructions
from experiments.record import run_experiment, timed

HIDDEN_UNITS = 256
LATENT_DIM = 32
BATCH_SIZE = 50
STEPS = 2_000
LOOK_EVERY = 100  # steps from one look at the validation images to the next
LEARNING_RATE = 2e-3
VALIDATION_IMAGES = 1_000
TRAIN_IMAGES = (100, 300, 1_000, 3_000, 10_000, 30_000, 59_000)  # the last are all but the validation images
EVALUATED_IMAGES = 5_000  # of the training images, at most, on which the training error is taken
SEEDS = (0, 1, 2, 3, 4)


def split(x):
    """Return the pool from which training images are taken, and the validation images."""
    return x[:-VALIDATION_IMAGES], x[-VALIDATION_IMAGES:]


def subset(pool, count, seed):
    """The first `count` images of an order that the seed fixes: more images include the fewer."""
    return pool[np.random.default_rng([seed, 59]).permutation(len(pool))[:count]]


def build(seed, latent_dim=LATENT_DIM, optimizer=None, dropout=0.0, regularizer=None):
    """The network, compiled.

    Parameters
    ----------
    seed : int
    latent_dim : int
    optimizer : aelib.nn.optimizers.Optimizer or None
        `None` is Adam with the experiment's rate.
    dropout : float
        The share of the outputs of both hidden layers that are dropped in a training step.
    regularizer : aelib.nn.regularizers.Regularizer or None
        On all four kernels.
    """
    penalty = {"kernel_regularizer": regularizer}
    layers = [
        Dense(HIDDEN_UNITS, "relu", **penalty),
        Dense(latent_dim, **penalty),
        Dense(HIDDEN_UNITS, "relu", **penalty),
        Dense(784, "sigmoid", **penalty),
    ]
    if dropout:
        drops = np.random.default_rng([seed, 1])
        layers = [layers[0], Dropout(dropout, seed=drops), *layers[1:3], Dropout(dropout, seed=drops), layers[3]]
    network = Sequential([Input((784,)), *layers], rng=seed)
    network.compile(optimizer or Adam(LEARNING_RATE), "mse")
    return network


def plain_batches(images, rng):
    """Endless pairs of a batch and itself, each image once in every pass."""
    while True:
        for rows in rng.permutation(len(images)).reshape(-1, BATCH_SIZE):
            yield images[rows], images[rows]


def error(network, images):
    """The squared error summed over an image's pixels, averaged over the images."""
    return reconstructions.error(images, network.predict(images, batch_size=1000))


class ValidationError(Callback):
    """Adds the error on validation images, without penalties, to the numbers of an epoch.

    Attributes
    ----------
    curve : list of float
        One error an epoch.
    last_weights : list of ndarray
        The weights at the end, before another callback restores better ones.
    """

    def __init__(self, images):
        self.images, self.curve = images, []

    def on_epoch_end(self, epoch, logs=None):
        logs["val_error"] = error(self.model, self.images)
        self.curve.append(logs["val_error"])

    def on_train_end(self, logs=None):
        self.last_weights = self.model.get_weights()


def train(network, batches, x_val, steps=STEPS):
    """Take a number of steps, looking at the validation images after every `LOOK_EVERY` of them.

    Returns
    -------
    watch : ValidationError
    stopping : aelib.nn.callbacks.EarlyStopping
        Never stops, and holds the `best_weights`. The network itself has the last ones.
    """
    watch = ValidationError(x_val)
    stopping = EarlyStopping("val_error", patience=steps, restore_best_weights=True)
    epochs = steps // LOOK_EVERY
    network.fit(batches, steps_per_epoch=LOOK_EVERY, epochs=epochs, verbose=0, callbacks=[watch, stopping])
    network.set_weights(watch.last_weights)
    return watch, stopping


@timed
def run(count, seed, pool, x_val, x_test):
    """One training on `count` images; return the record's entry."""
    images = subset(pool, count, seed)
    evaluated = images[:EVALUATED_IMAGES]
    network = build(seed)
    watch, _ = train(network, plain_batches(images, np.random.default_rng(seed)), x_val)
    return {
        "train_images": count,
        "seed": seed,
        "autoencoder": [error(network, x) for x in (evaluated, x_test)],
        **reconstructions.simple_methods(images, LATENT_DIM, evaluated, x_test),
        "val_errors": watch.curve,
    }


def measure(save):
    (x, _), (x_test, _) = load_mnist()
    pool, x_val = split(x)
    save({"runs": [run(count, seed, pool, x_val, x_test) for count in TRAIN_IMAGES for seed in SEEDS]})


if __name__ == "__main__":
    run_experiment(measure)
