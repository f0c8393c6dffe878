"""One example through a tiny network and back, every number in its equation.

The network is small enough to be shown whole. Its equations and its picture are written here, once;
the script computes the same numbers anew and writes them into the same places.
"""

import html
import re
from itertools import pairwise, product

import numpy as np

from aelib.checks import real_arrays
from aelib.nn import Sequential, activations
from aelib.nn.layers import Dense, Input
from aelib.nn.losses import MeanSquaredError
from aelib.widgets.widget import Widget

MOST_WEIGHTS = 20
LARGEST = 5.0  # how far the sliders of the weights go, to both sides
FORMULAS = {
    "linear": "<i>f</i>(<i>z</i>) = <i>z</i>, &nbsp;<i>f</i>′(<i>z</i>) = 1",
    "relu": "<i>f</i>(<i>z</i>) = max(<i>z</i>, 0), &nbsp;<i>f</i>′(<i>z</i>) = 1 if <i>z</i> &gt; 0, else 0",
    "sigmoid": "<i>f</i>(<i>z</i>) = 1 / (1 + <i>e</i><sup>−<i>z</i></sup>), "
    "&nbsp;<i>f</i>′(<i>z</i>) = <i>f</i>(<i>z</i>) (1 − <i>f</i>(<i>z</i>))",
    "tanh": "<i>f</i>(<i>z</i>) = tanh <i>z</i>, &nbsp;<i>f</i>′(<i>z</i>) = 1 − <i>f</i>(<i>z</i>)<sup>2</sup>",
    "elu": "<i>f</i>(<i>z</i>) = <i>z</i> if <i>z</i> &gt; 0, else <i>e</i><sup><i>z</i></sup> − 1, "
    "&nbsp;<i>f</i>′(<i>z</i>) = 1 if <i>z</i> &gt; 0, else <i>f</i>(<i>z</i>) + 1",
    "softplus": "<i>f</i>(<i>z</i>) = log(1 + <i>e</i><sup><i>z</i></sup>), &nbsp;<i>f</i>′(<i>z</i>) = <i>σ</i>(<i>z</i>)",
}


def by_hand(x, weights, activation="sigmoid", learning_rate=1.0):
    """Return a figure in which a reader works a forward and a backward pass with numbers of their own.

    Parameters
    ----------
    x : array_like, shape (d,)
        The example, each entry from 0 to 1. It is also the target; the loss is the mean squared error.
    weights : list of array_like
        `[W1, b1, W2, b2, …]` in the shapes of the library, a kernel being (inputs, units), at most 20
        numbers from -5 to 5 in all. The equations show the column form of the chapters, in which
        `W[j, i]` is the weight of unit `i` for input `j`.
    activation : str
        For all layers: ``"linear"``, ``"relu"``, ``"sigmoid"``, ``"tanh"``, ``"elu"`` or ``"softplus"``.
    learning_rate : float
        The length of a step downhill to begin with, from 0.1 to 10.

    Returns
    -------
    Widget

    Raises
    ------
    ValueError
        If the network is no autoencoder of `x` with one layer or more, is too large to be shown, or a
        number is outside its slider.
    """
    x, weights = _checked(x, weights)
    if activation not in FORMULAS:
        raise ValueError(f"Expected one of the activations {', '.join(FORMULAS)}. Received: {activation!r}.")
    if not 0.1 <= learning_rate <= 10:
        raise ValueError(f"Expected a learning rate from 0.1 to 10. Received: {learning_rate!r}.")
    sizes = [len(x), *(len(bias) for bias in weights[1::2])]
    found = numbers(x, weights, activation)
    still = (
        f'<div class="aelib-by-hand-picture">{_picture(sizes)}</div>\n'
        f'<p class="aelib-by-hand-formula">{FORMULAS[activation]}</p>\n'
        f'<div class="aelib-by-hand-equations">{_equations(sizes)}</div>'
    )
    data = {
        "sizes": sizes,
        "parameters": [{**entry, "value": found[entry["key"]]} for entry in _parameters(sizes)],
        "activation": activation,
        "formulas": FORMULAS,
        "learning_rate": learning_rate,
        "largest": LARGEST,
    }
    label = f"A network of {'-'.join(map(str, sizes))} units, forward and backward by hand"
    return Widget("by_hand", data, _filled(still, found), label)


def _checked(x, weights):
    """The example and the weights as float64 arrays, or an error."""
    x, *weights = (array.astype("float64") for array in real_arrays([x, *weights]))
    if x.ndim != 1 or not ((x >= 0) & (x <= 1)).all():  # NaN is in no range
        raise ValueError(f"Expected an example of shape (d,) with entries from 0 to 1. Received: {x.tolist()}.")
    shapes = [array.shape for array in weights]
    widths = [len(x), *(shape[-1] for shape in shapes[1::2] if shape)]
    expected = [shape for inputs, units in pairwise(widths) for shape in ((inputs, units), (units,))]
    if not weights or shapes != expected or widths[-1] != len(x):
        raise ValueError(
            f"Expected weights [W1, b1, W2, b2, …] of shapes that lead from {len(x)} inputs to {len(x)} outputs. "
            f"Received: shapes {shapes}."
        )
    count = sum(array.size for array in weights)
    if count > MOST_WEIGHTS:
        raise ValueError(f"Expected a network of at most {MOST_WEIGHTS} weights and biases. Received: {count}.")
    if not all((np.abs(array) <= LARGEST).all() for array in weights):
        raise ValueError(f"Expected weights from {-LARGEST:g} to {LARGEST:g}. Received: one outside.")
    return x, weights


def numbers(x, weights, activation):
    """Return every number of the two passes under its name, as the library computes it.

    Parameters
    ----------
    x : ndarray, shape (d,)
    weights : list of ndarray
        `[W1, b1, W2, b2, …]`, float64.
    activation : str

    Returns
    -------
    dict of str to float
        ``"h0_1"`` is `x_1`; ``"W1_12"`` the weight of unit 1 of layer 1 for its input 2; then ``"b…"``, ``"z…"``,
        ``"h…"``, ``"slope…"`` for `f'(z)`, ``"C"``, ``"dh…"`` for `∂C/∂h`, ``"delta…"``, ``"dW…"`` and ``"db…"``.
    """
    units = [len(bias) for bias in weights[1::2]]
    network = Sequential([Input((len(x),)), *(Dense(n, activation) for n in units)], dtype="float64")
    network.set_weights(weights)
    y, target, loss = network.forward(x[None]), x[None], MeanSquaredError()
    found = {"C": loss(target, y), **_named("h0", x)}
    gradient = loss.gradient(target, y)
    for k, layer in reversed(list(enumerate(network.layers, 1))):
        slope = activations.get(activation).derivative(layer.logits, activations.get(activation)(layer.logits))
        found |= _named(f"W{k}", layer.kernel) | _named(f"b{k}", layer.bias) | _named(f"z{k}", layer.logits[0])
        found |= _named(f"h{k}", layer.activation(layer.logits)[0]) | _named(f"slope{k}", slope[0])
        found |= _named(f"dh{k}", gradient[0])
        gradient = layer.backward(gradient)
        found |= _named(f"delta{k}", layer.bias_gradient)  # of one example, the bias's gradient is δ
        found |= _named(f"dW{k}", layer.kernel_gradient) | _named(f"db{k}", layer.bias_gradient)
    return found


def _named(name, array):
    """The entries of a vector or of a kernel (inputs, units), whose name counts the unit first."""
    return {f"{name}_{''.join(str(i + 1) for i in index[::-1])}": float(v) for index, v in np.ndenumerate(array)}


def _parameters(sizes):
    """What can be changed: its name, its symbol, its words, and the group it belongs to."""
    for j in range(1, sizes[0] + 1):
        yield {"key": f"h0_{j}", "group": "input", "words": f"input {j}", "symbol": _math(_symbol(sizes, "h", 0, j))}
    for k, (inputs, units) in enumerate(pairwise(sizes), 1):
        for i, j in product(range(1, units + 1), range(1, inputs + 1)):
            words, symbol = f"layer {k}, weight of unit {i} for input {j}", _math(_symbol(sizes, "W", k, i, j))
            yield {"key": f"W{k}_{i}{j}", "group": f"layer {k}", "words": words, "symbol": symbol}
        for i in range(1, units + 1):
            words, symbol = f"layer {k}, bias of unit {i}", _math(_symbol(sizes, "b", k, i))
            yield {"key": f"b{k}_{i}", "group": f"layer {k}", "words": words, "symbol": symbol}


# ---------------------------------------------------------------- numbers as text


def shown(value, digits=None):
    """A number as it is written in an equation; without `digits`, up to four and no zeros at the end."""
    if value == 0:
        return "0"
    text = f"{abs(value):.{4 if digits is None else digits}f}"
    sign = "−" if value < 0 and float(text) != 0 else ""
    return sign + (text if digits is not None else text.rstrip("0").rstrip("."))


def _place(key, digits="auto", brackets=False):
    """Attributes and content of an element that shows a number: how many digits, and whether a minus wants brackets."""
    form = f"{digits}()" if brackets else f"{digits}"
    return f'data-number="{key}" data-form="{form}">[{key} {form}]'


def _filled(content, found):
    """Write the numbers into their places; the script does it again whenever they change."""

    def text(match):
        key, digits, brackets = match.groups()
        written = shown(found[key], None if digits == "auto" else int(digits))
        return f"({written})" if brackets and written.startswith("−") else written

    return re.sub(r"\[(\w+) (auto|\d)(\(\))?\]", text, content)


# ---------------------------------------------------------------- equations


def _symbol(sizes, name, k, *index):
    """A symbol of the book in MathML; h of layer 0 is x, of the last layer y."""
    key = f"{name}{k}_{''.join(map(str, index))}"
    letter, layer = {"delta": "δ"}.get(name, name), f"<mtext>({k})</mtext>"
    if name == "h" and k in (0, len(sizes) - 1):
        letter, layer = "y" if k else "x", None
    letter, below = f'<mi mathvariant="normal">{letter}</mi>', f"<mn>{''.join(map(str, index))}</mn>"
    if layer is None:
        return f'<msub data-of="{key}">{letter}{below}</msub>'
    return f'<msubsup data-of="{key}">{letter}{below}{layer}</msubsup>'


def _slope_in(symbol):
    """The derivative of the loss in something."""
    d, c = '<mi mathvariant="normal">∂</mi>', '<mi mathvariant="normal">C</mi>'
    return f"<mrow>{d}{c}<mo>/</mo>{d}{symbol}</mrow>"


def _number(key, digits="auto", brackets=False):
    """A number in an equation."""
    return f"<mn {_place(key, digits, brackets)}</mn>"


def _math(content):
    return f"<math>{content}</math>"


def _operator(sign, *factors):
    """A sign and a product, one piece that no line end parts."""
    return _math(f'<mo form="infix">{sign}</mo>' + "<mo>⋅</mo>".join(factors))


def _equation(left, *pieces):
    return f'<p class="aelib-equation">{" ".join([_math(left), *pieces])}</p>'


def _sum(terms):
    """The terms of a sum, each a tuple of factors, after a sign of equality."""
    return [_operator("+" if place else "=", *factors) for place, factors in enumerate(terms)]


def _equations(sizes):
    """All equations of both passes, in the order in which they are worked."""
    last = len(sizes) - 1
    forward = [e for k in range(1, last + 1) for i in range(1, sizes[k] + 1) for e in _forward(sizes, k, i)]
    backward = []
    for k in range(last, 0, -1):
        for i in range(1, sizes[k] + 1):
            backward += _error_signal(sizes, k, i)
        for i in range(1, sizes[k] + 1):
            backward += _gradients(sizes, k, i)
    return (
        f'<div role="group" aria-label="forward"><p class="aelib-title">Forward</p>{"".join([*forward, _loss(sizes)])}</div>'
        f'<div role="group" aria-label="backward"><p class="aelib-title">Backward</p>{"".join(backward)}</div>'
    )


def _forward(sizes, k, i):
    """`z = W h + b` and `h = f(z)` of one unit."""
    z, bias = _symbol(sizes, "z", k, i), _symbol(sizes, "b", k, i)
    inputs = range(1, sizes[k - 1] + 1)
    weights = [(_symbol(sizes, "W", k, i, j) + _symbol(sizes, "h", k - 1, j),) for j in inputs]
    digits = "auto" if k == 1 else 4
    values = [(_number(f"W{k}_{i}{j}", brackets=True), _number(f"h{k - 1}_{j}", digits, brackets=True)) for j in inputs]
    yield _equation(
        z,
        *_sum(weights),
        _operator("+", bias),
        *_sum(values),
        _operator("+", _number(f"b{k}_{i}", brackets=True)),
        _operator("=", _number(f"z{k}_{i}", 4)),
    )
    f = '<mi mathvariant="normal">f</mi><mo>(</mo>{}<mo>)</mo>'
    yield _equation(
        _symbol(sizes, "h", k, i),
        _operator("=", f.format(z)),
        _operator("=", f.format(_number(f"z{k}_{i}", 4))),
        _operator("=", _number(f"h{k}_{i}", 4)),
    )


def _error(sizes, i, of):
    """`(y - x)` of one output, in what `of` makes of a name and its indices: symbols or numbers."""
    last = len(sizes) - 1
    return f"<mo>(</mo>{of('h', last, i)}<mo>−</mo>{of('h', 0, i)}<mo>)</mo>"


def _loss(sizes):
    """The mean squared error."""
    d, outputs = sizes[-1], range(1, sizes[-1] + 1)
    square = "<msup><mrow>{}</mrow><mn>2</mn></msup>"
    share = f"<mfrac><mn>1</mn><mn>{d}</mn></mfrac>"
    symbols = [square.format(_error(sizes, i, lambda *s: _symbol(sizes, *s))) for i in outputs]
    values = [square.format(_error(sizes, i, lambda n, k, i: _output_number(sizes, k, i))) for i in outputs]
    open_, close = (f'<mo stretchy="false">{bracket}</mo>' for bracket in "[]")
    pieces = []
    for terms in (symbols, values):
        terms[0], terms[-1] = share + open_ + terms[0], terms[-1] + close
        pieces += _sum((term,) for term in terms)
    return _equation('<mi mathvariant="normal">C</mi>', *pieces, _operator("=", _number("C", 4)))


def _output_number(sizes, k, i):
    return _number(f"h{k}_{i}", 4 if k else "auto")


def _error_signal(sizes, k, i):
    """`δ` of one unit, for a hidden one after `∂C/∂h`."""
    last, d = len(sizes) - 1, sizes[-1]
    slope = f'<mi mathvariant="normal">f</mi><mo>′</mo><mo>(</mo>{_symbol(sizes, "z", k, i)}<mo>)</mo>'
    delta, slope_value = _symbol(sizes, "delta", k, i), _number(f"slope{k}_{i}", 4)
    if k == last:
        share = f"<mfrac><mn>2</mn><mn>{d}</mn></mfrac>"
        values = _error(sizes, i, lambda n, k, i: _output_number(sizes, k, i))
        yield _equation(
            delta,
            _operator("=", share + _error(sizes, i, lambda *s: _symbol(sizes, *s)) + slope),
            _operator("=", share, values, slope_value),
            _operator("=", _number(f"delta{k}_{i}", 5)),
        )
        return
    after = range(1, sizes[k + 1] + 1)
    blame = _slope_in(_symbol(sizes, "h", k, i))
    symbols = [(_symbol(sizes, "delta", k + 1, r) + _symbol(sizes, "W", k + 1, r, i),) for r in after]
    values = [
        (_number(f"delta{k + 1}_{r}", 5, brackets=True), _number(f"W{k + 1}_{r}{i}", brackets=True)) for r in after
    ]
    yield _equation(
        blame,
        *_sum(symbols),
        *_sum(values),
        _operator("=", _number(f"dh{k}_{i}", 5)),
    )
    yield _equation(
        delta,
        _operator("=", blame, slope),
        _operator("=", _number(f"dh{k}_{i}", 5, brackets=True), slope_value),
        _operator("=", _number(f"delta{k}_{i}", 5)),
    )


def _gradients(sizes, k, i):
    """The gradients of the weights and of the bias of one unit."""
    delta, delta_value = _symbol(sizes, "delta", k, i), _number(f"delta{k}_{i}", 5, brackets=True)
    for j in range(1, sizes[k - 1] + 1):
        yield _equation(
            _slope_in(_symbol(sizes, "W", k, i, j)),
            _operator("=", delta + _symbol(sizes, "h", k - 1, j)),
            _operator("=", delta_value, _number(f"h{k - 1}_{j}", "auto" if k == 1 else 4, brackets=True)),
            _operator("=", _number(f"dW{k}_{i}{j}", 5)),
        )
    yield _equation(
        _slope_in(_symbol(sizes, "b", k, i)), _operator("=", delta), _operator("=", _number(f"db{k}_{i}", 5))
    )


# ---------------------------------------------------------------- the picture

RADIUS, ACROSS, DOWN = 32, 136, 108  # of a unit, and from one to the next


def _picture(sizes):
    """The network as SVG: forward above and in the accent's colour, back below and in the warm one."""
    tall = max(sizes) * DOWN
    places = [
        [(RADIUS + 2 + ACROSS * k, tall / 2 + DOWN * (i - (size - 1) / 2)) for i in range(size)]
        for k, size in enumerate(sizes)
    ]
    end = RADIUS + ACROSS * len(sizes) - 22, tall / 2  # where the loss stands
    parts = []
    for k, (before, after) in enumerate(pairwise(places), 1):
        for i, there in enumerate(after, 1):
            for j, here in enumerate(before, 1):
                parts.append(_edge(here, there, f"W{k}_{i}{j}", back=k > 1))
    parts += [_edge(here, end, None, back=True) for here in places[-1]]
    for k, column in enumerate(places):
        for i, place in enumerate(column, 1):
            parts.append(_unit(sizes, k, i, *place))
    parts.append(
        f'<rect class="aelib-unit" x="{end[0] - RADIUS}" y="{end[1] - 25}" width="{2 * RADIUS}" height="50" rx="6"/>'
        f'<text x="{end[0]}" y="{end[1] - 5}" class="aelib-name">C</text>{_text(*end, 15, "C", 4)}'
    )
    words = (
        f"The network, {len(sizes)} columns of units and the loss C. Arrows lead forward from the input to the loss, "
        "with the weights beside them, and back from the loss to the first layer; each unit shows its value and its δ."
    )
    return (
        f'<svg viewBox="0 -4 {end[0] + RADIUS + 2} {tall + 8}" role="img" aria-label="{html.escape(words)}">'
        f"{''.join(parts)}</svg>"
    )


def _edge(here, there, key, back):
    """A line forward, another back below it, and the weight beside them."""
    (x0, y0), (x1, y1) = here, there
    length = float(np.hypot(x1 - x0, y1 - y0))
    u, v = (x1 - x0) / length, (y1 - y0) / length
    start, stop = (x0 + u * (RADIUS + 1), y0 + v * (RADIUS + 1)), (x1 - u * (RADIUS + 3), y1 - v * (RADIUS + 3))
    of = f' data-of="{key}"' if key else ""
    parts = [_arrow(start, stop, f'class="aelib-forward"{of}')]
    if back:
        down = (-9 * v, 9 * u)
        parts.append(_arrow(*((x + down[0], y + down[1]) for x, y in (stop, start)), 'class="aelib-backward"'))
    if key:
        x, y = (x0 + x1) / 2 + 13 * v, (y0 + y1) / 2 - 13 * u
        parts.append(_text(x, y, 5, key, "auto", 'class="aelib-weight"'))
    return "".join(parts)


def _arrow(start, stop, attributes):
    """A line with a head."""
    (x0, y0), (x1, y1) = start, stop
    length = float(np.hypot(x1 - x0, y1 - y0))
    u, v = (x1 - x0) / length, (y1 - y0) / length
    head = " ".join(f"L{x1 - 8 * u + s * 4 * v:.1f} {y1 - 8 * v - s * 4 * u:.1f}" for s in (1, -1))
    return f'<path {attributes} d="M{x0:.1f} {y0:.1f} L{x1:.1f} {y1:.1f} {head} L{x1:.1f} {y1:.1f}"/>'


def _unit(sizes, k, i, x, y):
    """A circle with a unit's name and value, and its error signal below."""
    name = "x" if k == 0 else "y" if k == len(sizes) - 1 else "h"
    above = f'<tspan dy="-6" class="aelib-index">({k})</tspan>' if name == "h" else ""
    index = f'<tspan dy="{10 if above else 4}" class="aelib-index">{i}</tspan>'
    parts = [
        f'<circle class="aelib-unit" cx="{x}" cy="{y}" r="{RADIUS}"/>',
        f'<text class="aelib-name" x="{x}" y="{y - 7}">{name}{above}{index}</text>',
        _text(x, y, 12, f"h{k}_{i}", 4 if k else "auto"),
    ]
    if k:
        delta = f"<tspan {_place(f'delta{k}_{i}', 5)}</tspan>"
        parts.append(f'<text class="aelib-delta" x="{x}" y="{y + RADIUS + 16}">δ = {delta}</text>')
    return "".join(parts)


def _text(x, y, down, key, digits, attributes=""):
    """A number in the picture."""
    return f'<text {attributes} x="{x:.1f}" y="{y + down:.1f}" {_place(key, digits)}</text>'
