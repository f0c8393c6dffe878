"""Batches of images as their own targets, gathered by number from one copy of the images."""

import tensorflow as tf

from aelib.checks import not_negative_integer, positive_integer


def shuffled_batches(images, batch_size, seed=None):
    """Return a dataset for `fit` in which every image is its own target.

    Only the numbers of the images are shuffled, in a new order each epoch, and a
    batch is gathered by them in one operation. `fit(images, images)` instead begins by
    copying both arrays and gathers each batch twice, as input and as target.

    Parameters
    ----------
    images : array_like, shape (n, …)
        Copied once, here, and not again by any `fit`.
    batch_size : int
        Images a step; the last batch of an epoch may be smaller.
    seed : int or None
        Fixes the orders, together with `keras.utils.set_random_seed` where that was
        called before; `None` leaves them to it alone.

    Returns
    -------
    tf.data.Dataset
        Of pairs (batch, batch), each of shape (batch_size, …). Pass `shuffle=False`
        to `fit`, which would otherwise warn that it leaves the order to the dataset.

    Raises
    ------
    ValueError
        If there is no image, `batch_size` is not a positive integer, or `seed` not a whole number of at least 0.
    """
    if seed is not None:
        seed = not_negative_integer("seed", seed)
    images = tf.constant(images)
    batch_size = positive_integer("batch_size", batch_size)
    if images.shape.rank == 0 or images.shape[0] == 0:
        raise ValueError(f"Expected at least one image. Received: images of shape {tuple(images.shape)}.")

    def gather(numbers):
        batch = tf.gather(images, numbers)
        return batch, batch

    count = images.shape[0]
    numbers = tf.data.Dataset.range(count).shuffle(count, seed=seed)
    return numbers.batch(batch_size).map(gather).prefetch(1)
