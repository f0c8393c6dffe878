"""How far ahead can a swinging pendulum be seen, in a code of eight numbers?

    python -m experiments.practice.world_model

draws a frictionless pendulum as small pictures, trains an autoencoder on pairs of successive
pictures, and then a second network that guesses the next code from the last. From one pair the
future is rolled out in the code and drawn by the decoder. Beside it stands the same with the code
of PCA, the last pair repeated, and the mean of all pairs. Nothing is chosen by the test swings.
"""

import numpy as np
from sklearn.decomposition import PCA

from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.reconstructions import error
from experiments.record import run_experiment
from experiments.schedules import cosine

SIDE = 16  # pixels along a side of a picture
SPOT = 0.2  # the bob's size, in lengths of the pendulum
TIME_STEP = 0.25  # between pictures, in units of sqrt(length / gravity)
SUBSTEPS = 10  # of the integration, between two pictures
SWINGS = 400
TEST_SWINGS = 200
PICTURES = 41  # of each swing
LATENT_DIM = 8
EPOCHS = 15
BATCH_SIZE = 100
AUTOENCODER_RATE = 2e-3
TRANSITION_RATE = 3e-3
HORIZON = 29  # steps that are rolled out
START = 10  # the pair of each test swing from which they start
SEEDS = (0, 1, 2)


def swing(count, rng):
    """Angles of pendulums let go at random, shape (count, PICTURES); symplectic Euler steps."""
    angle, speed = rng.uniform(-2.5, 2.5, size=count), rng.uniform(-1, 1, size=count)
    angles, dt = [], TIME_STEP / SUBSTEPS
    for _ in range(PICTURES):
        angles.append(angle)
        for _ in range(SUBSTEPS):
            speed = speed - np.sin(angle) * dt
            angle = angle + speed * dt
    return np.stack(angles, axis=1)


def render(angles):
    """Each angle as a picture of the bob, a bell of light; shape (*angles.shape, SIDE * SIDE)."""
    x, y = np.meshgrid(np.linspace(-1.3, 1.3, SIDE), np.linspace(1.3, -1.3, SIDE))
    bob_x, bob_y = np.sin(angles)[..., None, None], -np.cos(angles)[..., None, None]
    pictures = np.exp(-((x - bob_x) ** 2 + (y - bob_y) ** 2) / (2 * SPOT**2))
    return pictures.reshape(*angles.shape, -1).astype("float32")


def film(count, rng):
    """Pairs of successive pictures, since one picture does not show the speed: (count, PICTURES - 1, 512)."""
    pictures = render(swing(count, rng))
    return np.concatenate([pictures[:, :-1], pictures[:, 1:]], axis=-1)


def fit(network, x, y, learning_rate):
    network.fit(x, y, BATCH_SIZE, EPOCHS, verbose=0, callbacks=[cosine(learning_rate, EPOCHS)])


def autoencoder(pairs, seed):
    """Train 512-128-64-8-64-128-512; return its encoder and its decoder."""
    network, encoder, decoder = dense_autoencoder(2 * SIDE**2, (128, 64), LATENT_DIM, seed)
    network.compile(Adam(AUTOENCODER_RATE), "binary_crossentropy")
    fit(network, pairs, pairs, AUTOENCODER_RATE)
    return encoder.forward, decoder.forward


def transition(codes, seed):
    """Train a network to guess how each number of the code changes in one step; `codes` is (swings, time, units)."""
    hidden = [Dense(64, activation="tanh") for _ in range(2)]
    network = Sequential([Input((LATENT_DIM,)), *hidden, Dense(LATENT_DIM)], rng=seed)
    network.compile(Adam(TRANSITION_RATE), "mse")
    now, change = codes[:, :-1], np.diff(codes, axis=1)
    fit(network, *(part.reshape(-1, LATENT_DIM) for part in (now, change)), TRANSITION_RATE)
    return lambda h: h + network.predict(h, batch_size=len(h))


def roll_out(encode, decode, films, first, seed):
    """Learn the transition in a code, and roll out from the pairs `first`; shape (HORIZON, n, 512)."""
    codes = encode(films.reshape(-1, films.shape[-1]))
    centre, scale = codes.mean(axis=0), codes.std(axis=0)
    codes = ((codes - centre) / scale).astype("float32").reshape(*films.shape[:2], -1)
    step = transition(codes, seed)
    h, future = ((encode(first) - centre) / scale).astype("float32"), []
    for _ in range(HORIZON):
        h = step(h)
        future.append(decode(h * scale + centre))
    return np.stack(future)


def errors(guesses, truth):
    """The squared error of the second picture of each pair, for each step of the horizon."""
    return [error(t, g) for g, t in zip(guesses[..., SIDE**2 :], truth[..., SIDE**2 :])]


def one_seed(seed):
    """The films, the truth, and what each method expects, by name; arrays of shape (HORIZON, n, 512)."""
    rng = np.random.default_rng(seed)
    films, test = film(SWINGS, rng), film(TEST_SWINGS, rng)
    pairs, first = films.reshape(-1, films.shape[-1]), test[:, START]
    pca = PCA(LATENT_DIM, random_state=0).fit(pairs.astype("float64"))
    truth = test[:, START + 1 : START + 1 + HORIZON].swapaxes(0, 1)
    guesses = {
        "autoencoder": roll_out(*autoencoder(pairs, seed), films, first, seed),
        "PCA": roll_out(pca.transform, pca.inverse_transform, films, first, seed),
        "last pair": np.broadcast_to(first, truth.shape),
        "mean": np.broadcast_to(pairs.mean(axis=0), truth.shape),
    }
    return truth, guesses


def measure(save):
    runs = []
    for seed in SEEDS:
        truth, guesses = one_seed(seed)
        runs.append({name: errors(guess, truth) for name, guess in guesses.items()})
        print(seed, {name: np.round(run[:: HORIZON // 4], 2) for name, run in runs[-1].items()}, flush=True)
    save({"errors": runs})


if __name__ == "__main__":
    run_experiment(measure)
