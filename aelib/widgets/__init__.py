"""Figures that a reader can play with: plain JavaScript in a cell's output, with the weights inside.

Each widget is one object that a notebook shows, live or on a page of the book; it asks no
kernel and no other host for anything. Where scripts are off, its still picture stands.
"""

from aelib.widgets.by_hand import by_hand
from aelib.widgets.code_size import code_size
from aelib.widgets.draw_digit import draw_digit
from aelib.widgets.latent_plane import latent_plane
from aelib.widgets.weights import dense_layers, page_forward, quantize, rounding_deviation
from aelib.widgets.widget import Widget

__all__ = [
    "Widget",
    "by_hand",
    "code_size",
    "dense_layers",
    "draw_digit",
    "latent_plane",
    "page_forward",
    "quantize",
    "rounding_deviation",
]
