"""Names, classes and objects become objects; anything else is a clear error."""

import pytest

from aelib.nn.registry import resolve


class Shape:
    pass


class Circle(Shape):
    pass


REGISTRY = {"circle": Circle, "blob": Shape}


def test_a_name_becomes_a_new_object_of_its_class():
    first, second = (resolve("circle", REGISTRY, Shape, "shape") for _ in range(2))
    assert type(first) is Circle and first is not second


def test_a_class_becomes_an_object():
    assert type(resolve(Circle, REGISTRY, Shape, "shape")) is Circle


def test_an_object_is_returned_as_it_is():
    circle = Circle()
    assert resolve(circle, REGISTRY, Shape, "shape") is circle


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(ValueError, match="Unknown shape: expected one of blob, circle. Received: 'square'"):
        resolve("square", REGISTRY, Shape, "shape")


@pytest.mark.parametrize("thing", [3, None, int, object()])
def test_anything_else_is_told_what_was_expected(thing):
    with pytest.raises(TypeError, match="Unknown shape: expected a name or .*Shape. Received: .* of type"):
        resolve(thing, REGISTRY, Shape, "shape")
