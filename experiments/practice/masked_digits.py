"""What does a network learn that is asked for the hidden part of a digit?

    python -m experiments.practice.masked_digits

hides three quarters of each digit, in squares of 4 by 4 pixels, and trains a dense network to
draw the whole digit. Its error on the hidden pixels stands beside that of the mean image and of
the best linear guess. A linear classifier with few labels then measures what the network's second
layer knows, beside the same layer of a network trained to reconstruct the whole digit from the
whole digit, of one with random weights, and plain pixels. The test images are met once.
"""

import numpy as np

from aelib.datasets import load_mnist
from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.nn.optimizers import Adam
from experiments.linear_probe import probe
from experiments.record import run_experiment
from experiments.schedules import cosine

TRAIN_IMAGES = 20_000
TEST_IMAGES = 5_000
PATCH = 4  # pixels along a side of what is hidden together
HIDDEN_SHARE = 0.75
UNITS = 256
EPOCHS = 30
BATCH_SIZE = 200
LEARNING_RATE = 2e-3
LABELS = (100, 300, 1_000, 3_000)
RIDGE = 1e-2  # added to each variance, so that pixels that never vary do no harm
SEEDS = (0, 1, 2)
MASK_SEED = 9  # of the masks of the test images


def random_masks(count, rng):
    """True where a pixel is hidden: `HIDDEN_SHARE` of the patches of each image, shape (count, 784)."""
    side = 28 // PATCH
    order = rng.random((count, side**2)).argsort(axis=1)
    hidden = (order < round(HIDDEN_SHARE * side**2)).reshape(count, side, side)
    return np.kron(hidden, np.ones((1, PATCH, PATCH), dtype=bool)).reshape(count, 784)


def masked_batches(images, hide, rng):
    """Endless batches of pairs (a digit with a part hidden, the digit), with new masks in every epoch."""
    while True:
        for rows in rng.permutation(len(images)).reshape(-1, BATCH_SIZE):
            visible = ~random_masks(BATCH_SIZE, rng) if hide else True
            yield images[rows] * visible, images[rows]


def build(seed):
    hidden = [Dense(UNITS, activation="relu") for _ in range(3)]
    network = Sequential([Input((784,)), *hidden, Dense(784, activation="sigmoid")], rng=seed)
    network.compile(Adam(LEARNING_RATE), "binary_crossentropy")
    return network


def train(x_train, hide, seed, epochs=EPOCHS):
    """A network trained with a part of each digit hidden, or none; the rate falls along a cosine."""
    network, batches = build(seed), masked_batches(x_train, hide, np.random.default_rng(seed))
    schedule, steps = cosine(LEARNING_RATE, epochs), len(x_train) // BATCH_SIZE
    network.fit(batches, epochs=epochs, steps_per_epoch=steps, verbose=0, callbacks=[schedule])
    return network


def encode(network, images):
    """The activations of the second layer, shape (n, UNITS)."""
    return Sequential(network.layers[:2]).forward(images)


def linear_guess(x_train, images, masks):
    """The best linear guess of each whole image from its visible pixels (the chapter's equation)."""
    mean, covariance = x_train.mean(axis=0, dtype="float64"), np.cov(x_train.T) + RIDGE * np.eye(784)
    guesses = np.empty_like(images)
    for guess, image, hidden in zip(guesses, images, masks):
        seen = ~hidden
        weights = np.linalg.solve(covariance[np.ix_(seen, seen)], (image - mean)[seen])
        guess[:] = mean + covariance[:, seen] @ weights
    return guesses


def hidden_error(images, guesses, masks):
    """The squared error summed over an image's hidden pixels, averaged over the images."""
    return float(np.sum(np.square(images - guesses) * masks, axis=1).mean())


def accuracies(encoder, x_train, y_train, x_test, y_test):
    """The probe's test accuracy for each number of labels."""
    return [probe(encoder(x_train[:n]), y_train[:n], encoder(x_test), y_test) for n in LABELS]


def measure(save):
    (x_train, y_train), (x_test, y_test) = load_mnist()
    x_train, x_test, y_test = x_train[:TRAIN_IMAGES], x_test[:TEST_IMAGES], y_test[:TEST_IMAGES]
    data = (x_train, y_train, x_test, y_test)
    masks = random_masks(TEST_IMAGES, np.random.default_rng(MASK_SEED))
    errors = {
        "mean image": [hidden_error(x_test, x_train.mean(axis=0), masks)],
        "linear guess": [hidden_error(x_test, linear_guess(x_train, x_test, masks), masks)],
        "network": [],
    }
    probes = {"pixels": [accuracies(lambda x: x, *data)], "random weights": [], "plain": [], "masked": []}
    for seed in SEEDS:
        untrained = build(seed)
        masked, plain = (train(x_train, hide, seed) for hide in (True, False))
        errors["network"].append(hidden_error(x_test, masked.predict(x_test * ~masks, batch_size=1000), masks))
        for kind, network in (("random weights", untrained), ("plain", plain), ("masked", masked)):
            probes[kind].append(accuracies(lambda x: encode(network, x), *data))
        print(seed, errors["network"][-1], {kind: found[-1] for kind, found in probes.items()}, flush=True)
    save({"hidden_errors": errors, "probes": probes})


if __name__ == "__main__":
    run_experiment(measure)
