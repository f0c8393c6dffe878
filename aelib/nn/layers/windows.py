"""Windows that slide over images: what convolution and pooling have in common."""

import numpy as np

from aelib.checks import positive_integer


class Windows:
    """Windows of one size, at regular places of an image.

    Parameters
    ----------
    size : (int, int)
        Height and width of a window.
    strides : (int, int)
        How far one window is from the next, downwards and to the right.
    padding : {"valid", "same"}
        With ``"valid"`` all windows lie inside the image. With ``"same"`` there are `⌈side / stride⌉` of them along
        each side. What they need beyond the image is added on both sides; where it is odd, the end gets one more.
        TensorFlow lays windows in this way.
    """

    def __init__(self, size, strides, padding):
        if padding not in ("valid", "same"):
            raise ValueError(f"padding expected 'valid' or 'same'. Received: {padding!r}.")
        self.size, self.strides, self.padding = size, strides, padding

    def counts(self, sides):
        """Return how many windows lie along the sides of an image.

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
            If the image is smaller than a window that has to lie inside.
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
        """Return what is added before and after each side of an image: ``((top, bottom), (left, right))``."""
        if self.padding == "valid":
            return (0, 0), (0, 0)
        reach = [(n - 1) * stride + window for n, stride, window in zip(self.counts(sides), self.strides, self.size)]
        missing = [max(needed - side, 0) for needed, side in zip(reach, sides)]
        return tuple((total // 2, total - total // 2) for total in missing)

    def patches(self, images, fill=0.0):
        """Return what is in each window.

        Parameters
        ----------
        images : ndarray, shape (n, height, width, channels)
        fill : float
            What lies beyond an image.

        Returns
        -------
        ndarray, shape (n, rows, columns, window height, window width, channels)
            A view, in which a pixel stands once for every window that it lies in: not to be written into.
        """
        margins = self.margins(images.shape[1:3])
        if margins != ((0, 0), (0, 0)):
            images = np.pad(images, ((0, 0), *margins, (0, 0)), constant_values=fill)
        view = np.lib.stride_tricks.sliding_window_view(images, self.size, axis=(1, 2))
        down, right = self.strides
        return view[:, ::down, ::right].transpose(0, 1, 2, 4, 5, 3)

    def overlaid(self, patches, sides):
        """Return images in which each pixel is the sum of the places that it has in patches: the way back of `patches`.

        `patches` copies a pixel into each window that it lies in, so that a gradient comes back from each of them.

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
    """Return an argument about both sides of an image as two ints; one int stands for both.

    Parameters
    ----------
    name : str
        What the message calls the argument.
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
    """Say so if a layer for images is built for something else."""
    if len(input_shape) != 4:
        raise ValueError(
            f"Layer '{layer._shown_name}' expected batches of images, of shape (n, height, width, channels). Received: "
            f"examples of shape {tuple(input_shape[1:])}. Put a Reshape in front."
        )
