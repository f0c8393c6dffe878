"""The pictures that more than one chapter draws.

`plots` draws data with matplotlib, `diagrams` draws networks as SVG on a `drawing`, and `source` shows
tested code on the page. Each module is imported by its own name, since only some need matplotlib.
"""
