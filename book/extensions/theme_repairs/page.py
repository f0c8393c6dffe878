"""Mends what the theme and its companions get wrong on a page.

Thebe, which would run cells on a server of others, is loaded by jupyter-book whether a book
uses it or not, and twice, so that every page ends in an error: it is switched off. The theme
decides between light and dark only after the page was shown: a line in the head decides
before, and has the fonts of the text fetched at once. A list of references has children
that no list may have, and all exercises of a page share one id, the sidebar's arrows have no
names, and those that unfold code have others than the words on them. A long name in the text
breaks anywhere. And a figure gets its size, so that nothing moves when it arrives, and a box
in which it can scroll where the screen is narrow; all but the first are fetched when the
reader comes near.
"""

import html
import os
import re

import imagesize

# Runs in the head, before anything is drawn. The theme's own script takes over later. The fonts are asked for now because a
# line moves when they arrive; a preload in the head would do it too, but a browser refuses that to a page opened from a file.
BEFORE_THE_PAGE = """\
(root => {
  if (!["light", "dark"].includes(root.dataset.theme))
    root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  for (const font of ['1em "Source Serif 4"', 'italic 1em "Source Serif 4"', '600 1em "Source Sans 3"'])
    document.fonts.load(font);
})(document.documentElement);"""

LONG_NAME = 20  # letters; a shorter one stays in one piece


def switch_off_thebe(app, config):
    """Take sphinx-thebe's listeners and its style sheet away before they do anything."""
    for listeners in app.events.listeners.values():
        listeners[:] = [item for item in listeners if not item.handler.__module__.startswith("sphinx_thebe")]
    sheets = app.registry.css_files
    sheets[:] = [sheet for sheet in sheets if "thebe" not in sheet[0]]


def with_boxes_around_figures(body, sizes):
    """Give each image of the book its size in pixels, and a box of its own.

    Parameters
    ----------
    body : str
        The HTML of an article.
    sizes : dict of str to (int, int)
        For each file name below ``_images``, its width and height.

    Returns
    -------
    str
    """

    def box(match):
        image, name = match[0], html.unescape(match[1])
        if name not in sizes or re.search(r"\s(width|height|style)=", image):
            return f'<span class="figure-box">{image}</span>'
        width, height = sizes[name]
        later = 'loading="lazy" ' if match.start() > first else ""
        image = image.replace("<img ", f'<img {later}width="{width}" height="{height}" ', 1)
        return f'<span class="figure-box" style="--natural: {width}px">{image}</span>'

    first = body.find("<img ")
    return re.sub(r'<img [^>]*?src="[^"]*?_images/([^"/]+)"[^>]*>', box, body)


def with_valid_names(body):
    """Drop roles and names that no reader of a screen can make sense of, and ids that are given twice."""
    body = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    body = body.replace(' role="doc-biblioentry"', "")
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = re.sub(r'<section id="(exercise|solution|proof)-content">', "<section>", body)
    return re.sub(r'(<div class="proof admonition") id="proof">\s*<p>Proof\.', r"\1><p><em>Proof.</em>", body)


def with_breaks_in_names(body):
    """Let a long name or path in the text break behind a dot, a slash or an underscore, and so not within a word."""

    def parted(match):
        return (
            re.sub(r"(?<=[A-Za-z0-9])([./_])(?=[A-Za-z])", r"\1<wbr>", match[0])
            if len(match[1]) > LONG_NAME
            else match[0]
        )

    names = re.compile(r'(?<=<span class="pre">)([^<]*)(?=</span>)')
    return re.sub(
        r'<code class="[^"]*literal[^"]*">.*?</code>', lambda code: names.sub(parted, code[0]), body, flags=re.DOTALL
    )


def with_named_toggles(navigation):
    """Say, in the HTML of the sidebar, what the arrow at the side of each part unfolds."""

    def name(match):
        title = html.escape(html.unescape(re.sub(r"<[^>]*>", "", match[2])))
        return f'{match[1]} aria-label="Pages of {title}">'

    return re.sub(r"(<a [^>]*>((?:(?!</a>).)*)</a>\s*<details[^>]*>\s*<summary)>", name, navigation, flags=re.DOTALL)


def repair_sidebar(app, pagename, templatename, context, doctree):
    """Mend what the theme will draw as the sidebar of one page."""
    draw = context["generate_toctree_html"]
    context["generate_toctree_html"] = lambda *arguments, **options: with_named_toggles(
        str(draw(*arguments, **options))
    )


def repair_page(app, pagename, templatename, context, doctree):
    """Mend the article of one page."""
    if "body" not in context:
        return
    images = getattr(app.builder, "images", {})
    paths = {name: os.path.join(app.srcdir, source) for source, name in images.items()}
    sizes = {name: imagesize.get(path) for name, path in paths.items() if os.path.exists(path)}
    sizes = {name: size for name, size in sizes.items() if min(size) > 0}
    context["body"] = with_breaks_in_names(with_valid_names(with_boxes_around_figures(context["body"], sizes)))


def setup(app):
    app.connect("config-inited", switch_off_thebe)
    app.add_js_file(None, body=BEFORE_THE_PAGE, priority=100)
    app.connect("html-page-context", repair_page)
    app.connect("html-page-context", repair_sidebar, priority=900)  # after the theme has said how it draws it
