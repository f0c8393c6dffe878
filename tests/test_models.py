"""The Keras half: the dense autoencoder's shape, its shared halves, and a quiet start."""

import os
import subprocess
import sys

import aelib.models  # first: it starts TensorFlow quietly
import keras
import numpy as np
import pytest

from aelib.models import dense_autoencoder, start_tensorflow, startup


@pytest.fixture(autouse=True)
def global_random_state_untouched():
    """Keras seeds NumPy's global generator by design."""


def widths(network):
    return [layer.units for layer in network.layers]


def activations(network):
    return [layer.activation.__name__ for layer in network.layers]


def test_the_decoder_has_the_encoders_sizes_in_reverse():
    autoencoder, encoder, decoder = dense_autoencoder(784, [128, 64], 32)
    assert widths(encoder) == [128, 64, 32] and widths(decoder) == [64, 128, 784]
    assert autoencoder.input_shape == autoencoder.output_shape == (None, 784)
    assert encoder.output_shape == decoder.input_shape == (None, 32)
    pairs = [(784, 128), (128, 64), (64, 32), (32, 64), (64, 128), (128, 784)]
    assert autoencoder.count_params() == sum(a * b + b for a, b in pairs)


def test_activations_stand_where_they_were_asked_for():
    _, encoder, decoder = dense_autoencoder(6, (5, 4), 2, "elu", "tanh", "linear")
    assert activations(encoder) == ["elu", "elu", "tanh"] and activations(decoder) == ["elu", "elu", "linear"]


def test_the_defaults_are_relu_a_linear_code_and_a_sigmoid_output():
    _, encoder, decoder = dense_autoencoder(6, (4,), 2)
    assert activations(encoder) == ["relu", "linear"] and activations(decoder) == ["relu", "sigmoid"]


def test_without_hidden_units_the_code_is_the_only_hidden_layer():
    autoencoder, encoder, decoder = dense_autoencoder(6, (), 2)
    assert widths(encoder) == [2] and widths(decoder) == [6] and len(autoencoder.weights) == 4


def test_hidden_units_may_come_from_anything_that_can_be_gone_through():
    _, encoder, decoder = dense_autoencoder(6, (units for units in (5, 4)), 2)
    assert widths(encoder) == [5, 4, 2] and widths(decoder) == [4, 5, 6]


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


def test_the_start_writes_nothing_and_keeps_the_readers_settings():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    code = "import aelib.models, os, sys; print(os.environ['TF_ENABLE_ONEDNN_OPTS'], 'tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert (done.stdout.strip(), done.stderr) == ("1 True", "")


def test_what_is_written_to_stderr_after_the_start_is_seen(capfd):
    start_tensorflow()
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"


def test_a_failing_import_is_not_hidden_and_stderr_comes_back(monkeypatch, capfd):
    def fail(name):
        os.write(2, b"unseen")
        raise ImportError(f"no {name}")

    monkeypatch.setattr(startup.importlib, "import_module", fail)
    with pytest.raises(ImportError, match="no tensorflow"):
        start_tensorflow()
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"


def test_the_package_names_what_it_offers():
    assert all(hasattr(aelib.models, name) for name in aelib.models.__all__)
