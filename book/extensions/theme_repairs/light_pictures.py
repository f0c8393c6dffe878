"""Makes the pictures of the built pages lighter: few colours of their own, as WebP that keeps each of them.

A plot has few colours and a digit has greys alone, so nothing is lost that could be seen, and a picture weighs about a third.
Only the copies beside the pages are changed, never what a notebook made.
"""

import pathlib
import re

import numpy as np
from PIL import Image

PALETTES = (64, 128, 256)  # how many colours are tried
UNSEEN = 3  # of 255: a change of a pixel's colour that nobody sees
NAMED_AFTER_CONTENT = r"[0-9a-f]{32,}"  # such a picture never changes


def lighten(source, target):
    """Write a picture again as WebP, with the fewest colours that look the same, or with 256.

    A picture that lets something shine through keeps all its colours.

    Parameters
    ----------
    source, target : pathlib.Path
    """
    with Image.open(source) as picture:
        shines_through = "A" in picture.getbands() and picture.getchannel("A").getextrema() != (255, 255)
        light = picture.convert("RGBA") if shines_through else with_few_colours(picture.convert("RGB"))
    target.parent.mkdir(parents=True, exist_ok=True)
    light.save(target, "webp", lossless=True, quality=100, exact=True)


def with_few_colours(picture):
    """An opaque picture with the fewest colours of `PALETTES` by which no pixel changes so that it is seen, or with the most."""
    pixels = np.asarray(picture, dtype="int16")
    for colours in PALETTES:
        # Colours are chosen to cover all that there are, or a few coloured points beside many greys would turn grey.
        few = picture.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
        if np.abs(np.asarray(few, dtype="int16") - pixels).max() <= UNSEEN:
            break
    return few


def lighten_pictures(app, pagename, templatename, context, doctree):
    """Let a page show lighter copies of its pictures, and make those that are not there yet."""
    pictures = getattr(app.builder, "images", {})  # those of this page, which Sphinx would copy
    for source, name in list(pictures.items()):
        address = f"_images/{name}"
        if name.endswith(".png") and address in context.get("body", ""):
            target = pathlib.Path(app.outdir, address).with_suffix(".webp")
            if not (target.exists() and re.fullmatch(NAMED_AFTER_CONTENT, target.stem)):
                lighten(pathlib.Path(app.srcdir, source), target)
            context["body"] = context["body"].replace(address, address.removesuffix(".png") + ".webp")
            del pictures[source]


def setup(app):
    app.connect("html-page-context", lighten_pictures, priority=600)  # after each picture was given its size
