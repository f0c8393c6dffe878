"""Keras in miniature, written in NumPy and nothing else: a script changes from one to the other in its imports.

`Sequential` puts layers in a row; the modules have the names that Keras gives them.
"""

from aelib.nn import (
    activations,
    callbacks,
    diagnosis,
    gradient_check,
    initializers,
    layers,
    losses,
    optimizers,
    regularizers,
    sampling,
)
from aelib.nn.saving import load_model, save_model
from aelib.nn.sequential import Sequential

__all__ = [
    "Sequential",
    "activations",
    "callbacks",
    "diagnosis",
    "gradient_check",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "optimizers",
    "regularizers",
    "sampling",
    "save_model",
]
