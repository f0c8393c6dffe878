"""The deep autoencoder of Hinton & Salakhutdinov (2006), without their pre-training.

    python -m experiments.in_keras.deep_autoencoder

trains 784-1000-500-250-30 and its mirror image from random weights. All choices are made
on validation images cut from the training set: activation and learning rate in short
trainings, then decay, warm-up and length in full ones. The winner is trained on the whole
training set from several seeds, and only these networks meet the test set.
The published number is an average squared error of 3.00 per image.
"""

import time

import aelib.models  # first: it starts TensorFlow quietly
from aelib.models.pipelines import shuffled_batches

import keras
import numpy as np

from aelib.datasets import load_mnist
from experiments.reconstructions import error
from experiments.record import run_experiment, timed

HIDDEN_UNITS = (1000, 500, 250)
LATENT_DIM = 30
BATCH_SIZE = 256
VALIDATION_IMAGES = 10_000
SEEDS = (0, 1, 2, 3, 4)
OPENING_STEPS = 32

SHORT = {"weight_decay": 0.1, "warmup_epochs": 1, "epochs": 8}
CANDIDATES = [
    {"activation": activation, "learning_rate": learning_rate, **SHORT}
    for activation in ("relu", "elu", "silu")
    for learning_rate in (1e-3, 2e-3, 4e-3)
]
FINALISTS = [
    {"weight_decay": 0.1, "warmup_epochs": 1, "epochs": 15},
    {"weight_decay": 0.1, "warmup_epochs": 1, "epochs": 30},
    {"weight_decay": 0.2, "warmup_epochs": 1, "epochs": 30},
    {"weight_decay": 0.1, "warmup_epochs": 0, "epochs": 30},
]


def compiled_autoencoder(seed, steps_per_epoch, recipe):
    """Build and compile the network for a training by `recipe`, a dict of settings.

    The learning rate rises from 0 over the warm-up and then falls to 0 along half a cosine.
    """
    keras.utils.set_random_seed(seed)
    autoencoder, _, _ = aelib.models.dense_autoencoder(784, HIDDEN_UNITS, LATENT_DIM, recipe["activation"])
    warmup_steps = recipe["warmup_epochs"] * steps_per_epoch
    falling_steps = recipe["epochs"] * steps_per_epoch - warmup_steps
    start, target = (0.0, recipe["learning_rate"]) if warmup_steps else (recipe["learning_rate"], None)
    schedule = keras.optimizers.schedules.CosineDecay(
        start, falling_steps, warmup_target=target, warmup_steps=warmup_steps
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe["weight_decay"])
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    autoencoder.compile(optimizer, "binary_crossentropy", jit_compile=True, steps_per_execution=32)
    return autoencoder


def train(images, seed, recipe, epochs=None, steps_per_epoch=None):
    """Train by `recipe`, or only begin to; return the network and its losses."""
    autoencoder = compiled_autoencoder(seed, -(-len(images) // BATCH_SIZE), recipe)
    batches = shuffled_batches(images, BATCH_SIZE, seed)
    history = autoencoder.fit(
        batches, epochs=epochs or recipe["epochs"], steps_per_epoch=steps_per_epoch, shuffle=False, verbose=0
    )
    return autoencoder, history.history["loss"]


def opening(images, seed, recipe):
    """The mean losses of the first `OPENING_STEPS` steps of a training, and of as many more.

    Too short to learn much, but long enough to see whether the recorded training is this one.
    """
    return train(images, seed, recipe, epochs=2, steps_per_epoch=OPENING_STEPS)[1]


def average_squared_error(autoencoder, images):
    """The squared error summed over an image's pixels, averaged over the images."""
    batches = np.split(images, range(1000, len(images), 1000))
    return error(images, np.concatenate([autoencoder(batch) for batch in batches]))


def compete(recipes, x_fit, x_val):
    """Train once by each recipe; return the recipes with their errors on validation images."""
    results = []
    for recipe in recipes:
        autoencoder, _ = train(x_fit, 0, recipe)
        results.append({**recipe, "validation_error": average_squared_error(autoencoder, x_val)})
        print(results[-1], f"{time.process_time():.0f} s", flush=True)
    return results


def best(results):
    """The recipe with the least validation error, without that error."""
    winner = min(results, key=lambda row: row["validation_error"])
    return {name: value for name, value in winner.items() if name != "validation_error"}


@timed
def final_run(seed, recipe, x_train, x_test):
    """Train on all training images from one seed and look at the test set, for the record."""
    autoencoder, losses = train(x_train, seed, recipe)
    return {
        "seed": seed,
        "loss": losses,
        "train_error": average_squared_error(autoencoder, x_train[:VALIDATION_IMAGES]),
        "test_error": average_squared_error(autoencoder, x_test),
    }


def measure(save):
    (x_train, _), (x_test, _) = load_mnist()
    x_fit, x_val = x_train[:-VALIDATION_IMAGES], x_train[-VALIDATION_IMAGES:]
    choice = compete(CANDIDATES, x_fit, x_val)
    final = compete([{**best(choice), **finalist} for finalist in FINALISTS], x_fit, x_val)
    chosen = best(final)
    runs = [final_run(seed, chosen, x_train, x_test) for seed in SEEDS]
    first = {"seed": SEEDS[0], "loss": opening(x_train, SEEDS[0], chosen)}
    save({"choice": choice, "finalists": final, "chosen": chosen, "runs": runs, "opening": first})


if __name__ == "__main__":
    run_experiment(measure)
