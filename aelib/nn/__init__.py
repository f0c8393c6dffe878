"""Keras in miniature, written in NumPy and nothing else: `import aelib.nn as keras` runs a script of Keras's.

Names, arguments, defaults and numbers are Keras's for all that is here. `Sequential` puts layers in a row; a layer's
`forward` and `backward`, which Keras keeps to itself, are public.
"""

from aelib.nn import (
    activations,
    callbacks,
    diagnosis,
    gradient_check,
    initializers,
    layers,
    losses,
    models,
    optimizers,
    regularizers,
    sampling,
    utils,
)
from aelib.nn.layers import Input
from aelib.nn.not_here import refuse_names
from aelib.nn.sequential import Sequential

__all__ = [
    "Input",
    "Sequential",
    "activations",
    "callbacks",
    "diagnosis",
    "gradient_check",
    "initializers",
    "layers",
    "losses",
    "models",
    "optimizers",
    "regularizers",
    "sampling",
    "utils",
]

__getattr__ = refuse_names(__name__)
