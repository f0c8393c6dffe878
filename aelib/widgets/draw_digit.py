"""A pad to draw on: what a trained autoencoder makes of a digit, or of something that is none."""

import numpy as np

from aelib.metrics import squared_error_per_image
from aelib.widgets.latent_plane import SIDE, checked_digits, checked_images
from aelib.widgets.weights import base64_of, dense_layers, page_forward
from aelib.widgets.widget import Widget, picture


def draw_digit(encoder, decoder, images, labels):
    """Return a figure in which a drawing is encoded and reconstructed, and its error compared with those of images.

    Parameters
    ----------
    encoder, decoder : aelib.nn.sequential.Sequential or keras.Sequential
        The two halves of an autoencoder, made of dense layers: from 784 pixels to the code, and from the code to 784
        pixels. It should be trained on MNIST.
    images : array_like, shape (n, 784)
        Test images of MNIST, pixels from 0 to 1. The drawing's error is compared with theirs, and the first image of
        each digit can be loaded into the pad.
    labels : array_like of int, shape (n,)
        Their digits.

    Returns
    -------
    Widget

    Raises
    ------
    ValueError
        If the two halves are no autoencoder of 784 pixels, or images and labels do not fit.

    Notes
    -----
    The drawing is prepared as the makers of MNIST prepared theirs (LeCun, Bottou, Bengio & Haffner 1998, section
    III.A; the same words stand on the data's page): scaled, with its proportions, to fit into 20 × 20 pixels, by an
    average over the area of each pixel, which makes greys; then moved into 28 × 28, so that its centre of mass comes
    to the middle. MNIST moves by whole pixels: in each of its 10,000 test images the centre of mass, counted in rows
    and columns from 0, is within half a pixel of (14, 14), and in all but three the longer side has 20 pixels. These
    images come out of the preparation as they went in.

    The error is `squared_error_per_image`. The images' errors are computed with the rounded weights of the page.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    encode, decode = dense_layers(encoder), dense_layers(decoder)
    chain = (encode[0]["inputs"], encode[-1]["units"], decode[0]["inputs"], decode[-1]["units"])
    if chain[0] != SIDE * SIDE or chain[3] != SIDE * SIDE or chain[1] != chain[2]:
        raise ValueError(
            "Expected an encoder from 784 pixels to a code and a decoder from this code to 784 pixels. "
            f"Received: an encoder from {chain[0]} to {chain[1]} and a decoder from {chain[2]} to {chain[3]}."
        )
    images = checked_images(images, max(len(images), 1), "images")
    checked_digits(labels, len(images), "images")
    codes = page_forward(encode, images)
    reconstructions = page_forward(decode, codes)
    errors = squared_error_per_image(images, reconstructions)
    digits, samples = np.unique(labels, return_index=True)
    data = {
        "encoder": encode,
        "decoder": decode,
        "digits": digits.tolist(),
        "samples": base64_of(np.rint(255 * images[samples]), "uint8"),
        "signed": bool(codes.min() < 0),
        "reach": float(max(np.quantile(np.abs(codes), 0.999), 1e-6)),
        "quantiles": np.quantile(errors, np.linspace(0, 1, 101)).round(4).tolist(),
    }
    still = _still(images[samples], reconstructions[samples], errors[samples])
    return Widget("draw_digit", data, still, "A pad to draw a digit on, and what the autoencoder makes of it")


def _still(images, reconstructions, errors):
    """What the figure shows for the images that can be loaded."""
    from aelib.figures.plots import plot_images  # not above: it brings matplotlib

    rows = [images, reconstructions, np.abs(images - reconstructions)]
    titles = [f"{error:.1f}" for error in errors]
    figure = plot_images(rows, ["input", "reconstruction", "difference"], titles, "Squared error of an image")
    return picture(
        figure,
        f"{len(images)} test digits, their reconstructions, and the differences, which lie along the edges of the "
        f"strokes; the squared errors are {', '.join(titles)}",
    )
