"""Experiments of the part *Background*."""
