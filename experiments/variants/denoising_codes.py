"""What is a wide code good for, if it was learned with noise, without, or not at all?

    python -m experiments.variants.denoising_codes

trains the wide dense autoencoder of `experiments.variants.denoising` without noise and with it, and trains
a linear classifier with few labels on the codes, beside those of the same encoder with random
weights, 100 principal components, and plain pixels. The classifier's penalty is chosen for each
kind of code and each number of labels on a fifth of the labelled images; the test images are met once.
"""

from sklearn.decomposition import PCA

from aelib.datasets import load_mnist
from experiments.linear_probe import probe
from experiments.record import run_experiment
from experiments.variants.denoising import NOISE, build, train

TRAIN_IMAGES = 20_000  # without their labels
TEST_IMAGES = 5_000
LABELS = (100, 300, 1_000, 3_000)
COMPONENTS = 100
SEEDS = (0, 1, 2)
KINDS = ("pixels", "PCA", "random weights", "plain", "denoising")
KEPT_UNITS = 24  # of the first seed, for a picture of what the units look for


def codes_of(kind, seed, x_train, x_test):
    """Return one kind of code of the training and of the test images, and its kernel where it has one."""
    flat = [x.reshape(len(x), -1) for x in (x_train, x_test)]
    if kind == "pixels":
        return *flat, None
    if kind == "PCA":
        pca = PCA(COMPONENTS, random_state=seed).fit(flat[0].astype("float64"))
        return *(pca.transform(x) for x in flat), None
    network, encoder = build("dense", NOISE if kind == "denoising" else 0.0, seed)
    if kind != "random weights":
        train(network, x_train)
    codes = (encoder.predict(x, batch_size=500, verbose=0) for x in flat)
    return *codes, encoder.get_weights()[0][:, :KEPT_UNITS]


def measure(save):
    (x_train, y_train), (x_test, y_test) = load_mnist(flatten=False)
    x_train, x_test, y_test = x_train[:TRAIN_IMAGES, ..., None], x_test[:TEST_IMAGES, ..., None], y_test[:TEST_IMAGES]
    probes, kernels = [], {}
    for kind in KINDS:
        for seed in SEEDS if kind not in ("pixels", "PCA") else SEEDS[:1]:
            codes, test_codes, kernel = codes_of(kind, seed, x_train, x_test)
            accuracies = [probe(codes[:n], y_train[:n], test_codes, y_test) for n in LABELS]
            probes.append({"codes": kind, "seed": seed, "accuracies": accuracies})
            print(probes[-1], flush=True)
            if kernel is not None and seed == SEEDS[0]:
                kernels[kind] = kernel.astype("float16")
    save({"probes": probes}, **kernels)


if __name__ == "__main__":
    run_experiment(measure)
