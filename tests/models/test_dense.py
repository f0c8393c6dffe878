"""The Keras half: the dense autoencoder's shape and shared halves, its batches, and a quiet start."""

import itertools
import os
import subprocess
import sys

import aelib.models  # first: it starts TensorFlow quietly
from aelib.models import dense_autoencoder, shuffled_batches, start_tensorflow, startup

import keras
import numpy as np
import pytest


def widths(network):
    return [layer.units for layer in network.layers]


def activations(network):
    return [layer.activation.__name__ for layer in network.layers]


@pytest.mark.parametrize("hidden", [[], [5], [128, 64]])
def test_the_decoder_has_the_encoders_sizes_in_reverse(hidden):
    autoencoder, encoder, decoder = dense_autoencoder(6, iter(hidden), 2)
    assert widths(encoder) == [*hidden, 2] and widths(decoder) == [*hidden[::-1], 6]
    assert autoencoder.input_shape == autoencoder.output_shape == (None, 6)
    assert encoder.output_shape == decoder.input_shape == (None, 2)
    pairs = itertools.pairwise([6, *hidden, 2, *hidden[::-1], 6])
    assert autoencoder.count_params() == sum(a * b + b for a, b in pairs)


def test_activations_stand_where_they_were_asked_for():
    _, encoder, decoder = dense_autoencoder(6, (5, 4), 2, "elu", "tanh", "linear")
    assert activations(encoder) == ["elu", "elu", "tanh"] and activations(decoder) == ["elu", "elu", "linear"]
    _, encoder, decoder = dense_autoencoder(6, (4,), 2)
    assert activations(encoder) == ["relu", "linear"] and activations(decoder) == ["relu", "sigmoid"]


def test_the_halves_share_the_weights_that_training_changes(rng):
    keras.utils.set_random_seed(0)
    autoencoder, encoder, decoder = dense_autoencoder(6, (5,), 2)
    x = rng.random((20, 6)).astype("float32")
    before = [w.copy() for w in encoder.get_weights()]
    autoencoder.compile("adam", "mse")
    loss = autoencoder.fit(x, x, epochs=3, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    assert any((a != b).any() for a, b in zip(before, encoder.get_weights()))
    codes = encoder.predict(x, verbose=0)
    np.testing.assert_allclose(decoder.predict(codes, verbose=0), autoencoder.predict(x, verbose=0), rtol=1e-5)


def test_the_seed_decides_the_weights():
    kernels = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        kernels.append(dense_autoencoder(6, (), 2)[0].get_weights()[0])
    assert (kernels[0] == kernels[1]).all() and (kernels[0] != kernels[2]).any()


def orders(batches, epochs):
    """The numbers of images that are themselves numbers, a list for each epoch."""
    return [np.concatenate([x for x, _ in batches.as_numpy_iterator()]).tolist() for _ in range(epochs)]


def trained_losses(images, batch_size, from_batches, epochs=10, **options):
    """The loss of each epoch of a network that always starts from the same weights."""
    keras.utils.set_random_seed(0)
    autoencoder, _, _ = dense_autoencoder(784, (), 32)
    autoencoder.compile("adam", "mse", **options)
    if from_batches:
        batches = shuffled_batches(images, batch_size)
        return autoencoder.fit(batches, shuffle=False, epochs=epochs, verbose=0).history["loss"]
    return autoencoder.fit(images, images, batch_size, epochs, verbose=0).history["loss"]


@pytest.mark.parametrize("batch_size", [8, 60])
def test_each_image_comes_exactly_once_an_epoch_and_in_another_order_each_epoch(batch_size):
    epochs = orders(shuffled_batches(np.arange(50), batch_size), 4)
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4 and list(range(50)) not in epochs


def test_every_image_may_come_at_every_place():
    """A shuffle through a small buffer would keep the first images first."""
    keras.utils.set_random_seed(0)
    epochs = np.array(orders(shuffled_batches(np.arange(5), 2), 200))
    places = np.array([(epochs == image).sum(axis=0) for image in range(5)])  # (image, place)
    assert places.min() > 20 and places.max() < 65  # of 200, where 40 are expected


def test_the_seed_decides_the_orders_of_all_epochs():
    a, b, c = (orders(shuffled_batches(np.arange(50), 8, seed), 3) for seed in (1, np.int64(1), 2))
    assert a == b and all(x != y for x, y in zip(a, c))
    assert a[0] != a[1] != a[2] != a[0]  # a seed fixes the orders, and does not repeat the first


def test_without_a_seed_the_orders_follow_from_the_global_one():
    found = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        found.append([orders(shuffled_batches(np.arange(50), 8), 2) for _ in range(2)])
    assert found[0] == found[1] != found[2]
    assert found[0][0] != found[0][1]  # a second dataset goes through the images in its own orders


@pytest.mark.parametrize("batch_size", [3, np.int64(3)])
def test_the_target_is_the_input_and_the_last_batch_may_be_smaller(rng, batch_size):
    images = rng.random((8, 2, 2)).astype("float32")
    batches = shuffled_batches(images, batch_size)
    pairs = list(batches.as_numpy_iterator())
    assert [x.shape for x, _ in pairs] == [(3, 2, 2), (3, 2, 2), (2, 2, 2)] and len(batches) == 3
    assert all(x.dtype == "float32" and (x == y).all() for x, y in pairs)
    seen = np.concatenate([x for x, _ in pairs])
    assert sorted(map(bytes, seen)) == sorted(map(bytes, images))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, None, "2"])
def test_a_batch_size_that_is_no_positive_integer_is_refused(batch_size):
    with pytest.raises(ValueError, match=r"batch_size must be a positive integer\. Received"):
        shuffled_batches(np.zeros((3, 2)), batch_size)


@pytest.mark.parametrize("seed", ["1", 1.5, -1])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be zero or a positive integer\. Received"):
        shuffled_batches(np.zeros((3, 2)), 2, seed)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((6, 5, 2), "hidden_units must be a sequence of positive integers. Received: 5"),
        ((6, "5", 2), "hidden_units must be a sequence of positive integers. Received: '5'"),
        ((6, (5, 0), 2), "hidden_units must be a positive integer. Received: 0"),
        (("6", (), 2), "input_dim must be a positive integer. Received: '6'"),
        ((6, (), "2"), "latent_dim must be a positive integer. Received: '2'"),
    ],
)
def test_sizes_that_are_no_positive_integers_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        dense_autoencoder(*sizes)


@pytest.mark.parametrize("images", [np.zeros((0, 784)), [], np.float32(1)])
def test_batches_of_no_images_are_refused(images):
    with pytest.raises(ValueError, match=r"at least one image\. Received: images of shape"):
        shuffled_batches(images, 2)


def test_training_on_batches_ends_at_the_loss_of_fit_on_arrays_and_compiling_changes_nothing(mnist):
    """Another order of the images changed the loss by 1.1 % at most, over 6 seeds; compiling, by nothing."""
    images = mnist[0][0][:2000]
    on_arrays = trained_losses(images, 64, from_batches=False)
    plain = trained_losses(images, 64, from_batches=True)
    compiled = trained_losses(images, 64, from_batches=True, jit_compile=True, steps_per_execution=32)
    assert on_arrays[-1] < 0.3 * on_arrays[0]
    assert plain[-1] == pytest.approx(on_arrays[-1], rel=0.04)
    np.testing.assert_allclose(compiled, plain, rtol=1e-4)


def test_fit_is_silent_about_the_order_where_it_is_told_not_to_shuffle():
    autoencoder, _, _ = dense_autoencoder(6, (), 2)
    autoencoder.compile("adam", "mse")
    batches = shuffled_batches(np.zeros((4, 6), "float32"), 2)
    with pytest.warns(UserWarning, match="shuffle"):
        autoencoder.fit(batches, verbose=0)
    autoencoder.fit(batches, shuffle=False, verbose=0)  # a warning would be an error


def test_the_start_alone_writes_nothing_and_keeps_the_readers_settings():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    code = "import aelib.models, os, sys; print(os.environ['TF_ENABLE_ONEDNN_OPTS'], 'tensorflow' in sys.modules)"
    code += "; os.write(2, b'seen')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert (done.stdout.strip(), done.stderr) == ("1 True", "seen")


def test_a_failing_import_is_not_hidden_and_stderr_comes_back(monkeypatch, capfd):
    def fail(name):
        os.write(2, b"unseen")
        raise ImportError(f"no {name}")

    monkeypatch.setattr(startup.importlib, "import_module", fail)
    with pytest.raises(ImportError, match="no tensorflow"):
        start_tensorflow()
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"
