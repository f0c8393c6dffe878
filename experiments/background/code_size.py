"""One autoencoder for each of twelve code sizes, from 1 unit to 64.

    python -m experiments.background.code_size

trains the network of the chapter *What is an autoencoder?*, 784-k-784, with that chapter's
settings and images, for every code size k and from several seeds. The test error is taken
after the chapter's number of epochs and once more after a longer training; nothing is chosen
by it. Of the first seed, the reconstructions of ten test digits are kept as well.
"""

import numpy as np

from aelib.datasets import load_mnist
from experiments.networks import dense_autoencoder
from experiments.reconstructions import as_bytes, error, ten_digits
from experiments.record import run_experiment, timed

CODE_SIZES = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64)  # each about 1.4 times the one before
VALIDATION_IMAGES = 10_000  # left out of the training, as in the chapter
EPOCHS = 10
LONGER_EPOCHS = 40
BATCH_SIZE = 256
SEEDS = (0, 1, 2)


def build(code_size, seed):
    """The chapter's network with a code of some size, compiled."""
    network, _, _ = dense_autoencoder(784, (), code_size, seed, code_activation="relu")
    network.compile(optimizer="adam", loss="binary_crossentropy")
    return network


@timed
def run(code_size, seed, x_train, x_test, digits):
    """Train, and look at the test set twice; return the record's entry and the ten reconstructions."""
    network = build(code_size, seed)
    entry = {"code_size": code_size, "seed": seed}
    network.fit(x_train, x_train, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=0)
    entry["test_error"] = error(x_test, network.predict(x_test, batch_size=1000))
    reconstructions = network.predict(digits)
    network.fit(x_train, x_train, epochs=LONGER_EPOCHS - EPOCHS, batch_size=BATCH_SIZE, verbose=0)
    entry["longer_test_error"] = error(x_test, network.predict(x_test, batch_size=1000))
    return entry, reconstructions


def measure(save):
    (x_all, _), (x_test, y_test) = load_mnist()
    x_train, digits = x_all[:-VALIDATION_IMAGES], ten_digits(x_test, y_test)
    runs, kept = [], []
    for code_size in CODE_SIZES:
        for seed in SEEDS:
            entry, reconstructions = run(code_size, seed, x_train, x_test, digits)
            runs.append(entry)
            if seed == SEEDS[0]:
                kept.append(as_bytes(reconstructions))
    save({"runs": runs}, reconstructions=np.stack(kept))  # (sizes, 10, 784)


if __name__ == "__main__":
    run_experiment(measure)
