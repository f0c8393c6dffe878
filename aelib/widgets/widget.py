"""What all widgets have in common: a still picture, data, and a script that brings it to life."""

import base64
import hashlib
import html
import io
import json
import pathlib

FOLDER = pathlib.Path(__file__).parent


class Widget:
    """A figure to play with, as one piece of HTML.

    Parameters
    ----------
    name : str
        The widget's file beside this one, `name.js`. It calls `widget(function (root, data) {…})`
        once; `base.js` says what such a function has at hand. A style of its own may stand in `name.css`.
    data : dict
        What the script needs, made of what JSON knows; numbers must be finite.
    still : str
        HTML that stands where scripts are off, and until the script has started: `picture(figure, alt)`.
    label : str
        What the widget is, for those who hear the page.

    Raises
    ------
    ValueError
        If there is no such script, the data hold something that JSON does not know, or no label is given.
    """

    def __init__(self, name, data, still, label):
        script = FOLDER / f"{name}.js"
        if name == "base" or not script.exists():
            known = sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "base")
            raise ValueError(f"Expected the name of a widget, one of {known}. Received: {name!r}.")
        if not label.strip():
            raise ValueError("Expected a label that says what the widget is. Received: an empty one.")
        self.name, self.still, self.label = name, still, label
        try:
            self.data = json.dumps(data, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise ValueError(f"Expected data that JSON can hold, with finite numbers. Received: {error}.") from error
        self.script = script.read_text(encoding="utf-8")
        styles = [path for path in (FOLDER / "widget.css", FOLDER / f"{name}.css") if path.exists()]
        self.style = "".join(path.read_text(encoding="utf-8") for path in styles)

    def _repr_html_(self):
        # The same widget twice on a page has one key; each copy of the script starts the next copy that stands still.
        key = f"{self.name}-{hashlib.sha256(self.data.encode()).hexdigest()[:8]}"
        base = (FOLDER / "base.js").read_text(encoding="utf-8")
        data = self.data.replace("<", "\\u003c")  # no "</script>" inside a script
        return (
            f'<div class="aelib-widget" data-widget="{key}" role="group" aria-label="{html.escape(self.label)}" '
            'data-lm-suppress-shortcuts="true">\n'  # or JupyterLab takes the arrow keys
            f"<style>\n{self.style}</style>\n"
            f'<div class="aelib-still">{self.still}</div>\n'
            f'<script>\n(function () {{\n"use strict";\nconst KEY = "{key}";\nconst DATA = {data};\n'
            f"{base}\n{self.script}\n}})();\n</script>\n</div>"
        )

    def __repr__(self):
        return f"<{self.label}>"


def picture(figure, alt):
    """Return a matplotlib figure as an `<img>` that carries its own bytes, and close the figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What is to be seen, in words.

    Returns
    -------
    str
    """
    import matplotlib.pyplot as plt
    from PIL import Image  # matplotlib draws with it, too

    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=90)
    plt.close(figure)
    with Image.open(drawn) as image:  # 256 colours of its own: less than half the weight of three bytes a pixel
        few = image.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(file, "png", optimize=True)
    content = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/png;base64,{content}" alt="{html.escape(alt)}">'
