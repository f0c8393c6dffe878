"""Diagrams show what they are given, can be read, and stand in a page beside each other.

Widths of words are measured with the outlines of DejaVu Sans, the widest of the usual fonts, and
not with the table of `aelib.figures.drawing`.
"""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from aelib.figures.diagrams import (
    RADIUS,
    Arrow,
    Block,
    Matrix,
    chains_diagram,
    dense_diagram,
    flow_diagram,
    layers_diagram,
    product_diagram,
)
from aelib.figures.drawing import WIDEST, Drawing, label_parts, text_width

SVG = "{http://www.w3.org/2000/svg}"


def a_dense_network():
    return dense_diagram(
        [784, 32, 8, 3, 784],
        ["input $x$", "$h^{(1)}$", "$h_2$", "code\n3 numbers", "output $y$"],
        "A dense network",
        links=["$W^{(1)}$", "$W^{(2)}$", "$W^{(3)}$", "$W^{(4)}$"],
        parts=[("encoder", 0, 3), ("decoder", 3, 4)],
        compare="compare with the input",
    )


def deep_networks():
    return layers_diagram(
        {"shallow": [784, 32, 784], "deep": [784, 1000, 500, 250, 30, 250, 500, 1000, 784]}, "Shallow and deep"
    )


def a_graph():
    """Two layers, with error signals that run back."""
    blocks = {
        "x": Block("$x$", at=(0, 1)),
        "W1": Block("$W^{(1)}$\n$b^{(1)}$", "words", at=(1, 0)),
        "z1": Block("$z^{(1)}$", at=(1, 1)),
        "h1": Block("$h^{(1)}$", "code", at=(2, 1)),
        "y": Block("$y$", at=(3, 1)),
        "C": Block("$C$", "loss", at=(4, 1)),
        "δ1": Block("$δ^{(1)}$", "signal", at=(1, 2), note="$∂C/∂W^{(1)}$\n$= δ^{(1)}x^⊤$"),
        "δ2": Block("$δ^{(2)}$", "signal", at=(3, 2)),
    }
    arrows = [Arrow("x z1"), Arrow("W1 z1"), Arrow("z1 h1", "$f$"), Arrow("h1 y C")]
    arrows += [
        Arrow("C δ2", kind="backward"),
        Arrow("δ2 δ1", "$W^⊤$, $f′$", "backward"),
        Arrow("y x", "same", "compare"),
    ]
    return flow_diagram(blocks, arrows, "A graph", "Forward and back.", ["weights", "", "back"])


def relatives():
    encoder, decoder = Block("encoder", "narrowing", note="ReLU"), Block("decoder", "widening")
    return chains_diagram(
        {
            "Autoencoder": ["$x$", encoder, Block("$h$", "code"), decoder, "$y$"],
            "Classifier": ["$x$", encoder, "$h$", Block("layer", "box"), "$p$", Block("label", "words")],
            "Boltzmann machine": ["$v$", Block("$W$", "box"), "$h$"],
        },
        "Relatives",
        {"Autoencoder": (0, 4, "the target is the input"), "Classifier": (4, 5, "")},
        mutual=["Boltzmann machine"],
    )


def a_recipe():
    """A chain whose blocks have notes wider than themselves."""
    encoder = Block("encoder", "narrowing", note="ReLU")
    x, h, y = Block("$x$", note="784 pixels"), Block("$h$", "code", note="32 numbers"), Block("$y$", note="784 pixels")
    chain = [x, encoder, h, y]
    return chains_diagram({"": chain}, "A recipe", {"": (0, 3, "binary cross-entropy")})


def a_product():
    X, H = Matrix("$X$", "n", "d"), Matrix("$H$", "n", "k", code=True)
    return product_diagram([[X, "·", Matrix("$W^{(1)}$", "d", "k"), "=", H]], {"n": 80, "d": 60, "k": 12}, "A product")


BUILDERS = [a_dense_network, deep_networks, a_graph, relatives, a_recipe, a_product]


@pytest.fixture(params=BUILDERS, ids=lambda build: build.__name__)
def diagram(request):
    """A diagram of each kind in turn."""
    return request.param()


@pytest.fixture(scope="module")
def measure():
    """The width of a string in DejaVu Sans at a size, upright or italic."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    outlines = TextToPath()

    def width(text, size, italic=False, bold=False):
        font = FontProperties(
            family="DejaVu Sans",
            style="italic" if italic else "normal",
            weight="bold" if bold else "normal",
            size=100,
        )
        return outlines.get_text_width_height_descent(text, font, False)[0] * size / 100

    return width


def parse(diagram):
    """The picture as a tree; an error if it is no well-formed XML."""
    return ElementTree.fromstring(diagram.svg())


def texts(diagram):
    """Every line of words of a diagram."""
    return ["".join(element.itertext()) for element in parse(diagram).iter(f"{SVG}text")]


def style_of(element):
    return dict(rule.split(":", 1) for rule in element.get("style", "").split(";") if rule)


def boxes(diagram, measure):
    """The box (left, top, right, bottom) of each line of words, measured."""
    for text in parse(diagram).iter(f"{SVG}text"):
        style = style_of(text)
        size, bold = float(style["font-size"][:-2]), "font-weight" in style
        width = measure(text.text or "", size, bold=bold)
        for span in text:
            inner = style_of(span)
            width += measure(span.text, float(inner.get("font-size", f"{size}px")[:-2]), "font-style" in inner, bold)
            width += measure(span.tail or "", size, bold=bold)
        left = float(text.get("x")) - width * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
        baseline = float(text.get("y"))
        yield "".join(text.itertext()), (left, baseline - 0.75 * size, left + width, baseline + 0.2 * size)


def circles(diagram):
    """The units of a diagram by column: for each x, the number of circles and whether they are filled."""
    columns = {}
    for group in parse(diagram).iter(f"{SVG}g"):
        units = [c for c in group if c.tag == f"{SVG}circle" and float(c.get("r")) == RADIUS]
        for x in {float(c.get("cx")) for c in units}:
            columns[x] = (len(units), style_of(group)["fill"] != "none")
    return [columns[x] for x in sorted(columns)]


# ---------------------------------------------------------------- as a picture


def test_it_is_well_formed_and_names_itself(diagram):
    svg = parse(diagram)
    assert svg.get("role") == "img"
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert (title.get("id"), desc.get("id")) == (svg.get("aria-labelledby"), svg.get("aria-describedby"))
    assert title.text == diagram.title and len(desc.text.split()) >= 3


def test_no_two_pictures_share_an_id(diagram):
    page = diagram._repr_html_() + diagram._repr_html_() + a_product()._repr_html_()
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == 6 and len(set(ids)) == 6


def test_it_needs_no_script_no_font_and_no_other_file(diagram):
    assert not re.search(r"<script|font-family|url\(|href|<style|<image", diagram.svg())


def test_its_colours_are_the_pages(diagram):
    without_variables = re.sub(r"var\(--book-[a-z]+, [^)]*\)", "", diagram.svg())
    assert "currentColor" in without_variables
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb|black|white", without_variables)


def test_words_stay_inside_the_picture(diagram, measure):
    left, top, width, height = map(float, parse(diagram).get("viewBox").split())
    for words, (x0, y0, x1, y1) in boxes(diagram, measure):
        assert left <= x0 and x1 <= left + width and top <= y0 and y1 <= top + height, words


def test_words_do_not_overlap(diagram, measure):
    for (one, a), (two, b) in combinations(boxes(diagram, measure), 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"{one!r} and {two!r}"


def test_words_stand_in_a_frame_or_outside(diagram, measure):
    for words, (x0, y0, x1, y1) in boxes(diagram, measure):
        for left, top, right, bottom in frames(diagram):
            inside = left <= x0 and x1 <= right and top <= y0 and y1 <= bottom
            assert inside or x1 <= left or right <= x0 or y1 <= top or bottom <= y0, words


def test_it_fits_a_phone(diagram):
    assert diagram.width < WIDEST and not diagram.scrolls
    assert "min-width" not in diagram.svg() and diagram._repr_html_().startswith("<svg")


def test_a_wide_one_scrolls_and_can_take_the_focus():
    wide = layers_diagram({"a word " * 20: [9, 3, 9]}, "Wide")
    shown = ElementTree.fromstring(wide._repr_html_())
    assert wide.scrolls and shown.get("tabindex") == "0" and "overflow-x:auto" in shown.get("style")
    assert shown.get("aria-label") and "min-width" in shown[0].get("style")


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    "label, expected",
    [
        ("input", [("input", False, 0)]),
        ("code $h^{(2)}$", [("code ", False, 0), ("h", True, 0), ("(2)", False, 1)]),
        ("$x_i^2$", [("x", True, 0), ("i", True, -1), ("2", False, 1)]),
        ("$log σ$", [("log", False, 0), (" ", False, 0), ("σ", True, 0)]),
    ],
)
def test_mathematics_in_a_label(label, expected):
    assert list(label_parts(label)) == expected


def test_what_is_raised_comes_down_again():
    drawing = Drawing("a", "b")
    drawing.text(0, 0, "$W^{(1)}x_i$, $b$")
    (text,) = parse(drawing).iter(f"{SVG}text")
    shifts = [float(span.get("dy", 0)) for span in text]
    heights = [-sum(shifts[: i + 1]) for i in range(len(shifts))]
    assert [span.text for span in text] == ["W", "(1)", "x", "i", ", ", "b"][: len(shifts)]
    assert heights[0] == 0 and heights[1] > 0 and heights[2] == 0 and heights[3] < 0 and heights[-1] == 0


@pytest.mark.parametrize("label", ["discriminator", "784 numbers", "the target is the input", "Dense, ReLU", "= −.42"])
def test_the_width_of_words_is_about_right(label, measure):
    assert 0.98 <= text_width(label, 13) / measure(label, 13) <= 1.2


def test_signs_that_mean_something_in_html_are_escaped():
    diagram = dense_diagram([2, 1], ['a < b & "c"', "<b>"], "x < y & z", compare="</svg>")
    assert {'a < b & "c"', "<b>", "</svg>"} <= set(texts(diagram))
    svg = parse(diagram)
    assert svg.find(f"{SVG}title").text == "x < y & z"
    assert 'a < b & "c"' in svg.find(f"{SVG}desc").text


# ---------------------------------------------------------------- columns of units


def test_every_label_of_a_dense_network_is_there():
    expected = {
        "input x",
        "h(1)",
        "h2",
        "code",
        "3 numbers",
        "output y",
        "encoder",
        "decoder",
        "compare with the input",
    }
    expected |= {f"W({k})" for k in (1, 2, 3, 4)}
    assert set(texts(a_dense_network())) == expected


def test_few_units_are_all_drawn_and_many_are_not():
    assert circles(a_dense_network()) == [(6, False), (4, False), (8, False), (3, True), (6, False)]


def test_each_unit_is_joined_to_all_of_the_next_layer():
    diagram = dense_diagram([4, 3, 2, 4], list("abcd"), "title")
    paths = [p.get("d") for p in parse(diagram).iter(f"{SVG}path")]
    assert [path.count("M") for path in paths] == [4 * 3, 3 * 2, 2 * 4]


def test_the_description_says_how_many_units_each_layer_has():
    diagram = dense_diagram([784, 1, 784], ["input $x$", "code", "output"], "title")
    for words in ("input x (784 units)", "code (1 unit)", "output (784 units)"):
        assert words in diagram.description


# ---------------------------------------------------------------- layers as bars


def test_every_layer_is_a_bar_with_its_number():
    words = texts(deep_networks())
    sizes = [784, 32, 784, 784, 1000, 500, 250, 30, 250, 500, 1000, 784]
    assert [int(w) for w in words if w.isdigit()] == sizes
    assert words.count("code") == 2 and {"shallow", "deep", "input", "output"} <= set(words)
    bars = [float(bar.get("height")) for bar in parse(deep_networks()).iter(f"{SVG}rect")]
    assert bars == pytest.approx([3 * n**0.5 for n in sizes], abs=0.06)


def test_the_code_is_the_coloured_bar():
    fills = [style_of(bar)["fill"] for bar in parse(layers_diagram({"": [9, 4, 2, 4, 9]}, "title")).iter(f"{SVG}rect")]
    assert ["accent" in fill for fill in fills] == [False, False, True, False, False]


# ---------------------------------------------------------------- blocks and arrows


def corners_of(path):
    """The points of a path's commands, curves by their control points."""
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", path.get("d"))]
    return list(zip(numbers[::2], numbers[1::2]))


def frames(diagram):
    """The box (left, top, right, bottom) of each block that has a frame: rectangles and trapezia."""
    for rect in parse(diagram).iter(f"{SVG}rect"):
        x, y, width, height = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        yield x, y, x + width, y + height
    for path in parse(diagram).iter(f"{SVG}path"):
        if "fill-opacity" in style_of(path):
            xs, ys = zip(*corners_of(path))
            yield min(xs), min(ys), max(xs), max(ys)


def polylines(diagram):
    """The corners of every arrow's line, without its heads."""
    for path in parse(diagram).iter(f"{SVG}path"):
        if style_of(path)["fill"] == "none":
            yield corners_of(path)


@pytest.mark.parametrize("build, blocks", [(a_graph, 7), (relatives, 13), (a_recipe, 4)])
def test_no_arrow_runs_through_a_block_or_through_words(build, blocks, measure):
    diagram = build()
    obstacles = list(frames(diagram))
    assert len(obstacles) == blocks
    obstacles += [box for _, box in boxes(diagram, measure)]
    for corners in polylines(diagram):
        for (x0, y0), (x1, y1) in zip(corners, corners[1:]):
            for step in range(41):
                x, y = x0 + (x1 - x0) * step / 40, y0 + (y1 - y0) * step / 40
                for left, top, right, bottom in obstacles:
                    assert not (left < x < right and top < y < bottom), (x, y)


def heads(diagram, color):
    """How many arrow heads of a colour there are."""
    paths = [p for p in parse(diagram).iter(f"{SVG}path") if style_of(p)["fill"].startswith(color)]
    return sum(p.get("d").count("M") for p in paths if "fill-opacity" not in style_of(p))


def test_every_arrow_has_its_heads():
    assert heads(a_graph(), "currentColor") == 5  # x z1, W1 z1, z1 h1, h1 y, y C
    assert heads(a_graph(), "var(--book-warm") == 2 + 2  # two back, and both ends of the comparison
    assert heads(relatives(), "currentColor") == 4 + 4 + 2 * 2  # a classifier is not joined to its label
    assert heads(relatives(), "var(--book-warm") == 2 + 2


def test_every_word_of_blocks_and_arrows_is_there():
    assert {"x", "z(1)", "W(1)", "b(1)", "h(1)", "y", "C", "δ(1)", "δ(2)", "f", "W⊤, f′"} <= set(texts(a_graph()))
    assert {"∂C/∂W(1)", "= δ(1)x⊤", "weights", "back", "same"} <= set(texts(a_graph()))
    assert {"Autoencoder", "encoder", "ReLU", "label", "the target is the input"} <= set(texts(relatives()))


def test_chains_say_in_words_what_they_show():
    words = relatives().description
    assert "Autoencoder: x, encoder (ReLU), h, decoder, y. The loss compares x with y." in words
    assert "Boltzmann machine: v, W, h." in words


def test_rows_need_not_be_whole_numbers():
    """A code of two quantities, from which a point is drawn, as in a variational autoencoder."""
    places = {"e": ("encoder", (0, 0)), "μ": ("$μ$", (1, -0.5)), "σ": ("$σ$", (1, 0.5)), "z": ("$z$", (2, 0))}
    blocks = {name: Block(text, at=at) for name, (text, at) in places.items()}
    diagram = flow_diagram(blocks, [Arrow("e μ z"), Arrow("e σ z")], "title", "words")
    x = {text: float(t.get("x")) for t, text in zip(parse(diagram).iter(f"{SVG}text"), texts(diagram))}
    assert x["encoder"] < x["μ"] == x["σ"] < x["z"] and heads(diagram, "currentColor") == 4


# ---------------------------------------------------------------- matrices that fit


def test_matrices_are_as_high_and_as_wide_as_their_sides():
    shapes = [(float(r.get("height")), float(r.get("width"))) for r in parse(a_product()).iter(f"{SVG}rect")]
    assert shapes == [(80, 60), (60, 12), (80, 12)]
    assert sorted(texts(a_product())) == sorted(["X", "n", "d", "·", "W(1)", "d", "k", "=", "H", "n", "k"])
    assert "X of n rows and d columns times W(1) of d rows and k columns equals H" in a_product().description


# ---------------------------------------------------------------- what cannot be drawn


def dense(units, labels, **options):
    return lambda: dense_diagram(units, list(labels), "title", **options)


def layers(**networks):
    return lambda: layers_diagram(networks, "title")


def flow(*arrows, **blocks):
    return lambda: flow_diagram(blocks, arrows, "title", "words")


def chain(compare, mutual=()):
    return lambda: chains_diagram({"a": ["$x$", "$y$"]}, "title", compare, mutual)


def product(*equation, **sizes):
    return lambda: product_diagram([equation], sizes, "title")


A, B, BESIDE = Matrix("$A$", "n", "d"), Matrix("$B$", "k", "n"), Block("b", at=(1, 0))


@pytest.mark.parametrize(
    "refused, message",
    [
        (lambda: Drawing("", "words"), "Expected a title and a description in words. Received: ''"),
        (lambda: Drawing("title", " "), "Expected a title and a description in words. Received: 'title' and ' '"),
        (dense([2, 1], ["code $h", "x"]), "Expected every $ of a label to have its partner. Received: 'code $h'"),
        (dense([4], "a"), "units of two layers or more, each at least 1. Received: [4]"),
        (dense([4, 0], "ab"), "each at least 1. Received: [4, 0]"),
        (dense([4, 2.5], "ab"), "each at least 1. Received: [4, 2.5]"),
        (dense([4, 2], "a"), "Expected 2 labels and no links or 1. Received: 1 labels and 0 links"),
        (dense([4, 2], "ab", links=["c", "d"]), "Received: 2 labels and 2 links"),
        (dense([4, 2], "ab", parts=[("p", 1, 1)]), "a part from one column to a later one of 2"),
        (layers(), "Expected two layers or more, each of at least 1 unit. Received: 'no network'"),
        (layers(a=[3]), "Expected two layers or more, each of at least 1 unit. Received: 'a', [3]"),
        (layers(a=[3, 2], b=[3, -1]), "Expected two layers or more, each of at least 1 unit. Received: 'b', [3, -1]"),
        (flow(), "Expected blocks, each in a place of its own"),
        (flow(a=Block("a"), b=Block("b")), "each in a place of its own. Received: [(0, 0), (0, 0)]"),
        (flow(a=Block("a", "cloud")), "Received: 'a' and 'cloud'"),
        (flow(**{"a b": Block("a")}), "Expected a name without a space"),
        (flow(Arrow("a b"), a=Block("a")), "Expected an arrow between two or more of the blocks a, of a kind among"),
        (flow(Arrow("a"), a=Block("a")), "Expected an arrow between two or more"),
        (flow(Arrow("a a"), a=Block("a")), "Expected an arrow between two or more"),
        (flow(Arrow("a b", kind="wavy"), a=Block("a"), b=BESIDE), "kind='wavy'"),
        (chain({"b": (0, 1, "")}), "Expected networks among a. Received: b."),
        (chain({}, ["b"]), "Expected networks among a. Received: b."),
        (chain({"a": (0, 2, "")}), "Expected two of the 2 blocks of 'a'. Received: 0 and 2."),
        (chain({"a": (1, 1, "")}), "Expected two of the 2 blocks of 'a'. Received: 1 and 1."),
        (product(A, "·", B, n=1, d=1, k=1), "Expected as many rows as $A$ has columns, d. Received: $B$ with k rows"),
        (product(A, n=1), "Expected a side among n. Received: 'd'"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(refused, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        refused()
