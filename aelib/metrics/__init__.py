"""The numbers by which codes and reconstructions are compared."""

from aelib.metrics.posteriors import active_units, gaussian_kl, kl_per_unit
from aelib.metrics.reconstruction import mean_squared_error, squared_error_per_image
from aelib.metrics.subspaces import principal_angles

__all__ = [
    "active_units",
    "gaussian_kl",
    "kl_per_unit",
    "mean_squared_error",
    "principal_angles",
    "squared_error_per_image",
]
