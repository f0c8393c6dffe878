"""A plane of codes to walk on: what the decoder draws at a point, beside the nearest test digit."""

import base64
import io

import numpy as np

from aelib.widgets.weights import base64_of, dense_layers, page_forward
from aelib.widgets.widget import Widget, picture

MARGIN = 0.2  # of the codes' range, on each side: room to walk far outside
STEPS = 65535  # a point's place in two bytes for each unit
GREYS = 16  # of a test digit's picture
SIDE = 28


def latent_plane(decoder, codes, labels, images=None):
    """Return a figure in which a point is dragged over a code of two numbers and decoded at once.

    Parameters
    ----------
    decoder : aelib.nn.sequential.Sequential or keras.Sequential
        Made of dense layers, from 2 numbers to 784 pixels between 0 and 1.
    codes : array_like, shape (n, 2)
        Codes of images, drawn as points in the colours of `aelib.figures.plots.DIGIT_COLORS`. About 1,000 are enough.
    labels : array_like of int, shape (n,)
        Their digits.
    images : array_like of shape (n, 784), or None
        The images themselves, pixels from 0 to 1. If given, the nearest one is shown beside its reconstruction, in
        16 greys; they are what is heavy on the page, with 130 bytes an image.

    Returns
    -------
    Widget
        The plane reaches a fifth of the codes' range beyond them on each side. Its weights are rounded as
        `quantize` does; `page_forward(dense_layers(decoder), codes)` computes what it draws.

    Raises
    ------
    ValueError
        If the codes are not two-dimensional or do not differ, the decoder has other inputs or outputs, the labels are no digits or of
        another length, or the images have another shape or other pixels.
    """
    from aelib.figures.plots import DIGIT_COLORS  # not above: it brings matplotlib

    codes, labels = np.asarray(codes, dtype="float64"), np.asarray(labels)
    if codes.ndim != 2 or codes.shape[1] != 2 or len(codes) == 0 or not np.isfinite(codes).all():
        raise ValueError(f"Expected codes of shape (n, 2), all finite. Received: shape {codes.shape}.")
    least, most = codes.min(axis=0), codes.max(axis=0)
    if not (least < most).all():
        raise ValueError(f"Expected codes that differ in both units. Received: codes between {least} and {most}.")
    checked_digits(labels, len(codes), "codes")
    layers = dense_layers(decoder)
    ends = (layers[0]["inputs"], layers[-1]["units"])
    if ends != (2, SIDE * SIDE):
        raise ValueError(f"Expected a decoder from 2 numbers to 784 pixels. Received: one from {ends[0]} to {ends[1]}.")
    if images is not None:
        images = checked_images(images, len(codes), "codes")
    low, high = least - MARGIN * (most - least), most + MARGIN * (most - least)
    present = np.unique(labels)
    data = {
        "layers": layers,
        "low": low.tolist(),
        "high": high.tolist(),
        "places": base64_of(np.rint(STEPS * (codes - low) / (high - low)), "<u2"),
        "labels": base64_of(labels, "uint8"),
        "names": [[int(digit), *np.median(codes[labels == digit], axis=0).tolist()] for digit in present],
        "colors": list(DIGIT_COLORS),
        "sprite": None if images is None else _sprite(images),
    }
    still = _still(layers, codes, labels, present)
    return Widget("latent_plane", data, still, "The plane of a code of two numbers, to be decoded point by point")


def checked_digits(labels, count, what):
    """Refuse labels that are no digits, or not one for each of `what`."""
    if labels.shape != (count,) or labels.dtype.kind not in "iu" or not np.isin(labels, range(10)).all():
        raise ValueError(
            f"Expected a digit from 0 to 9 for each of {count} {what}. "
            f"Received: labels of shape {labels.shape} and type {labels.dtype}."
        )


def checked_images(images, count, what):
    """Images as an array, or an error."""
    images = np.asarray(images)
    if images.shape != (count, SIDE * SIDE) or not ((images >= 0) & (images <= 1)).all():  # NaN is in no range
        raise ValueError(
            f"Expected images of shape ({count}, 784), one for each of {count} {what}, with pixels from 0 to 1. "
            f"Received: shape {images.shape}."
        )
    return images


def _sprite(images):
    """All images below one another in one PNG, as base64."""
    from PIL import Image  # matplotlib draws with it too

    greys = np.rint(images * (GREYS - 1)) * (255 // (GREYS - 1))
    file = io.BytesIO()
    Image.fromarray(greys.reshape(-1, SIDE).astype("uint8")).save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def _still(layers, codes, labels, present):
    """Map and grid."""
    from aelib.figures.plots import plot_map_and_grid

    figure = plot_map_and_grid(codes, labels, lambda plane: page_forward(layers, plane), "The plane of the code")
    names = ", ".join(map(str, present))
    return picture(
        figure,
        f"Left, {len(codes)} images as points at their codes, coloured by their digits {names}; "
        "right, a grid of what the decoder draws in the same plane",
    )
