"""One digit is normal, the nine others are anomalies: ten detectors' tasks, and several ways to solve each.

    python -m experiments.applications.one_class_mnist

The protocol is that of Deep SVDD (Ruff et al. 2018): train on the training images of one digit, test on all 10,000
test images. A tenth of the training images of the digit, other ones for each seed, is kept back: these validation
normals are the only data by which a setting may be chosen. The script records the AUROC of every setting of its
grids. It chooses nothing: how a choice by validation normals fares, and how much better a choice made with the test
labels in view looks, is read from the record in the chapter on anomalies.
"""

import time

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from aelib.datasets import load_mnist
from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.record import run_experiment

SEEDS = (0, 1, 2)  # of the split into training and validation normals, and of all that is random after it
VALIDATION_SHARE = 0.1
COMPONENTS = (5, 10, 20, 30, 40, 60, 80, 100, 150)
VARIANCE_SHARE = 0.9  # of the training normals, which PCA is to explain: the rule fixed in advance
ARCHITECTURES = {"128-64-32": (128, 64, 32), "256-64-16": (256, 64, 16)}  # hidden units and latent_dim
CHECKPOINTS = (5, 10, 20, 30)  # epochs
BATCH_SIZE = 128
LEARNING_RATE = 5e-3


def normals_of(digit, seed, x, y):
    """Training and validation normals of one digit."""
    return train_test_split(x[y == digit], test_size=VALIDATION_SHARE, random_state=seed)


def squared_length(x):
    """|x|² of each image, shape (n,)."""
    return np.einsum("ij,ij->i", x, x, dtype="float64")


def auroc(errors, x, anomalous):
    """The AUROC of the error, and that of the error divided by |x|²."""
    return {
        "error": float(roc_auc_score(anomalous, errors)),
        "relative": float(roc_auc_score(anomalous, errors / squared_length(x))),
    }


def build(name, seed):
    """An autoencoder with ELU, a linear code and a sigmoid output, compiled."""
    *hidden, latent_dim = ARCHITECTURES[name]
    network, _, _ = dense_autoencoder(784, hidden, latent_dim, seed)
    network.compile(Adam(LEARNING_RATE), "binary_crossentropy")
    return network


def run_autoencoder(name, seed, train, validation, x_test, anomalous, checkpoints=CHECKPOINTS):
    """Train, and stop at each checkpoint to look; return one entry a checkpoint."""
    network, entries, before = build(name, seed), [], 0
    for epochs in checkpoints:
        network.fit(train, train, epochs=epochs - before, batch_size=BATCH_SIZE, verbose=0)
        before = epochs
        errors = squared_length(x_test - network.predict(x_test, batch_size=1000))
        entry = {"architecture": name, "epochs": epochs, "val_loss": network.evaluate(validation, validation, 1000)}
        entries.append(entry | auroc(errors, x_test, anomalous))
    return entries


def run_pca(train, x_test, anomalous):
    """The error outside the first components, for each number of them and for the rule's; return one entry each."""
    pca = PCA(svd_solver="covariance_eigh").fit(train.astype("float64"))
    by_rule = int(np.searchsorted(np.cumsum(pca.explained_variance_ratio_), VARIANCE_SHARE)) + 1
    codes = np.square(pca.transform(x_test), dtype="float64")  # (n, 784), and their sum is the squared distance
    total = codes.sum(axis=1)
    entries = []
    for place, components in enumerate((*COMPONENTS, by_rule)):
        entry = {"components": components, "by_rule": place == len(COMPONENTS)}
        entries.append(entry | auroc(total - codes[:, :components].sum(axis=1), x_test, anomalous))
    return entries


def run_others(seed, train, x_test, anomalous):
    """What needs no autoencoder and has nothing to choose: each one's AUROC."""
    forest = IsolationForest(random_state=seed).fit(train)
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train)
    distances = nearest.kneighbors(x_test)[0][:, 0].astype("float64")
    return {
        "ink": auroc(squared_length(x_test), x_test, anomalous)["error"],
        "mean image": auroc(squared_length(x_test - train.mean(axis=0)), x_test, anomalous),
        "isolation forest": float(roc_auc_score(anomalous, -forest.score_samples(x_test))),
        "nearest normal": auroc(distances**2, x_test, anomalous),
    }


def run(digit, seed, data):
    """All of one digit and one seed: the record's entry."""
    start = time.process_time()
    (x_train, y_train), (x_test, y_test) = data
    train, validation = normals_of(digit, seed, x_train, y_train)
    anomalous = y_test != digit
    entry = {"digit": digit, "seed": seed} | run_others(seed, train, x_test, anomalous)
    entry["PCA"] = run_pca(train, x_test, anomalous)
    entry["autoencoder"] = [
        line for name in ARCHITECTURES for line in run_autoencoder(name, seed, train, validation, x_test, anomalous)
    ]
    print(digit, seed, entry["PCA"][-1], entry["autoencoder"][-1], f"{time.process_time() - start:.0f} s", flush=True)
    return entry


def measure(save):
    data = load_mnist()
    runs = [run(digit, seed, data) for seed in SEEDS for digit in range(10)]
    save({"runs": runs})


if __name__ == "__main__":
    run_experiment(measure)
