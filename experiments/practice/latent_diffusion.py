"""Is a small diffusion model a better source of codes than a fitted normal distribution?

    python -m experiments.practice.latent_diffusion

trains an autoencoder 784-128-8-128-784 on digits, and then a second network that takes noise out of
its codes step by step. The codes that this makes out of pure noise are compared with codes of test
digits by asking each for its nearest neighbour: if the two kinds cannot be told apart, the neighbour
is of one's own kind in half of the cases. Beside it stand three other sources of codes, and codes of
other test digits. Nothing is chosen by the test images.
"""

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from aelib.datasets import load_mnist
from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.record import run_experiment
from experiments.schedules import cosine

TRAIN_IMAGES = 30_000
LATENT_DIM = 8
AUTOENCODER_EPOCHS = 6
AUTOENCODER_RATE = 3e-3
UNITS = 128
EPOCHS = 20
LEARNING_RATE = 3e-3
BATCH_SIZE = 250
STEPS = 50  # from noise to a code
FREQUENCIES = (1, 2, 4)  # the angle is told to the network by its sines and cosines
COMPONENTS = 50  # of the mixture of normal distributions
SAMPLES = 2_000
SEEDS = (0, 1, 2)


class Autoencoder:
    """784-128-8-128-784, with codes shifted and scaled to mean 0 and, over all units, deviation 1."""

    def __init__(self, x_train, seed):
        network, self.encoder, self.decoder = dense_autoencoder(784, [128], LATENT_DIM, seed)
        network.compile(Adam(AUTOENCODER_RATE), "binary_crossentropy")
        network.fit(x_train, x_train, epochs=AUTOENCODER_EPOCHS, batch_size=BATCH_SIZE, verbose=0)
        self.centre, self.scale = 0.0, 1.0
        codes = self.encode(x_train)
        self.centre, self.scale = codes.mean(axis=0), codes.std()

    def encode(self, images):
        return (self.encoder.forward(images) - self.centre) / self.scale

    def decode(self, codes):
        return self.decoder.forward((codes * self.scale + self.centre).astype("float32"))


def with_angle(noisy, angles):
    """What the network is given: noisy codes beside cosines and sines of their angles."""
    waves = [wave(k * angles) for wave in (np.cos, np.sin) for k in FREQUENCIES]
    return np.column_stack([noisy, *waves]).astype("float32")


def noisy_codes(codes, rng):
    """Endless batches of pairs (a code turned towards noise by a random angle, its velocity)."""
    while True:
        for rows in rng.permutation(len(codes)).reshape(-1, BATCH_SIZE):
            h = codes[rows]
            e = rng.standard_normal(h.shape)
            angles = rng.uniform(0, np.pi / 2, size=len(h))
            cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
            yield with_angle(cos * h + sin * e, angles), (cos * e - sin * h).astype("float32")


def train_velocity(codes, seed, epochs=EPOCHS):
    """A network that guesses the velocity of a noisy code; the rate falls along a cosine."""
    hidden = [Dense(UNITS, activation="elu") for _ in range(3)]
    inputs = LATENT_DIM + 2 * len(FREQUENCIES)
    network = Sequential([Input((inputs,)), *hidden, Dense(LATENT_DIM)], rng=seed)
    network.compile(Adam(LEARNING_RATE), "mse")
    batches, steps = noisy_codes(codes, np.random.default_rng(seed)), len(codes) // BATCH_SIZE
    schedule = cosine(LEARNING_RATE, epochs)
    network.fit(batches, epochs=epochs, steps_per_epoch=steps, verbose=0, callbacks=[schedule])
    return lambda noisy, angle: network.predict(with_angle(noisy, np.full(len(noisy), angle)), batch_size=len(noisy))


def turn_back(velocity, noise, steps=STEPS):
    """Turn noise into codes, from a right angle down to zero, as the chapter derives it."""
    h, step = noise, np.pi / 2 / steps
    for angle in np.linspace(np.pi / 2, 0, steps, endpoint=False):
        h = np.cos(step) * h - np.sin(step) * velocity(h, angle)
    return h


def told_apart(a, b):
    """The share of codes whose nearest neighbour is of their own kind; 0.5 where the kinds are alike."""
    both, kind = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    neighbours = NearestNeighbors(n_neighbors=1).fit(both).kneighbors(return_distance=False)[:, 0]
    return float(np.mean(kind[neighbours] == kind))


def sources(codes, seed):
    """Codes from everything that was fitted to the training codes, by name, and from N(0, I)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((SAMPLES, LATENT_DIM))
    examples = codes.astype("float64")  # a covariance in float32 may come out as not positive semi-definite
    normal = rng.multivariate_normal(examples.mean(axis=0), np.cov(examples.T), SAMPLES)
    mixture = GaussianMixture(COMPONENTS, tol=1e-2, max_iter=50, random_state=seed).fit(examples)
    return {
        "N(0, I)": noise,
        "normal distribution": normal,
        "diffusion": turn_back(train_velocity(codes, seed), noise),
        "mixture": rng.permutation(mixture.sample(SAMPLES)[0]),  # scikit-learn sorts them by component
    }


def measure(save):
    (x_train, _), (x_test, _) = load_mnist()
    x_train, runs = x_train[:TRAIN_IMAGES], []
    for seed in SEEDS:
        autoencoder = Autoencoder(x_train, seed)
        real, others = np.split(autoencoder.encode(x_test[: 2 * SAMPLES]), 2)
        candidates = sources(autoencoder.encode(x_train), seed) | {"other test digits": others}
        runs.append({name: told_apart(real, codes) for name, codes in candidates.items()})
        print(seed, runs[-1], flush=True)
    save({"told_apart": runs})


if __name__ == "__main__":
    run_experiment(measure)
