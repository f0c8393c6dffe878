"""Confidence, precision and recall of generated images, against values that need no computing."""

import numpy as np
import pytest

from experiments.record import read_arrays
from experiments.sample_evaluator import SampleEvaluator, binary


@pytest.fixture(scope="module")
def real(mnist):
    return binary(mnist[1][0][:400])


@pytest.fixture(scope="module")
def evaluator(real):
    return SampleEvaluator(read_arrays("variants/variational").values(), real)


def test_the_recorded_classifier_reads_digits(evaluator, mnist):
    images, labels = mnist[1]
    probabilities = evaluator.probabilities(binary(images[:1000]))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.mean(probabilities.argmax(axis=1) == labels[:1000]) > 0.9


def test_real_images_are_precise_and_one_of_them_repeated_has_no_recall(evaluator, real):
    assert evaluator(real) | {"confidence": 1} == {"confidence": 1, "precision": 1, "recall": 1}
    repeated = evaluator(np.repeat(real[:1], 100, axis=0))
    assert repeated["precision"] == 1 and repeated["recall"] == 1 / len(real)


def test_a_ball_reaches_to_the_third_nearest_neighbour():
    def at(*places):
        return np.outer(places, np.ones(1))  # "images" of one pixel

    weights = np.zeros((1, 2)), np.zeros(2), np.zeros((2, 10)), np.zeros(10)
    evaluator = SampleEvaluator(weights, at(0, 1, 2, 3))  # radii 3, 2, 2, 3
    found = evaluator(at(-2, -3, 6, 7))
    assert found["confidence"] == pytest.approx(1 / 10)
    assert found["precision"] == 3 / 4  # all but 7
    assert found["recall"] == 1  # the ball of -2, of radius 9, holds all
