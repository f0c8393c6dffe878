"""The digit on the cover, its code, and what a trained network makes of it.

    python -m experiments.background.cover

trains 784-256-6-256-784 in NumPy on the training images, encodes and decodes the test
images, and picks the 3 whose squared error is the median of all 3s: neither the best nor the
worst. It records the digit's place, its code and its reconstruction. From the record,
`python -m book.cover` draws `book/static/cover.svg`.
"""

import numpy as np

from aelib.datasets import load_mnist
from aelib.metrics import squared_error_per_image
from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.reconstructions import as_bytes
from experiments.record import run_experiment

HIDDEN_UNITS, LATENT_DIM = 256, 6
SCHEDULE = ((2e-3, 8), (5e-4, 4), (1e-4, 2))  # learning rate and epochs, in turn
BATCH_SIZE, SEED = 256, 0
DIGIT = 3


def train(images):
    """Return a trained encoder and decoder."""
    autoencoder, encoder, decoder = dense_autoencoder(784, [HIDDEN_UNITS], LATENT_DIM, SEED, "relu")
    autoencoder.compile(Adam(), loss="binary_crossentropy")
    for learning_rate, epochs in SCHEDULE:
        autoencoder.optimizer.learning_rate = learning_rate
        autoencoder.fit(images, images, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return encoder, decoder


def measure(save):
    (x_train, _), (x_test, y_test) = load_mnist()
    encoder, decoder = train(x_train)
    codes = encoder.predict(x_test)
    reconstructions = decoder.predict(codes)
    errors = squared_error_per_image(x_test, reconstructions)
    candidates = np.flatnonzero(y_test == DIGIT)
    chosen = int(candidates[np.argsort(errors[candidates])[len(candidates) // 2]])
    save(
        {
            "test_error": float(errors.mean()),
            "digit": DIGIT,
            "test_image": chosen,
            "squared_error": float(errors[chosen]),
            "code": [round(float(number), 3) for number in codes[chosen]],
        },
        reconstruction=as_bytes(reconstructions[chosen]),
    )


if __name__ == "__main__":
    run_experiment(measure)
