"""The cover's picture is what the record says, and the record is about a real digit."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from book import cover
from experiments.background.cover import DIGIT, LATENT_DIM
from experiments.record import read_arrays, read_record

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def results():
    return read_record("background/cover")["results"]


@pytest.fixture(scope="module")
def reconstruction():
    return read_arrays("background/cover")["reconstruction"] / 255


@pytest.fixture(scope="module")
def svg():
    return ElementTree.fromstring(cover.PICTURE.read_text(encoding="utf-8"))


def filled(group):
    """The image that a group of paths draws: for each pixel its grey, shape (28, 28)."""
    image = np.zeros((28, 28))
    for path in group.iter(f"{SVG}path"):
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", path.get("d")):
            image[int(y), int(x) : int(x) + int(width)] += float(path.get("fill-opacity"))
    return image


def test_the_picture_is_drawn_from_the_record():
    assert cover.PICTURE.read_text(encoding="utf-8") == cover.picture()
    assert cover.PICTURE.stat().st_size < 60_000


def test_it_shows_the_test_image_and_its_reconstruction(svg, results, reconstruction, mnist):
    images = [filled(group) for group in svg.iter(f"{SVG}g") if group.get("shape-rendering")]
    expected = mnist[1][0][results["test_image"]].reshape(28, 28), reconstruction.reshape(28, 28)
    assert len(images) == 2
    for drawn, image in zip(images, expected):
        assert np.abs(drawn - image).max() <= 0.5 / cover.GREYS + 0.005


def test_it_shows_the_code(svg, results):
    words = ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    code = [f"{number:.1f}".replace("-", "−") for number in results["code"]]
    assert len(code) == LATENT_DIM and [word for word in words if word in code] == code
    assert f"{len(code)} numbers" in words


def test_the_record_is_about_a_real_digit(results, reconstruction, mnist):
    _, (x_test, y_test) = mnist
    assert y_test[results["test_image"]] == results["digit"] == DIGIT
    error = np.sum((x_test[results["test_image"]] - reconstruction) ** 2)
    assert error == pytest.approx(results["squared_error"], rel=0.02)  # but for the rounding to bytes
