"""Makes the pictures of the built pages lighter: few colours of their own, as WebP that keeps each of them.

A plot has few colours and a digit has greys alone, so nothing is lost that could be seen, and a picture weighs about a third.
Only the copies beside the pages are changed, never what a notebook made.
"""

import io
import pathlib
import re

import numpy as np
from PIL import Image

PALETTES = (64, 128, 256)  # how many colours are tried
UNSEEN = 3  # of 255: a change of a pixel's colour that nobody sees
NAMED_AFTER_CONTENT = r"[0-9a-f]{32,}"  # such a picture never changes


def lighten(source, target):
    """Write a picture again as WebP, with few colours if that looks the same, or with 256.

    A picture that lets something shine through keeps all its colours.

    Parameters
    ----------
    source, target : pathlib.Path
    """
    with Image.open(source) as picture:
        shines_through = "A" in picture.getbands() and picture.getchannel("A").getextrema() != (255, 255)
        copies = [picture.convert("RGBA")] if shines_through else with_few_colours(picture.convert("RGB"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(min(map(as_webp, copies), key=len))


def as_webp(picture):
    """The bytes of a picture, each of whose pixels is kept."""
    file = io.BytesIO()
    picture.save(file, "webp", lossless=True, quality=100, method=5, exact=True)
    return file.getvalue()


def with_few_colours(picture):
    """The copies of an opaque picture in the colours of `PALETTES` of which no pixel has changed so that it is seen.

    If there is none, it is the copy with the most colours.
    """
    pixels = np.asarray(picture, dtype="int16")
    # Colours are chosen to cover all that there are, or a few coloured points beside many greys would turn grey.
    kind = {"method": Image.Quantize.MAXCOVERAGE, "dither": Image.Dither.NONE}
    copies = [picture.quantize(colours, **kind).convert("RGB") for colours in PALETTES]
    changes = [np.abs(np.asarray(copy, dtype="int16") - pixels).max() for copy in copies]
    return [copy for copy, change in zip(copies, changes) if change <= UNSEEN] or copies[-1:]


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
