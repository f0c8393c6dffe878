"""The layers, each with its forward and its backward pass."""

from aelib.nn.layers.affine import Affine
from aelib.nn.layers.dense import Dense
from aelib.nn.layers.layer import Input, Layer
from aelib.nn.not_here import refuse_names

__all__ = ["Affine", "Dense", "Input", "Layer"]

#: Each layer's class by its name, for those that a network can be made of.
LAYERS = {layer.__name__: layer for layer in (Dense,)}

__getattr__ = refuse_names(__name__)
