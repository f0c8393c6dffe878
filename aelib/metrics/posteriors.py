"""What a variational encoder says of a code: not a point, but a Gaussian with a mean and a variance in each unit.

The encoder gives `z_mean` and `z_log_var`, both of shape (n, latent_dim). The functions
here measure in NumPy how far these Gaussians are from the prior N(0, I), and which units
say anything at all. `aelib.models.variational` has the first one for tensors.
"""

import numpy as np


def kl_per_unit(z_mean, z_log_var):
    """Return the divergence of each Gaussian from N(0, 1), unit by unit.

    Parameters
    ----------
    z_mean, z_log_var : array_like, shape (n, latent_dim)
        Means and logarithms of the variances.

    Returns
    -------
    ndarray, shape (n, latent_dim)
        `(exp(z_log_var) + z_mean² - 1 - z_log_var) / 2`, in nats. Its mean over the
        examples says how much each unit tells the decoder; near 0 the unit has collapsed.

    Raises
    ------
    ValueError
        If the shapes differ or are not (n, latent_dim) with n at least 1.
    """
    z_mean, z_log_var = np.asarray(z_mean), np.asarray(z_log_var)
    if z_mean.ndim != 2 or z_mean.shape != z_log_var.shape or len(z_mean) == 0:
        raise ValueError(
            "Expected z_mean and z_log_var of one shape (n, latent_dim) with n at least 1. "
            f"Received: shapes {z_mean.shape} and {z_log_var.shape}."
        )
    return (np.expm1(z_log_var) + np.square(z_mean) - z_log_var) / 2


def gaussian_kl(z_mean, z_log_var):
    """Return the divergence of each example's Gaussian from N(0, I), summed over the units.

    Parameters
    ----------
    z_mean, z_log_var : array_like, shape (n, latent_dim)
        Means and logarithms of the variances.

    Returns
    -------
    ndarray, shape (n,)
        In nats, never negative: appendix B of Kingma & Welling (2014).

    Raises
    ------
    ValueError
        As `kl_per_unit` does.
    """
    return kl_per_unit(z_mean, z_log_var).sum(axis=1)


def active_units(z_mean, threshold=0.01):
    """Say which units of a code depend on the input.

    Parameters
    ----------
    z_mean : array_like, shape (n, latent_dim)
        Means of the codes of n examples, two at least.
    threshold : float
        A unit is active if the variance of its mean over the examples is larger.

    Returns
    -------
    ndarray of bool, shape (latent_dim,)
        The criterion of Burda et al. (2016); its sum is the number of active units.

    Raises
    ------
    ValueError
        If there are fewer than two examples, or a threshold is negative or no number.
    """
    z_mean = np.asarray(z_mean, dtype="float64")
    if z_mean.ndim != 2 or len(z_mean) < 2:
        raise ValueError(f"Expected z_mean of shape (n, latent_dim) with n at least 2. Received: {z_mean.shape}.")
    if not threshold >= 0:
        raise ValueError(f"Expected a threshold of at least 0. Received: {threshold!r}.")
    return z_mean.var(axis=0) > threshold
