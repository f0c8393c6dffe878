"""A loss says how far the reconstruction is from the input, in one number to make small.

The first two losses are means over everything: over the examples of the batch and over the
components of each example. So their gradients carry the factor `1 / (n d)`. The categorical
cross-entropy compares whole rows, and is a mean over the examples alone, as in Keras.
"""

import numpy as np

from aelib.nn.activations import Sigmoid
from aelib.nn.registry import resolve

# Keras's backend epsilon: how near to 0 and 1 a predicted probability may come.
EPSILON = 1e-7


class Loss:
    """Base class: the loss and its gradient with respect to the prediction."""

    def __call__(self, y_true, y_pred):
        """Return the mean loss.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (n, d)
            Targets and predictions.

        Returns
        -------
        float
        """
        raise NotImplementedError

    def gradient(self, y_true, y_pred):
        """Return `∂C/∂Y`, the gradient of the mean loss with respect to the prediction.

        Parameters
        ----------
        y_true, y_pred : ndarray, shape (n, d)
            Targets and predictions.

        Returns
        -------
        ndarray, shape (n, d), dtype of `y_pred`
        """
        raise NotImplementedError


    def check_targets(self, y_true):
        pass

    def with_delta(self, y_true, a, z, activation, out=None, scratch=None):
        return None


class MeanSquaredError(Loss):
    """`C = Σ (y_pred - y_true)² / (n d)`, with `∂C/∂y_pred = 2 (y_pred - y_true) / (n d)`.

    The negative log-likelihood of a Gaussian of fixed variance, up to constants.
    """

    def __call__(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        difference = y_pred - y_true
        return float(np.vdot(difference, difference)) / difference.size

    def gradient(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        difference = y_pred - y_true
        difference *= 2.0 / difference.size
        return difference


class BinaryCrossentropy(Loss):
    """`C = -Σ [y log p + (1 - y) log(1 - p)] / (n d)`, the Bernoulli negative log-likelihood.

    From logits `z`, where `p = sigmoid(z)`, the same number is
    `Σ [max(z, 0) - z y + log(1 + exp(-|z|))] / (n d)`, which takes the logarithm of
    nothing small. Its gradient is the prediction minus the target: `(p - y) / (n d)`.

    Parameters
    ----------
    from_logits : bool
        Whether the predictions are logits `z` rather than probabilities `p`.
        Probabilities are kept `EPSILON` away from 0 and 1, as Keras keeps them.
    """

    def __init__(self, from_logits=False):
        self.from_logits = from_logits

    def __call__(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        if self.from_logits:
            z = y_pred
            losses = np.maximum(z, 0) - z * y_true + np.log1p(np.exp(-np.abs(z)))
        else:
            p = np.clip(y_pred, EPSILON, 1.0 - EPSILON)
            losses = -(y_true * np.log(p) + (1.0 - y_true) * np.log1p(-p))
        return float(losses.mean())

    def with_delta(self, y_true, a, z, activation, out=None, scratch=None):
        if self.from_logits or type(activation) is not Sigmoid or type(self) is not BinaryCrossentropy:
            return None
        return sigmoid_crossentropy(y_true, z, a, out, scratch)

    def gradient(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        if self.from_logits:
            return (Sigmoid()(y_pred) - y_true) * (1.0 / y_true.size)
        p = np.clip(y_pred, EPSILON, 1.0 - EPSILON)
        return (p == y_pred) * (p - y_true) / (p * (1.0 - p)) * (1.0 / y_true.size)


class CategoricalCrossentropy(Loss):
    """`C = -Σ y log p / n` with `p = softmax(z)`, one row an example: the multinomial negative log-likelihood.

    The chapter *Understanding text* derives it for words drawn one after the other. Its gradient in the logits is
    `((Σ_j y_j) p - y) / n`, and `(p - y) / n` where the targets of an example sum to 1.

    Parameters
    ----------
    from_logits : bool
        Must be true: predictions are logits `z`. From probabilities, small ones are lost before their logarithm
        is taken, so this is not offered.
    """

    def __init__(self, from_logits=True):
        if not from_logits:
            raise ValueError(f"Expected from_logits=True, a linear output layer. Received: {from_logits!r}.")
        self.from_logits = True

    def __call__(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        z = y_pred - y_pred.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(z).sum(axis=1))  # (n,), of at least 1
        return float(np.vdot(y_true.sum(axis=1), log_sum) - np.vdot(y_true, z)) / len(z)

    def gradient(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        p = np.exp(y_pred - y_pred.max(axis=1, keepdims=True))
        p *= y_true.sum(axis=1, keepdims=True) / p.sum(axis=1, keepdims=True)
        p -= y_true
        p *= 1.0 / len(p)
        return p


def sigmoid_crossentropy(y_true, logits, probabilities, out=None, scratch=None):
    """Return the binary cross-entropy of a sigmoid output and its gradient in the logits.

    The last layer has computed both `z` and `p = sigmoid(z)`, and with both at hand the
    loss from logits needs no exponential. With `r`, 0 or 1, whichever `p` is nearer to::

        log(1 + exp(-|z|)) = -log(max(p, 1 - p))
        max(z, 0) - z y    = z (r - y)

    The sum of both over all components is the loss, and `∂C/∂Z` is `(p - y) / (n d)`.

    Parameters
    ----------
    y_true, logits, probabilities : ndarray, shape (n, d)
        Targets, `z`, and `sigmoid(z)`.
    out, scratch : ndarray, shape (n, d), or None
        Where the gradient goes, and memory to work in; `None` makes new arrays.

    Returns
    -------
    float, ndarray of shape (n, d)
        The mean loss, to within a rounding of `p` for each component, and its gradient.
    """
    check_shapes(y_true, probabilities)
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


def check_shapes(y_true, y_pred):
    """Say that targets and predictions differ in shape, before NumPy broadcasts them."""
    if np.shape(y_true) != np.shape(y_pred):
        raise ValueError(
            f"Expected predictions of the shape of the targets, {np.shape(y_true)}. Received: {np.shape(y_pred)}."
        )


LOSSES = {
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "binary_crossentropy": BinaryCrossentropy,
}


def get(identifier):
    """Return the loss of a name."""
    return resolve(identifier, LOSSES, Loss, "loss")
