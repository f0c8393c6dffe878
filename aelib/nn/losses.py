"""A loss says how far the prediction is from the target, in one number to make small.

As in Keras, a loss is a mean: over the examples, and over all entries of an example. So its gradient
carries the factor `1 / N`, where `N` is the number of entries. The categorical cross-entropy compares whole
distributions, which lie along the last axis, and is a mean over these.
"""

import numpy as np

from aelib.nn.activations import Sigmoid, Softmax
from aelib.nn.configurable import Configurable, snake_case
from aelib.nn.not_here import only, refuse_names
from aelib.nn.registry import by_name, resolve

# Keras's backend epsilon: how near to 0 and 1 a predicted probability may come.
EPSILON = 1e-7


class Loss(Configurable):
    """Base class: the loss and its gradient with respect to the prediction.

    Parameters
    ----------
    name : str or None
        What messages call the loss. `None` is the name of its class.
    reduction : str
        Keras can also add losses up or return one per example. Here a loss is a mean, ``"sum_over_batch_size"``.
    dtype : None
        The loss is computed in the dtype of the predictions.
    """

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name = name or snake_case(type(self).__name__)
        self.reduction = only("reduction", reduction, "sum_over_batch_size")
        self.dtype = only("dtype", dtype, None)

    def __call__(self, y_true, y_pred):
        """Return the mean loss.

        Parameters
        ----------
        y_true, y_pred : ndarray, same shape
            Targets and predictions, one example per row.

        Returns
        -------
        float
        """
        raise NotImplementedError

    def gradient(self, y_true, y_pred):
        """Return `∂C/∂Y`, the gradient of the mean loss with respect to the prediction.

        Parameters
        ----------
        y_true, y_pred : ndarray, same shape
            Targets and predictions, one example per row.

        Returns
        -------
        ndarray, same shape, dtype of `y_pred`
        """
        raise NotImplementedError

    def with_delta(self, y_true, a, z, activation, out=None, scratch=None):
        """Return the loss and the error signal `∂C/∂Z` of an output layer that this loss is made for, or `None`.

        Some losses undo what the activation does: the cross-entropy takes the logarithm of the exponential in a
        sigmoid or a softmax. Taken together, both need only the pre-activations, and nothing is lost to rounding
        in between. A loss without such an activation returns `None`, as this one does. The range of the targets is
        not checked here: a network checks it once, with `check_targets`, and not at every step.

        Parameters
        ----------
        y_true, a, z : ndarray, same shape
            Targets, and the output layer's activations and pre-activations.
        activation : Activation
            With which the output layer has made `a` of `z`.
        out, scratch : ndarray of that shape, or None
            Where the error signal goes, and memory to work in; `None` makes new arrays.

        Returns
        -------
        (float, ndarray of that shape) or None
        """
        return None

    def check_targets(self, y_true):
        """Say that targets are outside what this loss is defined for; by default it takes all numbers.

        Parameters
        ----------
        y_true : ndarray, any shape

        Raises
        ------
        ValueError
            If a target is outside.
        """


class MeanSquaredError(Loss):
    """`C = Σ (y_pred - y_true)² / N`, with `∂C/∂y_pred = 2 (y_pred - y_true) / N`.

    The negative log-likelihood of a Gaussian of fixed variance, up to constants.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(name, reduction, dtype)

    def __call__(self, y_true, y_pred):
        y_true, y_pred = same_shape(y_true, y_pred)
        difference = y_pred - y_true
        return float(np.vdot(difference, difference)) / difference.size

    def gradient(self, y_true, y_pred):
        y_true, y_pred = same_shape(y_true, y_pred)
        difference = y_pred - y_true
        difference *= 2.0 / difference.size
        return difference


class MeanAbsoluteError(Loss):
    """`C = Σ |y_pred - y_true| / N`, with `∂C/∂y_pred = sign(y_pred - y_true) / N`.

    The negative log-likelihood of a Laplace distribution of fixed width, up to constants.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(name, reduction, dtype)

    def __call__(self, y_true, y_pred):
        y_true, y_pred = same_shape(y_true, y_pred)
        return float(np.abs(y_pred - y_true).mean())

    def gradient(self, y_true, y_pred):
        y_true, y_pred = same_shape(y_true, y_pred)
        return np.sign(y_pred - y_true) * (1.0 / y_pred.size)


class Crossentropy(Loss):
    """What the two cross-entropies share: targets in a range, and predictions that may be logits.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are pre-activations `z` of the output layer rather than probabilities `p`.
    label_smoothing : float
        Only 0.
    axis : int
        Only -1, the last axis.
    reduction, name, dtype
        As in `Loss`.
    """

    highest_target = np.inf

    def __init__(self, from_logits, label_smoothing, axis, reduction, name, dtype):
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.label_smoothing = only("label_smoothing", label_smoothing, 0.0)
        self.axis = only("axis", axis, -1)

    def check_targets(self, y_true):
        lowest, highest = np.min(y_true), np.max(y_true)
        if not (lowest >= 0 and highest <= self.highest_target):  # NaN is in no range
            expected = "of at least 0" if self.highest_target == np.inf else f"between 0 and {self.highest_target}"
            raise ValueError(
                f"{self.name} expected targets {expected}. Received: values from {lowest:g} to {highest:g}."
            )

    def checked(self, y_true, y_pred):
        """Return targets and predictions as arrays of one shape, with targets in the loss's domain.

        Every call by hand is checked: the two passes over the targets cost little beside the logarithms.
        """
        arrays = same_shape(y_true, y_pred)
        self.check_targets(y_true)
        return arrays


class BinaryCrossentropy(Crossentropy):
    """`C = -Σ [y log p + (1 - y) log(1 - p)] / N`, the Bernoulli negative log-likelihood.

    From logits `z`, where `p = sigmoid(z)`, the same number is
    `Σ [max(z, 0) - z y + log(1 + exp(-|z|))] / N`, which takes the logarithm of
    nothing small. Its gradient is the prediction minus the target: `(p - y) / N`.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are logits `z` rather than probabilities `p`.
        Probabilities are kept `EPSILON` away from 0 and 1, as Keras keeps them.
    label_smoothing, axis, reduction, dtype
        As in Keras, but only with their defaults.
    name : str
        What messages call the loss.
    """

    highest_target = 1

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

    def __call__(self, y_true, y_pred):
        y_true, y_pred = self.checked(y_true, y_pred)
        if self.from_logits:
            z = y_pred
            losses = np.maximum(z, 0) - z * y_true + np.log1p(np.exp(-np.abs(z)))
        else:
            p = np.clip(y_pred, EPSILON, 1.0 - EPSILON)
            losses = -(y_true * np.log(p) + (1.0 - y_true) * np.log1p(-p))
        return float(losses.mean())

    def gradient(self, y_true, y_pred):
        y_true, y_pred = self.checked(y_true, y_pred)
        if self.from_logits:
            return (Sigmoid()(y_pred) - y_true) * (1.0 / y_true.size)
        p = np.clip(y_pred, EPSILON, 1.0 - EPSILON)
        return (p == y_pred) * (p - y_true) / (p * (1.0 - p)) * (1.0 / y_true.size)

    def with_delta(self, y_true, a, z, activation, out=None, scratch=None):
        if type(self) is BinaryCrossentropy and not self.from_logits and type(activation) is Sigmoid:
            return sigmoid_crossentropy(y_true, z, a, out, scratch)
        return None  # a class derived from this one may be another loss


class CategoricalCrossentropy(Crossentropy):
    """`C = -Σ y log p / n`, with `n` distributions along the last axis: the multinomial negative log-likelihood.

    Probabilities are divided by their sum `s` and then kept `EPSILON` away from 0 and 1, as Keras does it. With
    `q = p / s` the gradient is `(Σ_j y_j - y / q) / (s n)`, where a probability that was kept away counts as 0.

    From logits `z`, where `p = softmax(z)`, the gradient is `((Σ_j y_j) p - y) / n`, which is `(p - y) / n` where
    the targets sum to 1. They need not: the chapter *Understanding text* derives the loss for counts of words.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are logits `z` rather than probabilities `p`.
    label_smoothing, axis, reduction, dtype
        As in Keras, but only with their defaults.
    name : str
        What messages call the loss.
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

    def __call__(self, y_true, y_pred):
        y_true, y_pred = self.checked(y_true, y_pred)
        if self.from_logits:
            z = y_pred - y_pred.max(axis=-1, keepdims=True)
            log_sum = np.log(np.exp(z).sum(axis=-1))  # of each distribution; the sum is at least 1
            return float(np.vdot(y_true.sum(axis=-1), log_sum) - np.vdot(y_true, z)) / rows(z)
        q = y_pred / y_pred.sum(axis=-1, keepdims=True)
        return float(-np.sum(y_true * np.log(np.clip(q, EPSILON, 1.0 - EPSILON)))) / rows(q)

    def gradient(self, y_true, y_pred):
        y_true, y_pred = self.checked(y_true, y_pred)
        if self.from_logits:
            p = np.exp(y_pred - y_pred.max(axis=-1, keepdims=True))
            p *= y_true.sum(axis=-1, keepdims=True) / p.sum(axis=-1, keepdims=True)
            p -= y_true
            p *= 1.0 / rows(p)
            return p
        s = y_pred.sum(axis=-1, keepdims=True)
        q = y_pred / s
        kept = np.clip(q, EPSILON, 1.0 - EPSILON)
        slope = (kept == q) * y_true / kept  # -∂C/∂q of each distribution
        return (np.vecdot(slope, q)[..., np.newaxis] - slope) / (s * rows(q))

    def with_delta(self, y_true, a, z, activation, out=None, scratch=None):
        if type(self) is CategoricalCrossentropy and not self.from_logits and type(activation) is Softmax:
            return softmax_crossentropy(y_true, z, a, out, scratch)
        return None


def sigmoid_crossentropy(y_true, logits, probabilities, out=None, scratch=None):
    """Return the binary cross-entropy of a sigmoid output and its gradient in the logits.

    The last layer has computed both `z` and `p = sigmoid(z)`, and with both at hand the
    loss from logits needs no exponential. With `r`, 0 or 1, whichever `p` is nearer to::

        log(1 + exp(-|z|)) = -log(max(p, 1 - p))
        max(z, 0) - z y    = z (r - y)

    The sum of both over all components is the loss, and `∂C/∂Z` is `(p - y) / (n d)`.

    Parameters
    ----------
    y_true, logits, probabilities : ndarray, same shape
        Targets, `z`, and `sigmoid(z)`.
    out, scratch : ndarray of that shape, or None
        Where the gradient goes, and memory to work in; `None` makes new arrays.

    Returns
    -------
    float, ndarray of that shape
        The mean loss, to within a rounding of `p` for each component, and its gradient.
    """
    y_true, probabilities = same_shape(y_true, probabilities)
    likelier = np.subtract(1, probabilities, out=scratch)
    total = -sum_of_logs(np.maximum(probabilities, likelier, out=scratch))
    distance = np.rint(probabilities, out=scratch)
    distance -= y_true
    total += float(np.vdot(distance, logits))
    delta = np.subtract(probabilities, y_true, out=out)
    delta *= 1.0 / delta.size
    return total / delta.size, delta


def sum_of_logs(array):
    """Return `Σ log a` over the entries of an array in [1/2, 1], a float.

    A logarithm costs as much as several products, so 32 entries are multiplied before one
    logarithm is taken; their product is at least 2⁻³² and loses nothing.
    """
    flat = array.reshape(-1)
    grouped = flat.size // 32 * 32
    products = np.multiply.reduce(flat[:grouped].reshape(32, -1), axis=0)
    return float(np.log(products).sum()) + float(np.log(flat[grouped:]).sum())


def softmax_crossentropy(y_true, logits, probabilities, out=None, scratch=None):
    """Return the categorical cross-entropy of a softmax output and its gradient in the logits.

    With both `z` and `p = softmax(z)` at hand, no exponential is needed. For the likeliest entry `j` of a row::

        log p_i = log p_j - (z_j - z_i)

    where `p_j` is not small. The gradient `∂C/∂Z` is `((Σ_j y_j) p - y) / n`.

    Parameters
    ----------
    y_true, logits, probabilities : ndarray, same shape
        Targets, `z`, and `softmax(z)` along the last axis.
    out, scratch : ndarray of that shape, or None
        Where the gradient goes, and memory to work in; `None` makes new arrays.

    Returns
    -------
    float, ndarray of that shape
    """
    y_true, probabilities = same_shape(y_true, probabilities)
    distance = np.subtract(logits.max(axis=-1, keepdims=True), logits, out=scratch)
    total = float(np.vdot(y_true, distance))
    sums = y_true.sum(axis=-1, keepdims=True)
    total -= float(np.vdot(sums, np.log(probabilities.max(axis=-1, keepdims=True))))
    delta = np.multiply(probabilities, sums, out=out)
    delta -= y_true
    delta *= 1.0 / rows(delta)
    return total / rows(delta), delta


def rows(array):
    """The number of distributions in an array that holds one along its last axis."""
    return array.size // array.shape[-1]


def same_shape(y_true, y_pred):
    """Return targets and predictions as arrays of real numbers, or say that their shapes differ.

    NumPy would stretch the smaller one. Whole numbers among the targets take the dtype of the predictions, as in Keras.
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"Expected predictions of the shape of the targets, {y_true.shape}. Received: {y_pred.shape}.")
    if y_pred.dtype.kind != "f":
        y_pred = y_pred.astype("float64")
    return y_true if y_true.dtype.kind == "f" else y_true.astype(y_pred.dtype), y_pred


LOSSES = by_name(
    MeanSquaredError,
    MeanAbsoluteError,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    mse=MeanSquaredError,
    MSE=MeanSquaredError,
    mae=MeanAbsoluteError,
    MAE=MeanAbsoluteError,
    bce=BinaryCrossentropy,
    BCE=BinaryCrossentropy,
)


def get(identifier):
    """Return the loss of a name, a dictionary, a class or an object; `None` is no loss, as in Keras."""
    return None if identifier is None else resolve(identifier, LOSSES, Loss, "loss")


def serialize(loss):
    """Return what `get` makes an equal loss from: class and arguments."""
    return loss.identifier()


deserialize = get


__getattr__ = refuse_names(__name__)
