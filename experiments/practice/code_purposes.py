"""One number of code units after another, each evaluated for three purposes, and in bits.

    python -m experiments.practice.code_purposes

trains 784-256-256-k-256-256-784 for codes of 1 to 256 numbers, from several seeds, on the same images,
and measures three things: how well images are reconstructed, how well a linear classifier reads digits from the
codes, and how real the images look that are decoded from random codes. The same is measured for PCA with as many
components. The codes are also rounded, more and less finely, and counted in bits. Wide
single layers, with as many units as an image has pixels or more, are trained with and without a restraint, and
shown images that are no digits. Everything is measured on validation images, by which a reader may choose, and on
test images, by which nothing was chosen.
"""

import time

import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from aelib.applications.compression import Prior
from aelib.datasets import load_fashion_mnist, load_mnist
from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.nn.optimizers import Adam
from aelib.nn.regularizers import L1, L2
from experiments.linear_probe import probe
from experiments.reconstructions import as_bytes, error, ten_digits, unexplained
from experiments.record import read_arrays, run_experiment, timed
from experiments.sample_evaluator import SAMPLES, SampleEvaluator, binary
from experiments.schedules import cosine

CODE_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
HIDDEN_UNITS = (256, 256)  # no layer is narrower than the code
TRAIN_IMAGES = 20_000
VALIDATION_IMAGES = 5_000
TEST_IMAGES = 5_000
EPOCHS = 8
BATCH_SIZE = 128
LEARNING_RATE = 3e-3
SEEDS = (0, 1, 2)
LABELS = (100, 1_000)  # few and many
CLUSTERS = 10  # of the mixture that is fitted to codes
MIXTURE_SIZES = (1, 2, 4, 8, 16, 32)  # above, a mixture would have more parameters than codes to learn them from
STEPS = (4, 2, 1, 1 / 2, 1 / 4, 1 / 8)  # of the rounding, in typical deviations of the code

WIDE_IMAGES = 5_000
WIDE_EPOCHS = 10
WIDE_BATCH_SIZE = 100
WIDE_LEARNING_RATE = 1e-3
WIDE_TEST_IMAGES = 2_000  # of each kind, digits and what is no digit
WIDE = {  # units, penalty on the kernels, penalty on the code, noise on the input
    "plain, 784": (784, 0, 0, 0),
    "plain, 1024": (1024, 0, 0, 0),
    "L2 on weights, 784": (784, 5e-5, 0, 0),
    "L1 on the code, 784": (784, 0, 3e-4, 0),
    "noise on the input, 784": (784, 0, 0, 0.5),
}


def load():
    """Return training, validation and test images with their labels: three pairs."""
    (x, y), (x_test, y_test) = load_mnist()
    train, validation = slice(TRAIN_IMAGES), slice(-VALIDATION_IMAGES, None)
    return (x[train], y[train]), (x[validation], y[validation]), (x_test[:TEST_IMAGES], y_test[:TEST_IMAGES])


def build(code_size, seed):
    """The autoencoder of the sweep with a linear code, its encoder and its decoder, which share its layers."""
    hidden = [Dense(units, "elu") for units in HIDDEN_UNITS]
    mirrored = [Dense(units, "elu") for units in reversed(HIDDEN_UNITS)]
    encoder = Sequential([Input((784,)), *hidden, Dense(code_size)], rng=seed)
    decoder = Sequential([Input((code_size,)), *mirrored, Dense(784, "sigmoid")], rng=seed + 1000)
    return Sequential([encoder, decoder], rng=seed), encoder, decoder


def train(code_size, seed, x_train, x_val, epochs=EPOCHS):
    """Train, or only begin to; return network, encoder, decoder, and the loss of validation images after each epoch."""
    network, encoder, decoder = build(code_size, seed)
    network.compile(Adam(LEARNING_RATE), "binary_crossentropy")
    history = network.fit(
        x_train,
        x_train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        verbose=0,
        callbacks=[cosine(LEARNING_RATE, EPOCHS)],
        validation_data=(x_val, x_val),
    )
    return network, encoder, decoder, history.history["val_loss"]


# ------------------------------------------------------------- three purposes


def probed(encode, data, seed):
    """Accuracies of a linear classifier with few labels and with many, on validation and on test images.

    The labelled images are drawn anew for each seed, the same ones for every kind and size of code.
    """
    (x, y), *others = data
    rows = np.random.default_rng(seed).permutation(len(x))[: max(LABELS)]
    codes, labels = encode(x[rows]), y[rows]
    return {
        name: [probe(codes[:n], labels[:n], encode(images), digits) for n in LABELS]
        for name, (images, digits) in zip(("validation", "test"), others)
    }


def generated(codes, decode, rng):
    """Decode draws from a normal distribution, and where there are codes enough from a mixture, fitted to codes."""
    codes = np.asarray(codes, dtype="float64")
    covariance = np.cov(codes.T).reshape(codes.shape[1], -1)
    images = {"normal": decode(rng.multivariate_normal(codes.mean(axis=0), covariance, SAMPLES))}
    if codes.shape[1] in MIXTURE_SIZES:
        mixture = GaussianMixture(CLUSTERS, max_iter=30, tol=1e-2, reg_covar=1e-4 * codes.var(), random_state=0)
        draws = mixture.fit(codes[:: len(codes) // 5_000]).sample(SAMPLES)[0]
        images["mixture"] = decode(rng.permutation(draws))  # they come cluster by cluster
    return images


def rated(codes, test_codes, decode, x_test):
    """Bits and error of codes that are rounded with each step, rotated to their principal axes before."""
    axes = PCA(random_state=0).fit(codes.astype("float64"))
    codes, test_codes = axes.transform(codes), axes.transform(test_codes)
    deviation = np.sqrt(codes.var(axis=0).mean())
    points = []
    for fraction in STEPS:
        step = fraction * deviation
        symbols = np.rint(test_codes / step).astype(int)
        bits = Prior.fit(np.rint(codes / step).astype(int)).bits(symbols).mean()
        images = decode(axes.inverse_transform(step * symbols).astype("float32"))
        points.append({"step": fraction, "bits": float(bits), "test_error": error(x_test, images)})
    return points


def evaluate(kind, code_size, seed, encode, decode, data, evaluators):
    """Measure one encoder and its decoder for all purposes; return the record's entry and ten generated images."""
    (x_train, _), (x_val, _), (x_test, _) = data
    images_of = {"train": x_train[: len(x_val)], "validation": x_val, "test": x_test}
    codes, train_codes = {name: encode(x) for name, x in images_of.items()}, encode(x_train)
    images = generated(train_codes, decode, np.random.default_rng(seed))
    entry = {
        "kind": kind,
        "code_size": code_size,
        "seed": seed,
        "error": {name: error(x, decode(codes[name])) for name, x in images_of.items()},
        "accuracy": probed(encode, data, seed),
        "generated": {
            name: {part: quality(binary(x)) for part, quality in evaluators.items()} for name, x in images.items()
        },
        "rates": rated(train_codes, codes["test"], decode, x_test),
    }
    return entry, images["normal"][:10]


def sweep(seed, data, evaluators):
    """Train and evaluate every code size from one seed, with PCA and random weights beside it; return also pictures."""
    (x_train, _), (x_val, _), (x_test, y_test) = data
    digits, entries, pictures = ten_digits(x_test, y_test), [], {"reconstructions": [], "generated": []}
    for code_size in CODE_SIZES:
        start = time.process_time()
        untrained = build(code_size, seed)[1]
        accuracy = probed(untrained.predict, data, seed)
        entries.append({"kind": "random weights", "code_size": code_size, "seed": seed, "accuracy": accuracy})
        pca = PCA(code_size, random_state=0).fit(x_train.astype("float64"))
        entries.append(evaluate("PCA", code_size, seed, pca.transform, pca.inverse_transform, data, evaluators)[0])
        network, encoder, decoder, val_loss = train(code_size, seed, x_train, x_val)
        entry, images = evaluate("autoencoder", code_size, seed, encoder.predict, decoder.predict, data, evaluators)
        entries.append({**entry, "val_loss": val_loss, "cpu_seconds": round(time.process_time() - start, 1)})
        print({k: v for k, v in entries[-1].items() if k not in ("rates", "val_loss")}, flush=True)
        pictures["reconstructions"].append(network.predict(digits))
        pictures["generated"].append(images)
    accuracy = probed(lambda x: x, data, seed)
    entries.append({"kind": "pixels", "code_size": 784, "seed": seed, "accuracy": accuracy})
    return entries, {name: as_bytes(np.stack(images)) for name, images in pictures.items()}


# ----------------------------------------------------------- more than enough


def build_wide(units, weights, activity, seed):
    """An autoencoder of one wide ReLU layer, with penalties on its kernels and on its code, and its encoder."""
    penalty = L2(weights) if weights else None
    code = Dense(units, "relu", kernel_regularizer=penalty, activity_regularizer=L1(activity) if activity else None)
    network = Sequential([Input((784,)), code, Dense(784, "sigmoid", kernel_regularizer=penalty)], rng=seed)
    return network, Sequential([Input((784,)), code])


def noisy(x, noise, rng):
    """Endless batches of images with fresh noise, and the clean images as their targets."""
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x), WIDE_BATCH_SIZE):
            clean = x[order[start : start + WIDE_BATCH_SIZE]]
            yield clean + noise * rng.normal(size=clean.shape).astype("float32"), clean


def train_wide(name, seed, x_train, epochs=WIDE_EPOCHS):
    """Train one wide autoencoder; return the network, its encoder, and the loss of each epoch."""
    units, weights, activity, noise = WIDE[name]
    network, encoder = build_wide(units, weights, activity, seed)
    network.compile(Adam(WIDE_LEARNING_RATE), "binary_crossentropy")
    batches, steps = noisy(x_train, noise, np.random.default_rng(seed)), len(x_train) // WIDE_BATCH_SIZE
    schedule = cosine(WIDE_LEARNING_RATE, WIDE_EPOCHS)
    history = network.fit(batches, epochs=epochs, steps_per_epoch=steps, verbose=0, callbacks=[schedule])
    return network, encoder, history.history["loss"]


def copied(predict, x_test):
    """What is missing in the reconstructions of digits and of images that are none, as a share of its own variance."""
    rng = np.random.default_rng(0)
    images = {
        "digits": x_test,
        "clothes": load_fashion_mnist()[0][: len(x_test)],
        "shuffled digits": x_test[:, rng.permutation(784)],
        "noise": rng.random(x_test.shape, dtype="float32"),
    }
    return {name: unexplained(x, predict(x), x.mean(axis=0)) for name, x in images.items()}


@timed
def run_wide(name, seed, data, x_test):
    """Train and evaluate one wide autoencoder; return the record's entry."""
    network, encoder, losses = train_wide(name, seed, data[0][0])
    return {
        "kind": name,
        "seed": seed,
        "missing": copied(network.predict, x_test),
        "error": {"test": error(x_test, network.predict(x_test))},
        "active": float((encoder.predict(x_test) > 0).mean()),
        "accuracy": probed(encoder.predict, data, seed),
        "first_losses": losses[:2],
    }


def wide(data):
    """Train and evaluate the wide autoencoders; return the record's entries."""
    (x_train, y_train), *others = data
    x_train, x_test = x_train[:WIDE_IMAGES], others[1][0][:WIDE_TEST_IMAGES]
    data = (x_train, y_train[:WIDE_IMAGES]), *others
    entries = [run_wide(name, seed, data, x_test) for name in WIDE for seed in SEEDS]
    for seed in SEEDS:
        encoder = build_wide(WIDE["plain, 784"][0], 0, 0, seed)[1]
        entries.append({"kind": "random weights, 784", "seed": seed, "accuracy": probed(encoder.predict, data, seed)})
    for code_size in (32, 256, 784):
        pca = PCA(code_size, random_state=0).fit(x_train.astype("float64"))
        missing = copied(lambda x, pca=pca: pca.inverse_transform(pca.transform(x)), x_test)
        entries.append({"kind": f"PCA, {code_size}", "seed": SEEDS[0], "missing": missing})
    narrow = train(32, SEEDS[0], x_train, others[0][0])[0]
    entries.append({"kind": "narrow, 32", "seed": SEEDS[0], "missing": copied(narrow.predict, x_test)})
    return entries


def measure(save):
    data = load()
    weights = read_arrays("variants/variational").values()
    parts = {"validation": data[1][0], "test": data[2][0]}
    evaluators = {name: SampleEvaluator(weights, binary(x[:SAMPLES])) for name, x in parts.items()}
    real = {name: evaluators[name](binary(x[-SAMPLES:])) for name, x in parts.items()}
    mean = data[0][0].mean(axis=0)
    mean_error = {name: error(x, np.broadcast_to(mean, x.shape)) for name, x in parts.items()}
    results = {"mean_error": mean_error, "real": real, "runs": [], "wide": []}
    for seed in SEEDS:
        entries, pictures = sweep(seed, data, evaluators)
        results["runs"] += entries
        save(results, **(pictures if seed == SEEDS[0] else {}))
    results["wide"] = wide(data)
    save(results)


if __name__ == "__main__":
    run_experiment(measure)
