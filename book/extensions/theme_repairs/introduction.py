"""Says in the head of a page what it is about: for search engines, and for those who are sent a link to it.

The picture beside such a link is `book/static/preview.png`. Most services want its whole address, so they show it once
`html_baseurl`, in `_config.yml` the `baseurl`, says where the book is published.
"""

import html
import re
import textwrap

from docutils import nodes

LENGTH = 160  # characters; a search engine shows no more
PREVIEW = "_static/preview.png"


def opening(doctree):
    """The first paragraph of a page's text without a formula, cut to what fits, or None if there is none."""
    for paragraph in doctree.findall(nodes.paragraph):
        plain = not any(paragraph.findall(nodes.math))
        if plain and isinstance(paragraph.parent, nodes.section) and (text := " ".join(paragraph.astext().split())):
            return textwrap.shorten(text, LENGTH, placeholder=" …")
    return None


def introduce(app, pagename, templatename, context, doctree):
    """Add the description of a page, and what a link to it is shown with, to its head."""
    title = html.unescape(re.sub("<[^>]*>", "", context.get("title", "")))
    description = (opening(doctree) if doctree else None) or f"{title}: a page of {context['docstitle']}."
    picture = app.config.html_baseurl.rstrip("/") + "/" + PREVIEW if app.config.html_baseurl else None
    said = {
        "og:title": title,
        "og:description": description,
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": context["docstitle"],
        "og:image": picture or context["pathto"](PREVIEW, 1),
        "og:image:alt": "A digit, its code, and what an autoencoder makes of it",
    }
    tags = [f'<meta name="description" content="{html.escape(description)}" />']
    tags += [f'<meta property="{name}" content="{html.escape(words)}" />' for name, words in said.items()]
    context["metatags"] = context.get("metatags", "") + "\n    ".join(["", *tags])


def setup(app):
    app.connect("html-page-context", introduce)
