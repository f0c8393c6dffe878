"""What the network by hand and the figure of code sizes are given: right numbers are shown, wrong ones refused."""

import re

import bs4
import numpy as np
import pytest

from aelib.widgets import by_hand, code_size
from aelib.widgets.by_hand import numbers, shown

X = [1.0, 0.5]
SIZES = [1, 4, 16]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture
def weights():
    return [np.array([[1.0], [-1.0]]), np.array([-0.5]), np.array([[2.0, -1.0]]), np.array([0.0, -0.5])]


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(3, 16)).astype("uint8")


def tree_of(widget):
    return bs4.BeautifulSoup(widget._repr_html_(), "html.parser")


# ------------------------------------------------------------------ by hand


def test_the_numbers_are_those_of_pencil_and_paper(weights):
    found = numbers(np.array(X), weights, "sigmoid")
    y = sigmoid(np.array([1.0, -1.0]))  # z = 0 and h = 1/2 in the code
    delta = (y - X) * y * (1 - y)  # 2/d is 1
    blame = 2 * delta[0] - delta[1]
    expected = {
        "z1_1": 0, "h1_1": 0.5, "z2_1": 1, "z2_2": -1, "h2_1": y[0], "h2_2": y[1], "C": np.mean((y - X) ** 2),
        "delta2_1": delta[0], "delta2_2": delta[1], "dW2_11": delta[0] / 2, "dW2_21": delta[1] / 2, "db2_2": delta[1],
        "dh1_1": blame, "slope1_1": 0.25, "delta1_1": blame / 4, "dW1_11": blame / 4, "dW1_12": blame / 8,
        "W2_21": -1, "W1_12": -1, "b2_2": -0.5, "h0_2": 0.5,
    }  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-15), name


def as_python(equation):
    """The sides of an equation as Python would write them."""
    for part in equation.select("mfrac"):
        part.replace_with("({}/{})*".format(*(child.text for child in part.find_all(recursive=False))))
    for part in equation.select("msup"):
        part.replace_with("{}**{}".format(*(child.text for child in part.find_all(recursive=False))))
    text = re.sub(r"\s", "", equation.text)
    for old, new in {"−": "-", "⋅": "*", "[": "(", "]": ")", "**(": "*("}.items():
        text = text.replace(old, new)
    return text.split("=")


def test_every_equation_holds_with_the_numbers_in_it(weights):
    """Each ends in `= numbers = result`; the numbers are worked out anew as they are written."""
    equations = tree_of(by_hand(X, weights)).select(".aelib-equation")
    assert len(equations) == 18
    for equation in equations:
        *_, values, result = as_python(equation)
        if "δ" in values:  # ∂C/∂b = δ has one number only
            continue
        assert eval(values, {"f": sigmoid}) == pytest.approx(float(result), abs=2e-4), values


def test_every_parameter_stands_in_the_equations_and_in_the_picture(weights):
    tree = tree_of(by_hand(X, weights))
    for key in ("W1_11", "W1_12", "W2_11", "W2_21"):
        assert tree.select(f'.aelib-equation msubsup[data-of="{key}"]') and tree.select(f'svg path[data-of="{key}"]')
    assert not re.search(r"\[\w+ (auto|\d)", tree.text)  # no place is left unfilled


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, None, "0"),
        (0.0, 5, "0"),
        (-1.5, None, "−1.5"),
        (2.0, None, "2"),
        (0.5, 4, "0.5000"),
        (-1e-9, 5, "0.00000"),
        (100.0, None, "100"),
    ],
)
def test_numbers_are_written_as_in_the_book(value, digits, text):
    assert shown(value, digits) == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [1.0, 1.5]}, "entries from 0 to 1. Received: .*1.5"),
        ({"x": [1.0, float("nan")]}, "entries from 0 to 1"),
        ({"x": [[1.0, 0.5]]}, "Expected an example of shape"),
        ({"x": ["a", "b"]}, "Expected weights that are real numbers"),
        ({"weights": []}, "that lead from 2 inputs to 2 outputs. Received: shapes \\[\\]"),
        ({"x": [1.0, 0.5, 0.5]}, "that lead from 3 inputs to 3 outputs"),
        ({"weights": [np.ones((1, 2)), np.ones(1), np.ones((2, 1)), np.ones(2)]}, "Received: shapes"),
        ({"weights": [np.ones((2, 1)), np.ones(1)]}, "to 2 outputs"),
        ({"weights": [np.ones((2, 2)), np.ones(2), np.ones((2, 2))]}, "Received: shapes"),
        (
            {"weights": [np.ones((2, 4)), np.ones(4), np.ones((4, 2)), np.ones(2)]},
            "at most 20 weights and biases. Received: 22",
        ),
        ({"weights": [np.full((2, 2), 5.5), np.ones(2)]}, "from -5 to 5"),
        ({"activation": "softmax"}, "Expected one of the activations linear, .* Received: 'softmax'"),
        ({"learning_rate": 0}, "from 0.1 to 10. Received: 0"),
    ],
)
def test_what_cannot_be_worked_by_hand_is_refused(weights, change, message):
    with pytest.raises(ValueError, match=message):
        by_hand(**{"x": X, "weights": weights, **change})


# ------------------------------------------------------------------ code size


def test_the_table_holds_every_error(images):
    rows = {"ours": np.stack([images] * 3)}
    errors = {"ours": [[9.0, 5.0, 1.0], [11.0, 5.0, 2.0]], "PCA": [8.0, 6.0, 3.0]}
    table = tree_of(code_size(SIZES, images, rows, errors)).table
    lines = [[cell.text for cell in line.select("th, td")] for line in table.select("tr")]
    assert lines == [
        ["code size", "ours", "PCA"], ["1", "10.0", "8.0"], ["4", "5.0", "6.0"], ["16", "1.5", "3.0"],
    ]  # fmt: skip


def test_pixels_from_0_to_1_are_the_same_as_bytes(images):
    rows, errors = {"ours": np.stack([images] * 3)}, {"ours": [3.0, 2.0, 1.0]}
    as_bytes = code_size(SIZES, images, rows, errors)
    as_floats = code_size(SIZES, images / 255, {"ours": rows["ours"] / 255}, errors)
    assert as_bytes.data == as_floats.data


def test_a_method_with_one_image_carries_it_once(images):
    errors = {"ours": [3.0, 2.0, 1.0]}
    one = code_size(SIZES, images, {"ours": images[0]}, errors)
    many = code_size(SIZES, images, {"ours": np.broadcast_to(images[0], (3, 3, 16))}, errors)
    assert len(one.data) < len(many.data) - 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": [4]}, "two or more code sizes"),
        ({"sizes": [1, 4, 4]}, "ascending from 1. Received: \\[1, 4, 4\\]"),
        ({"sizes": [0, 4, 16]}, "ascending from 1"),
        ({"sizes": [1.0, 4.0, 16.0]}, "whole and ascending"),
        ({"start": 5}, "start with one of the sizes \\[1, 4, 16\\]. Received: 5"),
        ({"images": np.zeros((3, 15))}, "the last of side² pixels. Received: shape \\(3, 15\\)"),
        ({"images": np.full((3, 16), 1.5)}, "images with pixels from 0 to 1, or bytes"),
        ({"images": np.full((3, 16), np.nan)}, "images with pixels from 0 to 1, or bytes"),
        (
            {"reconstructions": {"ours": np.zeros((2, 3, 16))}},
            "of 'ours' of shape \\(3, 3, 16\\). Received: \\(2, 3, 16\\)",
        ),
        ({"reconstructions": {"ours": np.zeros((3, 16))}}, "Expected reconstructions of 'ours' with 3 axes"),
        ({"reconstructions": {"other": np.zeros((3, 3, 16))}}, "Received: none for \\['other'\\]"),
        ({"errors": {"ours": [1.0, 2.0]}}, "of shape \\(3,\\) or \\(seeds, 3\\). Received: shape \\(1, 2\\)"),
        ({"errors": {"ours": [1.0, 2.0, -1.0]}}, "1 of them negative or no number"),
        ({"errors": {"ours": [1.0, 2.0, np.nan]}}, "1 of them negative or no number"),
        ({"errors": {name: [1.0, 1.0, 1.0] for name in ("ours", "b", "c", "d", "e")}}, "1 to 4 methods. Received: 5"),
    ],
)
def test_what_cannot_be_compared_is_refused(images, change, message):
    given = {
        "sizes": SIZES,
        "images": images,
        "reconstructions": {"ours": np.zeros((3, 3, 16))},
        "errors": {"ours": [3.0, 2.0, 1.0]},
    }
    with pytest.raises(ValueError, match=message):
        code_size(**{**given, **change})
