"""The picture that is shown beside a link to the book: its title above the picture of its cover.

    python -m book.preview

draws `book/static/preview.png`. It wants a Chromium and `tests/browser/requirements.txt`.
"""

import pathlib

from PIL import Image

from book.printing.chromium import chromium

STATIC = pathlib.Path(__file__).parent / "static"
PICTURE = STATIC / "preview.png"
SIZE = {"width": 1200, "height": 630}  # what the services that show it ask for
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="type.css"><style>
  body { align-items: center; background: #fdfcfa; color: #24262b; display: flex; flex-direction: column; font: 600 76px "Source Serif 4";
         gap: 56px; height: 630px; justify-content: center; margin: 0; }
  img { width: 940px; }
</style>The Autoencoder Book<img src="cover.svg">"""


def draw():
    """Write the picture, with few colours, for it has few."""
    page_file = STATIC / "preview.html"
    page_file.write_text(PAGE, encoding="utf-8")
    try:
        with chromium() as browser:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(page_file.as_uri())
            page.evaluate("() => document.fonts.ready")
            page.screenshot(path=PICTURE)
    finally:
        page_file.unlink()
    with Image.open(PICTURE) as picture:
        few = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    few.save(PICTURE, optimize=True)


if __name__ == "__main__":
    draw()
    print(f"wrote {PICTURE}, {PICTURE.stat().st_size:,} bytes")
