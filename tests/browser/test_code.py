"""Code is set to be read: large enough, with room between the lines, and none of them is hidden beyond an edge."""

import pytest

MEASURE = """() => {
  const code = document.querySelector(".cell_input .highlight > pre"), style = getComputedStyle(code);
  const letters = code.appendChild(document.createElement("span"));
  letters.style.display = "block";
  letters.textContent = "x".repeat(76);
  const sizes = {size: style.fontSize, leading: style.lineHeight, "76 letters fit": code.scrollWidth <= code.clientWidth};
  letters.textContent = "x".repeat(100);
  return {...sizes, "100 letters fit": code.scrollWidth <= code.clientWidth};
}"""


@pytest.mark.parametrize("width", [1280, 1920])
def test_code_has_14_pixels_a_leading_of_one_and_a_half_and_lines_of_76_letters(open_page, book, width):
    page = open_page(book / "chapters/1_background/what_is_an_autoencoder.html", width=width)
    page.evaluate("() => document.fonts.ready")
    assert page.evaluate(MEASURE) == {
        "size": "14px",
        "leading": "21px",
        "76 letters fit": True,
        "100 letters fit": False,
    }
