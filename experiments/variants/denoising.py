"""Denoising with and without convolutions, from few images and from many.

    python -m experiments.variants.denoising

trains two denoising autoencoders on MNIST with Gaussian noise added to the input, one of dense
layers and one of convolutions, on 1,000, 5,000 and 20,000 images in equally many steps. No
setting was searched for; a first try had shown the test errors of three choices of filters, which
differed little. The test images are corrupted once, at several strengths of noise, and
given to all networks. Of the first seed, ten restored test digits are kept as well.
"""

from aelib.models import convolutional_autoencoder, dense_autoencoder, shuffled_batches

import keras
import numpy as np

from aelib.datasets import load_mnist
from experiments.reconstructions import as_bytes, ten_digits
from experiments.record import run_experiment, timed

NOISE = 0.5  # standard deviation, in the units of the pixels, which are between 0 and 1
NOISE_LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)  # at which the networks are tested
TRAIN_IMAGES = (1_000, 5_000, 20_000)
TEST_IMAGES = 5_000
STEPS = 800
BATCH_SIZE = 125
LEARNING_RATE = 3e-3
CODE_UNITS = 1_000
FILTERS = (16, 32)
SEEDS = (0, 1, 2)
ARCHITECTURES = ("dense", "convolutional")


def build(architecture, noise, seed):
    """A denoising autoencoder of images 28 × 28 × 1; with `noise=0.0` a plain one.

    Returns
    -------
    network, encoder : keras.Sequential
        `network` is compiled, and adds noise to its input while it trains, and only then.
    """
    keras.utils.set_random_seed(seed)
    if architecture == "convolutional":
        autoencoder, encoder, _ = convolutional_autoencoder((28, 28, 1), FILTERS)
        layers = [autoencoder]
    else:
        autoencoder, encoder, _ = dense_autoencoder(784, (), CODE_UNITS, code_activation="relu")
        layers = [keras.layers.Flatten(), autoencoder, keras.layers.Reshape((28, 28, 1))]
    network = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.GaussianNoise(noise), *layers])
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS)
    network.compile(keras.optimizers.Adam(rate), "binary_crossentropy", steps_per_execution=8)
    return network, encoder


def train(network, images, steps=STEPS):
    """Train for a number of steps, each on a batch of images (n, 28, 28, 1); return the losses, one an epoch."""
    steps_per_epoch = len(images) // BATCH_SIZE
    batches = shuffled_batches(images, BATCH_SIZE)
    return network.fit(batches, epochs=steps // steps_per_epoch, shuffle=False, verbose=0).history["loss"]


def corrupted(images, noise):
    """Images with noise of a standard deviation added, the same noise on every call."""
    return images + noise * np.random.default_rng(2008).normal(size=images.shape).astype("float32")


def error(network, images, noise):
    """The squared error summed over an image's pixels, averaged over the images."""
    restored = network.predict(corrupted(images, noise), batch_size=500, verbose=0)
    return float(np.square(restored - images).sum(axis=(1, 2, 3)).mean())


@timed
def denoise(architecture, count, seed, x_train, x_test):
    """One training; return the record's entry, with its test errors, and the trained network."""
    network, _ = build(architecture, NOISE, seed)
    losses = train(network, x_train[:count])
    entry = {
        "architecture": architecture,
        "train_images": count,
        "seed": seed,
        "parameters": network.count_params(),
        "first_loss": losses[0],
        "test_errors": [error(network, x_test, noise) for noise in NOISE_LEVELS],
    }
    return entry, network


def measure(save):
    (x_train, _), (x_test, y_test) = load_mnist(flatten=False)
    x_train, x_test, y_test = x_train[..., None], x_test[:TEST_IMAGES, ..., None], y_test[:TEST_IMAGES]
    runs, digits = [], corrupted(x_test, NOISE)
    kept = {"noisy": ten_digits(digits, y_test)[..., 0].astype("float16")}
    for architecture in ARCHITECTURES:
        for count in TRAIN_IMAGES:
            for seed in SEEDS:
                entry, network = denoise(architecture, count, seed, x_train, x_test)
                runs.append(entry)
                if count == max(TRAIN_IMAGES) and seed == SEEDS[0]:
                    restored = network.predict(ten_digits(digits, y_test), verbose=0)[..., 0]
                    kept[architecture] = as_bytes(restored)
    save({"runs": runs}, **kept)


if __name__ == "__main__":
    run_experiment(measure)
