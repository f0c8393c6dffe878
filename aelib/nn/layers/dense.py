"""The fully connected layer."""

from aelib.checks import positive_integer
from aelib.nn.layers.affine import Affine


class Dense(Affine):
    """A fully connected layer: `Z = X W + b`, `A = f(Z)`.

    Parameters
    ----------
    units : int
        The number of outputs.
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

    Attributes
    ----------
    kernel : ndarray, shape (inputs, units), or None while unbuilt
        `W`.
    bias : ndarray, shape (units,), or None
        `b`.
    kernel_gradient, bias_gradient : ndarray or None
        `∂C/∂W` and `∂C/∂b`, of the shapes of `W` and `b`, after `backward`.
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        **layer,
    ):
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            **layer,
        )
        self.units = positive_integer("units", units)

    def build(self, input_shape):
        """Make the weights for batches of shape ``(None, features)``."""
        if len(input_shape) != 2:
            raise ValueError(
                f"Layer '{self._shown_name}' expected batches of shape (n, features). Received: examples of shape "
                f"{tuple(input_shape[1:])}. Add a Flatten before it."
            )
        self.kernel = self.add_weight((input_shape[1], self.units), self.kernel_initializer)
        if self.use_bias:
            self.bias = self.add_weight((self.units,), self.bias_initializer)

    def compute_output_shape(self, input_shape):
        return (None, self.units)

    def linear(self, x):
        """Return `X W`, shape (n, units)."""
        return self._product("z", x, self.kernel)

    def backward_from_delta(self, delta, input_gradient=True):
        """Do the same as `backward`, given the error signal `Δ = ∂C/∂Z`, with one row per example::

            ∂C/∂W = Xᵀ Δ        (inputs, units)
            ∂C/∂b = Σ_rows Δ    (units,)
            ∂C/∂X = Δ Wᵀ        (n, inputs)

        The chapter *The backward pass* derives these, equation by equation.

        Parameters
        ----------
        delta : ndarray, shape (n, units)
            `∂C/∂Z`, without the contribution of the activity regularizer, which is added here.
        input_gradient : bool
            Whether to compute `∂C/∂X`, which a training step does not need from the first layer.

        Returns
        -------
        ndarray, shape (n, inputs), or None
        """
        self._require_kept()
        x, _, a = self.kept
        self._check_gradient(delta, a.shape)
        delta = self._with_activity_penalty(delta)
        self.kernel_gradient = self._product("kernel_gradient", x.T, delta)  # (inputs, units)
        if self.use_bias:
            self.bias_gradient = delta.sum(axis=0)  # (units,)
        self._add_weight_penalties()
        return self._product("input_gradient", delta, self.kernel.T) if input_gradient else None  # (n, inputs)
