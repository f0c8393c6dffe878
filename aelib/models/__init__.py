"""The Keras half: the only place in `aelib` that imports Keras.

Importing this package starts TensorFlow without its start-up messages, so a chapter
imports it before `keras` itself.
"""

from aelib.models.startup import start_tensorflow

start_tensorflow()

from aelib.models.batches import shuffled_batches  # noqa: E402  after TensorFlow has started
from aelib.models.convolutional import convolutional_autoencoder  # noqa: E402
from aelib.models.dense import dense_autoencoder  # noqa: E402
from aelib.models.text import LanguageModel, SequenceAutoencoder, TextVAE  # noqa: E402
from aelib.models.variational import (  # noqa: E402
    Sampling,
    VariationalAutoencoder,
    gaussian_kl,
    variational_autoencoder,
)

__all__ = [
    "LanguageModel",
    "Sampling",
    "SequenceAutoencoder",
    "TextVAE",
    "VariationalAutoencoder",
    "convolutional_autoencoder",
    "dense_autoencoder",
    "gaussian_kl",
    "shuffled_batches",
    "start_tensorflow",
    "variational_autoencoder",
]
