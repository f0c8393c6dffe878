"""No page shuts a reader out: axe-core finds nothing serious, in both themes, on a wide screen and on phones."""

import pytest

WIDTHS = (1280, 375, 320)
THEMES = ("light", "dark")

# Axe takes a page's time for each element it looks at. Of the words of a program that have one colour, and so one class, it
# sees the first alone; and the drawing of a formula, which a reader of screens does not see either, it sees where it scrolls.
THIN_OUT = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span")) {
    const kind = word.className + (word.closest(".cell_output") ? " printed" : "");
    if (seen.has(kind)) word.replaceWith(...word.childNodes);
    seen.add(kind);
  }
  for (const formula of document.querySelectorAll(".katex-html")) {
    const box = formula.closest(".katex-display") ?? formula;
    if (box.scrollWidth <= box.clientWidth) formula.replaceChildren();
  }
}"""

SETTLE = """() => document.fonts.ready
  .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"""


def show(page, width, theme):
    """Give an open page another width and another theme, as its reader would."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.evaluate(SETTLE)


@pytest.fixture(scope="module")
def page(window):
    """One window for all pages: what they share is loaded once."""
    with window(height=900, reduced_motion="reduce") as page:
        yield page


def test_nothing_on_a_page_shuts_a_reader_out(page, violations, book, address):
    page.emulate_media(color_scheme="light")
    page.goto((book / address).as_uri())
    page.evaluate(SETTLE)
    for width in WIDTHS:
        show(page, width, "light")
        if width == WIDTHS[0]:
            for button in page.query_selector_all("button.toggle-button-hidden"):
                button.evaluate("button => button.click()")  # what is folded away is read too
    page.evaluate(THIN_OUT)
    found = {}
    for theme in THEMES:
        for width in WIDTHS:
            show(page, width, theme)
            assert page.evaluate("document.documentElement.dataset.theme") == theme
            if lines := violations(page):
                found[theme, width] = lines
    assert found == {}


# ------------------------------------------------- the checks themselves can fail


@pytest.mark.parametrize(
    "rule, body",
    [
        ("color-contrast", '<p style="color: #aaa; background: #fff">pale words</p>'),
        ("image-alt", '<img src="x.png">'),
        ("button-name", "<button></button>"),
        ("label-content-name-mismatch", '<button aria-label="Search">Search Ctrl+K</button>'),
        (
            "scrollable-region-focusable",
            '<div style="width: 50px; overflow: auto"><p style="width: 500px">more words than the box is wide</p></div>',
        ),
    ],
)
def test_what_shuts_a_reader_out_is_found(open_page, write, violations, rule, body):
    page = open_page(write(f"<main><h1>A page</h1>{body}</main>"))
    assert [line.split(":")[0] for line in violations(page)] == [rule]


def test_a_colour_that_fails_in_one_theme_alone_is_found(open_page, write, violations):
    style = "<style>@media (prefers-color-scheme: dark) { body { background: #111 } h1 { color: #eee } p { color: #333 } }</style>"
    page = open_page(write("<main><h1>A page</h1><p>words</p></main>", head=style))
    assert violations(page) == []
    show(page, 375, "dark")
    assert [line.split(":")[0] for line in violations(page)] == ["color-contrast"]


def test_words_of_a_program_are_thinned_out_to_one_of_each_colour(open_page, write):
    body = '<div class="highlight"><pre><span class="k">if</span> <span class="k">else</span> <span class="s">x</span></pre></div>'
    page = open_page(write(body))
    page.evaluate(THIN_OUT)
    assert page.evaluate("[...document.querySelectorAll('span')].map(e => e.textContent)") == ["if", "x"]
    assert page.inner_text("pre") == "if else x"


def test_a_colour_is_read_once_and_is_the_same_each_time(open_page, write, violations):
    page = open_page(write("<main><h1>A page</h1></main>"))
    assert violations(page) == []
    colours = [
        "#abc",
        "rgb(1, 2, 3)",
        "rgba(255, 128, 0, 0.5)",
        "hsl(120deg 100% 25%)",
        "oklch(0.6 0.2 30)",
        "transparent",
    ]
    read = "colours => colours.map(text => new axe.commons.color.Color().parseString(text).toJSON())"
    first, again = page.evaluate(read, colours), page.evaluate(read, colours)
    assert first == again and len({str(colour) for colour in first}) == len(colours)
    assert first[1] == {"red": 1, "green": 2, "blue": 3, "alpha": 1} and again[2]["alpha"] == 0.5
