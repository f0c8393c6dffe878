"""The base class of dense and convolutional layers: `Z = L(X) + b`, `A = f(Z)`, with `L` linear in `X` and in `W`."""

import numpy as np

from aelib.nn import activations, initializers, regularizers
from aelib.nn.layers.layer import Layer


class Affine(Layer):
    """Base class. A subclass defines `build`, the linear map `linear`, and `backward_from_delta`.

    The chapter *The backward pass* derives the gradients of such a layer.

    Parameters
    ----------
    activation : str, Activation or None
        `None` is linear.
    use_bias : bool
        Whether to add the bias `b`.
    kernel_initializer, bias_initializer : str or Initializer
        The initial values of `W` and `b`.
    kernel_regularizer, bias_regularizer : str, Regularizer or None
        Penalties on `W` and `b`.
    activity_regularizer : str, Regularizer or None
        A penalty on the output `A`, divided by the number of examples, as in Keras.
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    weight_names = ("kernel", "bias")
    kernel = bias = None
    kernel_gradient = bias_gradient = None

    def __init__(
        self,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        **layer,
    ):
        super().__init__(**layer)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)

    def linear(self, x):
        """Return `L(X)` in an array that the caller may overwrite."""
        raise NotImplementedError

    def backward_from_delta(self, delta, input_gradient=True):
        """Return `∂C/∂X`, and set `∂C/∂W` and `∂C/∂b`, given the error signal `Δ = ∂C/∂Z`."""
        raise NotImplementedError

    def forward(self, x, training=False):
        """Return `A = f(L(X) + b)`, and keep `X`, `Z` and `A` for `backward`.

        Parameters
        ----------
        x : array_like, shape (n, …)
            Of the shape for which the layer was built.
        training : bool
            Has no effect on this layer.

        Returns
        -------
        ndarray, shape (n, …)

        Raises
        ------
        RuntimeError
            If the layer is not built.
        ValueError
            If `x` has another shape.
        """
        x = np.asarray(x)
        self._check_input(x)
        z = self.linear(x)
        if self.use_bias:
            z += self.bias
        a = self.activation(z, out=self._out("a", z.shape, z))
        self.kept = x, z, a
        return a

    def backward(self, gradient):
        """Return `∂C/∂X`, and set `∂C/∂W` and `∂C/∂b`, given `∂C/∂A`.

        The activation turns the gradient into the error signal `Δ = ∂C/∂Z = ∂C/∂A ⊙ f'(Z)`;
        `backward_from_delta` does the rest.

        Parameters
        ----------
        gradient : ndarray, of the shape of the last output
            `∂C/∂A`, the gradient of the loss with respect to this layer's output.

        Returns
        -------
        ndarray, of the shape of the last input
        """
        return self.backward_from_delta(self._delta(gradient))

    def backward_to_weights(self, gradient):
        self.backward_from_delta(self._delta(gradient), input_gradient=False)

    def _delta(self, gradient):
        self._require_kept()
        _, z, a = self.kept
        self._check_gradient(gradient, a.shape)
        return self.activation.backward(gradient, z, a, out=self._out("delta", z.shape, gradient, z))

    def _with_activity_penalty(self, delta):
        """Return the error signal with the contribution of the penalty on the output added."""
        if self.activity_regularizer is None:
            return delta
        _, z, a = self.kept
        return delta + self.activation.backward(self.activity_regularizer.gradient(a) / len(a), z, a)

    def _add_weight_penalties(self):
        """Add the gradients of the penalties on `W` and `b` to `∂C/∂W` and `∂C/∂b`."""
        if self.kernel_regularizer is not None:
            self.kernel_gradient += self.kernel_regularizer.gradient(self.kernel)
        if self.use_bias and self.bias_regularizer is not None:
            self.bias_gradient += self.bias_regularizer.gradient(self.bias)

    def penalty(self):
        total = 0.0
        if self.trainable and self.kernel_regularizer is not None:  # as in Keras, frozen weights are not penalised
            total += self.kernel_regularizer(self.kernel)
        if self.trainable and self.use_bias and self.bias_regularizer is not None:
            total += self.bias_regularizer(self.bias)
        if self.activity_regularizer is not None:
            self._require_kept()
            a = self.kept[-1]
            total += self.activity_regularizer(a) / len(a)
        return total

    @property
    def logits(self):
        """The pre-activations `Z` of the last forward pass."""
        self._require_kept()
        return self.kept[1]

    @property
    def output_activation(self):
        return self.logits, self.activation

    def _product(self, name, left, right):
        """Return the matrix product `left @ right`."""
        return np.matmul(left, right, out=self._out(name, (len(left), right.shape[1]), left, right))

    def _out(self, name, shape, *operands):
        """Return the array for a result of these operands, or `None` for a new one."""
        return self._buffers.out(name, shape, np.result_type(*operands))
