"""A layer is an affine map and an activation: `Z = X W + b`, `A = f(Z)`.

A batch is a matrix with one example a row. The forward pass keeps what the backward
pass will need; the backward pass turns the gradient of its output into the gradients
of its weights and of its input. That is all that backpropagation is, layer by layer.
"""

import numpy as np

from aelib.checks import positive_integer, real_arrays
from aelib.nn import activations, initializers, regularizers
from aelib.nn.buffers import Buffers


class Input:
    """Says the shape of one example, so that the network is built before it sees data.

    Parameters
    ----------
    shape : tuple of int
        The shape of one example without the batch axis: `(features,)`.
    """

    def __init__(self, shape):
        if not isinstance(shape, (tuple, list)) or len(shape) != 1:
            raise ValueError(f"Input takes the shape of one example, (features,). Received: {shape!r}.")
        self.shape = (positive_integer("The number of features", shape[0]),)


class Dense:
    """A fully connected layer.

    Parameters
    ----------
    units : int
        The number of outputs.
    activation : str, Activation or None
        `None` is linear.
    use_bias : bool
        Whether `b` is there.
    kernel_initializer, bias_initializer : str or Initializer
        How `W` and `b` start.
    kernel_regularizer, bias_regularizer : str, Regularizer or None
        A penalty on `W` and on `b`.
    activity_regularizer : str, Regularizer or None
        A penalty on the output `A`, divided by the number of examples, as in Keras.
    name : str or None
        `None` lets the network number its layers.

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
        name=None,
    ):
        self.units = positive_integer("units", units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.name = name
        self.kernel = self.bias = None
        self.kernel_gradient = self.bias_gradient = None
        self._inputs = self._z = self._a = None  # what the forward pass keeps
        self._buffers, self._reuse_arrays = Buffers(), False

    @property
    def built(self):
        """Whether the weights exist."""
        return self.kernel is not None

    def build(self, inputs, rng=None, dtype="float32"):
        """Make the weights.

        Parameters
        ----------
        inputs : int
            The number of features of one example.
        rng : numpy.random.Generator or None
            Where the random weights come from.
        dtype : str or dtype
            The floating type of the weights.
        """
        inputs = positive_integer("The number of inputs", inputs)
        kernel = self.kernel_initializer((inputs, self.units), dtype, rng)
        if self.use_bias:
            self.bias = self.bias_initializer((self.units,), dtype, rng)
        self.kernel = kernel  # last: from here on the layer counts as built

    @property
    def trainable_variables(self):
        """`[kernel, bias]`, the arrays themselves, in Keras's order."""
        self._require_built()
        return [self.kernel, self.bias] if self.use_bias else [self.kernel]

    @property
    def gradients(self):
        """`[∂C/∂W, ∂C/∂b]`, in the order of `trainable_variables`."""
        return [self.kernel_gradient, self.bias_gradient] if self.use_bias else [self.kernel_gradient]

    def forward(self, x, reuse_arrays=False):
        """Return `A = f(X W + b)`, and keep `X`, `Z` and `A` for `backward`.

        Parameters
        ----------
        x : ndarray, shape (n, inputs)
        reuse_arrays : bool
            Whether this pass, and the `backward` that follows it, may write into the arrays
            of the pass before, which a training step does.

        Returns
        -------
        ndarray, shape (n, units)

        Raises
        ------
        RuntimeError
            If the layer is not built.
        ValueError
            If `x` is not a matrix with `inputs` columns.
        """
        x = np.asarray(x)
        self._check_input(x)
        self._inputs, self._reuse_arrays = x, reuse_arrays
        self._z = self._product("z", x, self.kernel)  # (n, units)
        if self.use_bias:
            self._z += self.bias
        self._a = self.activation(self._z, out=self._array("a", self._z.shape, self._z))
        return self._a

    def backward(self, gradient, input_gradient=True):
        """Return `∂C/∂X`, and set `∂C/∂W` and `∂C/∂b`, given `∂C/∂A`.

        With the error signal `Δ = ∂C/∂Z = ∂C/∂A ⊙ f'(Z)`, one row an example::

            ∂C/∂W = Xᵀ Δ        (inputs, units)
            ∂C/∂b = Σ_rows Δ    (units,)
            ∂C/∂X = Δ Wᵀ        (n, inputs)

        The chapter *The backward pass* derives these, equation by equation.

        Parameters
        ----------
        gradient : ndarray, shape (n, units)
            `∂C/∂A`, the gradient of the loss with respect to this layer's output.
        input_gradient : bool
            Whether `∂C/∂X` is wanted; the first layer of a network in training has no
            use for it.

        Returns
        -------
        ndarray, shape (n, inputs), or None

        Raises
        ------
        RuntimeError
            If there was no forward pass to go back through.
        ValueError
            If `gradient` has not the shape of the layer's last output.
        """
        self._check_gradient(gradient)
        out = self._array("delta", self._z.shape, gradient, self._z)
        delta = self.activation.backward(gradient, self._z, self._a, out=out)
        return self.backward_from_delta(delta, input_gradient)

    def backward_from_delta(self, delta, input_gradient=True):
        """Do what `backward` does, given the error signal `Δ = ∂C/∂Z` itself.

        Parameters
        ----------
        delta : ndarray, shape (n, units)
            `∂C/∂Z`, without the share of the activity regularizer, which is added here.
        input_gradient : bool
            Whether `∂C/∂X` is wanted.

        Returns
        -------
        ndarray, shape (n, inputs), or None
        """
        self._check_gradient(delta)
        if self.activity_regularizer is not None:
            penalty = self.activity_regularizer.gradient(self._a) * (1.0 / len(self._a))
            delta = delta + penalty * self.activation.derivative(self._z, self._a)
        self.kernel_gradient = self._product("kernel_gradient", self._inputs.T, delta)  # (inputs, units)
        if self.kernel_regularizer is not None:
            self.kernel_gradient += self.kernel_regularizer.gradient(self.kernel)
        if self.use_bias:
            self.bias_gradient = delta.sum(axis=0)  # (units,)
            if self.bias_regularizer is not None:
                self.bias_gradient += self.bias_regularizer.gradient(self.bias)
        return self._product("input_gradient", delta, self.kernel.T) if input_gradient else None  # (n, inputs)

    def _product(self, name, left, right):
        """The matrix product of two matrices."""
        return np.matmul(left, right, out=self._array(name, (len(left), right.shape[1]), left, right))

    def _array(self, name, shape, *operands):
        """Where a result goes: in a training step, into the array of the step before; `None` is a new one."""
        return self._buffers.array(name, shape, np.result_type(*operands)) if self._reuse_arrays else None

    def penalty(self):
        """Return the sum of this layer's penalties, a float, after a forward pass."""
        total = 0.0
        if self.kernel_regularizer is not None:
            total += self.kernel_regularizer(self.kernel)
        if self.use_bias and self.bias_regularizer is not None:
            total += self.bias_regularizer(self.bias)
        if self.activity_regularizer is not None:
            self._require_forward()
            total += self.activity_regularizer(self._a) / len(self._a)
        return total

    @property
    def logits(self):
        """The pre-activations `Z` of the last forward pass, shape (n, units)."""
        return self._z

    def get_weights(self):
        """Return copies of `[kernel, bias]`."""
        return [variable.copy() for variable in self.trainable_variables]

    def set_weights(self, weights):
        """Set `[kernel, bias]` from arrays of the same shapes.

        Parameters
        ----------
        weights : list of array_like
            A float64 array makes the layer float64; otherwise its precision stays.

        Raises
        ------
        ValueError
            If the number of arrays or a shape differs.
        """
        weights = real_arrays(weights)
        expected = [variable.shape for variable in self.trainable_variables]
        received = [w.shape for w in weights]
        if expected != received:
            raise ValueError(f"Layer '{self.name}' expected weights of shapes {expected}. Received: {received}.")
        dtype = np.result_type(*self.trainable_variables, *weights)
        self.kernel = weights[0].astype(dtype, order="C")
        if self.use_bias:
            self.bias = weights[1].astype(dtype)

    def count_params(self):
        """Return the number of weights."""
        return sum(variable.size for variable in self.trainable_variables)

    def _require_built(self):
        if not self.built:
            raise RuntimeError(
                f"Layer '{self.name or 'dense'}' is not built: expected an Input((features,)) in front of "
                f"it, or a call of build(inputs). Received: a Dense({self.units}) without weights."
            )

    def _check_input(self, x):
        self._require_built()
        inputs = self.kernel.shape[0]
        if np.ndim(x) != 2 or x.shape[1] != inputs:
            raise ValueError(
                f"Layer '{self.name or 'dense'}' expected a batch of shape (n, {inputs}). "
                f"Received: shape {np.shape(x)}."
            )

    def _require_forward(self):
        if self._a is None:
            raise RuntimeError(
                f"Layer '{self.name or 'dense'}' has nothing to go back through: "
                "expected a forward pass before backward. Received: none."
            )

    def _check_gradient(self, gradient):
        self._require_forward()
        if np.shape(gradient) != self._a.shape:
            raise ValueError(
                f"Layer '{self.name or 'dense'}' expected a gradient of the shape of its output, "
                f"{self._a.shape}. Received: shape {np.shape(gradient)}."
            )
