"""Lighter pictures look the same, weigh less, and are left alone where they must be."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def lighten(load_module):
    return load_module("_extensions/light_pictures.py").lighten


@pytest.fixture
def plot(agg, tmp_path, rng):
    """A plot of many coloured points beside a grey picture, as matplotlib saves it."""
    figure, (left, right) = agg.subplots(1, 2, figsize=(8, 4))
    for color in ("#0072B2", "#D55E00", "#009E73"):
        left.scatter(*rng.normal(size=(2, 2000)), s=3, alpha=0.5, color=color)
    right.imshow(rng.random((60, 60)), cmap="gray")
    path = tmp_path / "plot.png"
    figure.savefig(path)
    return path


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=float)


def test_a_plot_weighs_half_and_looks_the_same(lighten, plot):
    before, weight = pixels(plot), plot.stat().st_size
    lighten(plot)
    assert plot.stat().st_size < 0.6 * weight
    assert np.abs(pixels(plot) - before).mean() < 2  # of 255
    assert np.percentile(np.abs(pixels(plot) - before), 99) < 25


def test_a_picture_is_lightened_once(lighten, plot):
    lighten(plot)
    once = plot.read_bytes()
    lighten(plot)
    assert plot.read_bytes() == once and list(plot.parent.iterdir()) == [plot]


def test_a_picture_of_few_bytes_and_one_that_shines_through_are_left_alone(lighten, tmp_path):
    for name, color in (("dot.png", (1, 2, 3)), ("glass.png", (1, 2, 3, 100))):
        path = tmp_path / name
        Image.new("RGB" if len(color) == 3 else "RGBA", (1, 1), color).save(path)
        before = path.read_bytes()
        lighten(path)
        assert path.read_bytes() == before
