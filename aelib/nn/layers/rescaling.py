"""`Rescaling`: a fixed linear change of units, for example from grey levels 0 to 255 to the interval from 0 to 1."""

from aelib.checks import is_finite_number
from aelib.nn.layers.layer import Layer


class Rescaling(Layer):
    """`A = scale · X + offset`, with `∂C/∂X = scale · ∂C/∂A`. Nothing is learned.

    Parameters
    ----------
    scale, offset : float
    **layer
        The arguments of `Layer`: `name`, `dtype`, `trainable`.
    """

    def __init__(self, scale, offset=0.0, **layer):
        super().__init__(**layer)
        for name, value in (("scale", scale), ("offset", offset)):
            if not is_finite_number(value):
                raise ValueError(f"{name} expected a finite number. Received: {value!r}.")
        self.scale, self.offset = float(scale), float(offset)

    def forward(self, x, training=False):
        """Return `scale · X + offset`."""
        self.kept = x.shape
        return x * self.scale + self.offset

    def backward(self, gradient):
        """Return `∂C/∂X = scale · ∂C/∂A`, given `∂C/∂A`."""
        self._require_kept()
        self._check_gradient(gradient, self.kept)
        return gradient * self.scale
