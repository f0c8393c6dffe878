"""What the chapters of the autoencoder book share, in rooms.

`nn` is Keras in miniature on NumPy, `models` holds models in Keras itself, `applications` what an
autoencoder is used for, `datasets` the data, `metrics` the numbers that compare codes and
reconstructions, `figures` and `widgets` the pictures, still and interactive. Importing `aelib`
imports none of them.
"""

__version__ = "0.1.0"
