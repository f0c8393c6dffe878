"""The cover: quiet cards, and text in the middle of a wide screen."""

import pytest

SHADOWS = """() => [...document.querySelectorAll(".sd-card")].map(card => getComputedStyle(card).boxShadow)"""
ROOM = """() => {
  const around = document.querySelector(".bd-content").getBoundingClientRect();
  const text = document.querySelector(".bd-article-container").getBoundingClientRect();
  return [text.left - around.left, around.right - text.right];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_cards_have_no_shadow(open_page, book, theme):
    shadows = open_page(book / "chapters/index.html", theme=theme).evaluate(SHADOWS)
    assert shadows and set(shadows) == {"none"}


@pytest.mark.parametrize("width", [1280, 1920])
def test_the_text_has_as_much_room_at_its_left_as_at_its_right(open_page, book, width):
    left, right = open_page(book / "chapters/index.html", width=width).evaluate(ROOM)
    assert abs(left - right) <= 2
