"""A page as it is printed."""

# Numbers of equations that do not stand at the right of their formula, on its height.
ASTRAY = """() => [...document.querySelectorAll("article div.math > .eqno")].filter(number => {
  const formula = number.parentElement.querySelector(".katex-display").getBoundingClientRect();
  const box = number.getBoundingClientRect();
  return box.left < formula.right - 1 || box.top < formula.top - 1 || box.bottom > formula.bottom + 1;
}).map(number => number.textContent)"""


def test_the_number_of_an_equation_stands_beside_it(open_page, book):
    page = open_page(book / "chapters/3_derivations/backward.html", width=506)
    page.emulate_media(media="print")
    assert page.locator("div.math > .eqno").count() > 10
    assert page.evaluate(ASTRAY) == []
