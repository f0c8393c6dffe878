"""The room kept for a formula is about the room that it takes, estimated from its TeX alone."""

import pytest

from book.extensions.theme_repairs import formula_room


@pytest.mark.parametrize(
    "tex, ems",  # as MathJax sets them, measured in Chromium beside the text of the book
    [
        ("x", 0.62),
        ("W^{(2)}", 2.25),
        ("A^{(2)} = f(A^{(1)} W^{(2)} + b^{(2)})", 11.72),
        (r"\partial C / \partial W^{(k)} = A^{(k-1)\top} \Delta^{(k)}", 11.73),
        (r"W \leftarrow W - \eta \, \partial C/\partial W", 9.69),
        (r"\tanh' = 1 - \tanh^2", 8.39),
        (r"\frac{f(z+h) - f(z)}{h}", 4.84),
        (r"-0.02440 \cdot 0.6914 = -0.01687", 13.97),
        (r"u_1, \dots, u_d", 4.6),
        (r"\lVert a \rVert = \sqrt{a^\top a}", 5.83),
    ],
)
def test_the_width_of_a_formula_is_about_right(tex, ems):
    assert formula_room.width(tex) == pytest.approx(ems, abs=0.5)


def test_what_stands_above_and_below_is_not_counted_twice():
    assert formula_room.width("x_i^2") == formula_room.width("x^2")
    assert formula_room.width(r"\frac{a}{b}") < formula_room.width("ab") + 0.3


def test_a_sign_before_its_number_is_closer_than_between_two():
    assert formula_room.width("a - b") > formula_room.width("= -b") - formula_room.width("=") + formula_room.width("a")


@pytest.mark.parametrize("tex", ["", "}", "{{", r"\frac", "^", r"\unknown{x}", "x^"])
def test_any_tex_has_a_width(tex):
    assert formula_room.width(tex) >= 0.4


@pytest.mark.parametrize(
    "tex, ems",
    [
        ("h = f(W x + b)", 1.6),
        (r"\frac{\partial C}{\partial w}", 2.9),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", 3.2),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \\ 5 & 6 \end{pmatrix}, \qquad x", 4.65),
    ],
)
def test_the_height_of_a_display_is_that_of_its_rows(tex, ems):
    assert formula_room.height(tex) == pytest.approx(ems)


def test_room_is_written_on_formulas_and_on_nothing_else():
    body = (
        r'<p>the <span class="math notranslate nohighlight">\(x &lt; 1\)</span> and <code>\(y\)</code></p>'
        r'<div class="math notranslate nohighlight" id="equation-eq-a">'
        r'<span class="eqno">(1)<a class="headerlink" href="#equation-eq-a">#</a></span>\[x\]</div>'
    )
    found = formula_room.with_room(body)
    assert f'nohighlight" style="--room: {formula_room.width("x < 1")}em">\\(x &lt; 1\\)' in found
    assert 'id="equation-eq-a" style="--room: 1.6em"><span class="eqno">' in found
    assert found.count("--room") == 2 and r"<code>\(y\)</code>" in found


@pytest.mark.parametrize("before, after", [("", ","), ("(", ")."), ("", ""), ("“", "”")])
def test_a_formula_stays_with_its_brackets_and_commas(before, after):
    found = formula_room.with_room(rf'<p>see {before}<span class="math x">\(a\)</span>{after} and</p>')
    room = formula_room.width("a")
    formula = rf'<span class="math x" style="--room: {room}em">\(a\)</span>'
    kept = f'<span class="with-formula">{before}{formula}{after}</span>' if before + after else formula
    assert found == f"<p>see {kept} and</p>"
