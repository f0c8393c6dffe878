"""Keras in miniature, written in NumPy alone: a Keras script also runs after `import aelib.nn as keras`.

Everything that is here has the names, arguments, defaults and numbers of Keras. `Sequential` stacks layers; a
layer's `forward` and `backward`, which Keras hides, are public.
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
