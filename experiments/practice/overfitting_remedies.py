"""What helps against overfitting, if only a thousand images are there?

    python -m experiments.practice.overfitting_remedies

gives the network of `experiments.practice.overfitting` one remedy at a time: a smaller code, a smaller
learning rate, penalties on the weights, weight decay, dropout, a noisy or masked input, shifted or
rotated images, and more images. The strength of each is chosen from a small grid on the validation
images, with images and a seed of its own; then each is trained from five seeds with other images
each, in as many steps as the baseline, and meets the test images once: as it is in the end, and as
it was when its validation error was smallest. The two best remedies of the grid are also tried
together, and so are the best augmentation and the best of the others. These last two are given to
ten times as many images as well, at the strengths that were chosen for a thousand.
"""

import numpy as np
from scipy.ndimage import rotate

from aelib.datasets import load_mnist
from aelib.nn.optimizers import Adam, AdamW
from aelib.nn.regularizers import L1, L2
from experiments.practice.overfitting import BATCH_SIZE, LEARNING_RATE, SEEDS, build, error, split, subset, train
from experiments.record import run_experiment, timed

TRAIN_IMAGES = 1_000
CHOICE_SEED = 100  # of the images, weights and batches with which strengths are chosen
ANGLES = 9  # rotated versions of an image, itself among them
STRENGTHS = {
    "smaller code": (8, 16, 24),
    "smaller rate": (2.5e-4, 5e-4, 1e-3),
    "L1": (3e-7, 1e-6, 3e-6),
    "L2": (3e-6, 1e-5, 3e-5),
    "weight decay": (0.1, 0.3, 1.0),
    "dropout": (0.05, 0.1, 0.2),
    "Gaussian noise": (0.1, 0.2, 0.4),
    "masking noise": (0.1, 0.2, 0.4),
    "shifts": (1, 2, 3),
    "rotations": (10, 20, 30),
}
AUGMENTATIONS = ("shifts", "rotations")
MORE_IMAGES = (2, 4)  # times as many as the others have
MANY_IMAGES = 10_000  # for a second comparison
MANY_SEEDS = (0, 1, 2)


def network_with(seed, remedies):
    """The network for a training with the remedies of a dict from name to strength."""
    options = {}
    if "smaller code" in remedies:
        options["latent_dim"] = remedies["smaller code"]
    if "smaller rate" in remedies:
        options["optimizer"] = Adam(remedies["smaller rate"])
    if "weight decay" in remedies:
        options["optimizer"] = AdamW(LEARNING_RATE, remedies["weight decay"])
    if "dropout" in remedies:
        options["dropout"] = remedies["dropout"]
    for name, penalty in (("L1", L1), ("L2", L2)):
        if name in remedies:
            options["regularizer"] = penalty(remedies[name])
    return build(seed, **options)


def rotated(images, degrees):
    """Versions of images (n, 784), turned by angles from -degrees to degrees: shape (versions, n, 784)."""
    if not degrees:
        return images[None]
    squares = images.reshape(-1, 28, 28)
    turned = [rotate(squares, a, axes=(1, 2), reshape=False, order=1) for a in np.linspace(-degrees, degrees, ANGLES)]
    return np.stack(turned).reshape(ANGLES, len(images), 784)


def shifted(images, pixels, rng):
    """Images (n, 784), each moved by up to some pixels across and down; what comes in is black."""
    if not pixels:
        return images
    n, side = len(images), np.arange(28)
    padded = np.pad(images.reshape(n, 28, 28), ((0, 0), (pixels, pixels), (pixels, pixels)))
    down, across = rng.integers(2 * pixels + 1, size=(2, n, 1))
    return padded[np.arange(n)[:, None, None], (down + side)[:, :, None], (across + side)[:, None, :]].reshape(n, 784)


def corrupted(images, noise, mask, rng):
    """Images with Gaussian noise added, or with a share of their pixels set to zero and the others raised for it."""
    if noise:
        return images + noise * rng.standard_normal(images.shape, dtype="float32")
    if mask:
        return images * (rng.random(images.shape, dtype="float32") >= mask) / np.float32(1 - mask)
    return images


def batches_with(images, rng, remedies):
    """Endless pairs of inputs and targets; only the inputs are corrupted, and both are shifted or rotated."""
    versions = rotated(images, remedies.get("rotations", 0))
    while True:
        for rows in rng.permutation(len(images)).reshape(-1, BATCH_SIZE):
            version = rng.integers(len(versions), size=len(rows)) if len(versions) > 1 else 0
            clean = shifted(versions[version, rows], remedies.get("shifts", 0), rng)
            yield corrupted(clean, remedies.get("Gaussian noise"), remedies.get("masking noise"), rng), clean


def training(seed, remedies, pool, x_val, **options):
    """Train with some remedies; return the network, its training images, and what `train` returns."""
    images = subset(pool, TRAIN_IMAGES * remedies.get("more images", 1), seed)
    network = network_with(seed, remedies)
    batches = batches_with(images, np.random.default_rng(seed), remedies)
    return network, images, *train(network, batches, x_val, **options)


@timed
def run(name, seed, remedies, pool, x_val, x_test):
    """One training that meets the test images; return the record's entry."""
    network, images, watch, stopping = training(seed, remedies, pool, x_val)
    entry = {
        "name": name,
        "seed": seed,
        "remedies": remedies,
        "train_error": error(network, images),
        "test_error": error(network, x_test),
        "val_errors": watch.curve,
        "best_look": stopping.best_epoch,
    }
    network.set_weights(stopping.best_weights)
    entry["stopped"] = {"train_error": error(network, images), "test_error": error(network, x_test)}
    return entry


def choose(pool, x_val):
    """Train without a remedy and with each strength of each; return validation errors and the best strengths."""
    candidates = [("baseline", None)]
    candidates += [(name, strength) for name, strengths in STRENGTHS.items() for strength in strengths]
    grid, best = [], {}
    for name, strength in candidates:
        remedies = {} if strength is None else {name: strength}
        *_, watch, _ = training(CHOICE_SEED, remedies, pool, x_val)
        grid.append({"name": name, "strength": strength, "val_error": watch.curve[-1]})
        print(grid[-1], flush=True)
    for row in sorted(grid[1:], key=lambda row: -row["val_error"]):
        best[row["name"]] = row  # the last one, and so the best, stays
    return grid, best


def winners(best):
    """The two best remedies of the grid, and the best augmentation with the best other remedy."""
    ranking = sorted(best, key=lambda name: best[name]["val_error"])
    augmentation = next(name for name in ranking if name in AUGMENTATIONS)
    other = next(name for name in ranking if name not in AUGMENTATIONS)
    return ranking[:2], [augmentation, other]


def measure(save):
    (x, _), (x_test, _) = load_mnist()
    pool, x_val = split(x)
    grid, best = choose(pool, x_val)
    chosen = {name: best[name]["strength"] for name in STRENGTHS}
    candidates = {"baseline": {}}
    candidates |= {name: {name: strength} for name, strength in chosen.items()}
    candidates |= {f"{times}× the images": {"more images": times} for times in MORE_IMAGES}
    for pair in winners(best):
        candidates[" + ".join(pair)] = {name: chosen[name] for name in pair}
    data = pool, x_val, x_test
    runs = [run(name, seed, remedies, *data) for name, remedies in candidates.items() for seed in SEEDS]
    many = {"baseline": {}} | {name: {name: chosen[name]} for name in winners(best)[1]}
    many_runs = [
        run(name, seed, remedies | {"more images": MANY_IMAGES // TRAIN_IMAGES}, *data)
        for name, remedies in many.items()
        for seed in MANY_SEEDS
    ]
    save({"grid": grid, "runs": runs, "many_runs": many_runs})


if __name__ == "__main__":
    run_experiment(measure)
