"""Divergences beside an integral, and active units by construction."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from aelib.metrics import active_units, gaussian_kl, kl_per_unit


@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (1.5, -2.0), (-0.3, 1.0), (0.0, -6.0), (4.0, 0.0)])
def test_the_divergence_is_the_integral_that_defines_it(mean, log_var):
    q, p = scipy.stats.norm(mean, np.exp(log_var / 2)), scipy.stats.norm()
    width = 12 * np.exp(log_var / 2)
    integral, _ = scipy.integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mean - width, mean + width, epsabs=1e-11
    )
    assert kl_per_unit([[mean]], [[log_var]])[0, 0] == pytest.approx(integral, abs=1e-8)


def test_the_divergence_is_summed_over_units(rng):
    z_mean, z_log_var = rng.normal(size=(2, 5, 3))
    assert kl_per_unit(z_mean, z_log_var).shape == (5, 3) and gaussian_kl(z_mean, z_log_var).shape == (5,)
    np.testing.assert_allclose(gaussian_kl(z_mean, z_log_var), kl_per_unit(z_mean, z_log_var).sum(axis=1))


def test_it_is_zero_at_the_prior_alone_and_exact_nearby():
    assert gaussian_kl(np.zeros((2, 4)), np.zeros((2, 4))).tolist() == [0, 0]
    near = kl_per_unit([[0.0, 1e-6]], [[1e-6, 0.0]])[0]
    np.testing.assert_allclose(near, [2.5e-13, 5e-13], rtol=1e-3)


def test_units_are_active_where_their_mean_moves(rng):
    z_mean = rng.normal(size=(4000, 4)) * np.sqrt([1.0, 0.02, 0.005, 0.0]) + [0, 5, 5, 7]
    active = active_units(z_mean)
    assert active.dtype == bool and active.tolist() == [True, True, False, False]
    assert active_units(z_mean, threshold=0.5).tolist() == [True, False, False, False]
    assert active_units(z_mean, threshold=0).tolist() == [True, True, True, False]


@pytest.mark.parametrize("shapes", [((2, 3), (2, 2)), ((3,), (3,)), ((0, 3), (0, 3)), ((2, 3), (1, 3))])
@pytest.mark.parametrize("measure", [gaussian_kl, kl_per_unit])
def test_parameters_of_other_shapes_are_an_error(measure, shapes):
    with pytest.raises(ValueError, match=r"of one shape \(n, latent_dim\) with n at least 1. Received: shapes \("):
        measure(np.zeros(shapes[0]), np.zeros(shapes[1]))


@pytest.mark.parametrize("shape", [(3,), (1, 3), (0, 3), (2, 3, 1)])
def test_a_variance_needs_two_examples(shape):
    with pytest.raises(ValueError, match=r"with n at least 2. Received: \("):
        active_units(np.zeros(shape))


@pytest.mark.parametrize("threshold", [-0.1, float("nan")])
def test_a_threshold_is_not_negative(threshold):
    with pytest.raises(ValueError, match="threshold of at least 0. Received: "):
        active_units(np.zeros((2, 3)), threshold)
