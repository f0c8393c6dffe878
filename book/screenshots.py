"""Take a picture of every page of the built book, in both themes and at two widths, for looking at.

    python -m book.screenshots FOLDER [WORD ...]

The pictures lie in FOLDER/WIDTH_THEME, cut into pieces where a page is long. With words, only the pages whose address holds one
of them are taken. Wants the built book, a Chromium and `tests/browser/requirements.txt`.
"""

import math
import pathlib
import sys

from book.printing.chromium import chromium

PAGES = pathlib.Path("_build/html")
WIDTHS = {1280: 1, 375: 2}  # and how many pixels of the screen make one of the page
THEMES = ("light", "dark")
# Those that are to be seen: others are not fetched yet.
DRAW_PICTURES = """() => Promise.all([...document.images].filter(picture => {
  const {top, bottom} = picture.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}).map(picture => picture.decode().catch(() => {})))"""
PIECE = 2400  # the height of a piece, which is the window's


def pages(words):
    """Every page whose address holds one of the words, or every page."""
    for path in sorted(PAGES.resolve().rglob("*.html")):
        address = path.relative_to(PAGES.resolve()).as_posix()
        leads_on = 'http-equiv="refresh"' in path.read_text(encoding="utf-8").lower()
        if not address.startswith("_") and not leads_on and (not words or any(word in address for word in words)):
            yield address, path


def take(page, address, path, folder):
    """Write the pieces of one page's picture."""
    page.goto(path.as_uri())
    page.evaluate("() => document.fonts.ready")
    height = page.evaluate("document.documentElement.scrollHeight")
    name = address.removesuffix(".html").replace("/", "_")
    for piece in range(math.ceil(height / PIECE)):
        page.evaluate(f"scrollTo({{top: {piece * PIECE}, behavior: 'instant'}})")
        page.evaluate(DRAW_PICTURES)
        page.screenshot(path=folder / f"{name}_{piece + 1}.png")


def main(folder, *words):
    with chromium() as browser:
        for width, scale in WIDTHS.items():
            for theme in THEMES:
                pieces = pathlib.Path(folder) / f"{width}_{theme}"
                pieces.mkdir(parents=True, exist_ok=True)
                context = browser.new_context(
                    viewport={"width": width, "height": PIECE}, color_scheme=theme, device_scale_factor=scale
                )
                page = context.new_page()
                for address, path in pages(words):
                    take(page, address, path, pieces)
                context.close()
                print(f"{pieces}: {len(list(pieces.iterdir()))} pictures")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
