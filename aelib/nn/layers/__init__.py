"""The layers, each with a forward and a backward pass."""

from aelib.nn.layers.activation import Activation, ReLU
from aelib.nn.layers.affine import Affine
from aelib.nn.layers.convolution import Conv2D, Conv2DTranspose
from aelib.nn.layers.dense import Dense
from aelib.nn.layers.layer import Input, Layer
from aelib.nn.layers.noise import Dropout, GaussianNoise
from aelib.nn.layers.normalization import BatchNormalization, LayerNormalization
from aelib.nn.layers.pooling import AveragePooling2D, MaxPooling2D, UpSampling2D
from aelib.nn.layers.rescaling import Rescaling
from aelib.nn.layers.reshaping import Flatten, Reshape
from aelib.nn.not_here import refuse_names

#: The layers that `Sequential.from_config` can make, by the name of their class.
LAYERS = {
    layer.__name__: layer
    for layer in (
        Activation,
        AveragePooling2D,
        BatchNormalization,
        Conv2D,
        Conv2DTranspose,
        Dense,
        Dropout,
        Flatten,
        GaussianNoise,
        LayerNormalization,
        MaxPooling2D,
        ReLU,
        Rescaling,
        Reshape,
        UpSampling2D,
    )
}

__all__ = [
    "Activation",
    "Affine",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "Input",
    "Layer",
    "LayerNormalization",
    "MaxPooling2D",
    "ReLU",
    "Rescaling",
    "Reshape",
    "UpSampling2D",
]

__getattr__ = refuse_names(__name__)
