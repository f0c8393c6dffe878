"""Weights start with the variance and the limits that the papers ask for."""

import numpy as np
import pytest
import scipy.stats

from aelib.nn import initializers

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
    with pytest.raises(ValueError, match="Unknown initializer: expected one of glorot_normal.*'lecun'"):
        initializers.get("lecun")
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


SHAPES = [(60, 60), (60, 24), (24, 60)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_singular_values_of_an_orthogonal_kernel_are_the_gain(shape, rng):
    for gain in (1.0, 1.5, 0.0):
        kernel = initializers.Orthogonal(gain)(shape, "float64", rng)
        assert kernel.shape == shape
        assert np.linalg.svd(kernel, compute_uv=False) == pytest.approx(np.full(min(shape), gain), abs=1e-12)


def test_orthogonal_kernels_favour_no_direction():
    """Without the signs the first entry of each kernel would always have the sign that the factorisation gives it."""
    first = [initializers.Orthogonal(seed=seed)((3, 3), "float64")[0, 0] for seed in range(400)]
    assert abs(np.mean(first)) < 4 * np.std(first) / np.sqrt(400)
    assert np.var(first) == pytest.approx(1 / 3, rel=0.2)  # a coordinate of a random point on the sphere


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orthogonal_is_keras_rule_on_the_same_gaussian(shape, rng):
    gaussian = rng.standard_normal((max(shape), min(shape)))
    q, r = np.linalg.qr(gaussian)
    upright = q * np.sign(np.diag(r))  # (rows, columns): R has a positive diagonal then

    class SameDraw:
        def standard_normal(self, size):
            assert size == gaussian.shape
            return gaussian

    kernel = initializers.Orthogonal(2.0).sample(shape, SameDraw())
    assert kernel == pytest.approx(2 * (upright if shape[0] >= shape[1] else upright.T))
    factor = (kernel if shape[0] >= shape[1] else kernel.T).T @ gaussian
    assert (np.diag(factor) > 0).all() and np.abs(np.tril(factor, -1)).max() < 1e-10


@pytest.mark.parametrize("stddev", [0.01, 0.3])
def test_random_normal_has_its_standard_deviation_whatever_the_layer(stddev):
    for shape in ((300, 20), (20, 300), (6000,)):
        weights = initializers.RandomNormal(stddev, seed=0)(shape, "float64")
        assert weights.shape == shape
        assert scipy.stats.kstest(weights.ravel(), scipy.stats.norm(0, stddev).cdf).pvalue > 0.01


def test_the_defaults_are_keras_defaults():
    assert initializers.get("random_normal").stddev == 0.05 and initializers.get("orthogonal").gain == 1.0


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "large", None], ids=str)
def test_a_size_that_is_none_is_a_clear_error(value):
    with pytest.raises(ValueError, match="stddev must be a finite number of at least 0. Received: "):
        initializers.RandomNormal(value)
    with pytest.raises(ValueError, match="gain must be a finite number of at least 0. Received: "):
        initializers.Orthogonal(value)


@pytest.mark.parametrize("shape", [(5,), (5, 4, 3), ()], ids=str)
def test_only_kernels_are_orthogonal(shape):
    with pytest.raises(ValueError, match=r"Orthogonal starts a kernel of shape \(inputs, units\). Received: \("):
        initializers.Orthogonal()(shape)


def test_the_new_ones_follow_the_generator_and_their_seed():
    for name in ("orthogonal", "random_normal"):
        make = initializers.INITIALIZERS[name]
        draws = [make()((4, 4), rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
        assert (draws[0] == draws[1]).all() and (draws[0] != draws[2]).any()
        own = [make(seed=3)((4, 4), rng=np.random.default_rng(seed)) for seed in (0, 1)]
        assert (own[0] == own[1]).all()
