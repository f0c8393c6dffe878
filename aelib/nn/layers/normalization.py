"""Layers that bring numbers to mean 0 and variance 1, each feature over the batch or each example over its features."""

import numpy as np

from aelib.checks import between_0_and_1, not_negative_number
from aelib.nn import initializers
from aelib.nn.layers.layer import Layer
from aelib.nn.not_here import only


class Normalization(Layer):
    """Base class: `A = γ ⊙ X̂ + β`, where a subclass makes `X̂` of `X` by subtracting a mean and dividing by a spread."""

    weight_names = ("gamma", "beta")

    def __init__(self, axis, epsilon, center, scale, beta_initializer, gamma_initializer, **layer):
        super().__init__(**layer)
        self.axis = only("axis", axis, -1)
        self.epsilon = not_negative_number("epsilon", epsilon)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.gamma = self.beta = None
        self.gamma_gradient = self.beta_gradient = None

    def build(self, input_shape):
        """Make `γ` and `β`, one number per feature, or per channel of images.

        Parameters
        ----------
        input_shape : tuple
            The shape of a batch, ``(None, …, features)``.
        """
        if self.scale:
            self.gamma = self.add_weight(input_shape[-1:], self.gamma_initializer)
        if self.center:
            self.beta = self.add_weight(input_shape[-1:], self.beta_initializer)

    def scaled(self, x_hat):
        """Return `γ ⊙ X̂ + β`."""
        a = x_hat * self.gamma if self.scale else x_hat
        return a + self.beta if self.center else a

    def backward_scaled(self, gradient, x_hat):
        """Return `∂C/∂X̂ = γ ⊙ ∂C/∂A`; set `∂C/∂γ = Σ ∂C/∂A ⊙ X̂` and `∂C/∂β = Σ ∂C/∂A`, sums over all but the features."""
        axes = tuple(range(gradient.ndim - 1))
        if self.center:
            self.beta_gradient = gradient.sum(axes)
        if not self.scale:
            return gradient
        self.gamma_gradient = (gradient * x_hat).sum(axes)
        return gradient * self.gamma


class BatchNormalization(Normalization):
    """Each feature at mean 0 and variance 1 over the batch, then at a mean and a spread that are learned.

    In training, with the mean `μ` and the variance `σ²` of each feature over the `m` rows of a batch (of images: over
    all `m` places of all images)::

        S = √(σ² + ε)        X̂ = (X - μ) / S        A = γ ⊙ X̂ + β

        moving_mean     ← momentum · moving_mean     + (1 - momentum) · μ
        moving_variance ← momentum · moving_variance + (1 - momentum) · σ²

    Outside of training, and in a layer that is not `trainable`, `moving_mean` and `moving_variance` take the places
    of `μ` and `σ²`, and do not move (Ioffe & Szegedy 2015).

    Parameters
    ----------
    axis : int
        As in Keras, but only -1: features, or the channels of images, come last.
    momentum : float
        From 0 to 1: what share of a moving statistic stays at each step.
    epsilon : float
        `ε`, at least 0, so that nothing is divided by zero.
    center, scale : bool
        Whether `β` and `γ` are there.
    beta_initializer, gamma_initializer : str or Initializer
        How `β` and `γ` start.
    moving_mean_initializer, moving_variance_initializer : str or Initializer
        How the moving statistics start.
    **layer
        What every `Layer` takes: `name`, `dtype`, `trainable`.

    Attributes
    ----------
    gamma, beta : ndarray, shape (features,), or None
        `γ` and `β`, which training changes by their gradients.
    moving_mean, moving_variance : ndarray, shape (features,), or None while unbuilt
        What the forward pass of a training step moves.
    gamma_gradient, beta_gradient : ndarray or None
        `∂C/∂γ` and `∂C/∂β`, after `backward`.
    """

    state_names = ("moving_mean", "moving_variance")

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        **layer,
    ):
        super().__init__(axis, epsilon, center, scale, beta_initializer, gamma_initializer, **layer)
        self.momentum = between_0_and_1("momentum", momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.moving_mean = self.moving_variance = None

    def build(self, input_shape):
        """Make `γ`, `β` and the moving statistics, one number per feature, or per channel of images.

        Parameters
        ----------
        input_shape : tuple
            The shape of a batch, ``(None, …, features)``.
        """
        super().build(input_shape)
        self.moving_mean = self.add_weight(input_shape[-1:], self.moving_mean_initializer)
        self.moving_variance = self.add_weight(input_shape[-1:], self.moving_variance_initializer)

    def forward(self, x, training=False):
        """Return `γ ⊙ (X - μ) / √(σ² + ε) + β`.

        Parameters
        ----------
        x : ndarray, shape (n, …, features)
            Of the shape for which the layer was built.
        training : bool
            Whether `μ` and `σ²` are those of the batch, and move the moving statistics.

        Returns
        -------
        ndarray, of the shape of `x`
        """
        self._check_input(x)
        of_batch = training and self.trainable
        if of_batch:
            mean, variance = moments(x, tuple(range(x.ndim - 1)))
            for moving, statistic in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving *= self.momentum
                moving += (1 - self.momentum) * statistic.reshape(-1)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        spread = np.sqrt(variance + self.epsilon)
        x_hat = (x - mean) / spread
        self.kept = x_hat, spread, of_batch
        return self.scaled(x_hat)

    def backward(self, gradient):
        """Return `∂C/∂X`, and set `∂C/∂γ` and `∂C/∂β`, given `∂C/∂A`.

        All features go their own way; the formulas are those of one of them, with numbers `x_1, …, x_m` and with
        `g_j = ∂C/∂x̂_j = γ ∂C/∂a_j`. Moving statistics do not depend on `X`, so outside of training
        `∂C/∂x_i = g_i / S`. In training, each `x_i` also moves the mean and the spread of its batch::

            ∂μ/∂x_i = 1 / m
            ∂S/∂x_i = (∂σ²/∂x_i) / 2S = (x_i - μ) / (m S) = x̂_i / m

        and so every x̂_j = (x_j - μ) / S::

            ∂x̂_j/∂x_i = (δ_ij - ∂μ/∂x_i) / S - (x_j - μ) / S² · ∂S/∂x_i
                       = (δ_ij - 1/m - x̂_j x̂_i / m) / S

        Summed over what each x̂_j does to the loss, with means over `j`::

            ∂C/∂x_i = Σ_j g_j ∂x̂_j/∂x_i = (g_i - mean(g) - x̂_i mean(g x̂)) / S

        A batch of one example has x̂ = 0 and no way back: its gradient is 0.

        Parameters
        ----------
        gradient : ndarray, shape (n, …, features)
            `∂C/∂A`, of the shape of the last output.

        Returns
        -------
        ndarray, of the same shape
        """
        self._require_kept()
        x_hat, spread, of_batch = self.kept
        self._check_gradient(gradient, x_hat.shape)
        gradient = self.backward_scaled(gradient, x_hat)
        if not of_batch:
            return gradient / spread
        return backward_normalized(gradient, x_hat, spread, tuple(range(x_hat.ndim - 1)))


class LayerNormalization(Normalization):
    """Each example at mean 0 and variance 1 over its features, then each feature at a mean and a spread that are learned.

    With the mean `μ` and the variance `σ²` of each row (of images: of the channels at each place)::

        S = √(σ² + ε)        X̂ = (X - μ) / S        A = γ ⊙ X̂ + β

    Examples know nothing of each other, so training makes no difference (Ba et al. 2016).

    Parameters
    ----------
    axis : int
        As in Keras, but only -1: the last axis alone is normalised.
    epsilon : float
        `ε`, at least 0, so that nothing is divided by zero.
    center, scale : bool
        Whether `β` and `γ` are there.
    beta_initializer, gamma_initializer : str or Initializer
        How `β` and `γ` start.
    **layer
        What every `Layer` takes: `name`, `dtype`, `trainable`.

    Attributes
    ----------
    gamma, beta : ndarray, shape (features,), or None
        `γ` and `β`.
    gamma_gradient, beta_gradient : ndarray or None
        `∂C/∂γ` and `∂C/∂β`, after `backward`.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        **layer,
    ):
        super().__init__(axis, epsilon, center, scale, beta_initializer, gamma_initializer, **layer)

    def forward(self, x, training=False):
        """Return `γ ⊙ (X - μ) / √(σ² + ε) + β`.

        Parameters
        ----------
        x : ndarray, shape (n, …, features)
            Of the shape for which the layer was built.
        training : bool
            Makes no difference to this layer.

        Returns
        -------
        ndarray, of the shape of `x`
        """
        self._check_input(x)
        mean, variance = moments(x, -1)
        spread = np.sqrt(variance + self.epsilon)
        x_hat = (x - mean) / spread
        self.kept = x_hat, spread
        return self.scaled(x_hat)

    def backward(self, gradient):
        """Return `∂C/∂X`, and set `∂C/∂γ` and `∂C/∂β`, given `∂C/∂A`.

        The derivation is that of `BatchNormalization.backward` with the `m` features of one row in place of the `m`
        rows of one feature, and `g_j = γ_j ∂C/∂a_j`::

            ∂C/∂x_i = (g_i - mean(g) - x̂_i mean(g x̂)) / S

        Parameters
        ----------
        gradient : ndarray, shape (n, …, features)
            `∂C/∂A`, of the shape of the last output.

        Returns
        -------
        ndarray, of the same shape
        """
        self._require_kept()
        x_hat, spread = self.kept
        self._check_gradient(gradient, x_hat.shape)
        return backward_normalized(self.backward_scaled(gradient, x_hat), x_hat, spread, -1)


def moments(x, axes):
    """Return mean and variance along some axes, which stay as axes of size 1."""
    mean = mean_over(x, axes)
    return mean, mean_over(np.square(x - mean), axes)


def mean_over(x, axes):
    """Return the mean along some axes, which stay as axes of size 1, added up in float64.

    A batch of images has some 100,000 pixels per channel. Added up one by one in float32, they lose two digits.
    """
    return x.mean(axes, keepdims=True, dtype="float64").astype(x.dtype)


def backward_normalized(gradient, x_hat, spread, axes):
    """Return `∂C/∂X` from `∂C/∂X̂`, where `X̂ = (X - μ) / S` with the moments of `X` itself along some axes."""
    return (gradient - mean_over(gradient, axes) - x_hat * mean_over(gradient * x_hat, axes)) / spread
