"""The network by hand in a browser: its numbers are the library's, and it answers keys, clicks and fingers."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from aelib.nn import Sequential
from aelib.nn.layers import Dense, Input
from aelib.widgets import by_hand
from aelib.widgets.by_hand import FORMULAS, numbers, shown

X = [1.0, 0.5]
WEIGHTS = [np.array([[1.0], [-1.0]]), np.array([-0.5]), np.array([[2.0, -1.0]]), np.array([0.0, -0.5])]
ROOT = "document.querySelector('.aelib-widget')"


@pytest.fixture
def write(write):
    """Write a page with a network by hand, and return its path."""
    return lambda x=X, weights=WEIGHTS, **settings: write(by_hand(x, weights, **settings)._repr_html_())


def texts(page):
    """Every number that is shown: its name, how it is to be written, its text."""
    return page.evaluate(
        "[...document.querySelectorAll('.aelib-by-hand [data-number]')]"
        ".map(e => [e.dataset.number, e.dataset.form, e.textContent])"
    )


def value_of(text):
    return float(text.strip("()").replace("−", "-"))


def random_weights(rng, sizes):
    shapes = [shape for pair in pairwise(sizes) for shape in (pair, pair[1:])]
    return [rng.uniform(-5, 5, size=shape) for shape in shapes]


def set_all(page, x, weights, activation):
    """Choose the activation, and move every slider, as a hand would, to the nearest place that it can take."""
    page.select_option("select", activation)
    page.evaluate(
        """values => document.querySelectorAll('[data-slider]').forEach(label => {
             const input = label.querySelector('input');
             input.value = values[label.dataset.slider];
             input.dispatchEvent(new Event('input'));
           })""",
        {name: value for name, value in numbers(x, weights, activation).items() if name[0] in "hWb"},
    )
    held = page.evaluate(f"{ROOT}.numbers")
    x = np.array([held[f"h0_{j + 1}"] for j in range(len(x))])
    for k, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2]), 1):
        kernel[:] = [[held[f"W{k}_{i + 1}{j + 1}"] for i in range(kernel.shape[1])] for j in range(kernel.shape[0])]
        bias[:] = [held[f"b{k}_{i + 1}"] for i in range(len(bias))]
    return x, held


@pytest.mark.parametrize("sizes", [(2, 1, 2), (2, 2, 2), (3, 1, 2, 3)])
def test_every_number_held_and_shown_is_the_librarys(open_page, write, rng, sizes):
    page = open_page(write(rng.uniform(size=sizes[0]), random_weights(rng, sizes)))
    names = list(FORMULAS)
    for trial in range(100 if sizes == (2, 1, 2) else 12):
        activation, weights = names[trial % len(names)], random_weights(rng, sizes)
        x, held = set_all(page, rng.uniform(size=sizes[0]), weights, activation)
        expected = numbers(x, weights, activation)
        assert held.keys() == expected.keys()
        for name, value in expected.items():
            assert abs(held[name] - value) <= 1e-9 * max(1, abs(value)), (name, activation)
        for name, form, text in texts(page):
            digits = 4 if form.startswith("auto") else int(form[0])
            assert abs(value_of(text) - held[name]) <= 0.5000001 * 10**-digits, (name, form, text)
            assert ("(" in text) == (form.endswith("()") and text.strip("()").startswith("−"))
    assert page.errors == []


def loss_with(x, weights, place, activation, array):
    """The loss, with another array in one place."""
    return numbers(x, [*weights[:place], array, *weights[place + 1 :]], activation)["C"]


@pytest.mark.parametrize("activation", FORMULAS)
def test_the_numbers_agree_with_central_differences(rng, slope, activation):
    x, weights = rng.uniform(size=2), random_weights(rng, (2, 1, 2))
    found = numbers(x, weights, activation)
    for place, name in enumerate(("W1", "b1", "W2", "b2")):
        numerical = slope(partial(loss_with, x, weights, place, activation), weights[place])
        for index, value in np.ndenumerate(numerical):
            gradient = found[f"d{name}_{''.join(str(i + 1) for i in index[::-1])}"]
            assert abs(gradient - value) < 1e-6 * max(1, abs(value))


def test_the_script_begins_with_the_numbers_of_the_still_equations(open_page, write):
    path = write()
    still = open_page(path, javascript=False)
    assert still.is_visible("math") and still.is_visible("svg") and not still.locator("input").count()
    read = "[...document.querySelectorAll('[data-number]')].map(e => e.textContent)"
    assert open_page(path).evaluate(read) == still.evaluate(read) != []


def test_a_step_downhill_is_a_step_of_gradient_descent(open_page, write):
    page = open_page(write(learning_rate=2.0))
    network = Sequential([Input((2,)), Dense(1, "sigmoid"), Dense(2, "sigmoid")], dtype="float64")
    network.set_weights(WEIGHTS)
    network.compile("sgd", "mse")
    network.optimizer.learning_rate = 2.0
    x = np.array([X])
    first, gradients = network.loss_and_gradients(x, x)
    promised = -2.0 * sum(float((g**2).sum()) for g in gradients)
    network.train_on_batch(x, x)
    page.click("text=one step downhill")
    loss = page.evaluate(f"{ROOT}.numbers.C")
    assert abs(loss - network.evaluate(x, x)) < 1e-12
    text = page.inner_text("[role=status]")
    assert f"C = {shown(loss, 5)} after 1 step downhill" in text
    assert f"changed C by {shown(loss - first, 5)}; the gradient promised {shown(promised, 5)}" in text
    for _ in range(100):
        network.train_on_batch(x, x)
    page.click("text=a hundred steps")
    assert abs(page.evaluate(f"{ROOT}.numbers.C") - network.evaluate(x, x)) < 1e-9
    assert "after 101 steps" in page.inner_text("[role=status]")
    page.click("text=reset")
    assert page.evaluate(f"{ROOT}.numbers.C") == pytest.approx(first, abs=1e-15)


def test_a_step_that_leads_too_far_is_not_taken(open_page, write):
    weights = [np.full_like(w, 5.0) for w in WEIGHTS]
    page = open_page(write(weights=weights, activation="linear", learning_rate=10))
    before = page.evaluate(f"{ROOT}.numbers")
    page.click("text=one step downhill")
    assert page.evaluate(f"{ROOT}.numbers") == before
    assert "choose a smaller learning rate" in page.inner_text("[role=status]")


def test_choosing_a_weight_marks_where_it_stands(open_page, write):
    page = open_page(write())
    page.focus("[data-slider=W2_11] input")
    marked = page.evaluate(
        "[...document.querySelectorAll('.aelib-equation')].filter(p => p.querySelector('.aelib-on'))"
        ".map(p => p.querySelector('math').textContent)"
    )
    assert marked == ["z1(2)", "∂C/∂W11(2)", "∂C/∂h1(1)"]
    assert page.locator(".aelib-on").count() == 9  # slider and its symbol, line, its text, three symbols, two numbers
    page.click("path[data-of=W1_11]", force=True)
    assert page.locator("[data-slider=W1_11].aelib-on").count() == 1
    assert page.locator("[data-of=W2_11].aelib-on").count() == 0


def test_keys_move_a_slider_and_all_that_depends_on_it(open_page, write):
    page = open_page(write())
    page.focus("[data-slider=h0_1] input")
    page.keyboard.press("Home")
    held = page.evaluate(f"{ROOT}.numbers")
    assert held["h0_1"] == 0 and held["dW1_11"] == 0
    assert [text for name, _, text in texts(page) if name == "dW1_11"] == ["0"]
    assert page.get_attribute("[data-slider=h0_1] input", "aria-valuetext") == "0"


def test_a_number_is_shown_as_the_still_equations_would(open_page, write):
    page = open_page(write())
    page.evaluate("document.querySelector('[data-slider=W1_11] input').step = 'any'")
    for value in (0.0, -0.00001, 1.25, -4.9999, 0.125, 3.00004):
        page.evaluate(
            "v => { const i = document.querySelector('[data-slider=W1_11] input');"
            " i.value = v; i.dispatchEvent(new Event('input')); }",
            value,
        )
        assert page.inner_text("[data-slider=W1_11] output") == shown(value)
