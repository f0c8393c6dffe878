"""Layers without weights that reduce or enlarge images: pooling and upsampling."""

import numpy as np

from aelib.nn.layers.layer import Layer
from aelib.nn.layers.windows import Windows, pair, require_images
from aelib.nn.not_here import only


class Pooling2D(Layer):
    """Base class: each window of an image becomes one pixel, separately in each channel."""

    def __init__(self, pool_size, strides, padding, data_format, **layer):
        super().__init__(**layer)
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.windows = Windows(self.pool_size, self.strides, padding)
        self.padding = padding
        self.data_format = only("data_format", data_format, None, "channels_last")

    def build(self, input_shape):
        """Raise `ValueError` if batches of shape ``(None, height, width, channels)`` cannot be pooled."""
        require_images(self, input_shape)
        self.windows.counts(input_shape[1:3])

    def compute_output_shape(self, input_shape):
        return (None, *self.windows.counts(input_shape[1:3]), input_shape[3])


class MaxPooling2D(Pooling2D):
    """Takes the maximum over each window, separately in each channel: `a = max x`.

    The output changes only with the largest entry, with a slope of 1, so this entry receives the whole gradient. Of
    several equal entries, the first one in row order receives it, as in TensorFlow. Where windows overlap, gradients
    are added. Padding is never the maximum.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of a window.
    strides : int, (int, int) or None
        The distance from one window to the next; `None` is `pool_size`, so that windows do not overlap.
    padding : {"valid", "same"}
        ``"valid"`` uses only windows inside the image. ``"same"`` pads the image so that no pixel is left out.
    data_format : {None, "channels_last"}
        As in Keras; only the default is supported.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **layer):
        super().__init__(pool_size, strides, padding, data_format, **layer)

    def forward(self, x, training=False):
        """Return the maximum of each window.

        Parameters
        ----------
        x : ndarray, shape (n, height, width, channels)
            Of the shape for which the layer was built.
        training : bool
            Has no effect on this layer.

        Returns
        -------
        ndarray, shape (n, rows, columns, channels)
        """
        self._check_input(x)
        patches = self.windows.patches(x, fill=-np.inf)
        flat = patches.reshape(*patches.shape[:3], -1, x.shape[3])  # (n, rows, columns, pixels of a window, channels)
        where = flat.argmax(axis=3)[:, :, :, np.newaxis]
        self.kept = x.shape, where
        return np.take_along_axis(flat, where, axis=3)[:, :, :, 0]

    def backward(self, gradient):
        """Return `∂C/∂X`: each gradient at the position of its window's maximum, and 0 elsewhere.

        Parameters
        ----------
        gradient : ndarray, shape (n, rows, columns, channels)
            `∂C/∂A`.

        Returns
        -------
        ndarray, shape (n, height, width, channels)
        """
        self._require_kept()
        shape, where = self.kept
        n, rows, columns, _, channels = where.shape
        self._check_gradient(gradient, (n, rows, columns, channels))
        flat = np.zeros((n, rows, columns, self.pool_size[0] * self.pool_size[1], channels), gradient.dtype)
        np.put_along_axis(flat, where, gradient[:, :, :, np.newaxis], axis=3)
        return self.windows.overlaid(flat.reshape(n, rows, columns, *self.pool_size, channels), shape[1:3])


class AveragePooling2D(Pooling2D):
    """Takes the mean over each window, separately in each channel: `a = Σ x / m` over the `m` pixels of the window.

    The mean changes with each pixel with a slope of `1 / m`, so each pixel receives `1 / m` of the gradient. Where
    windows overlap, gradients are added. Padding is not counted.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of a window.
    strides : int, (int, int) or None
        The distance from one window to the next; `None` is `pool_size`, so that windows do not overlap.
    padding : {"valid", "same"}
        ``"valid"`` uses only windows inside the image. ``"same"`` pads the image so that no pixel is left out.
    data_format : {None, "channels_last"}
        As in Keras; only the default is supported.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, **layer):
        super().__init__(pool_size, strides, padding, data_format, **layer)

    def forward(self, x, training=False):
        """Return the mean of each window.

        Parameters
        ----------
        x : ndarray, shape (n, height, width, channels)
            Of the shape for which the layer was built.
        training : bool
            Has no effect on this layer.

        Returns
        -------
        ndarray, shape (n, rows, columns, channels)
        """
        self._check_input(x)
        pixels = self.windows.patches(np.ones((1, *x.shape[1:3], 1), x.dtype)).sum(axis=(3, 4))  # m of each window
        self.kept = x.shape, pixels
        return self.windows.patches(x).sum(axis=(3, 4)) / pixels

    def backward(self, gradient):
        """Return `∂C/∂X`: for each pixel, the sum of `1 / m` of the gradients of all windows that contain it.

        Parameters
        ----------
        gradient : ndarray, shape (n, rows, columns, channels)
            `∂C/∂A`.

        Returns
        -------
        ndarray, shape (n, height, width, channels)
        """
        self._require_kept()
        shape, pixels = self.kept
        n, height, width, channels = shape
        self._check_gradient(gradient, (n, *pixels.shape[1:3], channels))
        shares = (gradient / pixels)[:, :, :, np.newaxis, np.newaxis]
        shares = np.broadcast_to(shares, (*gradient.shape[:3], *self.pool_size, channels))
        return self.windows.overlaid(shares, (height, width))


class UpSampling2D(Layer):
    """Repeats each pixel as a block of equal pixels: `a[r, c] = x[⌊r / height⌋, ⌊c / width⌋]`.

    All pixels of a block change with the pixel `x` with a slope of 1, so their gradients are added.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of a block.
    data_format, interpolation
        As in Keras; only the defaults are supported: channels last, and nearest-neighbour interpolation.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **layer):
        super().__init__(**layer)
        self.size = pair("size", size)
        self.data_format = only("data_format", data_format, None, "channels_last")
        self.interpolation = only("interpolation", interpolation, "nearest")

    def build(self, input_shape):
        """Raise `ValueError` if batches are not of shape ``(None, height, width, channels)``."""
        require_images(self, input_shape)

    def forward(self, x, training=False):
        """Return the enlarged images.

        Parameters
        ----------
        x : ndarray, shape (n, height, width, channels)
            Of the shape for which the layer was built.
        training : bool
            Has no effect on this layer.

        Returns
        -------
        ndarray, shape (n, height · block height, width · block width, channels)
        """
        self._check_input(x)
        self.kept = x.shape
        return x.repeat(self.size[0], axis=1).repeat(self.size[1], axis=2)

    def backward(self, gradient):
        """Return `∂C/∂X`, the sum of the gradients in each block, given `∂C/∂A`.

        Parameters
        ----------
        gradient : ndarray, of the shape of the last output

        Returns
        -------
        ndarray, shape (n, height, width, channels)
        """
        self._require_kept()
        n, height, width, channels = self.kept
        down, right = self.size
        self._check_gradient(gradient, (n, height * down, width * right, channels))
        return gradient.reshape(n, height, down, width, right, channels).sum(axis=(2, 4))
