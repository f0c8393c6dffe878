"""Loss functions, which measure the difference between predictions and targets.

As in Keras, a loss is a mean over the examples and over all entries of an example, so its gradient contains the factor
`1 / N`, where `N` is the number of all entries. The categorical cross-entropy compares distributions along the last
axis, and is a mean over these. The chapter *Losses as likelihoods* derives the losses.
"""

import numpy as np

from aelib.nn.activations import Sigmoid, Softmax
from aelib.nn.configurable import Configurable, snake_case
from aelib.nn.not_here import only, refuse_names
from aelib.nn.registry import by_name, resolve

# The smallest distance of a predicted probability from 0 and 1: `keras.backend.epsilon()`.
EPSILON = 1e-7


class Loss(Configurable):
    """Base class: the loss and its gradient with respect to the prediction.

    Parameters
    ----------
    name : str or None
        The name in error messages; `None` is the name of the class in snake case.
    reduction : {"sum_over_batch_size"}
        As in Keras; only the default is supported, which is the mean.
    dtype : None
        As in Keras; only the default is supported: the dtype of the predictions.
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
        """Return the loss and the error signal `∂C/∂Z` if this loss can be combined with the activation, else `None`.

        The cross-entropy takes the logarithm of the exponential in a sigmoid or a softmax. The combined formula needs
        only the pre-activations, and avoids the rounding in between. The base class returns `None`. This method does
        not check the range of the targets: a network checks it once with `check_targets`, not in every step.

        Parameters
        ----------
        y_true, a, z : ndarray, same shape
            Targets, and the output layer's activations and pre-activations.
        activation : Activation
            The activation function of the output layer, `a = activation(z)`.
        out, scratch : ndarray of that shape, or None
            Memory for the error signal and for intermediate results; `None` makes new arrays.

        Returns
        -------
        (float, ndarray of that shape) or None
        """
        return None

    def check_targets(self, y_true):
        """Check that the targets are in the domain of the loss, which by default is all real numbers.

        Parameters
        ----------
        y_true : ndarray, any shape

        Raises
        ------
        ValueError
            If a target is outside the domain.
        """


class MeanSquaredError(Loss):
    """`C = Σ (y_pred - y_true)² / N`, with `∂C/∂y_pred = 2 (y_pred - y_true) / N`.

    The negative log-likelihood of a Gaussian with fixed variance, up to constants.
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

    The negative log-likelihood of a Laplace distribution with fixed scale, up to constants.
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
    """Base class of the cross-entropies: targets in a range, and predictions that may be logits.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are logits `z`, the pre-activations of the output layer, or probabilities `p`.
    label_smoothing : float
        As in Keras; only 0 is supported.
    axis : int
        As in Keras; only -1, the last axis, is supported.
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
        if not (lowest >= 0 and highest <= self.highest_target):  # NaN also fails
            expected = "of at least 0" if self.highest_target == np.inf else f"between 0 and {self.highest_target}"
            raise ValueError(
                f"{self.name} expected targets {expected}. Received: values from {lowest:g} to {highest:g}."
            )

    def checked(self, y_true, y_pred):
        """Return targets and predictions as arrays, and check their shapes and the range of the targets.

        This check takes little time compared with the logarithms.
        """
        arrays = same_shape(y_true, y_pred)
        self.check_targets(y_true)
        return arrays


class BinaryCrossentropy(Crossentropy):
    """`C = -Σ [y log p + (1 - y) log(1 - p)] / N`, the Bernoulli negative log-likelihood.

    From logits `z`, where `p = sigmoid(z)`, the same number is `Σ [max(z, 0) - z y + log(1 + exp(-|z|))] / N`, which
    contains no logarithm of a small number. The gradient with respect to `z` is `(p - y) / N`.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are logits `z` or probabilities `p`. Probabilities are clipped to
        [`EPSILON`, 1 - `EPSILON`], as in Keras; where they are clipped, the gradient is 0.
    label_smoothing, axis, reduction, dtype
        As in Keras; only the defaults are supported.
    name : str
        The name in error messages.
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
        return None  # a subclass may be another loss


class CategoricalCrossentropy(Crossentropy):
    """`C = -Σ y log p / n`, with `n` distributions along the last axis: the multinomial negative log-likelihood.

    Probabilities are divided by their sum `s` and then clipped to [`EPSILON`, 1 - `EPSILON`], as in Keras. With
    `q = p / s` the gradient is `(Σ_j y_j - y / q) / (s n)`, where the terms with a clipped probability count as 0.

    From logits `z`, where `p = softmax(z)`, the gradient is `((Σ_j y_j) p - y) / n`, which is `(p - y) / n` if the
    targets sum to 1. Other targets are possible: the chapter *Understanding text* derives the loss for word counts.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are logits `z` or probabilities `p`.
    label_smoothing, axis, reduction, dtype
        As in Keras; only the defaults are supported.
    name : str
        The name in error messages.
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
    """Return the binary cross-entropy of a sigmoid output and its gradient with respect to the logits.

    The last layer has already computed `z` and `p = sigmoid(z)`, so the loss from logits needs no further exponential.
    With `r`, the rounded `p`, which is 0 or 1::

        log(1 + exp(-|z|)) = -log(max(p, 1 - p))
        max(z, 0) - z y    = z (r - y)

    The loss is the sum of both terms over all `N` entries, divided by `N`, and `∂C/∂Z` is `(p - y) / N`.

    Parameters
    ----------
    y_true, logits, probabilities : ndarray, same shape
        Targets, `z`, and `sigmoid(z)`.
    out, scratch : ndarray of that shape, or None
        Memory for the gradient and for intermediate results; `None` makes new arrays.

    Returns
    -------
    float, ndarray of that shape
        The mean loss, accurate to the rounding of `p` in each entry, and its gradient.
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

    A logarithm takes as long as several products, so we multiply 32 entries and take one logarithm of the product,
    which is at least 2⁻³² and cannot underflow.
    """
    flat = array.reshape(-1)
    grouped = flat.size // 32 * 32
    products = np.multiply.reduce(flat[:grouped].reshape(32, -1), axis=0)
    return float(np.log(products).sum()) + float(np.log(flat[grouped:]).sum())


def softmax_crossentropy(y_true, logits, probabilities, out=None, scratch=None):
    """Return the categorical cross-entropy of a softmax output and its gradient with respect to the logits.

    The last layer has already computed `z` and `p = softmax(z)`, so no further exponential is needed. With the largest
    entry `p_j` of a row, whose logarithm is accurate::

        log p_i = log p_j - (z_j - z_i)

    The gradient `∂C/∂Z` is `((Σ_j y_j) p - y) / n`.

    Parameters
    ----------
    y_true, logits, probabilities : ndarray, same shape
        Targets, `z`, and `softmax(z)` along the last axis.
    out, scratch : ndarray of that shape, or None
        Memory for the gradient and for intermediate results; `None` makes new arrays.

    Returns
    -------
    float, ndarray of that shape
        The mean loss and its gradient.
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
    """Return the number of distributions in an array whose last axis holds their entries."""
    return array.size // array.shape[-1]


def same_shape(y_true, y_pred):
    """Return targets and predictions as floating-point arrays; raise `ValueError` if their shapes differ.

    Without this check, NumPy might broadcast one to the other. Integer targets are converted to the dtype of the
    predictions, as in Keras.
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
    """Return the loss for a name, a dictionary, a class or an object; `None` stays `None`, as in Keras."""
    return None if identifier is None else resolve(identifier, LOSSES, Loss, "loss")


def serialize(loss):
    """Return an identifier from which `get` makes an equal loss: class and arguments."""
    return loss.identifier()


deserialize = get


__getattr__ = refuse_names(__name__)
