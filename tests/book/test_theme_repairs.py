"""What the theme gets wrong on a page is mended, and nothing else is touched."""

import pytest

from book.extensions.theme_repairs import page


def test_a_figure_gets_its_size_and_a_box():
    body = '<p><img alt="A &quot;line&quot;" src="../_images/a.png" /></p>'
    found = page.with_boxes_around_figures(body, {"a.png": (700, 400)})
    assert found == (
        '<p><span class="figure-box" style="--natural: 700px"><img width="700" height="400" alt="A &quot;line&quot;" '
        'src="../_images/a.png" /></span></p>'
    )


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ('<img alt="x" src="_images/unknown.png">', '<span class="figure-box">{}</span>'),
        ('<img width="50%" alt="x" src="_images/a.png">', '<span class="figure-box">{}</span>'),
        ('<img alt="x" src="data:image/png;base64,AAAA">', "{}"),
    ],
)
def test_a_size_that_is_given_or_not_known_and_an_image_of_others_are_left_alone(image, found):
    assert page.with_boxes_around_figures(image, {"a.png": (700, 400)}) == found.format(image)


def test_a_list_of_references_claims_no_role_and_exercises_share_no_id():
    body = '<div role="list" class="citation-list"><div class="citation" id="id4" role="doc-biblioentry"></div></div>'
    assert page.with_valid_names(body) == '<div class="citation-list"><div class="citation" id="id4"></div></div>'
    assert page.with_valid_names('<section id="exercise-content"><section id="mine">') == '<section><section id="mine">'
    proof = '<div class="proof admonition" id="proof">\n<p>Proof. By (1).</p></div>'
    assert page.with_valid_names(proof) == '<div class="proof admonition"><p><em>Proof.</em> By (1).</p></div>'


def test_pictures_after_the_first_are_fetched_later():
    body = page.with_boxes_around_figures('<img src="_images/a.png"><img src="_images/a.png">', {"a.png": (7, 4)})
    assert body.count('loading="lazy"') == 1 and body.index('loading="lazy"') > body.index("a.png")


def test_what_unfolds_code_is_named_by_the_words_on_it():
    assert page.with_valid_names('<summary aria-label="Toggle hidden content"><p>Show') == "<summary><p>Show"


CODE = '<code class="docutils literal notranslate">{}</code>'


@pytest.mark.parametrize(
    ("name", "parted"),
    [
        ("experiments/in_keras/shallow.py", "experiments/<wbr>in_<wbr>keras/<wbr>shallow.<wbr>py"),
        ("aelib.nn.layers.Dense.__call__", "aelib.<wbr>nn.<wbr>layers.<wbr>Dense.__call__"),
        ("a_name_of_20_letters", "a_name_of_20_letters"),
        ("numpy.testing.x == 0.12345", "numpy.<wbr>testing.<wbr>x == 0.12345"),
    ],
)
def test_a_long_name_in_the_text_may_break_between_its_parts(name, parted):
    code = CODE.format('<span class="pre">{}</span> <span class="pre">short.name</span>')
    assert page.with_breaks_in_names(code.format(name)) == code.format(parted)


def test_names_that_are_not_code_of_the_text_are_left_alone():
    for body in (
        '<pre><span class="pre">a.long.name.in.a.block.of.code</span></pre>',
        "<p>a.long.name.of.a.package</p>",
    ):
        assert page.with_breaks_in_names(body) == body


def test_the_arrow_beside_a_part_is_named_after_it():
    link = '<a class="reference internal" href="a.html">{}</a>'
    sidebar = (
        "<li>"
        + link.format("1 Code &amp; <em>loss</em>")
        + "<details><summary><i></i></summary><ul><li>"
        + link.format("1.1 One")
    )
    assert page.with_named_toggles(sidebar) == sidebar.replace(
        "<summary>", '<summary aria-label="Pages of 1 Code &amp; loss">'
    )
