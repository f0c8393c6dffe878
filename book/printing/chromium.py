"""Prints one HTML page as a PDF, with headless Chromium."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import tempfile

import pypdfium2
from playwright.sync_api import sync_playwright
from pypdfium2 import raw

from book.printing.one_page import one_page
from book.printing.packing import pack
from book.printing.static_fonts import font_faces

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAIR_LETTERS = (
    "--font-render-hinting=none"  # on paper a letter has its own width, not one rounded to pixels of a screen
)
WAIT = 300_000  # milliseconds, for the page of a whole book
WIDTH, HEIGHT = 506, 937  # pixels, of the text on A4 paper with the margins of print.css
# What is kept whole if it is no higher than a part of a page
WHOLE = {
    ".cell, .cell_input, .cell_output .output, .highlight, [class*=highlight-], pre, table, .admonition": HEIGHT // 4,
    "figure": HEIGHT // 2,
}

# A browser fetches a font when it first draws a letter of it, and `document.fonts.ready` may come before that.
LOAD_FONTS = "() => Promise.allSettled([...document.fonts].map(font => font.load()))"

# A formula that is wider than the text is made smaller until it fits.
SHRINK = """() => document.querySelectorAll(".katex-display").forEach(formula => {
    const room = formula.clientWidth, need = formula.scrollWidth
    if (need > room) formula.style.fontSize = `${Math.floor(100 * room / need)}%`
})"""

# A short box stays whole. A long one may be cut, or it would leave much of a page empty.
KEEP = """([boxes, short]) => document.querySelectorAll(boxes).forEach(box => {
    box.style.breakInside = box.offsetHeight > short ? "auto" : "avoid"
})"""

# The numbers of the pages go into the table of contents.
NUMBER = """numbers => document.querySelectorAll(".printed-contents a").forEach((link, i) => {
    link.lastElementChild.textContent = numbers[i]
})"""


@contextlib.contextmanager
def chromium(*arguments):
    """A headless Chromium: the one that CHROMIUM names, or Debian's, or playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        yield browser
        browser.close()


def print_book(folder, pdf):
    """Print the built book below `folder` into the file `pdf`; return its number of pages."""
    folder, pdf = pathlib.Path(folder).resolve(), pathlib.Path(pdf).resolve()
    page_file = pdf.with_suffix(".html")
    pdf.parent.mkdir(parents=True, exist_ok=True)
    page, titles = one_page(folder, pdf.parent)
    page_file.write_text(page, encoding="utf-8")
    with chromium(FAIR_LETTERS) as browser, tempfile.TemporaryDirectory() as fonts:
        window = browser.new_page(color_scheme="light", viewport={"width": WIDTH, "height": HEIGHT})
        window.goto(page_file.as_uri(), timeout=WAIT)
        window.emulate_media(media="print")
        window.add_style_tag(content=font_faces(pathlib.Path(fonts)))
        window.evaluate(LOAD_FONTS)
        window.evaluate(SHRINK)
        for boxes, short in WHOLE.items():
            window.evaluate(KEEP, [boxes, short])
        print_window(window, pdf)
        pages = first_pages(pdf, titles)
        window.evaluate(NUMBER, pages)
        print_window(window, pdf, outline=True, tagged=True)  # bookmarks, and the structure that a screen reader needs
    if first_pages(pdf, titles) != pages:
        raise RuntimeError("Expected the chapters on the pages of the first print. Received: others in the second.")
    page_file.unlink()
    pack(pdf)
    return len(pypdfium2.PdfDocument(pdf))


def print_window(window, pdf, **structure):
    """Print what a window shows."""
    window.pdf(path=str(pdf), prefer_css_page_size=True, print_background=True, **structure)


def first_pages(pdf, anchors):
    """The page of each anchor. (Of one between two pages Chromium may say either, but a chapter begins at the top of its own.)"""
    places = named_places(pdf)
    return [places.get(anchor) for anchor in anchors]


def named_places(pdf):
    """Map each anchor of a PDF to its page, counted from 1."""
    document = pypdfium2.PdfDocument(pdf)
    places = {}
    for index in range(raw.FPDF_CountNamedDests(document)):
        length = ctypes.c_long()
        raw.FPDF_GetNamedDest(document, index, None, length)
        name = ctypes.create_string_buffer(length.value)
        place = raw.FPDF_GetNamedDest(document, index, name, length)
        places[name.raw.decode("utf-16-le").rstrip("\0")] = raw.FPDFDest_GetDestPageIndex(document, place) + 1
    return places
