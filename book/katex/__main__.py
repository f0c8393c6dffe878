"""Fetch KaTeX again, check it, and put its files into their places: `python -m book.katex`.

For another version, change VERSION and SHA256, which is the digest of the package's archive. SOURCES.md describes the files.
"""

import pathlib
import re

from book.npm import fetched

VERSION = "0.19.1"
SHA256 = "24da5a599eb2fcede2e270b99a6ff48bca816beecc95feeb84e8cccbd1bb34fd"

PROGRAM = pathlib.Path(__file__).parent
PAGES = PROGRAM.parent / "static" / "katex"  # what a browser needs


def with_one_source_each(css):
    """Leave out, in a style sheet, the fonts in older formats than WOFF2, which every browser of today reads."""
    return re.sub(rb",url\([^)]*\.(woff|ttf)\) format\([^)]*\)", b"", css)


def main():
    files = fetched("katex", VERSION, SHA256)
    (PAGES / "fonts").mkdir(parents=True, exist_ok=True)
    (PROGRAM / "katex.min.js").write_bytes(files["dist/katex.min.js"])
    (PAGES / "katex.css").write_bytes(with_one_source_each(files["dist/katex-swap.min.css"]))
    (PAGES / "LICENSE").write_bytes(files["LICENSE"])
    for name, font in files.items():
        if name.endswith(".woff2"):
            (PAGES / "fonts" / pathlib.PurePath(name).name).write_bytes(font)


if __name__ == "__main__":
    main()
