"""Prints the built book as one PDF: `jupyter-book build . && python -m book.printing`.

The pages are put together into one (`one_page`), which headless Chromium prints (`chromium`), once to learn on which
page each chapter begins, and once more with these numbers in the table of contents, in fonts of one weight each
(`static_fonts`). What Chromium wrote is then packed (`packing`).
"""
