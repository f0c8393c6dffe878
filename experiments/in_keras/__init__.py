"""Experiments of the part *In Keras*."""
