"""What every layer is: weights, a forward pass, and a backward pass."""

import functools

import numpy as np

from aelib.checks import positive_integer, real_arrays
from aelib.nn import initializers, utils
from aelib.nn.configurable import Configurable
from aelib.nn.memory import Buffers

PRECISIONS = ("float32", "float64")


class Input(Configurable):
    """Says the shape of one example, so that the network is built before it sees data.

    Parameters
    ----------
    shape : tuple of int
        The shape of one example without the batch axis: ``(features,)`` or ``(height, width, channels)``.
    """

    def __init__(self, shape):
        if not isinstance(shape, (tuple, list)) or not shape:
            raise ValueError(f"Input takes the shape of one example, such as (features,). Received: {shape!r}.")
        self.shape = tuple(positive_integer("A size of the shape", size) for size in shape)


class Layer(Configurable):
    """Base class. A layer of your own defines `forward`, `backward` and, if it has weights, `build`.

    Parameters
    ----------
    name : str or None
        `None` lets the network number its layers.
    dtype : {"float32", "float64"} or None
        The precision of the weights, in which data are taken; `None` is the network's.
    trainable : bool
        Whether training changes the weights.

    Attributes
    ----------
    weight_names : tuple of str
        Of the class: the attributes that training changes. `backward` leaves the gradient of ``"kernel"``
        in the attribute ``kernel_gradient``. A weight that is `None` is not there.
    state_names : tuple of str
        Of the class: the attributes that `forward` changes in training, such as a moving mean.
    kept : object
        What `forward` keeps for `backward`. It is no part of a copy or a pickle.
    built : bool
        Whether the weights exist.
    rng : numpy.random.Generator or None
        Where random numbers come from; the network gives its own to a layer that has none.

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
        """Let the method `build` of a subclass note for which shape it was called, as Keras does."""
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
            The shape of a batch, the number of examples left open: ``(None, features)``.
        """

    def forward(self, x, training=False):
        """Return the output, keeping in `kept` what `backward` needs.

        Parameters
        ----------
        x : ndarray, shape (n, …)
        training : bool
            Whether this is a step of training, which some layers take otherwise.

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
            If there was no forward pass to go back through.
        ValueError
            If `gradient` has not the shape of the layer's last output.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward pass: define backward(gradient).")

    def penalty(self):
        """Return the sum of this layer's penalties, a float, after a forward pass."""
        return 0.0

    # ------------------------------------------------- what a network may ask of a layer

    #: Pre-activations and activation of the last forward pass, of a layer that ends with an activation:
    #: a loss may need them (see `aelib.nn.losses.Loss.with_delta`).
    output_activation = None

    def backward_from_delta(self, delta, input_gradient=True):
        """Do what `backward` does, given the error signal `∂C/∂Z` before the activation of this layer."""
        raise NotImplementedError(f"{type(self).__name__} has no activation: use backward(gradient).")

    def backward_to_weights(self, gradient):
        """Set the gradients of the weights, as `backward` does, where `∂C/∂X` is not wanted."""
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
        """Where this layer's random numbers come from: `rng`, made of a seed if it was one."""
        self.rng = utils.generator(self.rng)
        return self.rng

    @property
    def generators(self):
        """`[rng]`: the random generator of the layer, in a list as a network has several."""
        return [self.rng]

    @generators.setter
    def generators(self, generators):
        (self.rng,) = generators

    @property
    def trainable_variables(self):
        """The weight arrays themselves that training changes."""
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
        """The names of the weights that are there and that training changes."""
        return [name for name in self.weight_names if getattr(self, name, None) is not None] if self.trainable else []

    @property
    def variables(self):
        """All weight arrays by name: those that training changes, and those that it does not."""
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
        """Set all weights from arrays of the same shapes, in Keras's order; they keep their precision.

        Raises
        ------
        ValueError
            If the number of arrays or a shape differs; then no weight is changed.
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
        """Change the precision of the weights, to float32 or float64; return the layer."""
        self.dtype = precision(dtype)
        for name, variable in self.variables.items():
            setattr(self, name, variable.astype(self.dtype, copy=False))
        return self

    # ------------------------------------------------------------------------- use

    def __call__(self, x, training=False):
        """Build the layer if it is not built, and return its output for a batch."""
        x = np.asarray(x, dtype=self.dtype or "float32")
        self.build_for((None, *x.shape[1:]))
        return self.forward(x, training)

    def build_for(self, input_shape):
        """Build the layer for batches of this shape; say so, if it is built for others."""
        if not self.built:
            self.build(input_shape)
            self.input_shape, self.built = tuple(input_shape), True
        elif self.input_shape is not None and tuple(input_shape[1:]) != self.input_shape[1:]:
            raise ValueError(
                f"Layer '{self._shown_name}' expected batches of shape {shown(self.input_shape)}. "
                f"Received: {shown(input_shape)}."
            )

    def compute_output_shape(self, input_shape):
        """Return the shape of the output for batches of a shape, ``(None, …)``, by trying it with one example."""
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
                f"Layer '{self._shown_name}' is not built: expected an Input in front of it, or data. Received: "
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
            raise RuntimeError(
                f"Layer '{self._shown_name}' has nothing to go back through: "
                "expected a forward pass before backward. Received: none."
            )

    def __getstate__(self):
        """Leave out what a pass has left: a copy holds weights, not activations."""
        left = {"kept", *(f"{name}_gradient" for name in self.weight_names)}
        return {name: value for name, value in self.__dict__.items() if name not in left}


def precision(dtype):
    """Return ``"float32"`` or ``"float64"``, or say that a dtype is neither."""
    try:
        name = np.dtype(dtype).name
    except TypeError:  # NumPy knows no such dtype
        name = None
    if name not in PRECISIONS:
        raise ValueError(f"dtype must be {' or '.join(PRECISIONS)}. Received: {dtype!r}.")
    return name


def noting_the_shape(build):
    """Return a method `build` after which a layer is built for that shape."""

    @functools.wraps(build)
    def build_and_note(self, input_shape):
        build(self, input_shape)
        self.input_shape, self.built = tuple(input_shape), True

    return build_and_note


def shown(shape):
    """A shape as text, `n` for the number of examples: ``(n, 784)``."""
    return "(" + ", ".join(["n", *(str(size) for size in shape[1:])]) + ("" if len(shape) > 1 else ",") + ")"
