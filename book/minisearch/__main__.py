"""Fetch MiniSearch again, check it, and put its files into their place: `python -m book.minisearch`.

For another version, change VERSION and SHA256, which is the digest of the package's archive. SOURCES.md describes the files.
"""

import pathlib

from book.npm import fetched

VERSION = "7.2.0"
SHA256 = "cb3b8126a3ea65d6b387787294f0792b0ea4a40b70f8f37688066a5638e0218a"

PAGES = pathlib.Path(__file__).parents[1] / "static" / "search"  # what a browser needs


def main():
    files = fetched("minisearch", VERSION, SHA256)
    (PAGES / "minisearch.js").write_bytes(files["dist/umd/index.js"])
    (PAGES / "LICENSE").write_bytes(files["LICENSE.txt"])


if __name__ == "__main__":
    main()
