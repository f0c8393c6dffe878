"""Initial weights have the variance and the limits given in the papers."""

import hashlib

import numpy as np
import pytest
import scipy.stats

from aelib.nn import initializers

INPUTS, UNITS = 60, 240  # different, so that swapping them is detected
VARIANCES = {
    "glorot_uniform": 2 / (INPUTS + UNITS),
    "glorot_normal": 2 / (INPUTS + UNITS),
    "he_uniform": 2 / INPUTS,
    "he_normal": 2 / INPUTS,
    "lecun_uniform": 1 / INPUTS,
    "lecun_normal": 1 / INPUTS,
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


def test_the_constant_is_the_std_of_the_truncated_normal_distribution():
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
def test_the_seed_of_an_initializer_replaces_the_networks_generator(name):
    own = [initializers.INITIALIZERS[name](seed=3)((4, 4), rng=np.random.default_rng(r)) for r in (0, 1)]
    assert (own[0] == own[1]).all()


@random_ones
def test_without_any_seed_the_weights_differ(name):
    assert (initializers.get(name)((4, 4)) != initializers.get(name)((4, 4))).any()


@random_ones
@pytest.mark.parametrize("shape", [(5,), (3, 3, 4, 5), (), (0, 4)])
def test_any_shape_is_drawn_as_in_keras(name, shape):
    weights = initializers.get(name)(shape, rng=np.random.default_rng(0))
    assert weights.shape == shape and weights.dtype == "float32" and np.isfinite(weights).all()


def test_an_unknown_name_is_a_clear_error():
    with pytest.raises(ValueError, match="Unknown initializer: expected one of .*glorot_normal.*'lecun'"):
        initializers.get("lecun")
    with pytest.raises(TypeError, match="Unknown initializer.*Received: 3 of type int"):
        initializers.get(3)
    assert initializers.get(None) is None


@pytest.mark.parametrize("base", [initializers.Initializer, initializers.RandomInitializer])
def test_the_base_classes_have_no_rule(base):
    with pytest.raises(NotImplementedError):
        base()((2, 2))


def test_the_variance_of_the_signal_survives_many_layers(rng):
    """With He's variance the signals of ReLU layers keep their size; with a quarter of it they vanish."""
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
    """Without the signs, the factorisation would determine the sign of the first entry of each kernel."""
    first = [initializers.Orthogonal(seed=seed)((3, 3), "float64")[0, 0] for seed in range(400)]
    assert abs(np.mean(first)) < 4 * np.std(first) / np.sqrt(400)
    assert np.var(first) == pytest.approx(1 / 3, rel=0.2)  # a coordinate of a random point on the sphere


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orthogonal_is_keras_rule_on_the_same_gaussian(shape, rng):
    gaussian = rng.standard_normal((max(shape), min(shape)))
    q, r = np.linalg.qr(gaussian)
    upright = q * np.sign(np.diag(r))  # the diagonal of R is then positive

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
        weights = initializers.RandomNormal(stddev=stddev, seed=0)(shape, "float64")
        assert weights.shape == shape
        assert scipy.stats.kstest(weights.ravel(), scipy.stats.norm(0, stddev).cdf).pvalue > 0.01


def test_the_defaults_are_keras_defaults():
    assert initializers.get("random_normal").stddev == 0.05 and initializers.get("orthogonal").gain == 1.0


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "large", None], ids=str)
def test_a_size_that_is_none_is_a_clear_error(value):
    with pytest.raises(ValueError, match="stddev must be a finite number of at least 0. Received: "):
        initializers.RandomNormal(stddev=value)
    with pytest.raises(ValueError, match="gain must be a finite number of at least 0. Received: "):
        initializers.Orthogonal(value)


@pytest.mark.parametrize("shape", [(5,), ()], ids=str)
def test_only_kernels_are_orthogonal(shape):
    with pytest.raises(ValueError, match=r"Orthogonal expected a shape with at least two axes. Received: \("):
        initializers.Orthogonal()(shape)


@pytest.mark.parametrize("shape", [(3, 3, 4, 5), (2, 1, 2, 7), (4, 3, 2)], ids=str)
def test_an_orthogonal_convolution_is_the_matrix_with_the_columns_of_its_last_axis(shape):
    kernel = initializers.Orthogonal(1.5, seed=0)(shape, "float64")
    matrix = kernel.reshape(-1, shape[-1])
    assert kernel.shape == shape
    np.testing.assert_array_equal(matrix, initializers.Orthogonal(1.5, seed=0)(matrix.shape, "float64"))
    np.testing.assert_allclose(np.linalg.svd(matrix, compute_uv=False), 1.5)


def test_the_new_ones_follow_the_generator_and_their_seed():
    for name in ("orthogonal", "random_normal"):
        make = initializers.INITIALIZERS[name]
        draws = [make()((4, 4), rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
        assert (draws[0] == draws[1]).all() and (draws[0] != draws[2]).any()
        own = [make(seed=3)((4, 4), rng=np.random.default_rng(seed)) for seed in (0, 1)]
        assert (own[0] == own[1]).all()


# ------------------------------------------------------------------ recorded draws

# The digest of the bytes that each initializer draws from the generator of seed 7. The recorded results of the chapters
# depend on these weights.
DIGESTS = {
    # fmt: off
    ("random_normal", (784, 32), "float32"): "d0df1475ab750ca6",
    ("random_normal", (784, 32), "float64"): "f77c2944ac3a839e",
    ("random_normal", (32, 784), "float32"): "d0df1475ab750ca6",
    ("random_normal", (32, 784), "float64"): "f77c2944ac3a839e",
    ("random_normal", (7, 3), "float32"): "6864519a99caca28",
    ("random_normal", (7, 3), "float64"): "a98cbc3c7c9d9112",
    ("glorot_uniform", (784, 32), "float32"): "cb9e825b6a186218",
    ("glorot_uniform", (784, 32), "float64"): "62408391ef41f500",
    ("glorot_uniform", (32, 784), "float32"): "cb9e825b6a186218",
    ("glorot_uniform", (32, 784), "float64"): "62408391ef41f500",
    ("glorot_uniform", (7, 3), "float32"): "b00725d5e6720628",
    ("glorot_uniform", (7, 3), "float64"): "268f47ecae02817d",
    ("glorot_normal", (784, 32), "float32"): "6369331aab5a37d2",
    ("glorot_normal", (784, 32), "float64"): "1c7e6945c7ac3845",
    ("glorot_normal", (32, 784), "float32"): "6369331aab5a37d2",
    ("glorot_normal", (32, 784), "float64"): "1c7e6945c7ac3845",
    ("glorot_normal", (7, 3), "float32"): "3a655ea900b753f5",
    ("glorot_normal", (7, 3), "float64"): "873021a020d350b1",
    ("he_uniform", (784, 32), "float32"): "2b35bd2f56ecccb8",
    ("he_uniform", (784, 32), "float64"): "e828cc93a8fb317e",
    ("he_uniform", (32, 784), "float32"): "9eb2e67ccdcfc2b7",
    ("he_uniform", (32, 784), "float64"): "cf1709fde54ac444",
    ("he_uniform", (7, 3), "float32"): "2625f9d492486d59",
    ("he_uniform", (7, 3), "float64"): "c5b0feb99b24bfeb",
    ("he_normal", (784, 32), "float32"): "4403ec0eb7bff7b5",
    ("he_normal", (784, 32), "float64"): "7baec29c0933cb9c",
    ("he_normal", (32, 784), "float32"): "0c553ff82e17fa07",
    ("he_normal", (32, 784), "float64"): "e091e4d497b8396d",
    ("he_normal", (7, 3), "float32"): "01a3b43c2d411e27",
    ("he_normal", (7, 3), "float64"): "42579731482654f8",
    # fmt: on
}


@pytest.mark.parametrize("name, shape, dtype", DIGESTS, ids=str)
def test_the_draws_for_a_matrix_are_what_they_always_were(name, shape, dtype):
    weights = initializers.get(name)(shape, dtype, np.random.default_rng(7))
    little_endian = np.ascontiguousarray(weights).astype(weights.dtype.newbyteorder("<"))
    assert hashlib.sha256(little_endian.tobytes()).hexdigest()[:16] == DIGESTS[name, shape, dtype]


def test_an_orthogonal_matrix_is_what_it_always_was():
    """Equal up to the rounding of the linear algebra library."""
    recorded = [[0.002317011575293959, 0.7628268764066993], [-0.5163426008935913, -0.5528238155816454]]
    recorded += [[-0.8563789756642802, 0.33538185036961904]]
    np.testing.assert_allclose(initializers.Orthogonal(seed=7)((3, 2), "float64"), recorded, rtol=1e-12)
    np.testing.assert_allclose(initializers.Orthogonal(seed=7)((2, 3), "float64"), np.transpose(recorded), rtol=1e-12)


# ------------------------------------------------------------------ seeds


@pytest.mark.parametrize("cls", [initializers.HeNormal, initializers.RandomUniform, initializers.Orthogonal])
def test_a_number_draws_the_same_at_every_call_and_a_generator_goes_on(cls):
    fixed, moving = cls(seed=3), cls(seed=np.random.default_rng(3))
    draws = [fixed((3, 4)), fixed((3, 4)), moving((3, 4)), moving((3, 4))]
    assert (draws[0] == draws[1]).all() and (draws[0] == draws[2]).all() and (draws[2] != draws[3]).any()


@pytest.mark.parametrize("seed", [-1, 1.5, "3", True], ids=str)
def test_a_seed_that_is_none_is_a_clear_error(seed):
    with pytest.raises(ValueError, match="seed must be zero or a positive integer. Received: "):
        initializers.GlorotUniform(seed)


# ------------------------------------------------------------------ constants


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 2, 3, 4)], ids=str)
@pytest.mark.parametrize(
    "initializer, value", [(initializers.Ones(), 1), (initializers.Zeros(), 0), (initializers.Constant(-0.25), -0.25)]
)
def test_a_constant_is_one_number_everywhere(initializer, value, shape):
    weights = initializer(shape)
    assert weights.shape == shape and weights.dtype == "float32" and (weights == value).all()


def test_an_identity_is_a_matrix():
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match=r"Identity expected the shape of a matrix, .*Received: \(3,\)"):
        initializers.Identity()((3,))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "one", None, [1.0]], ids=str)
@pytest.mark.parametrize(
    "cls, name", [("Constant", "value"), ("Identity", "gain"), ("RandomNormal", "mean"), ("RandomUniform", "minval")]
)
def test_a_value_that_is_not_a_finite_number_is_a_clear_error(cls, name, value):
    with pytest.raises(ValueError, match=f"{name} must be a finite number. Received: "):
        getattr(initializers, cls)(**{name: value})


# ------------------------------------------------------------------ distributions


def test_a_uniform_start_lies_between_its_limits():
    weights = initializers.RandomUniform(-1.0, 3.0, seed=0)((50, 60), "float64")
    assert scipy.stats.kstest(weights.ravel(), scipy.stats.uniform(-1, 4).cdf).pvalue > 0.01
    with pytest.raises(ValueError, match="minval must be at most maxval, 1.0. Received: 2.0"):
        initializers.RandomUniform(2.0, 1.0)


def test_a_truncated_gaussian_has_no_tails_and_is_not_scaled_up():
    weights = initializers.TruncatedNormal(1.0, 0.5, seed=0)((50, 60), "float64")
    assert scipy.stats.kstest(weights.ravel(), scipy.stats.truncnorm(-2, 2, 1.0, 0.5).cdf).pvalue > 0.01


def test_the_mean_moves_a_gaussian():
    still, moved = (initializers.RandomNormal(mean, 0.5, seed=0)((9, 9), "float64") for mean in (0.0, 2.0))
    np.testing.assert_allclose(moved - still, 2.0, rtol=1e-12)


@pytest.mark.parametrize("mode, n", [("fan_in", 9 * 4), ("fan_out", 9 * 20), ("fan_avg", 9 * 12)])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal", "normal"])
def test_the_variance_is_the_scale_over_the_connections_of_a_convolution(mode, n, distribution):
    initializer = initializers.VarianceScaling(3.0, mode, distribution, seed=0)
    std = np.sqrt(3.0 / n)
    expected = {
        "uniform": scipy.stats.uniform(-std * np.sqrt(3), 2 * std * np.sqrt(3)),
        "untruncated_normal": scipy.stats.norm(0, std),
    }.get(distribution, scipy.stats.truncnorm(-2, 2, scale=std / CUT.std()))
    weights = initializer((3, 3, 4, 20), "float64")
    assert scipy.stats.kstest(weights.ravel(), expected.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    "name, setting",
    [
        ("glorot_uniform", (1.0, "fan_avg", "uniform")),
        ("glorot_normal", (1.0, "fan_avg", "normal")),
        ("he_uniform", (2.0, "fan_in", "uniform")),
        ("he_normal", (2.0, "fan_in", "normal")),
        ("lecun_uniform", (1.0, "fan_in", "uniform")),
        ("lecun_normal", (1.0, "fan_in", "normal")),
    ],
)
def test_the_named_ones_are_cases_of_variance_scaling(name, setting):
    named = getattr(initializers, name)(seed=1)
    assert (named((6, 9)) == initializers.VarianceScaling(*setting, seed=1)((6, 9))).all()


def test_settings_that_variance_scaling_does_not_know_are_named():
    with pytest.raises(ValueError, match="mode must be one of fan_in, fan_out, fan_avg. Received: 'fan'"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="distribution must be one of truncated_normal, .* Received: 'gauss'"):
        initializers.VarianceScaling(distribution="gauss")
    with pytest.raises(ValueError, match="scale must be a positive number. Received: 0"):
        initializers.VarianceScaling(0)


def test_keras_s_second_spelling():
    assert initializers.he_normal is initializers.HeNormal
    with pytest.raises(AttributeError, match="aelib.nn.initializers has no STFT"):
        initializers.STFT  # noqa: B018


def test_no_dtype_is_float32():
    assert initializers.HeNormal()((2, 2), dtype=None).dtype == "float32"
