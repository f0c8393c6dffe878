"""The record of the cover is about a real digit, and its image survives being written as text."""

import numpy as np
import pytest

from experiments.background import cover
from experiments.record import read_record


def test_the_record_is_about_a_real_digit(mnist):
    results = read_record("background/cover")["results"]
    _, (x_test, y_test) = mnist
    assert y_test[results["test_image"]] == results["digit"] == cover.DIGIT
    drawn = cover.from_hex(results["reconstruction"]).ravel()
    error = np.sum((x_test[results["test_image"]] - drawn) ** 2)
    assert error == pytest.approx(results["squared_error"], rel=0.02)  # but for the rounding to bytes


def test_hexadecimal_rows_are_the_image_again(rng):
    image = rng.integers(0, 256, 784).astype("uint8")
    np.testing.assert_allclose(cover.from_hex(cover.as_hex(image)).ravel() * 255, image)
