"""Convolution and transposed convolution: a dense layer applied to every window of an image, with shared weights."""

import math

from aelib.checks import positive_integer
from aelib.nn.layers.affine import Affine
from aelib.nn.layers.windows import Windows, pair, require_images
from aelib.nn.not_here import only


class Convolution(Affine):
    """Base class of convolution and transposed convolution, each of which is the backward pass of the other.

    Both connect a *wide* image with a *narrow* image, which has one pixel per window of the wide image. Let `P(wide)`
    be the matrix with one window per row, which has `k · k · wide channels` entries, and `K` the kernel as a matrix of
    shape (k · k · wide channels, narrow channels)::

        gather:   narrow = P(wide) K        each window becomes a pixel
        scatter:  wide   = Pᵀ(narrow Kᵀ)    each pixel becomes a window; overlapping windows are added

    The forward pass of a convolution gathers, and its backward pass scatters. In a transposed convolution, the forward
    pass scatters and the backward pass gathers.
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
        """Make the weights, given the number of channels of the wide and of the narrow image."""
        self.kernel = self.add_weight((*self.kernel_size, wide, narrow), self.kernel_initializer)
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), self.bias_initializer)

    @property
    def _matrix(self):
        """The kernel as a matrix `K`, shape (k · k · wide channels, narrow channels)."""
        return self.kernel.reshape(-1, self.kernel.shape[-1])

    def _patches(self, wide):
        """Return `P(wide)`, shape (n · rows · columns, k · k · wide channels)."""
        return self.windows.patches(wide).reshape(-1, math.prod(self.kernel.shape[:-1]))

    def _gather(self, name, patches, narrow_shape):
        """Return `P K` as images of shape `narrow_shape`."""
        return self._product(name, patches, self._matrix).reshape(narrow_shape)

    def _scatter(self, narrow, wide_sides):
        """Return `Pᵀ(narrow Kᵀ)` as images with sides `wide_sides`."""
        rows = narrow.reshape(-1, narrow.shape[-1])
        patches = self._product("patches", rows, self._matrix.T)
        return self.windows.overlaid(patches.reshape(*narrow.shape[:3], *self.kernel.shape[:-1]), wide_sides)

    def _set_gradients(self, patches, narrow, delta):
        """Set `∂C/∂K = Pᵀ narrow` and `∂C/∂b = Σ Δ`, summed over all positions and images, and add the penalties'."""
        product = self._product("kernel_gradient", patches.T, narrow.reshape(-1, narrow.shape[-1]))
        self.kernel_gradient = product.reshape(self.kernel.shape)
        if self.use_bias:
            self.bias_gradient = delta.sum(axis=(0, 1, 2))
        self._add_weight_penalties()


class Conv2D(Convolution):
    """A convolution: the same dense layer maps each window of an image to one pixel (LeCun et al. 1998).

    With the matrix of windows `P(X)`, shape (n · rows · columns, k · k · channels), and the kernel as a matrix `K`,
    shape (k · k · channels, filters)::

        Z = P(X) K + b,    A = f(Z)

    For each pixel, `z[r, c, f] = b[f] + Σ_{i,j,ch} x[r s + i, c s + j, ch] kernel[i, j, ch, f]` with a stride `s`.

    Parameters
    ----------
    filters : int
        The number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of a window.
    strides : int or (int, int)
        The distance from one window to the next.
    padding : {"valid", "same"}
        ``"valid"`` uses only windows inside the image. ``"same"`` pads the image with zeros, so that the output has
        the size of the input divided by the strides, rounded up.
    data_format, dilation_rate, groups
        As in Keras; only the defaults are supported: channels last, no dilation, one group.
    activation : str, Activation or None
        `None` is linear.
    **affine
        The arguments of `Affine`: `use_bias`, `kernel_initializer`, `bias_initializer`, `kernel_regularizer`,
        `bias_regularizer`, `activity_regularizer`; and those of `Layer`: `name`, `dtype`, `trainable`.

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
        """Make the weights for batches of shape ``(None, height, width, channels)``."""
        require_images(self, input_shape)
        self.windows.counts(input_shape[1:3])
        self._build(wide=input_shape[3], narrow=self.filters)

    def compute_output_shape(self, input_shape):
        return (None, *self.windows.counts(input_shape[1:3]), self.filters)

    def linear(self, x):
        """Return `P(X) K`, shape (n, rows, columns, filters)."""
        return self._gather("z", self._patches(x), (len(x), *self.compute_output_shape(x.shape)[1:]))

    def backward_from_delta(self, delta, input_gradient=True):
        """Do the same as `backward`, given the error signal `Δ = ∂C/∂Z`.

        The map from a row of `P(X)` to a pixel of `Z` is a dense layer. `P` copies each pixel of `X` into several
        windows, so the gradients of all copies of a pixel are added; this sum is written `Pᵀ`::

            ∂C/∂K = P(X)ᵀ Δ       (k · k · channels, filters)
            ∂C/∂b = Σ Δ           (filters,), summed over all positions and images
            ∂C/∂X = Pᵀ(Δ Kᵀ)      (n, height, width, channels)

        Parameters
        ----------
        delta : ndarray, shape (n, rows, columns, filters)
            `∂C/∂Z`, without the contribution of the activity regularizer, which is added here.
        input_gradient : bool
            Whether to compute `∂C/∂X`, which a training step does not need from the first layer.

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
    """A transposed convolution: a dense layer maps each pixel to a window of a larger image; overlaps are added.

    It is the linear map by which a convolution passes a gradient back to its input. With the kernel as a matrix `K` of
    shape (k · k · filters, channels), and `Pᵀ`, which adds windows at their positions in the image::

        Z = Pᵀ(X Kᵀ) + b,    A = f(Z)

    For each pixel, with a stride `s`, `z[R, C, f] = b[f] + Σ x[r, c, ch] kernel[i, j, f, ch]`, where the sum is over
    all channels `ch` and all `r, c, i, j` with `r s + i = R` and `c s + j = C`.

    Parameters
    ----------
    filters : int
        The number of channels of the output.
    kernel_size : int or (int, int)
        Height and width of a window.
    strides : int or (int, int)
        The distance from one window to the next; strides of 2 double the height and the width of an image.
    padding : {"valid", "same"}
        ``"valid"`` keeps all windows whole. ``"same"`` crops the output to the size of the input times the strides.
    output_padding, data_format, dilation_rate
        As in Keras; only the defaults are supported.
    activation : str, Activation or None
        `None` is linear.
    **affine
        The arguments of `Affine`: `use_bias`, `kernel_initializer`, `bias_initializer`, `kernel_regularizer`,
        `bias_regularizer`, `activity_regularizer`; and those of `Layer`: `name`, `dtype`, `trainable`.

    Attributes
    ----------
    kernel : ndarray, shape (kernel height, kernel width, filters, channels), or None while unbuilt
        The kernel of the convolution whose backward pass this layer computes: filters before channels.
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
        """Make the weights for batches of shape ``(None, height, width, channels)``."""
        require_images(self, input_shape)
        self._build(wide=self.filters, narrow=input_shape[3])

    def compute_output_shape(self, input_shape):
        return (None, *self._output_sides(input_shape[1:3]), self.filters)

    def _output_sides(self, sides):
        """Return height and width of an image with as many windows as the input has pixels, chosen as in Keras."""
        overhang = [0 if self.padding == "same" else max(k - s, 0) for k, s in zip(self.kernel_size, self.strides)]
        return tuple(side * stride + more for side, stride, more in zip(sides, self.strides, overhang))

    def linear(self, x):
        """Return `Pᵀ(X Kᵀ)`, shape (n, height, width, filters)."""
        return self._scatter(x, self._output_sides(x.shape[1:3]))

    def backward_from_delta(self, delta, input_gradient=True):
        """Do the same as `backward`, given the error signal `Δ = ∂C/∂Z`.

        `Z` is linear in `X` and in `K`. A pixel of `X` contributes to all pixels of its window, so its gradient is
        gathered from these. An entry of `K` connects each pixel of `X` with one pixel of its window::

            ∂C/∂X = P(Δ) K        (n, rows, columns, channels): the convolution of Δ with the same kernel
            ∂C/∂K = P(Δ)ᵀ X       (k · k · filters, channels)
            ∂C/∂b = Σ Δ           (filters,), summed over all positions and images

        Parameters
        ----------
        delta : ndarray, shape (n, height, width, filters)
            `∂C/∂Z`, without the contribution of the activity regularizer, which is added here.
        input_gradient : bool
            Whether to compute `∂C/∂X`, which a training step does not need from the first layer.

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
