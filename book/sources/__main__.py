"""Print every fault in the sources of the book; exit with 1 if there is one."""

import pathlib
import sys

from book.sources import faults

found = faults(pathlib.Path(__file__).resolve().parents[2])
print(*found, f"faults in the sources of the book: {len(found)}", sep="\n")
sys.exit(bool(found))
