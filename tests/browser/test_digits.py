"""The plane of codes and the pad to draw on, in a browser: they compute what Keras computes, and answer every hand."""

import re

import numpy as np
import pytest

from aelib.metrics import squared_error_per_image
from aelib.widgets import dense_layers, draw_digit, latent_plane, page_forward, rounding_deviation

ROOT = "document.querySelector('.aelib-widget')"
MARGIN = "<style>body { margin: 0 }</style>"


@pytest.fixture(scope="module")
def networks(mnist):
    """Two autoencoders in Keras, trained for a moment: with a code of 2 and SiLU, and with a code of 8 and ReLU."""
    models = pytest.importorskip("aelib.models")
    import keras

    (x, _), _ = mnist
    trained = {}
    for units, activation, code_activation in ((2, "silu", "linear"), (8, "relu", "relu")):
        keras.utils.set_random_seed(0)
        autoencoder, *halves = models.dense_autoencoder(784, [32], units, activation, code_activation)
        autoencoder.compile("adam", "binary_crossentropy")
        autoencoder.fit(x[:3000], x[:3000], batch_size=100, epochs=2, verbose=0)
        trained[units] = halves
    return trained


@pytest.fixture(scope="module")
def codes(networks, mnist):
    """The codes of 100 test digits, of two numbers each."""
    return np.asarray(networks[2][0](mnist[1][0][:100]))


@pytest.fixture(scope="module")
def plane_page(networks, mnist, codes, write):
    _, (x, y) = mnist
    return write(latent_plane(networks[2][1], codes, y[:100], x[:100])._repr_html_(), MARGIN)


@pytest.fixture(scope="module")
def pad_page(networks, mnist, write):
    _, (x, y) = mnist
    return write(draw_digit(*networks[8], x[:1000], y[:1000])._repr_html_(), MARGIN)


@pytest.fixture
def plane(open_page, plane_page):
    """A page with the plane, and the digits of `codes` on it."""
    return open_page(plane_page)


@pytest.fixture
def pad(open_page, pad_page):
    """A page with the pad."""
    return open_page(pad_page)


def by_page(page, network, examples):
    """What a network of the page computes from examples."""
    return np.array(page.evaluate(f"xs => xs.map(x => [...{ROOT}.{network}.forward(x)])", examples.tolist()))


def state(page, name):
    """What a widget computed last."""
    page.evaluate("new Promise(requestAnimationFrame)")
    page.evaluate("new Promise(requestAnimationFrame)")
    value = page.evaluate(f"{ROOT}.{name} && ({ROOT}.{name}.length ? [...{ROOT}.{name}] : {ROOT}.{name})")
    return np.array(value) if isinstance(value, list) else value


def assert_rounded(computed, keras_s, deviation):
    """The page's numbers are as far from Keras's as rounded weights make them, typically and at the most."""
    moved = computed - keras_s
    typical, expected = np.sqrt(np.mean(moved**2)), np.sqrt(np.mean(deviation**2))
    assert 0.4 * expected < typical < 1.5 * expected
    assert (np.abs(moved) < 7 * deviation + 1e-5).all()


def greys(page, selector):
    """The red of a canvas's pixels, from 0 to 1."""
    read = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    return np.array(page.locator(selector).evaluate(read)) / 255


# ------------------------------------------------------------------ the same numbers


def test_the_plane_decodes_100_digits_as_keras_does(plane, codes, networks):
    decoder = networks[2][1]
    computed = by_page(plane, "network", codes)
    layers = dense_layers(decoder)
    assert np.abs(computed - page_forward(layers, codes)).max() < 1e-9
    assert_rounded(computed, np.asarray(decoder(codes)), rounding_deviation(layers, codes))


def test_the_pad_reconstructs_100_digits_as_keras_does(pad, networks, mnist):
    x = mnist[1][0][:100]
    encoder, decoder = networks[8]
    codes = by_page(pad, "encode", x)
    assert np.abs(codes - page_forward(dense_layers(encoder), x)).max() < 1e-9
    computed = by_page(pad, "decode", codes)
    layers = [*dense_layers(encoder), *dense_layers(decoder)]
    assert np.abs(computed - page_forward(layers, x)).max() < 1e-9
    assert_rounded(computed, np.asarray(decoder(encoder(x))), rounding_deviation(layers, x))


# ------------------------------------------------------------------ the plane


def test_a_drag_decodes_the_point_under_the_pointer(plane, codes, networks):
    box = plane.locator(".aelib-plane").bounding_box()
    plane.mouse.move(box["x"] + 5, box["y"] + 5)
    plane.mouse.down()
    plane.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.7 * box["height"], steps=3)
    low, high = codes.min(axis=0), codes.max(axis=0)
    low, high = low - 0.2 * (high - low), high + 0.2 * (high - low)
    expected = low + (high - low) * [0.25, 0.3]
    assert np.allclose(state(plane, "code"), expected, atol=0.01 * (high - low).max())
    drawn = page_forward(dense_layers(networks[2][1]), state(plane, "code")[None])[0]
    assert np.abs(greys(plane, ".aelib-plane-pictures canvas >> nth=0") - drawn).max() < 1 / 254
    plane.mouse.up()
    plane.mouse.move(box["x"] + 10, box["y"] + 10)
    assert np.allclose(state(plane, "code"), expected, atol=0.01 * (high - low).max())
    values = [float(value) for value in plane.locator("input[type=range]").evaluate_all("all => all.map(e => e.value)")]
    assert np.allclose(values, expected, atol=0.01 * (high - low).max())
    assert plane.errors == []


def test_a_press_near_a_digit_goes_to_it_and_shows_it(plane, codes, networks, mnist):
    _, (x, y) = mnist
    box = plane.locator(".aelib-plane").bounding_box()
    parts = (codes - codes.min(axis=0)) / np.ptp(codes, axis=0) / 1.4 + 0.2 / 1.4
    alone = np.sort(np.linalg.norm(parts[:, None] - parts, axis=-1), axis=1)[:, 1]
    n = int(np.argmax(alone))  # far from the others
    across, up = parts[n].tolist()
    plane.mouse.click(box["x"] + across * box["width"] + 2, box["y"] + (1 - up) * box["height"] - 2)
    assert state(plane, "nearest") == n
    assert np.allclose(state(plane, "code"), codes[n], atol=1e-3 * np.ptp(codes))
    assert plane.inner_text(".aelib-captioned:nth-child(2) span") == f"nearest test digit: {y[n]}"
    plane.wait_for_function("document.querySelectorAll('.aelib-plane-pictures canvas').length === 3")
    assert np.abs(greys(plane, ".aelib-plane-pictures canvas >> nth=1") - x[n]).max() <= 1 / 30 + 1e-6
    again = page_forward(dense_layers(networks[2][1]), codes[n][None])[0]
    assert np.abs(greys(plane, ".aelib-plane-pictures canvas >> nth=2") - again).max() < 0.02


def test_far_from_all_digits_it_says_so(plane):
    box = plane.locator(".aelib-plane").bounding_box()
    plane.mouse.click(box["x"] + 3, box["y"] + 3)
    assert "no test digit is near" in plane.inner_text(".aelib-plane-pictures")


def test_arrow_keys_move_the_point_and_say_it_once(plane):
    plane.evaluate(f"""() => {{
      const plane = {ROOT}.querySelector('.aelib-plane');
      window.told = 0;
      new MutationObserver((all) => (told += all.length)).observe(plane, {{ attributeFilter: ['aria-valuetext'] }});
    }}""")
    before = state(plane, "code")
    # All in one call: on a busy machine single presses may come later than the pause after which the point is said.
    plane.evaluate(f"""() => {{
      for (const [key, shiftKey] of [["ArrowRight"], ["ArrowRight"], ["ArrowUp"], ["ArrowUp", true]])
        {ROOT}.querySelector(".aelib-plane").dispatchEvent(new KeyboardEvent("keydown", {{ key, shiftKey, bubbles: true }}));
    }}""")
    moved = (state(plane, "code") - before) / plane.evaluate(
        "[...document.querySelectorAll('input[type=range]')].map(e => e.max - e.min)"
    )
    assert np.allclose(moved, [0.04, 0.12], atol=1e-9)
    plane.wait_for_function("told > 0")
    plane.wait_for_timeout(700)
    assert plane.evaluate("told") == 1  # and not once a key
    text = plane.get_attribute(".aelib-plane", "aria-valuetext").replace("−", "-")
    said = [float(number) for number in re.match(r"(-?[\d.]+) and (-?[\d.]+); ", text).groups()]
    assert np.allclose(said, state(plane, "code"), atol=0.051) and "test digit" in text


def test_the_sliders_move_one_unit_each(plane):
    first, second = state(plane, "code")
    plane.focus("input[type=range] >> nth=1")
    plane.keyboard.press("Home")
    after = state(plane, "code")
    assert after[0] == first and np.isclose(after[1], float(plane.get_attribute("input >> nth=1", "min")))


def test_the_point_stays_in_the_plane(plane):
    plane.focus(".aelib-plane")
    for _ in range(15):
        plane.keyboard.press("Shift+ArrowLeft")
    assert np.isclose(state(plane, "code")[0], float(plane.get_attribute("input >> nth=0", "min")))


def test_each_digit_has_a_name_on_the_plane(plane, mnist):
    shown = plane.locator(".aelib-plane text:not(.aelib-tick)").all_text_contents()
    assert sorted(map(int, shown)) == sorted(set(mnist[1][1][:100].tolist()))
    boxes = plane.locator(".aelib-name").evaluate_all("all => all.map(e => [e.cx.baseVal.value, e.cy.baseVal.value])")
    distances = np.linalg.norm(np.array(boxes)[:, None] - np.array(boxes), axis=-1)
    assert distances[~np.eye(len(boxes), dtype=bool)].min() > 18  # none covers another


# ------------------------------------------------------------------ the preparation


def prepared(page, ink):
    """Ink of shape (side, side) prepared by the page."""
    made = page.evaluate(f"([ink, side]) => [...{ROOT}.prepare(ink, side)]", [ink.ravel().tolist(), len(ink)])
    return np.array(made).reshape(28, 28)


def test_test_digits_come_out_as_they_went_in(pad, mnist):
    _, (x, _) = mnist
    for image in x[:100].reshape(-1, 28, 28):
        assert np.abs(prepared(pad, image) - image).max() < 1e-6


def test_the_few_smaller_ones_grow_to_their_size(pad, mnist):
    _, (x, _) = mnist
    images = x.reshape(-1, 28, 28)
    longer = np.array([max(np.ptp(np.flatnonzero(i.any(axis))) for axis in (0, 1)) + 1 for i in images])
    assert sorted(set(longer)) == [19, 20] and (longer == 19).sum() == 3  # as the docstring says
    for image in images[longer == 19]:
        assert np.isclose(prepared(pad, image).sum(), image.sum() * (20 / 19) ** 2)


def test_size_and_place_of_the_drawing_do_not_matter(pad, mnist, rng):
    _, (x, _) = mnist
    for image in x[:5].reshape(-1, 28, 28):
        rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
        box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        times = int(rng.integers(3, 10))
        large = np.kron(box, np.ones((times, times)))
        ink = np.zeros((280, 280))
        top, left = (int(rng.integers(0, 281 - side)) for side in large.shape)
        ink[top : top + large.shape[0], left : left + large.shape[1]] = large
        assert np.abs(prepared(pad, ink) - image).max() < 1e-6


def test_a_bar_keeps_its_shape_and_comes_to_the_middle(pad):
    ink = np.zeros((280, 280))
    ink[5:55, 200:213] = 1  # 50 high, 13 wide
    made = prepared(pad, ink)
    assert np.isclose(made.sum(), 20 * 20 * 13 / 50)  # the areas, and so the ink, are to scale
    assert np.ptp(np.flatnonzero(made.any(1))) + 1 == 20
    rows, columns = np.indices(made.shape)
    assert max(abs((index * made).sum() / made.sum() - 14) for index in (rows, columns)) <= 0.5 + 1e-9
    assert (made > 0.99).sum() == 100  # five columns; the sixth is grey
    assert 0.1 < made[made < 0.99].max() < 0.3


def test_ink_far_to_one_side_is_not_cut_off(pad):
    ink = np.zeros((200, 200))
    ink[:, :10] = 1
    ink[100, :] = 0.01  # a long faint tail: the centre of mass lies at the left end
    made = prepared(pad, ink)
    assert np.isclose(made.sum(), ink.sum() / 100)


# ------------------------------------------------------------------ the pad


THREE = [(70, 70), (110, 45), (160, 50), (190, 85), (160, 125), (120, 135), (170, 145), (200, 185), (170, 225), (110, 235), (70, 210)]  # fmt: skip


def draw(page, points):
    """Draw a line with the mouse; the pad is 280 wide in the points' units."""
    box = page.locator(".aelib-pad").bounding_box()
    scale = box["width"] / 280
    for i, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + scale * x, box["y"] + scale * y, steps=1 if i == 0 else 3)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_drawing_is_prepared_encoded_and_reconstructed(pad, networks, mnist):
    draw(pad, THREE)
    encoder, decoder = networks[8]
    image = state(pad, "input")
    rows, columns = (np.flatnonzero(image.reshape(28, 28).any(axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20 and 0.3 < image.max() <= 1
    assert len(np.unique(image.round(3))) > 20  # greys, not black and white
    code = page_forward(dense_layers(encoder), image[None])
    output = page_forward(dense_layers(decoder), code)
    assert np.allclose(state(pad, "code"), code[0], atol=1e-9)
    assert np.allclose(state(pad, "output"), output[0], atol=1e-9)
    error = squared_error_per_image(image[None], output)[0]
    assert np.isclose(state(pad, "error"), error)
    _, (x, _) = mnist
    both = [*dense_layers(encoder), *dense_layers(decoder)]
    errors = squared_error_per_image(x[:1000], page_forward(both, x[:1000]))
    below = 100 * np.mean(errors < error)
    text = pad.inner_text(".aelib-error")
    said = re.fullmatch(r"Squared error ([\d.]+): larger than (\d+) % of the test digits’ errors\.", text)
    assert np.isclose(float(said[1]), error, atol=0.051) and abs(int(said[2]) - below) <= 1.5
    assert pad.locator(".aelib-value").all_inner_texts() == [f"{c:.1f}" for c in state(pad, "code")]
    assert pad.errors == []


def test_what_is_shown_is_what_was_computed(pad):
    draw(pad, THREE)
    image, output = state(pad, "input"), state(pad, "output")
    assert np.abs(greys(pad, ".aelib-draw-pictures canvas >> nth=0") - image).max() < 1 / 254
    assert np.abs(greys(pad, ".aelib-draw-pictures canvas >> nth=1") - output).max() < 1 / 254
    difference = image - output
    reds = greys(pad, ".aelib-draw-pictures canvas >> nth=2")
    assert reds[difference > 0.3].min() > 0.25 and reds[difference < -0.3].max(initial=0) < 0.28


def test_a_scribble_has_a_larger_error_than_every_digit(pad):
    pad.click("text=scribble")
    assert state(pad, "standing") == 100
    assert "larger than every test digit’s error" in pad.inner_text(".aelib-error")


def test_a_button_loads_a_test_digit_as_it_is(pad, mnist):
    _, (x, y) = mnist
    for digit in (0, 4):
        pad.click(f"[aria-label='load digit {digit}']")
        assert np.abs(state(pad, "input") - x[np.flatnonzero(y == digit)[0]]).max() < 1e-6


def test_a_stroke_adds_to_a_loaded_digit_but_clears_the_first_example(pad):
    assert state(pad, "input") is not None
    draw(pad, [(40, 40), (60, 40)])
    alone = state(pad, "input").sum()
    assert alone == pytest.approx(20 * 20 * 22 / 42, rel=0.15)  # one short stroke of the pen, grown to fill the box
    pad.click("[aria-label='load digit 0']")
    before = state(pad, "input").sum()
    draw(pad, [(60, 140), (220, 140)])
    assert state(pad, "input").sum() > before + 10


def test_clear_leaves_nothing(pad):
    pad.click("text=clear")
    assert state(pad, "input") is None and state(pad, "error") is None
    assert pad.inner_text(".aelib-error") == "Nothing is drawn."
    assert greys(pad, ".aelib-draw-pictures canvas >> nth=1").max() == 0


def test_the_keyboard_draws(pad):
    pad.focus(".aelib-pad")
    pad.keyboard.press("ArrowUp")  # the pen is up: nothing is drawn, the example stays
    start = state(pad, "input")
    assert start.sum() > 30
    pad.keyboard.press("Space")
    for _ in range(8):
        pad.keyboard.press("ArrowDown")
    pad.keyboard.press("Space")
    bar = state(pad, "input").reshape(28, 28)
    assert np.ptp(np.flatnonzero(bar.any(1))) + 1 == 20 and np.ptp(np.flatnonzero(bar.any(0))) + 1 < 8
    pad.keyboard.press("ArrowRight")
    pad.keyboard.press("ArrowRight")
    assert np.array_equal(state(pad, "input").reshape(28, 28), bar)  # the pen is up again


def test_space_held_while_the_pen_moves_draws_until_it_is_let_go(pad):
    pad.focus(".aelib-pad")
    pad.keyboard.down("Space")
    for _ in range(5):
        pad.keyboard.press("ArrowRight")
    pad.keyboard.up("Space")
    line = state(pad, "input")
    pad.keyboard.press("ArrowDown")
    assert np.array_equal(state(pad, "input"), line)


def test_the_error_is_said_once_a_stroke(pad):
    pad.evaluate("""() => {
      window.said = [];
      const status = document.querySelector('[role=status]');
      new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true });
    }""")
    pad.wait_for_timeout(700)
    pad.evaluate("said.length = 0")
    draw(pad, THREE)
    pad.wait_for_function("said.length > 0")
    pad.wait_for_timeout(700)
    assert pad.evaluate("said") == [pad.inner_text(".aelib-error")]


def test_with_negative_codes_the_bars_grow_from_the_middle(open_page, networks, mnist, write):
    _, (x, y) = mnist
    page = open_page(write(draw_digit(*networks[2], x[:100], y[:100])._repr_html_()))
    for _ in range(2):
        code = state(page, "code")
        bars = page.locator(".aelib-bar").evaluate_all("all => all.map(e => [e.style.left, e.style.width])")
        for value, (left, width) in zip(code, bars):
            left, width = float(left.rstrip("%")), float(width.rstrip("%"))
            assert left + width == pytest.approx(50) if value < 0 else left == 50
        page.click("[aria-label='load digit 0']")
    said = [float(t.replace("−", "-")) for t in page.locator(".aelib-value").all_inner_texts()]
    assert np.allclose(said, state(page, "code"), atol=0.051)


# ------------------------------------------------------------------ a finger


PHONE = {"width": 375, "has_touch": True, "is_mobile": True}
LONG = "document.body.style.paddingBottom = '2000px'"


def drag(page, points):
    """Draw a line with a finger."""
    session = page.context.new_cdp_session(page)
    kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
    for kind, (x, y) in zip(kinds, points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_moves_the_point_and_not_the_page(open_page, plane_page):
    page = open_page(plane_page, **PHONE)
    page.evaluate(LONG)
    box = page.locator(".aelib-plane").bounding_box()
    page.touchscreen.tap(box["x"] + 3, box["y"] + 3)
    corner = state(page, "code")
    drag(page, [(box["x"] + 50, box["y"] + 250 - 20 * i) for i in range(10)])
    moved = state(page, "code")
    assert moved[0] > corner[0] and moved[1] < corner[1]
    assert page.evaluate("scrollY") == 0


def test_a_finger_draws(open_page, pad_page):
    page = open_page(pad_page, **PHONE)
    page.evaluate(LONG)
    box = page.locator(".aelib-pad").bounding_box()
    drag(page, [(box["x"] + 60, box["y"] + 40 + 20 * i) for i in range(9)])
    bar = state(page, "input").reshape(28, 28)
    assert np.ptp(np.flatnonzero(bar.any(1))) + 1 == 20 and np.ptp(np.flatnonzero(bar.any(0))) + 1 < 8
    assert page.evaluate("scrollY") == 0


# ------------------------------------------------------------------ the book's own pages


@pytest.mark.parametrize("name, part", [("latent_space", ".aelib-plane"), ("mnist", ".aelib-pad")])
def test_the_book_has_them(open_page, book, name, part):
    page = open_page(book / f"chapters/5_keras/{name}.html")
    assert page.locator(f".aelib-widget {part}").is_visible() and state(page, "code").any()
