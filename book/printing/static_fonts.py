"""Fonts of one weight each, cut from the book's, each of which has all weights in one file.

Chromium embeds a font of one weight in a PDF as a font. One of many weights it turns into drawings of its letters, which weigh
more and are less sharp on a screen.
"""

import pathlib

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FOLDER = pathlib.Path(__file__).parents[1] / "static" / "fonts"
# By the end of the variable that names it: a font's file, and what stands in for letters that it lacks, as in type.css.
FAMILIES = {
    "serif": ("source-serif-4", '"Serif stand-in", serif'),
    "sans": ("source-sans-3", '"Sans stand-in", sans-serif'),
    "mono": ("source-code-pro", '"Code stand-in", monospace'),
}
STYLES = ("normal", "italic")
WEIGHTS = (400, 600)


def font_faces(folder):
    """Write the fonts into `folder`; return the style sheet that puts them in the place of the book's."""
    rules = []
    for variable, (name, _) in FAMILIES.items():
        for style in STYLES:
            for weight in WEIGHTS:
                path = folder / f"{name}-{weight}-{style}.ttf"
                font = TTFont(FOLDER / f"{name}-latin-wght-{style}.woff2")
                font.flavor = None
                instantiateVariableFont(font, {"wght": weight}, inplace=True, updateFontNames=False)
                font.save(path)
                rules.append(
                    f'@font-face {{ font-family: "{variable} of one weight"; font-style: {style}; font-weight: {weight}; '
                    f'src: url("{path.as_uri()}") }}'
                )
    variables = "; ".join(
        f'--book-{variable}: "{variable} of one weight", {others}' for variable, (_, others) in FAMILIES.items()
    )
    return "\n".join([*rules, f"html:root {{ {variables} }}"])
