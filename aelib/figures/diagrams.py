"""Draws the architectures of the book, all from the same few parts and in one style.

A unit is a circle and a layer a column of them (`dense_diagram`); where the layers are
too many or too large for that, a layer is a bar whose height says its size
(`layers_diagram`). Whole networks are blocks joined by arrows (`flow_diagram`): an encoder
narrows, a decoder widens, a code is coloured, and what belongs to the loss has the warm
colour; if each network is a single chain of blocks, `chains_diagram` says it shorter. A
product of matrices is rectangles whose sides must fit (`product_diagram`).

Labels may hold mathematics between dollar signs, such as ``"code $h^{(2)}$"``, and several lines.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from aelib.figures.drawing import ACCENT, INK, LINE, MUTED, SIZE, SMALL, WARM, Drawing, label_parts, text_width

RADIUS, PITCH = 7.5, 20  # of a unit, and from one unit to the next
ROOM = 384  # units, the width that a diagram tries to keep to


def _plain(label):
    """A label as words to be read aloud: without dollar signs and line breaks."""
    return " ".join("".join(piece for piece, _, _ in label_parts(line)) for line in label.split("\n"))


# ---------------------------------------------------------------- columns of units


def _shown_units(units):
    """How many circles stand for a layer: all of its units if they are few, else the first and the last."""
    return units if units <= 8 else 4 if units < 100 else 6


def _column(drawing, x, units, coloured):
    """Draw a layer as a column of circles around y = 0; return their heights."""
    count = _shown_units(units)
    dots = count < units  # a gap in the middle, in the place of one circle
    places = [i + (dots and i >= count / 2) for i in range(count)]
    middle = (count - 1 + dots) / 2
    heights = [(place - middle) * PITCH for place in places]
    fill, stroke = (ACCENT, ACCENT) if coloured else ("none", INK)
    drawing.circles([(x, y) for y in heights], RADIUS, fill, stroke)
    if dots:
        drawing.circles([(x, y) for y in (-5, 0, 5)], 1.1, INK, "none")
    return heights


def dense_diagram(units, labels, title, links=(), parts=(), compare=""):
    """Draw a network of dense layers as columns of units, from left to right; the narrowest is the code.

    Parameters
    ----------
    units : sequence of int
        The units of each layer, the input first.
    labels : sequence of str
        What stands below each column.
    title : str
        What the picture is called; it is read aloud, not drawn.
    links : sequence of str
        What stands above the lines between two columns, such as ``"$W^{(1)}$"``; none, or one less than `units`.
    parts : sequence of (str, int, int)
        Names of parts of the network, each with its first and its last column.
    compare : str
        If given, an arrow with these words leads below the network between output and input.

    Returns
    -------
    aelib.figures.drawing.Drawing

    Raises
    ------
    ValueError
        If the numbers of layers and labels do not agree, a layer has no unit, or a part does not exist.
    """
    units, labels, links = list(units), list(labels), list(links)
    if len(units) < 2 or any(not isinstance(n, int) or n < 1 for n in units):
        raise ValueError(f"Expected the units of two layers or more, each at least 1. Received: {units}.")
    if len(labels) != len(units) or len(links) not in (0, len(units) - 1):
        raise ValueError(
            f"Expected {len(units)} labels and no links or {len(units) - 1}. "
            f"Received: {len(labels)} labels and {len(links)} links."
        )
    for name, first, last in parts:
        if not 0 <= first < last < len(units):
            raise ValueError(
                f"Expected a part from one column to a later one of {len(units)}. Received: {name!r}, {first} to {last}."
            )

    code = units.index(min(units))
    drawing = Drawing(title, _describe_dense(units, labels, links, parts, compare, code))
    outer = (text_width(labels[0]) + text_width(labels[-1])) / 2
    step = max(min(130.0, (ROOM - outer) / (len(units) - 1)), max(map(text_width, labels)) + 6)
    xs = [step * i for i in range(len(units))]
    columns = [_column(drawing, x, n, i == code) for i, (x, n) in enumerate(zip(xs, units))]
    for (x0, lows), (x1, highs) in pairwise(zip(xs, columns)):
        drawing.lines([((x0 + RADIUS, low), (x1 - RADIUS, high)) for low in lows for high in highs])
    bottom = max(map(max, columns)) + RADIUS + 4  # y points down, and 0 is in the middle
    top = -bottom
    for number, label in enumerate(links):
        drawing.text((xs[number] + xs[number + 1]) / 2, top - 2, label, SIZE, place="bottom")
    top -= 2 + LINE * SIZE if links else 0
    for name, first, last in parts:
        inset = RADIUS + 3
        ends = (xs[first] + (inset if first else -RADIUS), xs[last] - (inset if last < len(xs) - 1 else -RADIUS))
        drawing.lines([((ends[0], top - 6), (ends[1], top - 6))], ACCENT, 1.5)
        drawing.text(sum(ends) / 2, top - 9, name, SIZE, place="bottom", color=ACCENT)
    for x, label in zip(xs, labels):
        drawing.text(x, bottom + 4, label, SIZE, place="top")
    if compare:
        below = drawing.bounds[3]
        drawing.arrow(
            [(xs[-1], below + 2), (xs[-1], below + 18), (xs[0], below + 18), (xs[0], below + 2)], WARM, True, True
        )
        drawing.text((xs[0] + xs[-1]) / 2, below + 21, compare, SIZE, place="top", color=WARM)
    return drawing


def _describe_dense(units, labels, links, parts, compare, code):
    layers = [f"{_plain(label)} ({n} {'unit' if n == 1 else 'units'})" for n, label in zip(units, labels)]
    words = [f"Columns of units from left to right, each joined to all of the next: {'; '.join(layers)}."]
    if links:
        words.append(f"Between the columns: {', '.join(map(_plain, links))}.")
    for name, first, last in parts:
        words.append(f"{_plain(name)}: from {_plain(labels[first])} to {_plain(labels[last])}.")
    words.append(f"The code, {_plain(labels[code])}, is coloured.")
    if compare:
        words.append(f"An arrow between output and input says: {_plain(compare)}.")
    return " ".join(words)


# ---------------------------------------------------------------- layers as bars


def _bar_height(units):
    """The height of a layer's bar: as the side of a square picture with so many pixels."""
    return max(3.0 * units**0.5, 4.0)


def layers_diagram(networks, title):
    """Draw networks of many or of large layers below each other, a layer as a bar.

    Parameters
    ----------
    networks : dict of str to sequence of int
        The units of each network's layers, the input first, by the network's name. The narrowest is the code.
    title : str
        What the picture is called; it is read aloud, not drawn.

    Returns
    -------
    aelib.figures.drawing.Drawing

    Raises
    ------
    ValueError
        If there is no network, or one has fewer than two layers or a layer without units.
    """
    networks = {name: list(units) for name, units in networks.items()}
    for name, units in networks.items() or [("no network", [])]:
        if len(units) < 2 or any(not isinstance(n, int) or n < 1 for n in units):
            raise ValueError(f"Expected two layers or more, each of at least 1 unit. Received: {name!r}, {units}.")
    drawing = Drawing(title, _describe_layers(networks))
    top = 0.0
    for name, units in networks.items():
        middle = top + (22 if name else 0) + max(map(_bar_height, units)) / 2
        below = middle + max(map(_bar_height, units)) / 2
        step = min(90.0, (ROOM - 40) / (len(units) - 1))
        xs = [20 + ROOM / 2 - 20 + step * (i - (len(units) - 1) / 2) for i in range(len(units))]
        code = units.index(min(units))
        for (x0, n0), (x1, n1) in pairwise(zip(xs, units)):
            a, b = _bar_height(n0) / 2, _bar_height(n1) / 2
            drawing.shape(
                [(x0, middle - a), (x1, middle - b), (x1, middle + b), (x0, middle + a)], ACCENT, "none", 0.16
            )
        for i, (x, n) in enumerate(zip(xs, units)):
            color = ACCENT if i == code else INK
            drawing.box(x, middle, 6, _bar_height(n), color, "none", corner=1.5)
            drawing.text(x, below + 3, f"{n}", SMALL, place="top")
        for i, word in {0: "input", code: "code", len(units) - 1: "output"}.items():
            drawing.text(xs[i], below + 3 + LINE * SMALL, word, SMALL, place="top", color=MUTED)
        if name:
            drawing.text(ROOM / 2, top, name, SIZE, place="top", bold=True)
        top = drawing.bounds[3] + 14
    return drawing


def _describe_layers(networks):
    words = ["Each layer is a bar whose height grows with the square root of its units."]
    for name, units in networks.items():
        words.append(f"{_plain(name) or 'The network'}: {', '.join(map(str, units))} units; the code has {min(units)}.")
    return " ".join(words)


# ---------------------------------------------------------------- blocks and arrows


@dataclass(frozen=True)
class Block:
    """A block of a flow diagram.

    Parameters
    ----------
    text : str
        What stands in it.
    shape : str
        ``"quantity"`` (numbers), ``"code"``, ``"narrowing"`` (an encoder), ``"widening"`` (a decoder), ``"box"``
        (any other operation), ``"loss"``, ``"signal"`` (an error signal) or ``"words"`` (without a frame).
    at : (number, number)
        Its column and its row, from 0.
    note : str
        What stands below it, smaller.
    """

    text: str
    shape: str = "quantity"
    at: tuple = (0, 0)
    note: str = ""

    @property
    def width(self):
        return max(text_width(self.text) + PADDING[self.shape], 46.0 if self.shape in TRAPEZIA else 26.0)

    @property
    def height(self):
        lines = self.text.count("\n") + 1
        return lines * LINE * SIZE + (26.0 if self.shape in TRAPEZIA else 11.0)


TRAPEZIA = ("narrowing", "widening")
PADDING = {
    "quantity": 12, "code": 12, "narrowing": 14, "widening": 14, "box": 14, "loss": 12, "signal": 12, "words": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Arrow:
    """An arrow of a flow diagram, from one block to the next and on through all of its path.

    Parameters
    ----------
    path : str
        Names of blocks, between spaces.
    label : str
        What stands at each of its pieces.
    kind : str
        ``"forward"``, ``"mutual"`` (with two heads), ``"backward"`` (error signals) or ``"compare"`` (dashed, with
        two heads).
    """

    path: str
    label: str = ""
    kind: str = "forward"


STYLES = {
    "forward": {"color": INK},
    "mutual": {"color": INK, "both": True},
    "backward": {"color": WARM},
    "compare": {"color": WARM, "dashed": True, "both": True},
}


def flow_diagram(blocks, arrows, title, description, headings=(), gap=16):
    """Draw blocks on a grid, and arrows between them.

    An arrow between two blocks of a row or of a column is straight. If another block of the row stands between
    them, it passes below the row. Between two blocks that share neither row nor column it turns once.

    Parameters
    ----------
    blocks : dict of str to Block
        The blocks by name; a name has no space.
    arrows : sequence of Arrow
    title, description : str
        What the picture is called, and what is to be seen; they are read aloud, not drawn.
    headings : sequence of str
        Headings of the rows, from the first on.
    gap : float
        Units between two columns, at least.

    Returns
    -------
    aelib.figures.drawing.Drawing

    Raises
    ------
    ValueError
        If a shape, a kind or a block that an arrow names is unknown, two blocks stand in one place, or an arrow
        leads nowhere.
    """
    _check_flow(blocks, arrows)
    drawing = Drawing(title, description)
    pairs = [(blocks[a], blocks[b], arrow) for arrow in arrows for a, b in pairwise(arrow.path.split())]
    grid = _Grid(list(blocks.values()), pairs, headings, gap)
    for number, heading in enumerate(headings):
        if heading:
            drawing.text(grid.left, grid.tops[number], heading, SIZE, "start", "top", bold=True)
    for block in blocks.values():
        _draw_block(drawing, block, grid)
    for start, end, arrow in pairs:
        _draw_arrow(drawing, start, end, arrow, grid)
    return drawing


def chains_diagram(chains, title, compare, mutual=()):
    """Draw networks below each other, each a chain of blocks from left to right with arrows between.

    Parameters
    ----------
    chains : dict of str to sequence of (Block or str)
        The blocks of each network by its name, which stands above; a string is a quantity.
    title : str
        What the picture is called; it is read aloud, not drawn.
    compare : dict of str to (int, int, str)
        For some of the networks, the two blocks that the loss compares, as numbers in the chain, and words for it.
    mutual : sequence of str
        The networks whose arrows have two heads.

    Returns
    -------
    aelib.figures.drawing.Drawing

    Raises
    ------
    ValueError
        If `compare` or `mutual` names a network or a block that is not there, or a shape is unknown.
    """
    if not {*compare, *mutual} <= set(chains):
        raise ValueError(f"Expected networks among {', '.join(chains)}. Received: {', '.join({*compare, *mutual})}.")
    blocks, arrows, words = {}, [], []
    for row, (name, chain) in enumerate(chains.items()):
        chain = [Block(block) if isinstance(block, str) else block for block in chain]
        names = [f"{row}-{column}" for column in range(len(chain))]
        blocks |= {n: replace(block, at=(column, row)) for column, (n, block) in enumerate(zip(names, chain))}
        words.append(f"{_plain(name) or 'The network'}: {', '.join(map(_name, chain))}.")
        ends = ()
        if name in compare:
            first, second, label = compare[name]
            if not {first, second} <= set(range(len(chain))) or first == second:
                raise ValueError(
                    f"Expected two of the {len(chain)} blocks of {name!r}. Received: {first} and {second}."
                )
            ends = (min(first, second), max(first, second))
            arrows.append(Arrow(f"{names[ends[1]]} {names[ends[0]]}", label, "compare"))
            words.append(f"The loss compares {_plain(chain[first].text)} with {_plain(chain[second].text)}.")
        kind = "mutual" if name in mutual else "forward"
        arrows += [Arrow(f"{a} {b}", kind=kind) for i, (a, b) in enumerate(pairwise(names)) if ends != (i, i + 1)]
    return flow_diagram(blocks, arrows, title, " ".join(words), list(chains), gap=14)


def _name(block):
    return _plain(block.text) + (f" ({_plain(block.note)})" if block.note else "")


def _check_flow(blocks, arrows):
    for name, block in blocks.items():
        if block.shape not in PADDING or " " in name:
            raise ValueError(
                f"Expected a name without a space and one of the shapes {', '.join(PADDING)}. "
                f"Received: {name!r} and {block.shape!r}."
            )
    places = [block.at for block in blocks.values()]
    if not places or len(set(places)) < len(places):
        raise ValueError(f"Expected blocks, each in a place of its own. Received: {places}.")
    for arrow in arrows:
        names = arrow.path.split()
        known = len(names) > 1 and all(name in blocks for name in names)
        if not known or arrow.kind not in STYLES or any(a == b for a, b in pairwise(names)):
            raise ValueError(
                f"Expected an arrow between two or more of the blocks {', '.join(blocks)}, of a kind among "
                f"{', '.join(STYLES)}. Received: {arrow}."
            )


class _Grid:
    """Where the columns and the rows of a flow diagram lie."""

    def __init__(self, blocks, pairs, headings, gap):
        self.blocks = blocks
        self.x, edge = {}, 0.0
        for column in sorted({block.at[0] for block in blocks}):  # each as far left as its blocks' neighbours allow
            ends = [edge]
            for block in (b for b in blocks if b.at[0] == column):
                row = [b for b in blocks if b.at[1] == block.at[1] and b.at[0] < column]
                joined = [a if b == block else b for a, b, _ in pairs if block in (a, b)]
                for other in sorted(row, key=lambda b: b.at[0])[-1:] + [b for b in joined if b.at[0] < column]:
                    room = max([gap] + [_arrow_room(arrow, gap) for a, b, arrow in pairs if {a, b} == {other, block}])
                    between = (other.width + block.width) / 2 + room
                    notes = (text_width(other.note, SMALL) + text_width(block.note, SMALL)) / 2 + 6
                    ends.append(self.x[other.at[0]] + max(between, notes))
            self.x[column] = max(ends)
            edge = self.x[column] + gap
        self.left = min(self.x[block.at[0]] - block.width / 2 for block in blocks)
        self.y, self.tops, self.depths, self.lanes, edge = {}, {}, {}, {}, 0.0
        for number in sorted({block.at[1] for block in blocks}):
            row = [block for block in blocks if block.at[1] == number]
            heading = headings[number] if number in range(len(headings)) else ""
            self.tops[number] = edge
            self.depths[number] = max(block.height for block in row) / 2
            self.y[number] = edge + (1.6 * SIZE if heading else 0.0) + self.depths[number]
            edge = self.y[number] + max(map(self.foot, row))
            self.lanes[number] = edge + 13  # where arrows pass below the row
            around = [arrow for a, b, arrow in pairs if a.at[1] == number and self.blocked(a, b)]
            if around:
                edge += 16 + (LINE * SMALL if any(arrow.label for arrow in around) else 0.0)
            edge += 20

    def foot(self, block):
        """How far a block reaches below its centre, with its note: the notes of a row stand below its highest block."""
        if not block.note:
            return block.height / 2
        return self.depths[block.at[1]] + 2 + LINE * SMALL * (block.note.count("\n") + 1)

    def centre(self, block):
        return self.x[block.at[0]], self.y[block.at[1]]

    def blocked(self, a, b):
        """Whether the two stand in one row, with another block between them."""
        low, high = sorted((a.at[0], b.at[0]))
        return a.at[1] == b.at[1] and any(c.at[1] == a.at[1] and low < c.at[0] < high for c in self.blocks)


def _arrow_room(arrow, gap):
    """How far apart an arrow wants two neighbours of a row: its label must fit, and both of its heads."""
    if arrow.label:
        return text_width(arrow.label, SMALL) + 16
    return 22.0 if "both" in STYLES[arrow.kind] else gap


def _draw_block(drawing, block, grid):
    (x, y), width, height = grid.centre(block), block.width, block.height
    if block.shape in TRAPEZIA:
        left, right = (height / 2, height / 2 - 11) if block.shape == "narrowing" else (height / 2 - 11, height / 2)
        corners = [(-width / 2, -left), (width / 2, -right), (width / 2, right), (-width / 2, left)]
        drawing.shape([(x + dx, y + dy) for dx, dy in corners], ACCENT, ACCENT, 0.14)
    elif block.shape == "code":
        drawing.box(x, y, width, height, ACCENT, ACCENT, 0.3)
    elif block.shape in ("loss", "signal"):
        drawing.box(x, y, width, height, WARM, WARM, 0.14, height / 2 if block.shape == "loss" else 5)
    elif block.shape != "words":
        drawing.box(x, y, width, height, corner=0 if block.shape == "box" else 5)
    drawing.text(x, y, block.text)
    if block.note:
        drawing.text(x, y + grid.foot(block), block.note, SMALL, place="bottom", color=MUTED)


def _draw_arrow(drawing, start, end, arrow, grid):
    (x0, y0), (x1, y1) = grid.centre(start), grid.centre(end)
    right, down = (1 if x1 > x0 else -1), (1 if y1 > y0 else -1)

    def side(block, direction):
        """How far from a block's centre an arrow begins or ends to its left (-1) or right (1)."""
        return direction * (block.width / 2 + 3)

    def edge(block, direction):
        """The same above (-1) or below (1) the block."""
        return grid.foot(block) + 3 if direction > 0 else -block.height / 2 - 3

    if grid.blocked(start, end):
        lane = grid.lanes[start.at[1]]
        points = [(x0, y0 + edge(start, 1)), (x0, lane), (x1, lane), (x1, y1 + edge(end, 1))]
        words = (x0 + x1) / 2, lane + 3, "middle", "top"
    elif y0 == y1:
        points = [(x0 + side(start, right), y0), (x1 + side(end, -right), y1)]
        words = (points[0][0] + points[1][0]) / 2, y0 - 3, "middle", "bottom"
    elif x0 == x1:
        points = [(x0, y0 + edge(start, down)), (x1, y1 + edge(end, -down))]
        words = x0 + 6, (points[0][1] + points[1][1]) / 2, "start", "middle"
    else:
        points = [(x0, y0 + edge(start, down)), (x0, y1), (x1 + side(end, -right), y1)]
        words = (x0 + points[2][0]) / 2, y1 - 3, "middle", "bottom"
    drawing.arrow(points, **STYLES[arrow.kind])
    if arrow.label:
        x, y, anchor, place = words
        drawing.text(x, y, arrow.label, SMALL, anchor, place, color=STYLES[arrow.kind]["color"])


# ---------------------------------------------------------------- matrices that fit


@dataclass(frozen=True)
class Matrix:
    """A matrix of a product diagram: its name and the symbols of its two sides; a code is coloured."""

    name: str
    rows: str
    columns: str
    code: bool = False


def product_diagram(equations, sizes, title):
    """Draw equations between matrices, each matrix as a rectangle as high and as wide as its sides.

    Parameters
    ----------
    equations : sequence of sequence of (Matrix or str)
        Each equation from left to right; a string is a sign, such as ``"·"`` or ``"="``.
    sizes : dict of str to float
        How long the side of each symbol is drawn, in units.
    title : str
        What the picture is called; it is read aloud, not drawn.

    Returns
    -------
    aelib.figures.drawing.Drawing

    Raises
    ------
    ValueError
        If a side has no size, or two factors do not fit.
    """
    for equation in equations:
        for left, sign, right in zip(equation, equation[1:], equation[2:]):
            if sign == "·" and left.columns != right.rows:
                raise ValueError(
                    f"Expected as many rows as {left.name} has columns, {left.columns}. "
                    f"Received: {right.name} with {right.rows} rows."
                )
        for side in [side for m in equation if isinstance(m, Matrix) for side in (m.rows, m.columns)]:
            if side not in sizes:
                raise ValueError(f"Expected a side among {', '.join(sizes)}. Received: {side!r}.")
    drawing = Drawing(title, _describe_product(equations))
    top = 0.0
    for equation in equations:
        high = max(sizes[m.rows] for m in equation if isinstance(m, Matrix))
        middle, x = top + LINE * SIZE + 3 + high / 2, 0.0
        for thing in equation:
            if isinstance(thing, str):
                drawing.text(x + 8, middle, thing, SIZE + 3)
                x += 16
                continue
            width, height = sizes[thing.columns], sizes[thing.rows]
            x += text_width(f"${thing.rows}$", SMALL) + 10
            color, inside = (ACCENT, 0.3) if thing.code else (INK, 0.0)
            drawing.box(x + width / 2, middle, width, height, color, color, inside, corner=2)
            drawing.text(x + width / 2, middle - height / 2 - 2, thing.name, place="bottom")
            drawing.text(x - 4, middle, f"${thing.rows}$", SMALL, "end", color=MUTED)
            drawing.text(x + width / 2, middle + height / 2 + 2, f"${thing.columns}$", SMALL, place="top", color=MUTED)
            x += width + 8
        top = drawing.bounds[3] + 14
    return drawing


def _describe_product(equations):
    words = ["Matrices drawn as rectangles."]
    for equation in equations:
        names = {"·": "times", "=": "equals"}
        parts = [
            names.get(m, m)
            if isinstance(m, str)
            else f"{_plain(m.name)} of {_plain(m.rows)} rows and {_plain(m.columns)} columns"
            for m in equation
        ]
        words.append(" ".join(parts) + ".")
    return " ".join(words)
