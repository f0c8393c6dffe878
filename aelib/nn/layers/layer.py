"""The base class `Layer`, which all layers and networks share, and `Input`."""

import functools

import numpy as np

from aelib.checks import positive_integer, real_arrays
from aelib.nn import initializers, utils
from aelib.nn.configurable import Configurable
from aelib.nn.memory import Buffers
from aelib.nn.not_here import only

PRECISIONS = ("float32", "float64")


class Input(Configurable):
    """Declares the shape of one example, so that the network can be built before it sees data.

    Parameters
    ----------
    shape : tuple of int
        The shape of one example without the batch axis: ``(features,)`` or ``(height, width, channels)``.
    batch_size : None
        As in Keras; only the default is supported: batches of any size.
    dtype : {"float32", "float64"} or None
        Has no effect: data are converted to the precision of the first layer.
    name : str or None
        Has no effect.
    """

    def __init__(self, shape, batch_size=None, dtype=None, *, name=None):
        if not isinstance(shape, (tuple, list)) or not shape:
            raise ValueError(f"Input expected the shape of one example, such as (features,). Received: {shape!r}.")
        self.shape = tuple(positive_integer("A size of the shape", size) for size in shape)
        self.batch_size = only("batch_size", batch_size, None)
        self.dtype = None if dtype is None else precision(dtype)
        self.name = name


class Layer(Configurable):
    """Base class. A new layer defines `forward`, `backward` and, if it has weights, `build`.

    Parameters
    ----------
    name : str or None
        `None` lets the network choose a name.
    dtype : {"float32", "float64"} or None
        The precision of the weights; data are converted to it. `None` is the precision of the network.
    trainable : bool
        Whether training changes the weights.

    Attributes
    ----------
    weight_names : tuple of str
        Class attribute: the names of the attributes that training changes. `backward` stores the gradient of
        ``"kernel"`` in the attribute ``kernel_gradient``. A weight that is `None` is ignored.
    state_names : tuple of str
        Class attribute: the names of the attributes that `forward` changes in training, such as a moving mean.
    kept : object
        The values that `forward` stores for `backward`. Copies and pickles do not include it.
    built : bool
        Whether the weights exist.
    rng : numpy.random.Generator or None
        The source of random numbers; a network gives its generator to a layer that has none.

    Examples
    --------
    A layer that scales each feature, `A = s ⊙ X`:

    >>> class Scale(Layer):
    ...     weight_names = ("factor",)
    ...
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(input_shape[1:], "ones")
    ...
    ...     def forward(self, x, training=False):
    ...         self.kept = x
    ...         return self.factor * x
    ...
    ...     def backward(self, gradient):
    ...         self.factor_gradient = (gradient * self.kept).sum(axis=0)
    ...         return gradient * self.factor
    """

    weight_names = ()
    state_names = ()
    name = dtype = None
    trainable = True
    kept = None
    built = False
    input_shape = None
    rng = None

    def __init_subclass__(cls, **named):
        """Make the method `build` of a subclass record the input shape, as Keras does."""
        super().__init_subclass__(**named)
        if "build" in vars(cls) and not isinstance(cls.built, property):  # a network is built when its layers are
            cls.build = noting_the_shape(cls.build)

    def __init__(self, name=None, dtype=None, trainable=True):
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"name must be a string without '/'. Received: {name!r}.")
        self.name = name or None
        if not isinstance(trainable, (bool, np.bool_)):
            raise ValueError(f"trainable must be True or False. Received: {trainable!r}.")
        self.dtype = None if dtype is None else precision(dtype)
        self.trainable = trainable
        self._buffers = Buffers()

    # ------------------------------------------------------------ what a layer defines

    def build(self, input_shape):
        """Make the weights.

        Parameters
        ----------
        input_shape : tuple
            The shape of a batch, with `None` for the number of examples: ``(None, features)``.
        """

    def forward(self, x, training=False):
        """Return the output, and store in `kept` what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (n, …)
        training : bool
            Whether this is a training step, in which some layers behave differently.

        Returns
        -------
        ndarray, shape (n, …)
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward pass: define forward(x, training).")

    def backward(self, gradient):
        """Return `∂C/∂X`, given `∂C/∂A`, and set the gradients of the weights.

        Parameters
        ----------
        gradient : ndarray, of the shape of the last output
            `∂C/∂A`, the gradient of the loss with respect to this layer's output.

        Returns
        -------
        ndarray, of the shape of the last input

        Raises
        ------
        RuntimeError
            If there was no forward pass before.
        ValueError
            If `gradient` does not have the shape of the layer's last output.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward pass: define backward(gradient).")

    def penalty(self):
        """Return the sum of this layer's penalties, a float, after a forward pass."""
        return 0.0

    # ------------------------------------------------- what a network may ask of a layer

    #: The pre-activations of the last forward pass and the activation function, for a layer that ends with an
    #: activation; a loss may need them (see `aelib.nn.losses.Loss.with_delta`).
    output_activation = None

    def backward_from_delta(self, delta, input_gradient=True):
        """Do the same as `backward`, given the error signal `∂C/∂Z` before the activation of this layer."""
        raise NotImplementedError(f"{type(self).__name__} has no activation: use backward(gradient).")

    def backward_to_weights(self, gradient):
        """Set the gradients of the weights, as `backward` does, without computing `∂C/∂X`."""
        self.backward(gradient)

    # ---------------------------------------------------------------------- weights

    def add_weight(self, shape, initializer="glorot_uniform"):
        """Return a new weight array in the layer's precision.

        Parameters
        ----------
        shape : tuple of int
        initializer : str or Initializer
        """
        return initializers.get(initializer)(tuple(shape), self.dtype or "float32", self.generator)

    @property
    def generator(self):
        """The random generator of this layer: `rng`, or one made from `rng` if that is a seed or `None`."""
        self.rng = utils.generator(self.rng)
        return self.rng

    @property
    def generators(self):
        """`[rng]`: the random generator of the layer, in a list because a network has several."""
        return [self.rng]

    @generators.setter
    def generators(self, generators):
        (self.rng,) = generators

    @property
    def trainable_variables(self):
        """The weight arrays that training changes, not copies of them."""
        return [getattr(self, name) for name in self._trained]

    @property
    def gradients(self):
        """The gradients of the last backward pass, in the order of `trainable_variables`.

        Raises
        ------
        RuntimeError
            If `backward` has not set the gradient of a weight.
        """
        gradients = [getattr(self, f"{name}_gradient", None) for name in self._trained]
        if any(gradient is None for gradient in gradients):
            missing = [f"{name}_gradient" for name, gradient in zip(self._trained, gradients) if gradient is None]
            raise RuntimeError(
                f"Layer '{self._shown_name}' expected backward to set {', '.join(missing)}. Received: none."
            )
        return gradients

    @property
    def _trained(self):
        """The names of the existing weights that training changes."""
        return [name for name in self.weight_names if getattr(self, name, None) is not None] if self.trainable else []

    @property
    def variables(self):
        """All weight arrays by name, including those that training does not change."""
        names = (*self.weight_names, *self.state_names)
        return {name: getattr(self, name) for name in names if getattr(self, name, None) is not None}

    @property
    def weights(self):
        """All weight arrays, in Keras's order."""
        return list(self.variables.values())

    def get_weights(self):
        """Return copies of all weights, in Keras's order."""
        self._require_built()
        return [variable.copy() for variable in self.weights]

    def set_weights(self, weights):
        """Set all weights from a list of arrays in Keras's order; the precision of the weights stays the same.

        Raises
        ------
        ValueError
            If the number of arrays or a shape differs; no weight is changed in that case.
        """
        self._require_built()
        weights = real_arrays(weights)
        expected, received = [w.shape for w in self.weights], [w.shape for w in weights]
        if expected != received:
            raise ValueError(f"'{self._shown_name}' expected weights of shapes {expected}. Received: {received}.")
        for variable, values in zip(self.weights, weights):
            variable[...] = values

    def count_params(self):
        """Return the number of weights."""
        self._require_built()
        return sum(variable.size for variable in self.weights)

    def astype(self, dtype):
        """Change the precision of the weights to float32 or float64; return the layer."""
        self.dtype = precision(dtype)
        for name, variable in self.variables.items():
            setattr(self, name, variable.astype(self.dtype, copy=False))
        return self

    # ------------------------------------------------------------------------- use

    def __call__(self, x, training=False):
        """Build the layer if necessary, and return its output for a batch."""
        x = np.asarray(x, dtype=self.dtype or "float32")
        self.build_for((None, *x.shape[1:]))
        return self.forward(x, training)

    def build_for(self, input_shape):
        """Build the layer for batches of this shape; raise `ValueError` if it was built for another."""
        if not self.built:
            self.build(input_shape)
            self.input_shape, self.built = tuple(input_shape), True
        elif self.input_shape is not None and tuple(input_shape[1:]) != self.input_shape[1:]:
            raise ValueError(
                f"Layer '{self._shown_name}' expected batches of shape {shown(self.input_shape)}. "
                f"Received: {shown(input_shape)}."
            )

    def compute_output_shape(self, input_shape):
        """Return the shape of the output, ``(None, …)``, found by a forward pass of one example of zeros."""
        self.build_for(input_shape)
        kept = self.kept
        with np.errstate(all="ignore"):  # only the shape matters, whatever the layer makes of zeros
            output = self.forward(np.zeros((1, *input_shape[1:]), self.dtype or "float32"))
        self.kept = kept
        return (None, *output.shape[1:])

    @property
    def _shown_name(self):
        return self.name or type(self).__name__.lower()

    def _require_built(self):
        if not self.built:
            raise RuntimeError(
                f"Layer '{self._shown_name}' is not built: expected an Input before it, or data. Received: "
                f"a {type(self).__name__} without weights."
            )

    def _check_input(self, x):
        self._require_built()
        if np.shape(x)[1:] != self.input_shape[1:] or np.ndim(x) == 0:
            raise ValueError(
                f"Layer '{self._shown_name}' expected a batch of shape {shown(self.input_shape)}. "
                f"Received: shape {np.shape(x)}."
            )

    def _check_gradient(self, gradient, output_shape):
        if np.shape(gradient) != output_shape:
            raise ValueError(
                f"Layer '{self._shown_name}' expected a gradient of the shape of its output, {output_shape}. "
                f"Received: shape {np.shape(gradient)}."
            )

    def _require_kept(self):
        if self.kept is None:
            raise RuntimeError(f"Layer '{self._shown_name}' expected a forward pass before backward. Received: none.")

    def __getstate__(self):
        """Leave out activations and gradients: a copy holds only weights and settings."""
        left = {"kept", *(f"{name}_gradient" for name in self.weight_names)}
        return {name: value for name, value in self.__dict__.items() if name not in left}


def precision(dtype):
    """Return ``"float32"`` or ``"float64"``; raise `ValueError` for any other dtype."""
    try:
        name = np.dtype(dtype).name
    except TypeError:  # NumPy knows no such dtype
        name = None
    if name not in PRECISIONS:
        raise ValueError(f"dtype must be {' or '.join(PRECISIONS)}. Received: {dtype!r}.")
    return name


def noting_the_shape(build):
    """Return a method that calls `build` and then records the input shape in the layer."""

    @functools.wraps(build)
    def build_and_note(self, input_shape):
        build(self, input_shape)
        self.input_shape, self.built = tuple(input_shape), True

    return build_and_note


def shown(shape):
    """Return a shape as text, with `n` for the number of examples: ``(n, 784)``."""
    return "(" + ", ".join(["n", *(str(size) for size in shape[1:])]) + ("" if len(shape) > 1 else ",") + ")"
