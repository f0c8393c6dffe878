"""Sliding windows over images, which convolution and pooling share."""

import numpy as np

from aelib.checks import positive_integer


class Windows:
    """Windows of one size at regular positions in an image.

    Parameters
    ----------
    size : (int, int)
        Height and width of a window.
    strides : (int, int)
        The vertical and the horizontal distance from one window to the next.
    padding : {"valid", "same"}
        With ``"valid"`` all windows lie inside the image. With ``"same"`` there are `⌈side / stride⌉` windows along
        each side, and the image is padded on both sides; if the padding is odd, the end has one more pixel than the
        beginning, as in TensorFlow.
    """

    def __init__(self, size, strides, padding):
        if padding not in ("valid", "same"):
            raise ValueError(f"padding expected 'valid' or 'same'. Received: {padding!r}.")
        self.size, self.strides, self.padding = size, strides, padding

    def counts(self, sides):
        """Return the number of windows along each side of an image.

        Parameters
        ----------
        sides : (int, int)
            Height and width of the image.

        Returns
        -------
        (int, int)

        Raises
        ------
        ValueError
            If the image is smaller than a window, with ``"valid"``.
        """
        if self.padding == "same":
            return tuple(-(-side // stride) for side, stride in zip(sides, self.strides))
        if any(side < window for side, window in zip(sides, self.size)):
            raise ValueError(
                f"padding='valid' expected images of at least the size of a window, {self.size}. "
                f"Received: images of size {tuple(sides)}."
            )
        return tuple((side - window) // stride + 1 for side, window, stride in zip(sides, self.size, self.strides))

    def margins(self, sides):
        """Return the padding of an image in pixels: ``((top, bottom), (left, right))``."""
        reach = [(n - 1) * stride + window for n, stride, window in zip(self.counts(sides), self.strides, self.size)]
        missing = [max(needed - side, 0) for needed, side in zip(reach, sides)]
        return tuple((total // 2, total - total // 2) for total in missing)

    def patches(self, images, fill=0.0):
        """Return the contents of each window (*im2col*).

        Parameters
        ----------
        images : ndarray, shape (n, height, width, channels)
        fill : float
            The value of the padding.

        Returns
        -------
        ndarray, shape (n, rows, columns, window height, window width, channels)
            A read-only view, in which a pixel appears once for every window that contains it.
        """
        margins = self.margins(images.shape[1:3])
        if margins != ((0, 0), (0, 0)):
            images = np.pad(images, ((0, 0), *margins, (0, 0)), constant_values=fill)
        view = np.lib.stride_tricks.sliding_window_view(images, self.size, axis=(1, 2))
        down, right = self.strides
        return view[:, ::down, ::right].transpose(0, 1, 2, 4, 5, 3)

    def overlaid(self, patches, sides):
        """Return images in which each pixel is the sum of its copies in `patches` (*col2im*).

        This is the backward pass of the method `patches`, which copies a pixel into every window that contains it.

        Parameters
        ----------
        patches : ndarray, shape (n, rows, columns, window height, window width, channels)
        sides : (int, int)
            Height and width of the images.

        Returns
        -------
        ndarray, shape (n, height, width, channels)
        """
        n, rows, columns, *_, channels = patches.shape
        (top, bottom), (left, right) = self.margins(sides)
        images = np.zeros((n, top + sides[0] + bottom, left + sides[1] + right, channels), patches.dtype)
        for i, j in np.ndindex(self.size):
            down, across = (
                slice(start, start + count * stride, stride)
                for start, count, stride in zip((i, j), (rows, columns), self.strides)
            )
            images[:, down, across] += patches[:, :, :, i, j]
        return images[:, top : top + sides[0], left : left + sides[1]]


def pair(name, value):
    """Return an argument for height and width as two ints; a single int stands for both.

    Parameters
    ----------
    name : str
        The argument's name, for the error message.
    value : int or (int, int)

    Raises
    ------
    ValueError
        If these are not positive integers.
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2:
        raise ValueError(f"{name} expected a positive integer, or two of them. Received: {value!r}.")
    return tuple(positive_integer(name, each) for each in values)


def require_images(layer, input_shape):
    """Raise `ValueError` if a layer for images is built for another kind of data."""
    if len(input_shape) != 4:
        raise ValueError(
            f"Layer '{layer._shown_name}' expected batches of images, of shape (n, height, width, channels). Received: "
            f"examples of shape {tuple(input_shape[1:])}. Add a Reshape before it."
        )
