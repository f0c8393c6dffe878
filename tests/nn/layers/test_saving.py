"""A network with layers of every kind is restored from a file, and resumes training."""

import numpy as np

from aelib.nn import Input, Sequential, layers, models


def network():
    """A network with every layer, each with settings that are not the defaults."""
    return Sequential(
        [
            Input((6, 5, 2)),
            layers.Rescaling(2.0, -1.0),
            layers.GaussianNoise(0.1, seed=5),
            layers.Conv2D(3, (2, 3), (1, 2), "same", activation="elu", kernel_regularizer="l2"),
            layers.BatchNormalization(momentum=0.8, epsilon=0.01),
            layers.ReLU(),
            layers.MaxPooling2D((1, 2), 1, padding="same"),
            layers.Conv2DTranspose(2, 2, 2, use_bias=False),
            layers.AveragePooling2D(2, (2, 1)),
            layers.LayerNormalization(scale=False),
            layers.UpSampling2D((1, 2)),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(12),
            layers.Activation("tanh"),
            layers.Reshape((3, -1, 1)),
        ],
        rng=0,
    )


def test_every_layer_is_saved_and_trains_on_bit_for_bit(tmp_path, rng):
    x, y = rng.random((8, 6, 5, 2)).astype("float32"), rng.random((8, 3, 4, 1)).astype("float32")
    whole = network()
    assert {type(layer).__name__ for layer in whole.layers} == set(layers.LAYERS)
    whole.compile("adam", "mse")
    whole.fit(x, y, batch_size=4, epochs=2, verbose=0)
    whole.save(tmp_path / "network")
    loaded = models.load_model(tmp_path / "network")
    assert repr(loaded.layers) == repr(whole.layers)
    np.testing.assert_array_equal(loaded.predict(x), whole.predict(x))
    losses = [one.fit(x, y, batch_size=4, epochs=2, verbose=0).history["loss"] for one in (whole, loaded)]
    assert losses[0] == losses[1]
    for ours, theirs in zip(whole.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
