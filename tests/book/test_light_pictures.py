"""Lighter pictures look the same, weigh less, and are left alone where they must be."""

import numpy as np
import pytest
from PIL import Image

from aelib.figures.plots import plot_map_and_grid
from book.extensions.theme_repairs.light_pictures import lighten


@pytest.fixture
def plot(agg, tmp_path, rng):
    """A map of few coloured points beside a large grid of greys, as the book has them."""
    codes, labels = rng.normal(size=(300, 2)), rng.integers(10, size=300)
    figure = plot_map_and_grid(codes, labels, lambda plane: rng.random((len(plane), 784)), "a map")
    path = tmp_path / "plot.png"
    figure.savefig(path)
    return path


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=float)


def test_a_plot_weighs_half_and_looks_the_same(plot):
    before, weight = pixels(plot), plot.stat().st_size
    lighten(plot)
    change = np.abs(pixels(plot) - before)
    assert plot.stat().st_size < 0.6 * weight
    assert change.mean() < 2 and np.percentile(change, 99) < 25  # of 255
    white, colored = before.min(axis=2) == 255, np.ptp(before, axis=2) > 80
    assert change[white].max() <= 2 and colored.any()
    assert np.percentile(change[colored], 95) < 25, "a few coloured points keep their colours beside many greys"


def test_a_picture_is_lightened_once(plot):
    lighten(plot)
    once = plot.read_bytes()
    lighten(plot)
    assert plot.read_bytes() == once and list(plot.parent.iterdir()) == [plot]


def test_a_picture_of_few_bytes_and_one_that_shines_through_are_left_alone(tmp_path):
    for name, color in (("dot.png", (1, 2, 3)), ("glass.png", (1, 2, 3, 100))):
        path = tmp_path / name
        Image.new("RGB" if len(color) == 3 else "RGBA", (1, 1), color).save(path)
        before = path.read_bytes()
        lighten(path)
        assert path.read_bytes() == before
