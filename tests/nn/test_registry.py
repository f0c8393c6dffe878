"""Names, classes and objects are turned into objects; anything else raises a clear error."""

import pytest

from aelib.nn.configurable import Configurable
from aelib.nn.registry import by_name, resolve


class Shape(Configurable):
    pass


class Circle(Shape):
    def __init__(self, radius=1.0):
        self.radius = radius


class RoundRect(Shape):
    pass


REGISTRY = by_name(Circle, RoundRect, blob=Shape)


def test_a_name_becomes_a_new_object_of_its_class():
    first, second = (resolve("circle", REGISTRY, Shape, "shape") for _ in range(2))
    assert type(first) is Circle and first is not second


def test_a_class_becomes_an_object():
    assert type(resolve(Circle, REGISTRY, Shape, "shape")) is Circle


def test_an_object_is_returned_as_it_is():
    circle = Circle()
    assert resolve(circle, REGISTRY, Shape, "shape") is circle


def test_the_error_for_an_unknown_name_lists_the_known_names():
    with pytest.raises(ValueError, match="Unknown shape: expected one of blob, circle, round_rect. Received: 'square'"):
        resolve("square", REGISTRY, Shape, "shape")


@pytest.mark.parametrize("thing", [3, None, int, object(), ["circle"]])
def test_the_error_for_anything_else_says_what_was_expected(thing):
    with pytest.raises(TypeError, match="Unknown shape: expected a name or .*Shape. Received: .* of type"):
        resolve(thing, REGISTRY, Shape, "shape")


def test_each_class_is_listed_in_snake_case_and_under_its_aliases():
    assert REGISTRY == {"circle": Circle, "round_rect": RoundRect, "blob": Shape}


@pytest.mark.parametrize("name, cls", [("Circle", Circle), ("RoundRect", RoundRect), ("blob", Shape), ("Shape", Shape)])
def test_the_name_of_a_class_will_do_too(name, cls):
    assert type(resolve(name, REGISTRY, Shape, "shape")) is cls


@pytest.mark.parametrize("name", ["Round_Rect", "CIRCLE", "Blob", ""])
def test_a_name_must_match_exactly(name):
    with pytest.raises(ValueError, match=f"Unknown shape.*Received: '{name}'"):
        resolve(name, REGISTRY, Shape, "shape")


@pytest.mark.parametrize("name", ["circle", "Circle"])
def test_a_dictionary_is_a_name_with_arguments(name):
    circle = resolve({"class_name": name, "config": {"radius": 3}}, REGISTRY, Shape, "shape")
    assert type(circle) is Circle and circle.radius == 3


@pytest.mark.parametrize("rest", [{}, {"config": None}, {"config": {}, "module": "shapes", "registered_name": None}])
def test_a_dictionary_may_say_less_or_what_keras_adds(rest):
    assert resolve({"class_name": "circle", **rest}, REGISTRY, Shape, "shape").radius == 1.0


def test_a_dictionary_of_what_there_is_not_is_a_clear_error():
    with pytest.raises(ValueError, match="Unknown shape: expected one of blob, .*Received: None"):
        resolve({"config": {}}, REGISTRY, Shape, "shape")
    with pytest.raises(ValueError, match="Unknown shape.*Received: 'square'"):
        resolve({"class_name": "square", "config": {}}, REGISTRY, Shape, "shape")
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        resolve({"class_name": "circle", "config": {"colour": "red"}}, REGISTRY, Shape, "shape")
