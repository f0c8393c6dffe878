"""Activations as separate layers, for networks with another layer before the activation, such as a normalisation."""

from aelib.nn import activations
from aelib.nn.layers.layer import Layer
from aelib.nn.not_here import only


class Activated(Layer):
    """Base class: `A = f(X)` and `∂C/∂X = ∂C/∂A ⊙ f'(X)`. A subclass sets the attribute `activation`, which is `f`."""

    def forward(self, x, training=False):
        """Return `A = f(X)`, of the shape of `x`, and keep `X` and `A` for `backward`."""
        a = self.activation(x, out=self._buffers.out("a", x.shape, x.dtype))
        self.kept = x, a
        return a

    def backward(self, gradient):
        """Return `∂C/∂X = ∂C/∂A ⊙ f'(X)`, given `∂C/∂A`, all of the shape of `x`."""
        self._require_kept()
        x, a = self.kept
        self._check_gradient(gradient, a.shape)
        return self.activation.backward(gradient, x, a, out=self._buffers.out("delta", x.shape, x.dtype))

    @property
    def output_activation(self):
        self._require_kept()
        return self.kept[0], self.activation

    def backward_from_delta(self, delta, input_gradient=True):
        """Return the error signal `∂C/∂Z` unchanged: the pre-activations of this layer are its input, `Z = X`."""
        self._require_kept()
        self._check_gradient(delta, self.kept[0].shape)
        return delta


class Activation(Activated):
    """An activation as a layer: `A = f(X)`.

    Parameters
    ----------
    activation : str, aelib.nn.activations.Activation or None
        `None` is linear.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, activation, **layer):
        super().__init__(**layer)
        self.activation = activations.get(activation)


class ReLU(Activated):
    """The rectifier as a layer: `A = max(X, 0)` (Nair & Hinton 2010).

    Parameters
    ----------
    max_value, negative_slope, threshold
        As in Keras; only the defaults are supported.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **layer):
        super().__init__(**layer)
        self.max_value = only("max_value", max_value, None)
        self.negative_slope = only("negative_slope", negative_slope, 0.0)
        self.threshold = only("threshold", threshold, 0.0)
        self.activation = activations.get("relu")
