"""Makes the pictures of the built pages lighter: 256 colours of their own in place of three bytes a pixel.

A plot has few colours and a digit has greys alone, so nothing is lost that could be seen, and a picture
weighs about half. Only the copies beside the pages are changed, never what a notebook made.
"""

import pathlib

from PIL import Image


def lighten(path):
    """Write a PNG file again with at most 256 colours, if it has none of its own yet and that makes it smaller.

    A picture that lets something shine through is left alone.
    """
    with Image.open(path) as picture:
        opaque = "A" not in picture.getbands() or picture.getchannel("A").getextrema() == (255, 255)
        if picture.mode == "P" or not opaque:
            return
        # Colours are chosen to cover all that there are, or a few coloured points beside many greys would turn grey.
        few = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    lighter = path.with_suffix(".lighter")
    few.save(lighter, "png", optimize=True)
    if lighter.stat().st_size < path.stat().st_size:
        lighter.replace(path)
    else:
        lighter.unlink()


def lighten_pictures(app, exception):
    """Lighten the pictures of the pages that were written, each of which was copied anew."""
    if exception is None and app.builder.format == "html":
        for name in app.builder.images.values():
            if name.endswith(".png"):
                lighten(pathlib.Path(app.outdir, app.builder.imagedir, name))


def setup(app):
    app.connect("build-finished", lighten_pictures)
