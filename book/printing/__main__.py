"""`python -m book.printing [folder of the built book] [PDF]`"""

import argparse
import pathlib

from book.printing.chromium import print_book

parser = argparse.ArgumentParser(prog="python -m book.printing", description="Print the built book as one PDF.")
parser.add_argument("folder", nargs="?", default="_build/html", type=pathlib.Path, help="where the built book is")
parser.add_argument("pdf", nargs="?", default="_build/book.pdf", type=pathlib.Path, help="the file to write")
arguments = parser.parse_args()
if not (arguments.folder / "index.html").exists():
    parser.error(f"Expected a built book in {arguments.folder}: run `jupyter-book build .` first.")
print(f"{arguments.pdf}: {print_book(arguments.folder, arguments.pdf)} pages")
