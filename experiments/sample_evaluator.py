"""How good are generated digits? Three measures, none of which needs a framework."""

import numpy as np
from sklearn.metrics import pairwise_distances

SAMPLES = 1000  # images in each measurement
NEIGHBOURS = 3  # how many real images the ball around a real image holds


def binary(images):
    """Pixels black or white, as those of the data are, so that no measure can reward smoothness."""
    return (np.asarray(images) > 0.5).astype("float32")


class SampleEvaluator:
    """Compares images with real ones: are they plain digits, near real ones, and as various?

    Parameters
    ----------
    weights : iterable of ndarray
        Of a classifier: two kernels, each with its bias.
    x_real : ndarray, shape (n, 784)
        Real images that trained nothing.
    """

    def __init__(self, weights, x_real):
        self.weights = [np.asarray(w, dtype="float32") for w in weights]
        self.x_real, self.radii = x_real, ball_radii(x_real)

    def probabilities(self, images):
        """The classifier's probabilities, shape (n, 10)."""
        kernel_1, bias_1, kernel_2, bias_2 = self.weights
        logits = np.maximum(images @ kernel_1 + bias_1, 0) @ kernel_2 + bias_2
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def __call__(self, images):
        """Evaluate images of shape (n, 784), black or white.

        Returns
        -------
        dict of str to float
            ``"confidence"``: the mean of the classifier's largest probability.
            ``"precision"``: the share of images that lie in the ball of a real image, which reaches
            to its third nearest real neighbour; ``"recall"``: the share of real images that lie in
            such a ball of an image (Kynkäänniemi et al. 2019, here between pixels).
        """
        distances = pairwise_distances(images, self.x_real)  # (images, real)
        return {
            "confidence": float(self.probabilities(images).max(axis=1).mean()),
            "precision": float((distances <= self.radii).any(axis=1).mean()),
            "recall": float((distances.T <= ball_radii(images)).any(axis=1).mean()),
        }


def ball_radii(images):
    """The distance from each image to its third nearest other one, shape (n,)."""
    return np.partition(pairwise_distances(images), NEIGHBOURS, axis=1)[:, NEIGHBOURS]  # 0 is itself
