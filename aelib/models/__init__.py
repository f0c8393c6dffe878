"""The Keras half: the only place in `aelib` that imports Keras.

Importing this package starts TensorFlow without its start-up messages, so a chapter
imports it before `keras` itself.
"""

from aelib.models.startup import start_tensorflow

start_tensorflow()

from aelib.models.convolutional import convolutional_autoencoder
from aelib.models.dense import dense_autoencoder
from aelib.models.language import LanguageModel, SequenceAutoencoder, TextVAE
from aelib.models.pipelines import shuffled_batches
from aelib.models.variational import Sampling, VariationalAutoencoder, kl_divergence, variational_autoencoder

__all__ = [
    "LanguageModel",
    "Sampling",
    "SequenceAutoencoder",
    "TextVAE",
    "VariationalAutoencoder",
    "convolutional_autoencoder",
    "dense_autoencoder",
    "kl_divergence",
    "shuffled_batches",
    "start_tensorflow",
    "variational_autoencoder",
]
