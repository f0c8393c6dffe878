"""The data of known dimension are what they say: as many factors, a circle that closes, an error that the noise explains."""

import numpy as np
import pytest

from experiments.practice import known_dimension


@pytest.mark.parametrize("kind", list(known_dimension.FACTORS))
def test_examples_have_one_shape_and_depend_on_their_factors_only(kind, rng):
    t = known_dimension.factors(kind, 5, rng)
    assert t.shape == (5, known_dimension.FACTORS[kind])
    x = known_dimension.render(kind, t)
    assert x.dtype == "float32" and x.ndim == 2 and len(x) == 5
    np.testing.assert_array_equal(known_dimension.render(kind, t[::-1]), x[::-1])


@pytest.mark.parametrize("kind", list(known_dimension.FACTORS))
def test_an_example_moves_in_as_many_directions_as_it_has_factors(kind, rng):
    t, step = known_dimension.factors(kind, 1, rng), 1e-2  # float32 leaves few digits
    nudges = step * np.eye(t.shape[1])
    up, down = (known_dimension.render(kind, t + sign * nudges).astype("float64") for sign in (1, -1))
    assert np.linalg.matrix_rank((up - down) / (2 * step), tol=1e-2) == known_dimension.FACTORS[kind]


def test_the_hand_of_a_clock_returns_after_a_full_turn():
    start, end, half = known_dimension.render("hand", np.array([[-1.0], [1.0], [0.0]]))
    np.testing.assert_allclose(start, end, atol=1e-6)
    np.testing.assert_allclose(start, half[::-1], atol=1e-6)  # turned by half a turn


def test_the_spot_is_where_its_factors_say():
    picture = known_dimension.render("spot", np.array([[0.5, -0.5, 0.0]]))[0].reshape(known_dimension.SIDE, -1)
    x, y = (axis.reshape(picture.shape) for axis in known_dimension.pixels())
    centre = np.array([(picture * x).sum(), (picture * y).sum()]) / picture.sum()
    np.testing.assert_allclose(centre, [1.5, -1.5], atol=0.05)


def test_the_learning_rate_begins_where_it_is_told_and_falls():
    x = known_dimension.data("sheet", 0)[0][:200]
    network, encoder, decoder, losses = known_dimension.train(x, 3, seed=0, epochs=2)
    share = 1 / known_dimension.EPOCHS
    expected = known_dimension.LEARNING_RATE * (1 + np.cos(np.pi * share)) / 2
    assert network.optimizer.learning_rate == pytest.approx(expected)
    np.testing.assert_array_equal(decoder.predict(encoder.predict(x)), network.predict(x))
    assert losses[1] < losses[0]
