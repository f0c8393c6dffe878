"""`set_random_seed` makes everything reproducible that is not given a seed."""

import random

import numpy as np
import pytest

from aelib.nn import Sequential, utils
from aelib.nn.layers import Dense, Input


@pytest.fixture(autouse=True)
def seeds_of_the_tests_restored(monkeypatch):
    """`set_random_seed` seeds the generators of Python and of NumPy, as Keras does."""
    states = random.getstate(), np.random.get_state()
    monkeypatch.setattr(utils, "_seeded", None)
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def drawn(seed=None):
    """Return random numbers from Python, NumPy, a layer and two networks."""
    if seed is not None:
        utils.set_random_seed(seed)
    layer = Dense(2)
    layer.build_for((None, 3))
    kernels = [Sequential([Input((3,)), Dense(2)]).layers[0].kernel for _ in range(2)]
    return [random.random(), np.random.random(), *layer.kernel.flat, *kernels[0].flat, *kernels[1].flat]


def test_a_seed_fixes_all_that_is_drawn_and_no_two_draws_are_the_same():
    first, again, other = drawn(3), drawn(3), drawn(4)
    assert first == again and not set(first) & set(other) and len(set(first)) == len(first)


def test_a_network_takes_its_generator_when_it_is_built_even_if_its_layers_were_built_before():
    x, layers = np.eye(4, dtype="float32"), Sequential([Input((4,)), Dense(4)], rng=0).layers
    utils.set_random_seed(3)
    network = Sequential(layers)
    shared = utils.generator()
    utils.set_random_seed(4)
    network.compile("sgd", "mse")
    network.fit(x, x, verbose=0)
    assert network.rng is shared and shared is not utils.generator()


def test_numpy_s_and_python_s_generators_are_those_of_the_seed():
    utils.set_random_seed(np.int64(5))
    assert random.random() == random.Random(5).random()
    assert np.random.random() == np.random.RandomState(5).random_sample()


def test_without_a_seed_every_network_is_different():
    assert set(drawn()[2:]).isdisjoint(drawn()[2:])


def test_a_given_generator_is_used_and_the_shared_one_does_not_change():
    utils.set_random_seed(3)
    before = utils.generator().bit_generator.state
    kernels = [Sequential([Input((3,)), Dense(2)], rng=8).layers[0].kernel for _ in range(2)]
    assert (kernels[0] == kernels[1]).all() and utils.generator().bit_generator.state == before
    own = np.random.default_rng(0)
    assert utils.generator(own) is own and utils.generator() is utils.generator()


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "3", None, True])
def test_a_seed_that_is_not_such_an_integer_is_an_error_and_changes_nothing(seed):
    with pytest.raises(ValueError, match=r"seed must be an integer from 0 to 2\*\*32 - 1. Received: "):
        utils.set_random_seed(seed)
    assert utils._seeded is None
