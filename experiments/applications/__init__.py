"""Experiments of the part *Applications*."""
