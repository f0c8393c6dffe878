"""A sheet to draw on: lines, shapes and words that become one SVG picture inside a page.

The picture stands in the page itself, not in a file beside it. So it takes the page's ink
and the book's colours, in the light and in the dark theme, and a screen reader finds its
title and its description. It needs no script and no font of its own, and it grows and
shrinks with the width of the page.
"""

import hashlib
import html
import itertools
import math
import re
import unicodedata

INK = "currentColor"
ACCENT = "var(--book-accent, #0072B2)"
WARM = "var(--book-warm, #D55E00)"
MUTED = "var(--book-muted, currentColor)"
LINK = "var(--book-muted, #8c8c8c)"

SIZE = 13  # of words
SMALL = 12  # of numbers, and of words under a part
LINE = 1.25  # from one line of words to the next, in sizes
PHONE = 340  # pixels, the width of a figure on a phone
WIDEST = 400  # units, the widest drawing whose words can be read at that width
GROWTH = 1.3  # pixels a unit, at most
MARGIN = 3  # units around all that is drawn

MATH = re.compile(r"([\^_])(?:\{([^}]*)\}|(.))|([A-Za-z\u03b1-\u03c9]+)|([^A-Za-z\u03b1-\u03c9\^_]+)")
SCRIPT = 0.72  # size of a sub- or superscript
# Widths of characters, in sizes: about those of DejaVu Sans, the widest of the usual fonts.
CHARACTERS = {c: 0.35 for c in "iIjl.,:;'!|·′ "} | {c: 0.42 for c in "tfr()[]-/"}
CHARACTERS |= {c: 0.86 for c in "=+−<>→←↔⊤"} | {c: 1.0 for c in "mMwW%@"}

pictures = itertools.count(1)


def label_parts(label):
    """Split a line of words into (text, italic, level): level is 1 for a superscript, -1 for a subscript.

    Between dollar signs single letters are italic, and ``^{…}`` and ``_{…}`` raise and lower.
    """
    words = label.split("$")
    if len(words) % 2 == 0:
        raise ValueError(f"Expected every $ of a label to have its partner. Received: {label!r}.")
    for number, part in enumerate(words):
        if number % 2 == 0:
            if part:
                yield part, False, 0
            continue
        for script, braced, single, letters, other in MATH.findall(part):
            if script:
                inner, level = braced or single, 1 if script == "^" else -1
                yield inner, len(inner) == 1 and inner.isalpha(), level
            elif letters:
                yield letters, len(letters) == 1, 0
            else:
                yield other, False, 0


def text_width(label, size=SIZE):
    """About how wide the widest line of a label is, in units; rather too much than too little."""
    return max(sum(_piece_width(*piece, size) for piece in label_parts(line)) for line in label.split("\n"))


def _piece_width(text, italic, level, size):
    widths = [CHARACTERS.get(c, 0.79 if c.isupper() else 0.65) for c in text if not unicodedata.combining(c)]
    return sum(widths) * size * (SCRIPT if level else 1)


class Drawing:
    """A sheet that grows with what is drawn on it; a notebook and the book show it as a picture.

    Parameters
    ----------
    title : str
        What the picture is called: a few words.
    description : str
        What is to be seen, for those who cannot see it: a few sentences.

    Raises
    ------
    ValueError
        If one of the two is empty.
    """

    def __init__(self, title, description):
        if not title.strip() or not description.strip():
            raise ValueError(f"Expected a title and a description in words. Received: {title!r} and {description!r}.")
        self.title = title
        self.description = description
        self._marks, self._points = [], []

    def include(self, *points):
        """Let the sheet reach to each of the points (x, y)."""
        self._points += points

    @property
    def bounds(self):
        """What is drawn lies in (left, top, right, bottom)."""
        xs, ys = zip(*self._points)
        return min(xs), min(ys), max(xs), max(ys)

    def shape(self, points, fill="none", stroke=INK, opacity=1.0, width=1.2):
        """Draw a polygon through the points; `opacity` is that of its inside."""
        self.include(*points)
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points) + "Z"
        self._marks.append(f'<path d="{path}" style="{_paint(fill, stroke, opacity, width)};stroke-linejoin:round"/>')

    def box(self, x, y, width, height, fill="none", stroke=INK, opacity=1.0, corner=5):
        """Draw a rectangle with rounded corners around its centre (x, y)."""
        left, top = x - width / 2, y - height / 2
        self.include((left, top), (left + width, top + height))
        self._marks.append(
            f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(corner)}" '
            f'style="{_paint(fill, stroke, opacity, 1.2)}"/>'
        )

    def circles(self, centres, radius, fill="none", stroke=INK):
        """Draw circles of one size and colour."""
        for x, y in centres:
            self.include((x - radius, y - radius), (x + radius, y + radius))
        marks = "".join(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>' for x, y in centres)
        self._marks.append(f'<g style="{_paint(fill, stroke, 1.0, 1.2)}">{marks}</g>')

    def lines(self, ends, color=LINK, width=0.7):
        """Draw straight lines, each from (x, y) to (x, y), as one mark."""
        self.include(*itertools.chain(*ends))
        path = "".join(f"M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}" for (x0, y0), (x1, y1) in ends)
        self._marks.append(f'<path d="{path}" style="{_paint("none", color, 1.0, width)}"/>')

    def arrow(self, points, color=INK, dashed=False, both=False, corner=6):
        """Draw an arrow along the points, round at the corners; with `both`, it has a head at either end."""
        points = [tuple(point) for point in points]
        self.include(*points)
        heads = [_head(points[-2], points[-1])] + ([_head(points[1], points[0])] if both else [])
        ends = [_towards(points[1], points[0], -4) if both else points[0], _towards(points[-2], points[-1], -4)]
        points = [ends[0], *points[1:-1], ends[1]]
        path = f"M{_n(points[0][0])} {_n(points[0][1])}"
        for before, at, after in zip(points, points[1:], points[2:]):
            (x0, y0), (x1, y1) = _towards(before, at, -corner), _towards(after, at, -corner)
            path += f"L{_n(x0)} {_n(y0)}Q{_n(at[0])} {_n(at[1])} {_n(x1)} {_n(y1)}"
        path += f"L{_n(points[-1][0])} {_n(points[-1][1])}"
        dashes = ";stroke-dasharray:4 3" if dashed else ""
        self._marks.append(f'<path d="{path}" style="{_paint("none", color, 1.0, 1.3)}{dashes}"/>')
        self._marks.append(f'<path d="{"".join(heads)}" style="{_paint(color, "none", 1.0, 0)}"/>')

    def text(self, x, y, label, size=SIZE, anchor="middle", place="middle", color=INK, bold=False):
        """Write a label of one or several lines at (x, y).

        `anchor` is the point's place in a line: ``"start"``, ``"middle"`` or ``"end"``. `place` is its
        place in the height of all lines: ``"top"``, ``"middle"`` or ``"bottom"``.
        """
        rows = label.split("\n")
        height = size * LINE * len(rows)
        top = y - height * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[place]
        for number, row in enumerate(rows):
            width = text_width(row, size) * (1.12 if bold else 1.0)
            left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
            row_top = top + number * size * LINE
            self.include((left, row_top), (left + width, row_top + size * LINE))
            baseline = row_top + size * (LINE / 2 + 0.35)
            weight = ";font-weight:600" if bold else ""
            self._marks.append(
                f'<text x="{_n(x)}" y="{_n(baseline)}" text-anchor="{anchor}" '
                f'style="fill:{color};font-size:{_n(size)}px{weight}">{_spans(row, size)}</text>'
            )

    def mark(self, svg):
        """Add a piece of SVG as it is. What room it takes is said with `include`."""
        self._marks.append(svg)

    def svg(self, name=None):
        """The picture as one `<svg>` element.

        Parameters
        ----------
        name : str or None
            What its ids begin with; `None` is a name that no other picture has.

        Returns
        -------
        str
        """
        left, top, right, bottom = self.bounds
        width, height = right - left + 2 * MARGIN, bottom - top + 2 * MARGIN
        marks = "".join(self._marks)
        if name is None:
            digest = hashlib.sha256(f"{self.title}{self.description}{marks}".encode()).hexdigest()[:8]
            name = f"picture-{digest}-{next(pictures)}"
        least = f"min-width:{width * PHONE / WIDEST:.0f}px;" if self.scrolls else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" '
            f'aria-labelledby="{name}-title" aria-describedby="{name}-desc" '
            f'viewBox="{_n(left - MARGIN)} {_n(top - MARGIN)} {_n(width)} {_n(height)}" '
            f'style="display:block;margin-inline:auto;width:100%;max-width:{width * GROWTH:.0f}px;{least}height:auto">'
            f'<title id="{name}-title">{html.escape(self.title)}</title>'
            f'<desc id="{name}-desc">{html.escape(self.description)}</desc>'
            f"{marks}</svg>"
        )

    @property
    def width(self):
        """The width of what is drawn, in units."""
        left, _, right, _ = self.bounds
        return right - left

    @property
    def scrolls(self):
        """Whether the picture is too wide for a phone, where it then scrolls sideways."""
        return self.width + 2 * MARGIN > WIDEST

    def _repr_html_(self):
        if not self.scrolls:
            return self.svg()
        label = html.escape(f"{self.title} (scrolls sideways)")  # by finger, and by key where it has the focus
        return f'<div role="group" tabindex="0" aria-label="{label}" style="overflow-x:auto">{self.svg()}</div>'


def _n(number):
    """A number as short as a tenth of a unit allows."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _paint(fill, stroke, opacity, width):
    """The style of a mark; `opacity` is that of its inside."""
    inside = f"fill:{fill}" + (f";fill-opacity:{opacity:g}" if opacity != 1 else "")
    return inside + (f";stroke:{stroke};stroke-width:{width:g}" if stroke != "none" else "")


def _towards(start, end, further):
    """The point `further` units behind `end`, seen from `start`, but at most half way back."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    share = max(further / length, -0.5) if length else 0.0
    return x1 + (x1 - x0) * share, y1 + (y1 - y0) * share


def _head(start, end, length=6.5, half=3.2):
    """The path of an arrow's head that comes from `start` and points at `end`."""
    (x0, y0), (x1, y1) = start, end
    angle = math.atan2(y1 - y0, x1 - x0)
    across, along = math.sin(angle), math.cos(angle)
    x, y = x1 - length * along, y1 - length * across
    return (
        f"M{_n(x1)} {_n(y1)}L{_n(x - half * across)} {_n(y + half * along)}"
        f"L{_n(x + half * across)} {_n(y - half * along)}Z"
    )


def _spans(row, size):
    """A line of words as SVG, with its italics, subscripts and superscripts."""
    spans, raised = [], 0.0
    for text, italic, level in label_parts(row):
        height = size * {1: 0.38, 0: 0.0, -1: -0.2}[level]
        attributes = f' dy="{_n(raised - height)}"' if raised != height else ""
        style = ("font-style:italic;" if italic else "") + (f"font-size:{_n(size * SCRIPT)}px" if level else "")
        attributes += f' style="{style.rstrip(";")}"' if style else ""
        raised = height
        words = html.escape(text, quote=False)
        spans.append(f"<tspan{attributes}>{words}</tspan>" if attributes else words)
    return "".join(spans)
