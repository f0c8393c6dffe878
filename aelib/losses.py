"""A loss says how far the reconstruction is from the input, in one number to make small.

Both losses are means over everything: over the examples of the batch and over the
components of each example. So their gradients carry the factor `1 / (n d)`.
"""

import numpy as np

from aelib.activations import Sigmoid
from aelib.registry import resolve

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


class MeanSquaredError(Loss):
    """`C = Σ (y_pred - y_true)² / (n d)`, with `∂C/∂y_pred = 2 (y_pred - y_true) / (n d)`.

    The negative log-likelihood of a Gaussian of fixed variance, up to constants.
    """

    def __call__(self, y_true, y_pred):
        check_shapes(y_true, y_pred)
        return float(np.square(y_pred - y_true).mean())

    def gradient(self, y_true, y_pred):
        return (y_pred - y_true) * (2.0 / y_true.size)


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

    def gradient(self, y_true, y_pred):
        if self.from_logits:
            return (Sigmoid()(y_pred) - y_true) * (1.0 / y_true.size)
        p = np.clip(y_pred, EPSILON, 1.0 - EPSILON)
        return (p == y_pred) * (p - y_true) / (p * (1.0 - p)) * (1.0 / y_true.size)


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
