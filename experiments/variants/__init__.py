"""Experiments of the part *Variants*."""
