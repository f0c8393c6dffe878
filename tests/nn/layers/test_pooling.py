"""Pooling and upsampling, compared with results by hand, central differences and Keras."""

import numpy as np
import pytest

from aelib.nn import Input, Sequential, layers

IMAGE = np.array([[1.0, 5.0, 2.0], [4.0, 3.0, 6.0], [7.0, 0.0, 8.0]]).reshape(1, 3, 3, 1)
GEOMETRIES = [
    {"pool_size": 2},
    {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"},
    {"pool_size": 3, "strides": 2, "padding": "same"},
    {"pool_size": (3, 2), "strides": 1},
    {"pool_size": 1, "strides": 2, "padding": "same"},
]
NAMES = ["MaxPooling2D", "AveragePooling2D"]


def test_the_largest_number_of_each_window():
    layer = layers.MaxPooling2D(2, 1)
    assert layer(IMAGE)[0, :, :, 0].tolist() == [[5, 6], [7, 8]]
    gradient = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    assert layer.backward(gradient)[0, :, :, 0].tolist() == [[0, 1, 0], [0, 0, 2], [3, 0, 4]]
    assert layers.MaxPooling2D()(IMAGE).ravel().tolist() == [5]
    assert layers.MaxPooling2D(padding="same")(-IMAGE)[0, :, :, 0].tolist() == [[-1, -2], [0, -8]]


def test_overlapping_windows_with_the_same_maximum_add_their_gradients():
    image = np.zeros((1, 3, 3, 1))
    image[0, 1, 1, 0] = 1
    layer = layers.MaxPooling2D(2, 1)
    layer(image)
    assert layer.backward(np.ones((1, 2, 2, 1)))[0, :, :, 0].tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]


def test_the_mean_of_each_window():
    layer = layers.AveragePooling2D(2, 1)
    assert layer(IMAGE)[0, :, :, 0].tolist() == [[3.25, 4], [3.5, 4.25]]
    gradient = np.array([[4.0, 8.0], [12.0, 16.0]]).reshape(1, 2, 2, 1)
    assert layer.backward(gradient)[0, :, :, 0].tolist() == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]
    assert layers.AveragePooling2D(2, padding="same")(IMAGE)[0, :, :, 0].tolist() == [[3.25, 4], [3.5, 8]]


def test_a_pixel_becomes_a_block():
    layer = layers.UpSampling2D((1, 2))
    image = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    assert layer(image)[0, :, :, 0].tolist() == [[1, 1, 2, 2], [3, 3, 4, 4]]
    gradient = np.arange(8.0).reshape(1, 2, 4, 1)
    assert layer.backward(gradient)[0, :, :, 0].tolist() == [[1, 5], [9, 13]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_slopes(name, geometry, training, check_slopes, rng):
    x = rng.permutation(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)  # no two are close, so no maximum moves
    check_slopes(getattr(layers, name)(**geometry), x, training)


@pytest.mark.parametrize("size", [2, (3, 1)])
@pytest.mark.parametrize("training", [False, True])
def test_gradients_of_upsampling_are_slopes(size, training, check_slopes, rng):
    check_slopes(layers.UpSampling2D(size), rng.normal(size=(2, 3, 2, 2)), training)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("training", [False, True])
def test_keras(name, geometry, training, check_keras, rng):
    check_keras(name, rng.normal(-3, 1, size=(2, 5, 6, 3)), training, **geometry)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_of_equal_numbers_keras_takes_the_same(geometry, check_keras, rng):
    """After a ReLU, many windows contain only zeros."""
    check_keras("MaxPooling2D", np.maximum(rng.integers(-2, 2, (2, 5, 6, 3)), 0), True, **geometry)


def test_keras_s_arguments_in_keras_s_order(check_keras, rng):
    x = rng.normal(size=(2, 5, 6, 3))
    check_keras("MaxPooling2D", x, True)
    for name in NAMES:
        check_keras(name, x, True, (2, 3), (1, 2), "same", "channels_last")
    check_keras("UpSampling2D", x, True)
    check_keras("UpSampling2D", x, False, (2, 3), "channels_last", "nearest")


def test_training_is_keras_s(check_training, rng):
    normal = {"kernel_initializer": "random_normal", "padding": "same"}

    def network(k):
        return [
            k.layers.Conv2D(3, 3, activation="relu", **normal),
            k.layers.MaxPooling2D(padding="same"),
            k.layers.UpSampling2D(4),
            k.layers.AveragePooling2D(3, 2, padding="same"),
            k.layers.Conv2D(1, 3, activation="sigmoid", **normal),
        ]

    x = rng.random((10, 4, 6, 1))
    check_training(network, x, x)


EACH = [layers.MaxPooling2D, lambda **settings: layers.AveragePooling2D(2, **settings), layers.UpSampling2D]


@pytest.mark.parametrize("make", EACH)
def test_a_pass_needs_its_shape(make):
    layer = make(name="pool")
    for shape in ((None, 4), (None, 4, 4), (None, 4, 4, 1, 1)):
        with pytest.raises(ValueError, match=r"'pool' expected batches of images.*Received: .*Add a Reshape before it"):
            layer.build_for(shape)
    with pytest.raises(RuntimeError, match="'pool' is not built"):
        layer.forward(np.ones((2, 4, 4, 2)))
    layer.build_for((None, 4, 4, 2))
    with pytest.raises(RuntimeError, match="'pool' expected a forward pass before backward"):
        layer.backward(np.ones((2, 4, 4, 2)))
    with pytest.raises(ValueError, match=r"expected a batch of shape \(n, 4, 4, 2\). Received: shape \(2, 4, 4, 1\)"):
        layer.forward(np.ones((2, 4, 4, 1)))
    shape = layer.forward(np.ones((2, 4, 4, 2))).shape
    for wrong in ((1, *shape[1:]), (*shape[:3], 1), (2, 1, 1, 2)):
        with pytest.raises(ValueError, match="expected a gradient of the shape of its output.*Received: shape"):
            layer.backward(np.ones(wrong))


def test_an_image_smaller_than_the_window_is_an_error():
    for layer in (layers.MaxPooling2D(5), layers.AveragePooling2D(5)):
        with pytest.raises(ValueError, match=r"size of a window, \(5, 5\). Received: images of size \(4, 8\)"):
            Sequential([Input((4, 8, 1)), layer])


def test_wrong_arguments_and_what_keras_can_do_beyond_are_refused_by_name():
    for make, name in ((layers.MaxPooling2D, "pool_size"), (layers.AveragePooling2D, "pool_size"),
                       (layers.UpSampling2D, "size")):  # fmt: skip
        with pytest.raises(ValueError, match=f"{name} must be a positive integer. Received: 0"):
            make(0)
        with pytest.raises(ValueError, match="data_format expected None or 'channels_last'.*Received: "):
            make(2, data_format="channels_first")
    for make in (layers.MaxPooling2D, layers.AveragePooling2D):
        with pytest.raises(ValueError, match="strides must be a positive integer. Received: -1"):
            make(2, -1)
        with pytest.raises(ValueError, match="padding expected 'valid' or 'same'. Received: 'full'"):
            make(2, 1, "full")
    with pytest.raises(ValueError, match="interpolation expected 'nearest'.*Received: 'bilinear'"):
        layers.UpSampling2D(interpolation="bilinear")


def test_configuration(check_config):
    check_config(layers.MaxPooling2D(3, name="pool"))
    check_config(layers.AveragePooling2D((2, 3), 1, "same"))
    check_config(layers.UpSampling2D((1, 2), dtype="float64"))
    assert layers.MaxPooling2D((2, 3)).get_config()["strides"] == (2, 3)
