"""Data whose number of factors is known, and the error of codes of every size.

    python -m experiments.practice.known_dimension

makes four kinds of data from factors that are drawn at random: points of a plane with noise, of a
bent sheet, pictures of a spot, and pictures of the hand of a clock. For each kind and each size of the
code, an autoencoder and PCA are trained on the same examples and tested on fresh ones, from several
seeds. One recipe of training serves all; it was found on the seeds from 100 on, which the record does not use.
"""

import numpy as np
from sklearn.decomposition import PCA

from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.reconstructions import unexplained
from experiments.record import run_experiment, timed
from experiments.schedules import cosine

EXAMPLES = 6_000  # for training
TEST_EXAMPLES = 3_000
HIDDEN_UNITS = (96, 96)
EPOCHS = 40
BATCH_SIZE = 100
LEARNING_RATE = 5e-3
SEEDS = (0, 1, 2)
SIDE = 16  # of a picture, in pixels

FACTORS = {"plane": 5, "sheet": 3, "spot": 3, "hand": 1}  # how many numbers each example was made of
CODE_SIZES = {
    "plane": (1, 2, 3, 4, 5, 6, 8, 12),
    "sheet": (1, 2, 3, 4, 6, 8, 12, 16),
    "spot": (1, 2, 3, 4, 6, 8, 12, 16),
    "hand": (1, 2, 3, 4, 8, 16),
}
AMBIENT, NOISE = 30, 0.1  # coordinates of a point, and the noise of each, for planes and sheets
BEND = 1.5  # how fast the sines of the sheet turn


def factors(kind, n, rng):
    """Draw the numbers that n examples are made of, shape (n, FACTORS[kind])."""
    if kind == "plane":
        return rng.normal(size=(n, FACTORS[kind]))
    return rng.uniform(-1, 1, size=(n, FACTORS[kind]))


def render(kind, t):
    """Make examples without noise of their factors, float32 of shape (n, d); the same factors give the same example."""
    if kind == "plane":
        frame = np.linalg.qr(np.random.default_rng(7).normal(size=(AMBIENT, t.shape[1])))[0]
        x = t @ frame.T
    elif kind == "sheet":
        rng = np.random.default_rng(7)
        turns = BEND * rng.normal(size=(t.shape[1], AMBIENT))
        x = np.sin(t @ turns + rng.uniform(0, 2 * np.pi, AMBIENT))
    else:
        x = {"spot": spots, "hand": hands}[kind](t)
    return x.astype("float32")


def spots(t):
    """Pictures of a round spot at (3 t0, 3 t1) pixels from the middle, of radius 2 + t2."""
    across, up = 3 * t[:, :1], 3 * t[:, 1:2]
    x, y = pixels()
    return np.exp(-((x - across) ** 2 + (y - up) ** 2) / (2 * (2 + t[:, 2:]) ** 2))


def hands(t):
    """Pictures of the hand of a clock, from the middle in the direction of the angle pi t."""
    x, y = pixels()
    cos, sin = np.cos(np.pi * t), np.sin(np.pi * t)
    along = np.clip(x * cos + y * sin, 0, 6)  # the nearest point of the hand
    return np.exp(-((x - along * cos) ** 2 + (y - along * sin) ** 2) / 2)


def pixels():
    """The coordinates of all pixels from the middle of the picture, two arrays of shape (1, SIDE²)."""
    place = np.arange(SIDE) - (SIDE - 1) / 2
    x, y = np.meshgrid(place, place)
    return x.reshape(1, -1), y.reshape(1, -1)


def examples(kind, n, rng):
    """Draw n examples, with the noise of planes and sheets."""
    x = render(kind, factors(kind, n, rng))
    return x + NOISE * rng.normal(size=x.shape).astype("float32") if kind in ("plane", "sheet") else x


def data(kind, seed):
    """Training and test examples of one seed."""
    rng = np.random.default_rng(seed)
    return examples(kind, EXAMPLES, rng), examples(kind, TEST_EXAMPLES, rng)


def train(x_train, code_size, seed, epochs=EPOCHS):
    """Train on examples; return the network, its encoder, its decoder, and the loss of each epoch."""
    rngs = seed, seed + 1000, seed
    network, encoder, decoder = dense_autoencoder(x_train.shape[1], HIDDEN_UNITS, code_size, rngs, output=None)
    network.compile(Adam(LEARNING_RATE), "mse")
    schedule = cosine(LEARNING_RATE, EPOCHS)
    history = network.fit(x_train, x_train, epochs=epochs, batch_size=BATCH_SIZE, verbose=0, callbacks=[schedule])
    return network, encoder, decoder, history.history["loss"]


@timed
def run(kind, code_size, seed):
    """Test both codes of one size on fresh examples; return the record's entry."""
    x_train, x_test = data(kind, seed)
    centre = x_train.mean(axis=0)
    network, _, _, losses = train(x_train, code_size, seed)
    pca = PCA(code_size, random_state=0).fit(x_train.astype("float64"))
    return {
        "kind": kind,
        "code_size": code_size,
        "seed": seed,
        "autoencoder": unexplained(x_test, network.predict(x_test, batch_size=1000), centre),
        "pca": unexplained(x_test, pca.inverse_transform(pca.transform(x_test)), centre),
        "first_losses": losses[:2],
    }


def measure(save):
    save({"runs": [run(kind, k, seed) for kind, sizes in CODE_SIZES.items() for k in sizes for seed in SEEDS]})


if __name__ == "__main__":
    run_experiment(measure)
