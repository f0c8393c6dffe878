"""The remedies of the experiments on overfitting: each does what its name says, and nothing where it is off."""

import numpy as np
import pytest

from experiments.practice import overfitting
from experiments.practice.overfitting_remedies import (
    batches_with,
    corrupted,
    network_with,
    rotated,
    shifted,
    winners,
)


@pytest.fixture
def images(rng):
    """A hundred pictures with a black margin of three pixels."""
    squares = np.zeros((100, 28, 28), "float32")
    squares[:, 3:-3, 3:-3] = rng.random((100, 22, 22))
    return squares.reshape(100, 784)


def test_subsets_are_nested_and_differ_between_seeds(images):
    few, more = (overfitting.subset(images, count, seed=1) for count in (10, 30))
    assert np.array_equal(few, more[:10])
    assert len(np.unique(more, axis=0)) == 30
    assert not np.array_equal(few, overfitting.subset(images, 10, seed=2))


def test_the_validation_images_are_not_in_the_pool():
    pool, x_val = overfitting.split(np.arange(5_000))
    assert len(x_val) == overfitting.VALIDATION_IMAGES
    assert not set(pool) & set(x_val) and len(pool) + len(x_val) == 5_000


def test_shifts_move_whole_images_within_their_bounds(images):
    moved = shifted(images, 2, np.random.default_rng(0)).reshape(-1, 28, 28)
    expected = {
        (down, across): np.roll(images.reshape(-1, 28, 28), (down, across), axis=(1, 2))
        for down in range(-2, 3)
        for across in range(-2, 3)
    }
    found = [next(m for m, e in expected.items() if np.array_equal(e[i], picture)) for i, picture in enumerate(moved)]
    assert len(set(found)) > 15
    assert shifted(images, 0, np.random.default_rng(0)) is images


def test_rotations_hold_the_image_itself_in_their_middle(images):
    versions = rotated(images, 20)
    assert versions.shape == (9, 100, 784) and versions.dtype == np.float32
    assert np.allclose(versions[4], images, atol=1e-6)
    assert not np.allclose(versions[0], images, atol=0.1)
    assert rotated(images, 0).shape == (1, 100, 784)


def test_noise_has_its_size_and_masking_keeps_the_mean(images):
    rng = np.random.default_rng(0)
    assert np.isclose((corrupted(images, 0.2, None, rng) - images).std(), 0.2, rtol=0.02)
    masked = corrupted(images, None, 0.4, rng)
    bright = images > 0
    assert np.isclose(np.mean(masked[bright] == 0), 0.4, atol=0.01)
    assert np.isclose(masked.mean(), images.mean(), rtol=0.02)
    assert corrupted(images, None, None, rng) is images


@pytest.mark.parametrize(
    ("remedies", "same"),
    [({}, True), ({"shifts": 1}, True), ({"Gaussian noise": 0.1}, False), ({"masking noise": 0.1}, False)],
    ids=["none", "shifts", "noise", "mask"],
)
def test_only_noise_and_masks_make_input_and_target_differ(images, remedies, same):
    inputs, targets = next(batches_with(images, np.random.default_rng(0), remedies))
    assert inputs.shape == targets.shape == (overfitting.BATCH_SIZE, 784)
    assert np.array_equal(inputs, targets) == same


def test_each_remedy_of_the_network_reaches_it():
    assert network_with(0, {"smaller code": 8}).layers[1].units == 8
    assert network_with(0, {"smaller rate": 1e-4}).optimizer.learning_rate == 1e-4
    assert network_with(0, {"weight decay": 0.2}).optimizer.weight_decay == 0.2
    rates = [getattr(layer, "rate", 0) for layer in network_with(0, {"dropout": 0.3}).layers]
    assert rates == [0, 0.3, 0, 0, 0.3, 0]  # behind the hidden layers, not behind the code or the output
    for name in ("L1", "L2"):
        assert all(layer.kernel_regularizer is not None for layer in network_with(0, {name: 1e-5}).layers)


def test_the_winners_are_the_two_best_and_the_best_of_each_kind():
    errors = {"shifts": 1.0, "rotations": 2.0, "L2": 3.0, "dropout": 4.0}
    best = {name: {"val_error": value} for name, value in errors.items()}
    assert winners(best) == (["shifts", "rotations"], ["shifts", "L2"])


def test_training_keeps_the_best_weights_beside_the_last(images):
    network = overfitting.build(0)
    batches = overfitting.plain_batches(images[:50], np.random.default_rng(0))
    watch, stopping = overfitting.train(network, batches, images[50:], steps=300)
    assert len(watch.curve) == 3
    assert np.isclose(overfitting.error(network, images[50:]), watch.curve[-1], rtol=1e-5)
    network.set_weights(stopping.best_weights)
    assert np.isclose(overfitting.error(network, images[50:]), min(watch.curve), rtol=1e-5)
