"""Mathematics is set when pages are built: for the eye and for a reader of screens, with numbers, links and macros."""

import json
import re
import subprocess
import sys

import bs4
import pytest

from book.extensions import typeset_math
from book.katex.__main__ import VERSION, with_one_source_each

CONF = r"""
extensions = ["myst_nb", "book.extensions.typeset_math"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "force"
numfig = True
math_macros = {"norm": r"\lVert #1 \rVert"}
"""

PAGE = r"""# A page

As ($x_1$), or $\norm{a}$. By {eq}`eq-loss` it is “$y$”.

$$
C = \sum_i e_i^2
$$ (eq-loss)

$$
a = b \\
c = d
$$

$$
e = f

g = h
$$

| $t$ |
|---|
| x |

```{figure} none.svg
:name: fig-none

A caption with $m$.
```
"""

OUTPUTS = """---
file_format: mystnb
kernelspec: {name: python3}
---
# Outputs

```{code-cell}
from IPython.display import Latex, Math, display
display(Math("p^2"), Latex("$q^2$"))
```
"""


@pytest.fixture(scope="module")
def build(request, tmp_path_factory):
    """Build a book of one page, strictly; return the page and what was reported."""

    def built(text):
        folder = tmp_path_factory.mktemp("book")
        (folder / "conf.py").write_text(CONF)
        (folder / "index.md").write_text(text, encoding="utf-8")
        (folder / "none.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", folder, folder / "html"]
        done = subprocess.run(command, cwd=request.config.rootpath, capture_output=True, text=True, timeout=300)
        page = (folder / "html" / "index.html").read_text(encoding="utf-8")
        return bs4.BeautifulSoup(page, "html.parser"), done.stderr

    return built


@pytest.fixture(scope="module")
def page(build):
    tree, reported = build(PAGE)
    assert reported == ""
    return tree


def said(tree):
    """The formulas of a page as a reader of screens gets them, without their TeX."""
    for tex in tree.find_all("annotation"):
        tex.extract()
    return [re.sub(r"[\s\u2061]", "", math.get_text()) for math in tree.find_all("math")]


def tex(tree):
    return [tex.get_text().strip() for tex in tree.find_all("annotation")]


@pytest.mark.parametrize(
    ("formula", "mathml"),
    [
        ("x", "<mi>x</mi>"),
        ("x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (r"\frac{a}{b}", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
        (r"\sqrt{2}", "<msqrt><mn>2</mn></msqrt>"),
        (r"\mathbb{R}", '<mi mathvariant="double-struck">R</mi>'),
        (r"a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
    ],
)
def test_a_formula_is_drawn_and_said(formula, mathml):
    page = typeset_math.typeset(formula)
    assert mathml in page
    assert 'class="katex-html" aria-hidden="true"' in page and 'class="katex-base"' in page


def test_a_displayed_formula_has_limits_above_and_below_its_sum():
    formula = r"\sum_{i=1}^n x_i"
    assert "<munderover>" in typeset_math.typeset(formula, display=True)
    assert "<msubsup>" in typeset_math.typeset(formula) and "katex-display" not in typeset_math.typeset(formula)


def test_a_macro_stands_for_what_it_says():
    macros = json.dumps({r"\norm": r"\lVert #1 \rVert"})
    without = r"<annotation.*?</annotation>"
    found = typeset_math.typeset(r"\norm{a}", macros=macros)
    assert re.sub(without, "", found) == re.sub(without, "", typeset_math.typeset(r"\lVert a \rVert"))


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (r"\frac{a", "Unexpected end of input"),
        (r"\norm{a}", r"Undefined control sequence: \\norm"),
        ("a & b", "Expected 'EOF', got '&'"),
        ("ü", "Unicode text character"),  # which TeX would refuse as well
    ],
)
def test_a_formula_that_is_wrong_is_refused_with_the_reason_alone(formula, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        typeset_math.typeset(formula)
    assert "\n" not in str(refused.value) and "<input>" not in str(refused.value)


def test_every_formula_of_a_page_is_set(page):
    assert [math.name for math in page.select(".math")] == ["span"] * 3 + ["div"] * 3 + ["span"] * 2
    assert tex(page)[:3] == ["x_1", r"\norm{a}", "y"] and tex(page)[-2:] == ["t", "m"]
    assert len(page.select(".math > .katex > .katex-mathml > math")) == 5
    assert len(page.select(".math > .katex-display > .katex > .katex-mathml > math")) == 3
    assert len(page.select(".katex")) == 8 and len(page.select("figcaption .katex, th .katex")) == 2
    assert not page.find_all(src=re.compile("katex|mathjax", re.IGNORECASE))


def test_an_equation_has_its_number_its_link_and_what_refers_to_it(page):
    equation = page.select_one("div.math#equation-eq-loss")
    assert equation.select_one(".eqno").get_text().startswith("(1)")
    assert equation.select_one(".eqno a.headerlink")["href"] == "#equation-eq-loss"
    assert page.select_one('p a[href="#equation-eq-loss"]').get_text() == "(1)"
    assert len(page.select(".eqno")) == 1


def test_lines_of_a_displayed_formula_stand_under_each_other(page):
    rows = [len(math.find_all("mtr")) for math in page.select("div.math math")]
    assert rows == [0, 2, 2]


@pytest.mark.parametrize(
    "written, set_as",
    [
        (r"\frac{a}{b} \\ c \\ d", r"\frac{a}{b} \\[0.8em] c \\ d"),
        (r"\begin{aligned} \frac12 \\[2ex] \frac12 \\ c \end{aligned}", r"\frac12 \\[2ex] \frac12 \\[0.8em] c"),
        (r"\frac12 \begin{pmatrix} \frac12 \\ 2 \end{pmatrix}", r"\begin{pmatrix} \frac12 \\ 2 \end{pmatrix}"),
        (r"\{ \frac12 \sum_{\substack{i \\ j}} b \\ c \}", r"\sum_{\substack{i \\ j}} b \\[0.8em] c \}"),
    ],
    ids=["lines", "a line with room of its own", "a matrix", "braces"],
)
def test_a_fraction_has_room_below_it(written, set_as):
    assert set_as in typeset_math.on_lines(written)


def test_the_room_below_a_fraction_makes_a_formula_higher():
    """KaTeX takes a room that is too small for none at all."""
    lines = r"\frac{a}{b^{(k)}} \\ c"
    tight, roomy = (
        float(re.search(r'strut" style="height:([\d.]+)em', typeset_math.typeset(tex, display=True))[1])
        for tex in (rf"\begin{{split}}{lines}\end{{split}}", typeset_math.on_lines(lines))
    )
    assert roomy > tight + 0.1


def test_a_formula_stays_with_its_brackets_and_its_punctuation(page):
    held = [
        [str(node) if isinstance(node, str) else node.name for node in span] for span in page.select(".with-formula")
    ]
    assert held == [["(", "span", "),"], ["span", "."], ["“", "span", "”."], ["span", "."]]
    assert "As (x" in page.p.get_text() and page.p.get_text().count("(") == 2


def test_the_outputs_of_a_cell_are_set(build):
    tree, reported = build(OUTPUTS)
    assert "index.md" not in reported and said(tree) == ["p2", "q2"]
    assert len(tree.select(".cell_output .math .katex-html")) == 2


def test_a_formula_that_is_wrong_is_reported_with_its_place_and_stands_as_it_was_written(build):
    tree, reported = build("# A page\n\nWords.\n\nAs $\\frac{a < b$ says.\n")
    assert re.search(r"index\.md:5: WARNING: KaTeX parse error: .*\\frac\{a < b", reported)
    assert tree.select_one("p .math code").get_text() == r"\frac{a < b"


def test_a_page_without_formulas_fetches_no_fonts_for_them(build, page):
    fonts = "document.fonts.load"
    assert fonts in str(page.head)
    assert fonts not in str(build("# A page\n")[0].head)


# ------------------------------------------------------------------- KaTeX itself


def test_the_program_and_the_style_sheet_are_of_one_version(root):
    css = (root / "book/static/katex/katex.css").read_text(encoding="utf-8")
    assert f'content:"{VERSION}"' in css and f'"{VERSION}"' in typeset_math.PROGRAM.read_text(encoding="utf-8")
    sources = (root / "book/katex/SOURCES.md").read_text(encoding="utf-8")
    assert VERSION in sources


def test_every_font_of_the_style_sheet_is_there(root):
    folder = root / "book/static/katex"
    named = re.findall(r"url\(([^)]*)\)", (folder / "katex.css").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(f"fonts/{path.name}" for path in (folder / "fonts").iterdir()) and len(named) == 20


def test_fonts_in_older_formats_are_left_out():
    css = (
        b'src:url(fonts/A.woff2) format("woff2"),url(fonts/A.woff) format("woff"),url(fonts/A.ttf) format("truetype")}'
    )
    assert with_one_source_each(css) == b'src:url(fonts/A.woff2) format("woff2")}'
