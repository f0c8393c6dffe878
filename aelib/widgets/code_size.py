"""The same images through codes of many sizes, beside what they are to be compared with.

The networks were trained elsewhere: this shows their reconstructions and their errors.
"""

import html

import numpy as np

from aelib.widgets.weights import base64_of
from aelib.widgets.widget import Widget, picture

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 306, 58, 12, 12, 52  # of the curve, and what its axes need
MOST_LINES = 4  # as many as its style keeps apart


def code_size(sizes, images, reconstructions, errors, start=None):
    """Return a figure with a slider for the code size, rows of images, and the errors as curves.

    Parameters
    ----------
    sizes : sequence of int, length m
        The code sizes at which the slider stops, ascending, at least two.
    images : array_like, shape (n, side²)
        Pixels from 0 to 1, as everywhere below; or bytes.
    reconstructions : dict of str to array_like
        For each method, in the order of the rows, an array of shape (m, n, side²), or of shape (side²,)
        if it answers everything with one image.
    errors : dict of str to array_like
        For each method a row of shape (m,), or several of shape (seeds, m); then their mean is drawn, and
        least and largest are told. Up to four, some of which may have no images.
    start : int or None
        The size shown first; `None` is the one in the middle.

    Returns
    -------
    Widget

    Raises
    ------
    ValueError
        If the sizes do not ascend, a shape does not fit, a method with images has no errors, or `start` is no size.
    """
    sizes = _checked_sizes(sizes, start)
    place = len(sizes) // 2 if start is None else sizes.index(start)
    images = _bytes("images", images, ndim=2)
    rows = {name: _row(name, row, len(sizes), images) for name, row in reconstructions.items()}
    spread = {name: _spread(name, values, len(sizes)) for name, values in errors.items()}
    if missing := [name for name in rows if name not in spread]:
        raise ValueError(f"Expected errors for every method that has images. Received: none for {missing}.")
    if not 1 <= len(spread) <= MOST_LINES:
        raise ValueError(f"Expected the errors of 1 to {MOST_LINES} methods. Received: {len(spread)}.")
    still = (
        f"{_still_images(images, rows, sizes[place], place)}\n"
        f'<div class="aelib-code-size-curve">{_curve(sizes, spread, place)}</div>\n{_table(sizes, spread)}'
    )
    data = {
        "sizes": sizes,
        "start": place,
        "side": round(images.shape[1] ** 0.5),
        "count": len(images),
        "images": base64_of(images, "uint8"),
        "rows": [
            {"name": name, "constant": row.ndim == 1, "pixels": base64_of(row, "uint8")} for name, row in rows.items()
        ],
        "errors": [{"name": name, "spread": values.tolist()} for name, values in spread.items()],
    }
    return Widget("code_size", data, still, f"Images through codes of {sizes[0]} to {sizes[-1]} numbers")


# ---------------------------------------------------------------- what is given


def _checked_sizes(sizes, start):
    """The sizes as a list of int, or an error."""
    sizes = np.asarray(sizes)
    if sizes.ndim != 1 or len(sizes) < 2 or sizes.dtype.kind not in "iu" or sizes[0] < 1 or (np.diff(sizes) <= 0).any():
        raise ValueError(f"Expected two or more code sizes, whole and ascending from 1. Received: {sizes.tolist()}.")
    if start is not None and start not in sizes:
        raise ValueError(f"Expected to start with one of the sizes {sizes.tolist()}. Received: {start!r}.")
    return sizes.tolist()


def _bytes(name, pixels, ndim):
    """Pixels as bytes, or an error."""
    pixels = np.asarray(pixels)
    if pixels.ndim != ndim or pixels.size == 0 or round(pixels.shape[-1] ** 0.5) ** 2 != pixels.shape[-1]:
        raise ValueError(f"Expected {name} with {ndim} axes, the last of side² pixels. Received: shape {pixels.shape}.")
    if pixels.dtype == np.uint8:
        return pixels
    if not ((pixels >= -0.001) & (pixels <= 1.001)).all():  # NaN is in no range
        raise ValueError(f"Expected {name} with pixels from 0 to 1, or bytes. Received: others.")
    return np.rint(255 * pixels.clip(0, 1)).astype("uint8")


def _row(name, row, sizes, images):
    """The reconstructions of one method as bytes, or an error."""
    row = np.asarray(row)
    row = _bytes(f"reconstructions of {name!r}", row, ndim=1 if row.ndim == 1 else 3)
    expected = images.shape[1:] if row.ndim == 1 else (sizes, *images.shape)
    if row.shape != expected:
        raise ValueError(f"Expected reconstructions of {name!r} of shape {expected}. Received: {row.shape}.")
    return row


def _spread(name, values, sizes):
    """Mean, least and largest error at each size, shape (sizes, 3), or an error."""
    values = np.atleast_2d(np.asarray(values, dtype="float64"))
    if values.ndim != 2 or values.shape[1] != sizes or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(
            f"Expected errors of {name!r}, 0 or more, of shape ({sizes},) or (seeds, {sizes}). "
            f"Received: shape {values.shape}, {np.count_nonzero(~(values >= 0))} of them negative or no number."
        )
    return np.stack([values.mean(axis=0), values.min(axis=0), values.max(axis=0)], axis=1)


# ---------------------------------------------------------------- where scripts are off


def _still_images(images, rows, size, place):
    """The rows at one size as a picture."""
    from aelib.figures.plots import plot_images  # not above: it brings matplotlib

    shown = [images, *(np.broadcast_to(row, images.shape) if row.ndim == 1 else row[place] for row in rows.values())]
    names = ["input", *rows]
    figure = plot_images([row / 255 for row in shown], names, title=f"Through a code of {size}")
    return picture(
        figure, f"Rows of {len(images)} images, one for each of: {', '.join(names)}; the code has size {size}"
    )


def _table(sizes, spread):
    """All errors, for those who cannot see the curve."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in spread)
    body = "".join(
        f'<tr><th scope="row">{size}</th>{"".join(f"<td>{values[i, 0]:.1f}</td>" for values in spread.values())}</tr>'
        for i, size in enumerate(sizes)
    )
    return f'<table class="aelib-code-size-table"><tr><th scope="col">code size</th>{head}</tr>{body}</table>'


# ---------------------------------------------------------------- the curve


def _curve(sizes, spread, place):
    """The errors over the code size as SVG; the marks of all sizes but one are hidden."""
    top = max(values.max() for values in spread.values())
    across = np.log(np.array(sizes) / sizes[0]) / np.log(sizes[-1] / sizes[0])
    xs = LEFT + across * (WIDTH - LEFT - RIGHT)
    height = HEIGHT - TOP - BOTTOM

    def y(error):
        return TOP + (1 - error / top) * height

    parts = []
    for tick in _ticks(top):
        parts.append(f'<path class="aelib-grid" d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 5:.1f}" text-anchor="end">{tick:g}</text>')
    for i, size in enumerate(sizes):
        parts.append(f'<path class="aelib-grid" d="M{xs[i]:.1f} {y(0):.1f}v5"/>')
        parts.append(f'<text x="{xs[i]:.1f}" y="{y(0) + 21:.1f}" text-anchor="middle">{size}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">code size, on a logarithmic scale</text>'
    )
    parts.append(
        f'<text transform="translate(14 {TOP + height / 2}) rotate(-90)" text-anchor="middle">squared error per image</text>'
    )
    for line, values in enumerate(spread.values()):
        points = " ".join(f"{x:.1f},{y(error):.1f}" for x, error in zip(xs, values[:, 0]))
        parts.append(f'<polyline class="aelib-line-{line}" points="{points}"/>')
    for i, x in enumerate(xs):
        dots = "".join(
            f'<circle class="aelib-line-{line}" cx="{x:.1f}" cy="{y(values[i, 0]):.1f}" r="5"/>'
            for line, values in enumerate(spread.values())
        )
        hidden = "" if i == place else ' style="display: none"'
        parts.append(f'<g class="aelib-mark"{hidden}><path d="M{x:.1f} {TOP}V{y(0):.1f}"/>{dots}</g>')
    words = f"The squared error over the code size, from {sizes[0]} to {sizes[-1]}, for: {', '.join(spread)}"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(words)}">{"".join(parts)}</svg>'


def _ticks(top):
    """A few round numbers from 0 up."""
    step = 10 ** np.floor(np.log10(max(top, 1e-12)))
    step *= 0.5 if top / step > 2 else 0.2
    return np.arange(0, top, 2 * step if top / step > 8 else step)
