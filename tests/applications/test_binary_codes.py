"""Noise is there in training alone, distances are counted bits, and the rotation fits signs."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from aelib.applications.binary_codes import NoisySigmoid, hamming_distances, itq_rotation
from aelib.nn import Sequential
from aelib.nn.activations import Sigmoid
from aelib.nn.layers import Dense, Input


def test_without_training_it_is_the_sigmoid(rng):
    noisy, z = NoisySigmoid(3.0, rng=0), rng.normal(size=(4, 3))
    assert not np.allclose(noisy(z), Sigmoid()(z))
    noisy.training = False
    np.testing.assert_array_equal(noisy(z), Sigmoid()(z))


def test_the_noise_has_the_deviation_that_was_asked_for():
    a = NoisySigmoid(2.0, rng=0)(np.full((20_000, 1), 0.5))
    z = np.log(a / (1 - a))
    assert z.mean() == pytest.approx(0.5, abs=0.06) and z.std() == pytest.approx(2.0, rel=0.02)


def test_the_derivative_is_the_slope_at_the_noisy_point(rng):
    z, h = rng.normal(size=(5, 4)), 1e-6
    a = NoisySigmoid(1.0, rng=7)(z)
    above, below = (NoisySigmoid(1.0, rng=7)(z + step) for step in (h, -h))  # the same noise
    np.testing.assert_allclose(NoisySigmoid(1.0).derivative(z, a), (above - below) / (2 * h), rtol=1e-6)


def test_the_noise_is_that_of_the_generator_in_the_precision_of_its_argument():
    for dtype in ("float64", "float32"):
        z = np.array([0.5, -1.0, 2.0], dtype)
        noise = np.random.default_rng(3).standard_normal(3, dtype)
        np.testing.assert_allclose(NoisySigmoid(2.0, rng=3)(z), Sigmoid()(z + 2 * noise), rtol=1e-6)
        np.testing.assert_array_equal(NoisySigmoid(rng=3)(z), Sigmoid()(z + noise))  # the default deviation is 1
    assert not np.array_equal(NoisySigmoid()(z), NoisySigmoid()(z))  # without a seed each draws its own


def test_noise_in_training_drives_the_code_to_the_ends():
    x = np.random.default_rng(0).normal(size=(400, 12)).astype("float32")

    def doubtful(stddev):
        noisy = NoisySigmoid(stddev, rng=0)
        encoder = Sequential([Input((12,)), Dense(4, noisy)], rng=0)
        autoencoder = Sequential([encoder, Dense(12)], rng=0)
        autoencoder.compile("adam", "mse")
        autoencoder.optimizer.learning_rate = 0.01
        autoencoder.fit(x, x, epochs=60, verbose=0)
        noisy.training = False
        codes = encoder.predict(x)
        return np.mean((codes > 0.1) & (codes < 0.9))

    assert doubtful(4.0) < 0.6 * doubtful(0.0)


def test_whole_numbers_get_noise_and_what_is_no_number_is_an_error():
    assert NoisySigmoid(1.0, rng=0)([1, 2]).tolist() == NoisySigmoid(1.0, rng=0)(np.array([1.0, 2.0])).tolist()
    assert NoisySigmoid(1.0, rng=0)(np.ones(2, "float32")).dtype == "float32"
    for z, message in ((None, "z must be an array"), (np.ma.masked_less([1.0, 2.0], 1.5), "z must not be masked")):
        with pytest.raises(ValueError, match=message):
            NoisySigmoid()(z)


@pytest.mark.parametrize("stddev", [-1, np.nan, np.inf])
def test_a_deviation_that_is_none_is_an_error(stddev):
    with pytest.raises(ValueError, match="stddev must be a finite number of at least 0. Received"):
        NoisySigmoid(stddev)


@pytest.mark.parametrize("bits", [3, 8, 20, 64, 640])  # in the last the distances are beyond a byte
def test_distances_are_the_numbers_of_different_bits(bits, rng):
    a, b = rng.integers(2, size=(7, bits)), rng.integers(2, size=(5, bits))
    expected = [[sum(p != q for p, q in zip(row, other)) for other in b] for row in a]
    distances = hamming_distances(np.packbits(a, axis=1), np.packbits(b, axis=1))
    assert distances.tolist() == expected


def test_what_is_not_packed_is_an_error():
    good = np.zeros((2, 4), dtype="uint8")
    with pytest.raises(ValueError, match="Expected packed codes.*Received: shape \\(2, 4\\), dtype float64"):
        hamming_distances(good.astype("float64"), good)
    with pytest.raises(ValueError, match="Expected packed codes.*Received: shape \\(4,\\)"):
        hamming_distances(good, good[0])
    with pytest.raises(ValueError, match="one length. Received: 4 and 3 bytes"):
        hamming_distances(good, good[:, :3])
    for bad, kind in ((good.tolist(), "list"), (None, "NoneType"), (good.astype(bool), "bool")):
        with pytest.raises(ValueError, match=f"Expected packed codes.*dtype {kind}"):
            hamming_distances(good, bad)
    with pytest.raises(ValueError, match="codes must not be masked.* Received: 8 masked values"):
        hamming_distances(np.ma.masked_equal(good, 0), good)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), "projections must be an array of real numbers"),
        ((np.ones((4, 2)) * 1j,), "projections must be an array of real numbers. Received: dtype complex128"),
        ((np.ones(4),), r"shape \(n, bits\). Received: shape \(4,\)"),
        ((np.ones((0, 4)),), r"Received: shape \(0, 4\)"),
        (([[np.nan, 1.0], [np.inf, -1.0]],), "a matrix of finite numbers.* 2 of them not finite"),
        (([[1.0, 5.0], [-1.0, 7.0]],), "projections must be centred. Received: a column of mean 6"),
        (([[1.0, -5.0], [-1.0, -7.0]],), "projections must be centred. Received: a column of mean -6"),
        (([[1.0, 1.0], [-1.0, -1.0]], -1), "iterations must be zero or a positive integer. Received: -1"),
        (([[1.0, 1.0], [-1.0, -1.0]], 2.5), "iterations must be zero or a positive integer. Received: 2.5"),
    ],
)
def test_what_cannot_be_rotated_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        itq_rotation(*arguments)


def test_a_list_is_rotated_as_an_array_and_one_that_is_not_quite_centred_too(rng):
    v = rng.normal(size=(20, 3)) + 0.5
    np.testing.assert_array_equal(itq_rotation(v.tolist(), rng=0), itq_rotation(v, rng=0))
    np.testing.assert_allclose(itq_rotation(v, rng=0) @ itq_rotation(v, rng=0).T, np.eye(3), atol=1e-10)


def test_the_rotation_is_orthogonal_and_fits_signs_better_than_a_random_one(rng):
    v = rng.normal(size=(500, 8)) * np.arange(8, 0, -1)

    def loss(rotation):
        rotated = v @ rotation
        return np.square(np.sign(rotated) - rotated).sum()

    first, last = (itq_rotation(v, iterations=n, rng=0) for n in (0, 50))
    np.testing.assert_allclose(last.T @ last, np.eye(8), atol=1e-10)
    assert loss(last) < loss(first) and loss(last) <= loss(itq_rotation(v, iterations=10, rng=0)) + 1e-9


def test_each_iteration_turns_the_data_towards_their_signs(rng):
    """Against SciPy's solution of the orthogonal Procrustes problem."""
    v = rng.normal(size=(60, 5)) * np.arange(5, 0, -1)
    for iterations in range(3):
        before, after = (itq_rotation(v, n, rng=0) for n in (iterations, iterations + 1))
        np.testing.assert_allclose(after, orthogonal_procrustes(v, np.sign(v @ before))[0], atol=1e-10)


def test_fifty_iterations_are_the_default():
    v = np.random.default_rng(5).normal(size=(3000, 24))
    by_default = itq_rotation(v, rng=0)
    np.testing.assert_array_equal(by_default, itq_rotation(v, 50, rng=0))
    for other in (49, 51):
        assert not np.allclose(by_default, itq_rotation(v, other, rng=0), atol=1e-12)
    assert not np.allclose(itq_rotation(v, 0), itq_rotation(v, 0))  # without a seed each draws its own


def test_a_direction_without_variance_may_have_a_mean_of_rounding(rng):
    v = rng.normal(size=(20, 2))
    v[:, 1] = 7e-13
    itq_rotation(v)
    v[:, 1] = 1.5e-12
    with pytest.raises(ValueError, match="a column of mean 1.5e-12"):
        itq_rotation(v)


def test_the_rotation_finds_signs_that_are_there(rng):
    """Corners of a cube, turned: the rotation turns them back, up to the order and the signs of the axes."""
    signs = rng.choice([-1.0, 1.0], size=(300, 4))
    turned = signs @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    back = turned @ itq_rotation(turned, rng=1)
    np.testing.assert_allclose(np.abs(back), 1, atol=1e-6)
