"""Experiments of the part *Practice*."""
