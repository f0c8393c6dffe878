"""A shallow and a deep autoencoder with codes of one size, epoch by epoch.

    python -m experiments.in_keras.shallow_and_deep

trains 784-32-784 and 784-128-64-32-64-128-784 on the same images, in batches of the same
size, with the same optimizer and learning rate, from several seeds, and follows their loss
on validation images. One rate serves both; none was searched for. The test images are
looked at once, when a training is over.
"""

from aelib.datasets import load_mnist
from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.nn.optimizers import Adam
from experiments.reconstructions import as_bytes, error, ten_digits
from experiments.record import run_experiment, timed

ARCHITECTURES = {"shallow": (), "deep": (128, 64)}
LATENT_DIM = 32
TRAIN_IMAGES = 20_000
VALIDATION_IMAGES = 2_000
EPOCHS = 30
BATCH_SIZE = 128
LEARNING_RATE = 5e-3
SEEDS = (0, 1, 2, 3, 4)


def build(name, seed, activation="elu"):
    """One of the two architectures, with a linear code and a sigmoid output, not compiled."""
    units = ARCHITECTURES[name]
    hidden = [Dense(count, activation) for count in units]
    mirrored = [Dense(count, activation) for count in reversed(units)]
    layers = [*hidden, Dense(LATENT_DIM), *mirrored, Dense(784, activation="sigmoid")]
    return Sequential([Input((784,)), *layers], rng=seed)


def train(name, seed, x_train, x_val, epochs=EPOCHS):
    """Train one architecture from one seed; return the network and its validation losses."""
    network = build(name, seed)
    network.compile(Adam(LEARNING_RATE), "binary_crossentropy")
    history = network.fit(
        x_train, x_train, epochs=epochs, batch_size=BATCH_SIZE, verbose=0, validation_data=(x_val, x_val)
    )
    return network, history.history["val_loss"]


@timed
def run(name, seed, data):
    """Train, and look at the test set; return the record's entry and ten reconstructions."""
    x_train, x_val, x_test, y_test = data
    network, val_loss = train(name, seed, x_train, x_val)
    entry = {
        "architecture": name,
        "seed": seed,
        "val_loss": val_loss,
        "test_error": error(x_test, network.predict(x_test, batch_size=1000)),
    }
    return entry, network.predict(ten_digits(x_test, y_test))


def measure(save):
    (x_all, _), (x_test, y_test) = load_mnist()
    data = x_all[:TRAIN_IMAGES], x_all[-VALIDATION_IMAGES:], x_test, y_test
    runs, reconstructions = [], {}
    for name in ARCHITECTURES:
        for seed in SEEDS:
            entry, images = run(name, seed, data)
            runs.append(entry)
            reconstructions.setdefault(name, as_bytes(images))  # of the first seed
    save({"runs": runs}, **reconstructions)


if __name__ == "__main__":
    run_experiment(measure)
