"""Packs a PDF as Chromium writes it into a smaller one that shows the same.

Chromium writes every picture with three bytes a pixel, though those of the book have few colours, and every element of the
structure that a screen reader follows as an object of its own. Here pictures get a palette, and small objects are packed together.
"""

import numpy as np
import pikepdf

COLOURS = 256  # of a palette
LEVEL = 9  # of compression


def pack(pdf):
    """Make the file `pdf` smaller."""
    pikepdf.settings.set_flate_compression_level(LEVEL)
    with pikepdf.open(pdf, allow_overwriting_input=True) as document:
        for thing in document.objects:
            if isinstance(thing, pikepdf.Stream) and is_true_colour(thing):
                use_palette(document, thing)
        document.save(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)


def is_true_colour(stream):
    """Whether a stream is a picture with three bytes a pixel that was packed without loss."""
    return (
        stream.get("/Subtype") == "/Image"
        and stream.get("/Filter") == "/FlateDecode"
        and len(stream.read_bytes()) == 3 * stream.Width * stream.Height
    )


def use_palette(document, picture):
    """Let a picture of at most `COLOURS` colours name them once; leave any other as it is."""
    colours = np.frombuffer(picture.read_bytes(), np.uint8).reshape(-1, 3).astype(np.uint32) @ [1 << 16, 1 << 8, 1]
    palette, pixels = np.unique(colours, return_inverse=True)
    if len(palette) <= COLOURS:
        names = b"".join(int(colour).to_bytes(3, "big") for colour in palette)
        picture.write(pixels.astype(np.uint8).tobytes())
        picture.ColorSpace = pikepdf.Array(
            [pikepdf.Name.Indexed, picture.ColorSpace, len(palette) - 1, pikepdf.String(names)]
        )
