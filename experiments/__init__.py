"""Experiments too long for a chapter: each is a script, and its record lies in `results/`."""
