"""Weights start with the variance and the limits that the papers ask for."""

import numpy as np
import pytest
import scipy.stats

from aelib import initializers

INPUTS, UNITS = 60, 240  # different, so that the two cannot be mixed up
VARIANCES = {
    "glorot_uniform": 2 / (INPUTS + UNITS),
    "glorot_normal": 2 / (INPUTS + UNITS),
    "he_uniform": 2 / INPUTS,
    "he_normal": 2 / INPUTS,
}
CUT = scipy.stats.truncnorm(-2, 2)

random_ones = pytest.mark.parametrize("name", VARIANCES)


def sample(name, rng=0):
    return initializers.get(name)((INPUTS, UNITS), "float64", np.random.default_rng(rng))


def expected_distribution(name):
    std = np.sqrt(VARIANCES[name])
    if name.endswith("uniform"):
        return scipy.stats.uniform(-std * np.sqrt(3), 2 * std * np.sqrt(3))
    return scipy.stats.truncnorm(-2, 2, scale=std / CUT.std())


@random_ones
def test_distribution_is_the_papers(name):
    assert scipy.stats.kstest(sample(name).ravel(), expected_distribution(name).cdf).pvalue > 0.01


@random_ones
def test_mean_is_zero_and_variance_is_the_formula(name):
    weights = sample(name)
    assert abs(weights.mean()) < 4 * np.sqrt(VARIANCES[name] / weights.size)
    assert weights.var() == pytest.approx(VARIANCES[name], rel=0.03)


@random_ones
def test_no_weight_is_beyond_the_limit_and_some_are_near_it(name):
    limit = expected_distribution(name).support()[1]
    largest = np.abs(sample(name)).max()
    assert 0.99 * limit < largest <= limit


def test_the_constant_is_the_std_of_the_cut_normal_distribution():
    assert initializers.TRUNCATED_NORMAL_STD == pytest.approx(CUT.std(), rel=1e-14)


@pytest.mark.parametrize("name", initializers.INITIALIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype_are_as_asked(name, dtype):
    weights = initializers.get(name)((3, 5), dtype, np.random.default_rng(0))
    assert weights.shape == (3, 5) and weights.dtype == dtype


def test_float32_is_the_default():
    assert initializers.get("zeros")((3,)).dtype == initializers.get("he_normal")((3, 3)).dtype == "float32"


def test_zeros_are_zeros_of_any_shape():
    assert (initializers.get("zeros")((7,)) == np.zeros(7)).all()
    assert (initializers.get("zeros")((7, 2)) == np.zeros((7, 2))).all()


@random_ones
def test_the_generator_decides(name):
    assert (sample(name, 1) == sample(name, 1)).all()
    assert (sample(name, 1) != sample(name, 2)).any()


@random_ones
def test_an_own_seed_goes_before_the_networks_generator(name):
    own = [initializers.INITIALIZERS[name](seed=3)((4, 4), rng=np.random.default_rng(r)) for r in (0, 1)]
    assert (own[0] == own[1]).all()


@random_ones
def test_without_any_seed_the_weights_differ(name):
    assert (initializers.get(name)((4, 4)) != initializers.get(name)((4, 4))).any()


@random_ones
@pytest.mark.parametrize("shape", [(5,), (5, 4, 3), ()])
def test_only_kernels_are_drawn(name, shape):
    with pytest.raises(ValueError, match=r"kernel of shape \(inputs, units\). Received: \("):
        initializers.get(name)(shape)


def test_an_unknown_name_is_a_clear_error():
    with pytest.raises(ValueError, match="Unknown initializer: expected one of glorot_normal.*'orthogonal'"):
        initializers.get("orthogonal")
    with pytest.raises(TypeError, match="Unknown initializer.*Received: None"):
        initializers.get(None)


def test_the_base_classes_have_no_rule():
    with pytest.raises(NotImplementedError):
        initializers.Initializer()((2, 2))
    with pytest.raises(NotImplementedError):
        initializers.VarianceScaling()((2, 2))


def test_the_variance_of_the_signal_survives_many_layers(rng):
    """What the scaling is for: He keeps ReLU's signals alive, a quarter of it lets them die."""
    x = rng.normal(size=(200, 100))
    kept, lost = x, x
    for _ in range(20):
        kernel = initializers.get("he_normal")((100, 100), "float64", rng)
        kept, lost = np.maximum(kept @ kernel, 0), np.maximum(lost @ kernel / 2, 0)
    assert 0.1 < np.square(kept).mean() < 10
    assert np.square(lost).mean() < 1e-9
