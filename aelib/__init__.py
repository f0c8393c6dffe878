"""What the chapters of the autoencoder book share.

The NumPy half (`layers`, `losses`, `optimizers`, `network`, …) speaks Keras in
miniature and imports NumPy alone. The Keras half lives in `models`. Importing
`aelib` itself imports neither.
"""

__version__ = "0.1.0"
