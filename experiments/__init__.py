"""Experiments too long for a chapter, in rooms named after the book's parts; records lie in each room's `results/`.

`python -m experiments.<room>.<name>` runs one and records it.
"""
