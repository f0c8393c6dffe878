"""The picture on the cover: one test digit, its code, and what a trained network makes of it.

    python -m book.cover

draws `book/static/cover.svg` from the record of `experiments.background.cover`.
"""

import itertools
import pathlib

import numpy as np

from aelib.datasets import load_mnist
from aelib.figures.drawing import ACCENT, INK, MUTED, SMALL, WARM, Drawing
from experiments.record import read_arrays, read_record

PICTURE = pathlib.Path(__file__).parent / "static" / "cover.svg"
PIXEL, SIDE = 3.75, 28  # units a pixel, pixels a side
GREYS = 15
# A file of its own takes no ink and no colours from a page, so it brings them along. In a page this says nothing,
# for there the root is not the picture.
ALONE = (
    "<style>svg:root{color:#24262b;font-family:system-ui,sans-serif;max-width:none!important}"
    "@media(prefers-color-scheme:dark){svg:root{color:#d8d6d0;--book-accent:#7fb9e6;--book-warm:#f0a066}}</style>"
)


def pixels(image):
    """For each level of grey from 1 to `GREYS`, the path around the pixels that have it, row by row."""
    levels = np.rint(image * GREYS).astype(int)
    runs = {}
    for row, line in enumerate(levels):
        edges = np.flatnonzero(np.diff(line, prepend=-1, append=-1))
        for start, stop in itertools.pairwise(edges):
            runs[line[start]] = runs.get(line[start], "") + f"M{start} {row}h{stop - start}v1h-{stop - start}z"
    return {level: path for level, path in sorted(runs.items()) if level > 0}


def draw_image(drawing, left, image):
    """Draw an image from `left` to the right, around y = 0, with the page's ink."""
    half = SIDE * PIXEL / 2
    marks = "".join(f'<path d="{path}" fill-opacity="{level / GREYS:.2f}"/>' for level, path in pixels(image).items())
    place = f"translate({left:g} {-half:g}) scale({PIXEL})"
    drawing.mark(f'<g transform="{place}" fill="{INK}" shape-rendering="crispEdges">{marks}</g>')
    drawing.box(left + half, 0, 2 * half, 2 * half, stroke=MUTED, corner=2)


def diagram(image, code, reconstruction, digit):
    """Return the cover's picture as a `Drawing`."""
    drawing = Drawing(
        "What an autoencoder does",
        f"A handwritten {digit} of 784 pixels goes through an encoder, which narrows, to a code of {len(code)} numbers, "
        f"{', '.join(f'{number:.1f}' for number in code)}. From these a decoder, which widens, draws a slightly blurred "
        f"{digit} of 784 pixels. An arrow between the two pictures says: training makes them alike.",
    )
    drawing.mark(ALONE)
    side, step, narrow, wide = SIDE * PIXEL, 46, 29, 74
    edges = [side + 4, side + 4 + step, side + 12 + step + wide, side + 12 + 2 * step + wide]
    draw_image(drawing, 0, image)
    draw_image(drawing, edges[3] + 4, reconstruction)
    half = side / 2 - 2
    for (x0, y0), (x1, y1) in [((edges[0], half), (edges[1], narrow)), ((edges[2], narrow), (edges[3], half))]:
        drawing.shape([(x0, -y0), (x1, -y1), (x1, y1), (x0, y0)], ACCENT, ACCENT, 0.14)
    middle = (edges[1] + edges[2]) / 2
    drawing.box(middle, 0, wide, 2 * narrow, ACCENT, ACCENT, 0.3)
    for place, number in enumerate(code):
        x, y = middle + (33 if place % 2 else -2), 17 * (place // 2 - (len(code) / 2 - 1) / 2)
        drawing.text(x, y, f"{number:.1f}".replace("-", "−"), SMALL, "end")
    outer = side / 2, edges[3] + 4 + side / 2
    words = ["784 pixels", "encoder", f"{len(code)} numbers", "decoder", "784 pixels"]
    places = [outer[0], (edges[0] + edges[1]) / 2, middle, (edges[2] + edges[3]) / 2, outer[1]]
    for x, word in zip(places, words):
        drawing.text(x, side / 2 + 4, word, SMALL, place="top")
    low = side / 2 + 24
    drawing.arrow([(outer[1], low), (outer[1], low + 14), (outer[0], low + 14), (outer[0], low)], WARM, True, True)
    drawing.text(middle, low + 17, "training makes them alike", place="top", color=WARM)
    return drawing


def picture():
    """The cover's picture as SVG, from the record."""
    results = read_record("background/cover")["results"]
    _, (x_test, _) = load_mnist()
    images = x_test[results["test_image"]], read_arrays("background/cover")["reconstruction"] / 255
    image, reconstruction = (image.reshape(SIDE, SIDE) for image in images)
    return diagram(image, results["code"], reconstruction, results["digit"]).svg(name="cover") + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"wrote {PICTURE}, {PICTURE.stat().st_size:,} bytes")
