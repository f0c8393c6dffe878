"""Convolution and its transpose: dense layers on the small windows of an image, with the same weights for each."""

import math

from aelib.checks import positive_integer
from aelib.nn.layers.affine import Affine
from aelib.nn.layers.windows import Windows, pair, require_images
from aelib.nn.not_here import only


class Convolution(Affine):
    """Base class of convolution and transposed convolution, which are each other's way back.

    Both connect a *wide* image with a *narrow* one, which has one pixel for each window of the wide image. Let `P` be
    the matrix of windows, one window a row with its `k · k · wide channels` numbers, and `K` the kernel as a matrix,
    (k · k · wide channels, narrow channels)::

        gather:   narrow = P(wide) K        each window becomes a pixel
        scatter:  wide   = Pᵀ(narrow Kᵀ)    each pixel becomes a window; where windows overlap, they are added

    Convolution gathers and has a gradient that scatters; in the transposed convolution it is the other way round.
    """

    def __init__(self, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, **affine):
        super().__init__(activation, **affine)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.windows = Windows(self.kernel_size, self.strides, padding)
        self.padding = padding
        self.data_format = only("data_format", data_format, None, "channels_last")
        self.dilation_rate = only("dilation_rate", pair("dilation_rate", dilation_rate), (1, 1))

    def _build(self, wide, narrow):
        """Make the weights, given the numbers of channels of the wide and of the narrow image."""
        self.kernel = self.add_weight((*self.kernel_size, wide, narrow), self.kernel_initializer)
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), self.bias_initializer)

    @property
    def _matrix(self):
        """`K`, shape (k · k · wide channels, narrow channels): the kernel, seen as a matrix."""
        return self.kernel.reshape(-1, self.kernel.shape[-1])

    def _patches(self, wide):
        """Return `P(wide)`, shape (n · rows · columns, k · k · wide channels)."""
        return self.windows.patches(wide).reshape(-1, math.prod(self.kernel.shape[:-1]))

    def _gather(self, name, patches, narrow_shape):
        """Return `P K`, as images of a shape."""
        return self._product(name, patches, self._matrix).reshape(narrow_shape)

    def _scatter(self, narrow, wide_sides):
        """Return `Pᵀ(narrow Kᵀ)`, images of these sides."""
        rows = narrow.reshape(-1, narrow.shape[-1])
        patches = self._product("patches", rows, self._matrix.T)
        return self.windows.overlaid(patches.reshape(*narrow.shape[:3], *self.kernel.shape[:-1]), wide_sides)

    def _set_gradients(self, patches, narrow, delta):
        """Set `∂C/∂K = Pᵀ narrow` and `∂C/∂b = Σ Δ`, a sum over all places of all images; add those of the penalties."""
        product = self._product("kernel_gradient", patches.T, narrow.reshape(-1, narrow.shape[-1]))
        self.kernel_gradient = product.reshape(self.kernel.shape)
        if self.use_bias:
            self.bias_gradient = delta.sum(axis=(0, 1, 2))
        self._add_weight_penalties()


class Conv2D(Convolution):
    """A convolution: a dense layer from each window of an image to one pixel, the same for all windows.

    With the matrix of windows `P(X)`, shape (n · rows · columns, k · k · channels), and the kernel as a matrix `K`,
    shape (k · k · channels, filters)::

        Z = P(X) K + b,    A = f(Z)

    or, pixel by pixel, `z[r, c, f] = b[f] + Σ_{i,j,ch} x[r s + i, c s + j, ch] kernel[i, j, ch, f]` with a stride `s`.

    Parameters
    ----------
    filters : int
        The number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of a window.
    strides : int or (int, int)
        How far one window is from the next.
    padding : {"valid", "same"}
        Whether all windows lie inside the image, or reach beyond it, where there are zeros, so that the output is as
        large as the input (divided by the strides).
    data_format, dilation_rate, groups
        As in Keras, but only with their defaults: channels last, windows without gaps, all channels in one group.
    activation : str, Activation or None
        `None` is linear.
    **affine
        What every `Affine` layer takes: `use_bias`, `kernel_initializer`, `bias_initializer`, `kernel_regularizer`,
        `bias_regularizer`, `activity_regularizer`; and every `Layer`: `name`, `dtype`, `trainable`.

    Attributes
    ----------
    kernel : ndarray, shape (kernel height, kernel width, channels, filters), or None while unbuilt
    bias : ndarray, shape (filters,), or None
    kernel_gradient, bias_gradient : ndarray or None
        Of the same shapes, after `backward`.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        groups=1,
        activation=None,
        **affine,
    ):
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, activation, **affine)
        self.groups = only("groups", groups, 1)

    def build(self, input_shape):
        """Make the weights, for batches of shape ``(None, height, width, channels)``."""
        require_images(self, input_shape)
        self.windows.counts(input_shape[1:3])
        self._build(wide=input_shape[3], narrow=self.filters)

    def compute_output_shape(self, input_shape):
        return (None, *self.windows.counts(input_shape[1:3]), self.filters)

    def linear(self, x):
        """Return `P(X) K`, shape (n, rows, columns, filters)."""
        return self._gather("z", self._patches(x), (len(x), *self.compute_output_shape(x.shape)[1:]))

    def backward_from_delta(self, delta, input_gradient=True):
        """Do what `backward` does, given the error signal `Δ = ∂C/∂Z` itself.

        Row by row of `P`, this is a dense layer; `P` itself copies pixels of `X`, so that the gradients of all copies
        of a pixel are added up, which is written `Pᵀ`::

            ∂C/∂K = P(X)ᵀ Δ       (k · k · channels, filters)
            ∂C/∂b = Σ Δ           (filters,), over all places of all images
            ∂C/∂X = Pᵀ(Δ Kᵀ)      (n, height, width, channels)

        Parameters
        ----------
        delta : ndarray, shape (n, rows, columns, filters)
            `∂C/∂Z`, without the share of the activity regularizer, which is added here.
        input_gradient : bool
            Whether `∂C/∂X` is wanted; the first layer of a network in training has no use for it.

        Returns
        -------
        ndarray, shape (n, height, width, channels), or None
        """
        self._require_kept()
        x, _, a = self.kept
        self._check_gradient(delta, a.shape)
        delta = self._with_activity_penalty(delta)
        self._set_gradients(self._patches(x), delta, delta)
        return self._scatter(delta, x.shape[1:3]) if input_gradient else None


class Conv2DTranspose(Convolution):
    """A transposed convolution: a dense layer from each pixel to a window of a larger image; overlaps are added.

    It is the linear map that takes a convolution's gradient back to its input. With the kernel as a matrix `K`, shape
    (k · k · filters, channels), and `Pᵀ` that lays windows at their places and adds them::

        Z = Pᵀ(X Kᵀ) + b,    A = f(Z)

    or, pixel by pixel, `z[r s + i, c s + j, f]` gets `Σ_ch x[r, c, ch] kernel[i, j, f, ch]` for all `r, c, i, j` that
    meet there.

    Parameters
    ----------
    filters : int
        The number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of a window.
    strides : int or (int, int)
        How far one window is from the next: with strides of 2 an image becomes twice as high and wide.
    padding : {"valid", "same"}
        Whether all windows are whole in the output, or cut off so that a side of the output is the stride times a
        side of the input.
    output_padding, data_format, dilation_rate
        As in Keras, but only with their defaults.
    activation : str, Activation or None
        `None` is linear.
    **affine
        What every `Affine` layer takes: `use_bias`, `kernel_initializer`, `bias_initializer`, `kernel_regularizer`,
        `bias_regularizer`, `activity_regularizer`; and every `Layer`: `name`, `dtype`, `trainable`.

    Attributes
    ----------
    kernel : ndarray, shape (kernel height, kernel width, filters, channels), or None while unbuilt
        That of the convolution which this layer is the way back of: filters before channels.
    bias : ndarray, shape (filters,), or None
    kernel_gradient, bias_gradient : ndarray or None
        Of the same shapes, after `backward`.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=(1, 1),
        activation=None,
        **affine,
    ):
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, activation, **affine)
        self.output_padding = only("output_padding", output_padding, None)

    def build(self, input_shape):
        """Make the weights, for batches of shape ``(None, height, width, channels)``."""
        require_images(self, input_shape)
        self._build(wide=self.filters, narrow=input_shape[3])

    def compute_output_shape(self, input_shape):
        return (None, *self._output_sides(input_shape[1:3]), self.filters)

    def _output_sides(self, sides):
        """Height and width of an image that has as many windows as the input has pixels: of several, Keras's choice."""
        overhang = [0 if self.padding == "same" else max(k - s, 0) for k, s in zip(self.kernel_size, self.strides)]
        return tuple(side * stride + more for side, stride, more in zip(sides, self.strides, overhang))

    def linear(self, x):
        """Return `Pᵀ(X Kᵀ)`, shape (n, height, width, filters)."""
        return self._scatter(x, self._output_sides(x.shape[1:3]))

    def backward_from_delta(self, delta, input_gradient=True):
        """Do what `backward` does, given the error signal `Δ = ∂C/∂Z` itself.

        `Z` is linear in `X` and in `K`. A pixel of `X` reaches the pixels of its window, so its gradient is gathered
        from there; and an entry of `K` connects each pixel of `X` with one pixel of its window::

            ∂C/∂X = P(Δ) K        (n, rows, columns, channels): the convolution of Δ with the same kernel
            ∂C/∂K = P(Δ)ᵀ X       (k · k · filters, channels)
            ∂C/∂b = Σ Δ           (filters,), over all places of all images

        Parameters
        ----------
        delta : ndarray, shape (n, height, width, filters)
            `∂C/∂Z`, without the share of the activity regularizer, which is added here.
        input_gradient : bool
            Whether `∂C/∂X` is wanted; the first layer of a network in training has no use for it.

        Returns
        -------
        ndarray, shape (n, rows, columns, channels), or None
        """
        self._require_kept()
        x, _, a = self.kept
        self._check_gradient(delta, a.shape)
        delta = self._with_activity_penalty(delta)
        patches = self._patches(delta)
        self._set_gradients(patches, x, delta)
        return self._gather("input_gradient", patches, x.shape) if input_gradient else None
