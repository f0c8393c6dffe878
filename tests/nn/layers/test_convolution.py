"""Convolution and transposed convolution, compared with loops, central differences and Keras."""

import aelib.models.convolutional

import numpy as np
import pytest

import aelib.nn
from aelib.nn import Input, Sequential, layers

# Strides that divide the sides or not, windows larger and smaller than the strides, and windows that are not square.
GEOMETRIES = [
    {"kernel_size": 3},
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 3, "strides": 2, "padding": "same"},
    {"kernel_size": (2, 3), "strides": (2, 1), "padding": "valid"},
    {"kernel_size": (4, 2), "strides": (3, 2), "padding": "same"},
    {"kernel_size": (1, 2), "strides": (2, 3), "padding": "valid"},
    {"kernel_size": 1, "strides": 3, "padding": "same"},
]
NAMES = ["Conv2D", "Conv2DTranspose"]


def test_a_convolution_by_hand():
    image = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).reshape(1, 2, 3, 1)
    layer = layers.Conv2D(1, 2, kernel_initializer="zeros", dtype="float64")
    layer.build_for((None, 2, 3, 1))
    layer.set_weights([np.array([[1.0, 10.0], [100.0, 1000.0]]).reshape(2, 2, 1, 1), [0.5]])
    assert layer.forward(image).ravel().tolist() == [5421.5, 6532.5]
    to_x = layer.backward(np.array([2.0, 3.0]).reshape(1, 1, 2, 1))
    assert to_x[0, :, :, 0].tolist() == [[2, 23, 30], [200, 2300, 3000]]
    assert layer.kernel_gradient[:, :, 0, 0].tolist() == [[2 + 6, 4 + 9], [8 + 15, 10 + 18]]
    assert layer.bias_gradient.tolist() == [5]


def test_a_transposed_convolution_by_hand():
    image = np.array([2.0, 3.0]).reshape(1, 1, 2, 1)
    layer = layers.Conv2DTranspose(1, 2, kernel_initializer="zeros", dtype="float64")
    layer.build_for((None, 1, 2, 1))
    layer.set_weights([np.array([[1.0, 10.0], [100.0, 1000.0]]).reshape(2, 2, 1, 1), [0.5]])
    assert layer.forward(image)[0, :, :, 0].tolist() == [[2.5, 23.5, 30.5], [200.5, 2300.5, 3000.5]]
    to_x = layer.backward(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).reshape(1, 2, 3, 1))
    assert to_x.ravel().tolist() == [5421, 6532]
    assert layer.kernel_gradient[:, :, 0, 0].tolist() == [[2 + 6, 4 + 9], [8 + 15, 10 + 18]]
    assert layer.bias_gradient.tolist() == [21]


def test_the_formula_of_the_docstring_pixel_by_pixel(rng):
    x = rng.normal(size=(2, 5, 6, 3))
    layer = layers.Conv2D(4, (2, 3), (2, 1), kernel_initializer="random_normal", dtype="float64")
    z = layer(x)
    kernel = layer.kernel
    for n, r, c, f in np.ndindex(z.shape):
        expected = sum(
            x[n, 2 * r + i, c + j, ch] * kernel[i, j, ch, f] for i in range(2) for j in range(3) for ch in range(3)
        )
        assert z[n, r, c, f] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_transpose_is_the_way_back_of_the_convolution(geometry, rng):
    """With the same kernel, `⟨conv(x), y⟩ = ⟨x, transpose(y)⟩` if the transpose makes an image of the right size."""
    settings = {"use_bias": False, "kernel_initializer": "random_normal", "dtype": "float64", **geometry}
    y = rng.normal(size=(2, 2, 3, 4))
    transpose = layers.Conv2DTranspose(3, **settings)
    back = transpose(y)
    x = rng.normal(size=back.shape)
    conv = layers.Conv2D(4, **settings)
    conv.build_for((None, *x.shape[1:]))
    conv.set_weights(transpose.get_weights())
    assert (conv.forward(x) * y).sum() == pytest.approx((x * back).sum())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_gradients_are_slopes(name, geometry, check_slopes, rng):
    layer = getattr(layers, name)(2, activation="tanh", kernel_initializer="zeros", **geometry)
    check_slopes(layer, rng.normal(size=(2, 4, 5, 2)), training=True)


PENALTIES = {"kernel_regularizer": "l2", "bias_regularizer": "l2", "activity_regularizer": "l2"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("settings", [{"use_bias": False}, PENALTIES, {"activation": "sigmoid"}])
def test_gradients_are_slopes_with_penalties_and_outside_of_training(name, settings, check_slopes, rng):
    layer = getattr(layers, name)(2, (2, 3), kernel_initializer="zeros", **settings)
    check_slopes(layer, rng.normal(size=(2, 4, 3, 2)), training=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_keras(name, geometry, check_keras, rng):
    x = rng.normal(size=(3, 7, 6, 2))
    check_keras(name, x, True, 4, activation="tanh", kernel_initializer="zeros", **geometry)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("settings", [{"use_bias": False}, PENALTIES, {"activation": "relu", "strides": [2, 1]}])
def test_keras_with_penalties_and_outside_of_training(name, settings, check_keras, rng):
    check_keras(name, rng.normal(size=(3, 7, 6, 2)), False, 4, [2, 3], kernel_initializer="zeros", **settings)


def test_keras_s_arguments_in_keras_s_order(check_keras, rng):
    x = rng.normal(size=(2, 7, 6, 2))
    settings = {"kernel_initializer": "zeros"}
    check_keras("Conv2D", x, True, 4, 3, 2, "same", "channels_last", (1, 1), 1, "tanh", **settings)
    check_keras("Conv2DTranspose", x, True, 4, 3, 2, "same", None, "channels_last", 1, "tanh", **settings)


def test_training_is_keras_s(check_training, rng):
    normal = {"kernel_initializer": "random_normal", "padding": "same"}

    def network(k):
        return [
            k.layers.Conv2D(4, 3, strides=2, activation="tanh", **normal),
            k.layers.BatchNormalization(momentum=0.8),
            k.layers.Conv2DTranspose(3, 3, strides=2, activation="relu", **normal),
            k.layers.Conv2D(1, 3, activation="sigmoid", **normal),
        ]

    x = rng.random((10, 6, 4, 1))
    check_training(network, x, x, "binary_crossentropy")


@pytest.mark.parametrize("latent_dim", [None, 3])
def test_the_book_s_convolutional_autoencoder_is_keras_s(latent_dim, check_training, monkeypatch, rng):
    """The function that the chapters call, with `aelib.nn` instead of `keras`."""
    module = aelib.models.convolutional
    monkeypatch.setattr(aelib.nn.utils, "_seeded", np.random.default_rng(0))  # the function has no seed

    def network(k):
        monkeypatch.setattr(module, "keras", k)
        _, encoder, decoder = module.convolutional_autoencoder((8, 4, 1), (2, 4), latent_dim)
        return [encoder, decoder]

    x = rng.random((10, 8, 4, 1))
    ours, theirs = check_training(network, x, x, "binary_crossentropy", epochs=2)
    assert ours.count_params() == theirs.count_params()


@pytest.mark.parametrize("name", NAMES)
def test_passes_that_reuse_memory_give_the_same_numbers(name, rng):
    x, y = (rng.normal(size=(2, 5, 4, 2)).astype("float32") for _ in range(2))
    layer = getattr(layers, name)(3, 3, 2, "same", activation="elu", kernel_initializer="random_normal")
    gradient = np.ones(layer(x).shape, "float32")
    expected = [layer.forward(x), layer.backward(gradient), *layer.gradients]
    with aelib.nn.memory.reused():
        for batch in (y, x):
            results = [layer.forward(batch), layer.backward(gradient), *layer.gradients]
        for result, number in zip(results, expected):
            np.testing.assert_array_equal(result, number)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_layer_of_a_network_need_not_go_back_to_the_data(name, rng):
    layer = getattr(layers, name)(3, 3, kernel_initializer="random_normal")
    a = layer(rng.normal(size=(2, 5, 4, 2)))
    assert layer.backward_from_delta(a, input_gradient=False) is None
    kernel_gradient = layer.kernel_gradient
    layer.backward_from_delta(a)
    assert (layer.kernel_gradient == kernel_gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_batch_is_not_changed(name, rng):
    layer = getattr(layers, name)(3, 1, activation="elu", kernel_initializer="random_normal")
    x = rng.normal(size=(2, 5, 4, 2)).astype("float32")
    before = x.copy()
    gradient = np.ones(layer(x).shape, "float32")
    layer.backward(gradient)
    assert (x == before).all() and (gradient == 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_needs_its_shape(name):
    layer = getattr(layers, name)(3, 2, name="filter", kernel_initializer="zeros")
    with pytest.raises(RuntimeError, match="'filter' is not built"):
        layer.forward(np.ones((2, 4, 4, 1)))
    for shape in ((None, 4), (None, 4, 4), (None, 4, 4, 1, 1)):
        with pytest.raises(
            ValueError, match=r"'filter' expected batches of images.*Received: .*Add a Reshape before it"
        ):
            layer.build_for(shape)
    layer.build_for((None, 4, 4, 2))
    with pytest.raises(RuntimeError, match="'filter' expected a forward pass before backward"):
        layer.backward(np.ones((2, 3, 3, 3)))
    for shape in ((2, 4, 4, 1), (2, 4, 5, 2), (2, 32), (4, 4, 2)):
        with pytest.raises(ValueError, match=r"expected a batch of shape \(n, 4, 4, 2\). Received: shape \("):
            layer.forward(np.ones(shape))
    shape = layer.forward(np.ones((2, 4, 4, 2))).shape
    for use in (layer.backward, layer.backward_from_delta):
        with pytest.raises(ValueError, match=r"expected a gradient of the shape of its output.*Received: shape \(1, "):
            use(np.ones((1, *shape[1:])))


def test_an_image_smaller_than_the_window_is_an_error():
    with pytest.raises(ValueError, match=r"size of a window, \(5, 5\). Received: images of size \(4, 8\)"):
        Sequential([Input((4, 8, 1)), layers.Conv2D(1, 5, kernel_initializer="zeros")])


@pytest.mark.parametrize("name", NAMES)
def test_what_keras_can_do_beyond_is_refused_by_name(name):
    beyond = {"data_format": "channels_first", "dilation_rate": 2}
    beyond |= {"groups": 2} if name == "Conv2D" else {"output_padding": 1}
    for argument, value in beyond.items():
        with pytest.raises(ValueError, match=f"{argument} expected .*Received: "):
            getattr(layers, name)(2, 3, **{argument: value})
    with pytest.raises(TypeError, match="kernel_constraint"):
        getattr(layers, name)(2, 3, kernel_constraint="non_neg")


@pytest.mark.parametrize("name", NAMES)
def test_wrong_arguments_are_errors(name):
    for arguments, message in [
        ((0, 3), "filters must be a positive integer"),
        ((2.5, 3), "filters must be a positive integer"),
        ((2, 0), "kernel_size must be a positive integer"),
        ((2, (3, 3, 3)), "kernel_size expected a positive integer, or two of them"),
        ((2, 3, 0), "strides must be a positive integer"),
        ((2, 3, (1, 2, 3)), "strides expected a positive integer, or two of them"),
        ((2, 3, 1, "full"), "padding expected 'valid' or 'same'"),
    ]:
        with pytest.raises(ValueError, match=f"{message}. Received: "):
            getattr(layers, name)(*arguments)


@pytest.mark.parametrize("name", NAMES)
def test_configuration(name, check_config):
    layer = getattr(layers, name)(
        2, 3, (2, 1), "same", activation="tanh", use_bias=False, kernel_regularizer="l2", name="filter", dtype="float64"
    )
    check_config(layer)
    again = type(layer).from_config(layer.get_config())
    assert (again.windows.size, again.windows.strides, again.windows.padding) == ((3, 3), (2, 1), "same")
    assert type(again.activation) is type(layer.activation) and again.kernel_regularizer.__class__.__name__ == "L2"
