"""The photographs are those that they are said to be, in colour and in grey."""

import numpy as np
import pytest

from aelib.datasets import load_photographs

SHAPES = {
    "astronaut": (512, 512),
    "camera": (512, 512),
    "chelsea": (300, 451),
    "coffee": (400, 600),
    "rocket": (427, 640),
    "china": (427, 640),
    "flower": (427, 640),
}


def test_shapes_and_dtypes():
    grey, colour = load_photographs(), load_photographs(grey=False)
    assert {name: image.shape for name, image in grey.items()} == SHAPES
    assert {name: image.shape for name, image in colour.items()} == {name: (*s, 3) for name, s in SHAPES.items()}
    assert all(image.dtype == "uint8" for image in (*grey.values(), *colour.values()))


def test_grey_is_the_weighted_sum_of_the_colours():
    grey, colour = (load_photographs(["coffee"], grey=grey)["coffee"] for grey in (True, False))
    assert np.abs(colour @ np.array([0.299, 0.587, 0.114]) - grey).max() < 1


def test_they_show_what_they_should():
    """A rocket by night is dark, the cat is orange, the cameraman is grey."""
    colour = load_photographs(["rocket", "chelsea", "camera"], grey=False)
    assert colour["rocket"].mean() < 80
    red, green, blue = colour["chelsea"].mean(axis=(0, 1))
    assert red > green + 20 > blue + 40
    assert (colour["camera"] == colour["camera"][..., :1]).all()


def test_the_order_is_that_of_the_names_and_each_call_returns_its_own_arrays():
    first = load_photographs(("flower", "camera"))
    assert list(first) == ["flower", "camera"]
    first["camera"][:] = 0
    assert load_photographs(["camera"])["camera"].max() == 255


@pytest.mark.parametrize("names", ["camera", ["lena"], ["camera", "lena"]])
def test_unknown_names_are_errors(names):
    with pytest.raises(ValueError, match="Expected a sequence of names among astronaut, .*flower. Received: "):
        load_photographs(names)
