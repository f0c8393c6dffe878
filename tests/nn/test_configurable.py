"""An object returns its configuration, and an equal object can be made from it."""

import json

import numpy as np
import pytest

from aelib.nn import activations, initializers, losses, regularizers
from aelib.nn.configurable import Configurable, snake_case


class Leaf(Configurable):
    def __init__(self, size=1.0, colour=None, seed=None):
        self.size, self.colour, self.seed = size, colour, seed


class Tree(Configurable):
    def __init__(self, height, leaf="leaf", branches=()):
        self.height, self.leaf, self.branches = height, leaf, branches


class Forgetful(Configurable):
    def __init__(self, size, *rest, **others):
        self.length = size


def test_the_configuration_is_the_arguments_of_the_constructor():
    assert Leaf(2.0, "red").get_config() == {"size": 2.0, "colour": "red", "seed": None}


def test_objects_within_are_written_as_their_class_and_arguments():
    config = Tree(3, Leaf(2.0), [Tree(1, Leaf()), Leaf()]).get_config()
    leaf = {"class_name": "Leaf", "config": {"size": 1.0, "colour": None, "seed": None}}
    assert config["leaf"] == {**leaf, "config": {**leaf["config"], "size": 2.0}}
    inner = {"class_name": "Tree", "config": {"height": 1, "leaf": leaf, "branches": ()}}
    assert config["height"] == 3 and config["branches"] == [inner, leaf]


def test_a_generator_is_not_a_setting():
    assert Leaf(seed=np.random.default_rng(1)).get_config()["seed"] is None
    assert Leaf(seed=7).get_config()["seed"] == 7


def test_an_argument_that_was_not_kept_is_a_clear_error_and_not_one_of_the_repr():
    with pytest.raises(TypeError, match="Forgetful.get_config expected an attribute .*Received: none called size"):
        Forgetful(3).get_config()
    assert repr(Forgetful(3)) == "Forgetful()"


def test_from_config_takes_arguments_and_leaves_out_only_what_asks_for_nothing():
    assert Leaf.from_config({"size": 4.0, "input_axes": None}).size == 4.0
    with pytest.raises(TypeError, match="unexpected keyword argument 'input_axes'"):
        Leaf.from_config({"input_axes": [0]})


@pytest.mark.parametrize(
    "thing, text",
    [
        (Leaf(), "Leaf()"),
        (Leaf(1.0, "red"), "Leaf(colour='red')"),
        (Leaf(1), "Leaf(size=1)"),
        (Tree(3), "Tree(height=3)"),
        (Tree(3, Leaf()), "Tree(height=3)"),
        (Tree(3, Leaf(2.0)), "Tree(height=3, leaf=Leaf(size=2.0))"),
        (Tree(3, branches=[Leaf()]), "Tree(height=3, branches=[Leaf()])"),
        (regularizers.L2(0.1), "L2(l2=0.1)"),
        (activations.LeakyReLU(0.3), "LeakyReLU(negative_slope=0.3)"),
        (losses.BinaryCrossentropy(from_logits=True), "BinaryCrossentropy(from_logits=True)"),
        (initializers.RandomNormal(stddev=0.1, seed=3), "RandomNormal(stddev=0.1, seed=3)"),
    ],
)
def test_the_repr_is_the_call_that_makes_it(thing, text):
    assert repr(thing) == text
    names = {
        "Leaf": Leaf,
        "Tree": Tree,
        **vars(regularizers),
        **vars(activations),
        **vars(losses),
        **vars(initializers),
    }
    again = eval(text, names)
    assert type(again) is type(thing) and repr(again) == text


PARTS = [
    *((activations, cls()) for cls in activations.NAMES.values()),
    (activations, activations.LeakyReLU(0.1)),
    *((initializers, cls()) for cls in initializers.INITIALIZERS.values()),
    (initializers, initializers.VarianceScaling(3.0, "fan_avg", "uniform", 4)),
    (initializers, initializers.RandomUniform(-1.0, 2.0, seed=1)),
    (initializers, initializers.TruncatedNormal(1.0, 2.0, seed=1)),
    (initializers, initializers.Constant(0.3)),
    (initializers, initializers.Identity(0.3)),
    (initializers, initializers.Orthogonal(0.3, 2)),
    *((regularizers, cls()) for cls in regularizers.REGULARIZERS.values()),
    (regularizers, regularizers.L1L2(0.1, 0.2)),
    *((losses, cls()) for cls in losses.LOSSES.values()),
    (losses, losses.BinaryCrossentropy(from_logits=True, name="bits")),
    (losses, losses.CategoricalCrossentropy(from_logits=True)),
]


@pytest.mark.parametrize(
    "module, part", PARTS, ids=lambda value: repr(value) if isinstance(value, Configurable) else ""
)
def test_every_part_is_made_again_of_its_configuration_by_way_of_json(module, part):
    for again in (
        type(part).from_config(json.loads(json.dumps(part.get_config()))),
        module.deserialize(json.loads(json.dumps(module.serialize(part)))),
    ):
        assert type(again) is type(part) and again is not part
        assert again.get_config() == part.get_config() and repr(again) == repr(part)


@pytest.mark.parametrize(
    "name, expected",
    [("HeNormal", "he_normal"), ("L1L2", "l1l2"), ("Zeros", "zeros"), ("MeanSquaredError", "mean_squared_error")],
)
def test_snake_case(name, expected):
    assert snake_case(name) == expected
