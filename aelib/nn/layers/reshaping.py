"""Layers that change only the shape: `Flatten` turns an image into a row of pixels, `Reshape` does the opposite."""

import math

from aelib.checks import positive_integer
from aelib.nn.layers.layer import Layer, shown
from aelib.nn.not_here import only


class Reshaped(Layer):
    """Base class: the forward pass reshapes each example, and the backward pass reshapes the gradient back.

    `∂C/∂X` has the entries of `∂C/∂A` in the same order. A subclass defines `new_shape`, the new shape of one example.
    """

    def forward(self, x, training=False):
        """Return each example in its new shape.

        Parameters
        ----------
        x : ndarray, shape (n, …)
            Of the shape for which the layer was built.
        training : bool
            Has no effect on this layer.

        Returns
        -------
        ndarray, shape (n, …)
            A view of `x` if possible.
        """
        self._check_input(x)
        a = x.reshape(len(x), *self.new_shape)
        self.kept = x.shape, a.shape
        return a

    def backward(self, gradient):
        """Return `∂C/∂X`, in the shape of the input, given `∂C/∂A`, in the shape of the output."""
        self._require_kept()
        input_shape, output_shape = self.kept
        self._check_gradient(gradient, output_shape)
        return gradient.reshape(input_shape)


class Flatten(Reshaped):
    """Flattens each example into one row, for example (n, height, width, channels) to (n, height · width · channels).

    Parameters
    ----------
    data_format : {None, "channels_last"}
        As in Keras; only the default is supported.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    new_shape = (-1,)

    def __init__(self, data_format=None, **layer):
        super().__init__(**layer)
        self.data_format = only("data_format", data_format, None, "channels_last")


class Reshape(Reshaped):
    """Changes the shape of each example.

    Parameters
    ----------
    target_shape : tuple of int
        The new shape of one example, without the batch axis. One size may be -1; it is inferred.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, target_shape, **layer):
        super().__init__(**layer)
        if not isinstance(target_shape, (tuple, list)) or list(target_shape).count(-1) > 1:
            raise ValueError(
                "target_shape expected the shape of one example, such as (28, 28, 1), in which at most one size is -1. "
                f"Received: {target_shape!r}."
            )
        self.target_shape = tuple(
            size if size == -1 else positive_integer("A size of target_shape", size) for size in target_shape
        )

    @property
    def new_shape(self):
        return self.target_shape

    def build(self, input_shape):
        """Raise `ValueError` if examples of this shape do not have as many entries as the target shape.

        Parameters
        ----------
        input_shape : tuple
            The shape of a batch, ``(None, …)``.
        """
        entries = math.prod(input_shape[1:])
        known = math.prod(size for size in self.target_shape if size != -1)
        if entries % known if -1 in self.target_shape else entries != known:
            raise ValueError(
                f"Layer '{self._shown_name}' expected examples that fit into the shape {self.target_shape}. "
                f"Received: batches of shape {shown(input_shape)}, with {entries} numbers per example."
            )
