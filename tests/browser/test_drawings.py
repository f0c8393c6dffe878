"""Diagrams as a reader sees them: large enough on a phone, whole, and in the colours of the theme."""

import pytest

SMALLEST = 9.5  # pixels

MEASURE = """() => [...document.querySelectorAll("article svg.diagram")].map((svg) => {
    const frame = svg.getBoundingClientRect(), scale = frame.width / svg.viewBox.baseVal.width;
    const box = (element) => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
    return {
        title: svg.querySelector("title").textContent,
        frame: box(svg),
        scrolls: Boolean(svg.closest("[tabindex]")),
        texts: [...svg.querySelectorAll("text")].map((text) => ({
            words: text.textContent,
            box: box(text),
            size: parseFloat(getComputedStyle(text).fontSize) * scale,
        })),
        ink: getComputedStyle(svg).color,
        paper: getComputedStyle(document.body).backgroundColor,
    };
})"""


@pytest.fixture(scope="module")
def pages(book):
    """Every page with a diagram."""
    found = [
        page
        for page in sorted(book.rglob("*.html"))
        if '<svg xmlns="http://www.w3.org/2000/svg" class="diagram"' in page.read_text()
    ]
    assert found, "no page has a diagram"
    return found


def diagrams(open_page, pages, **window):
    """Every (page's name, diagram) of the book, measured in a window."""
    for path in pages:
        page = open_page(path, **window)
        page.evaluate("document.fonts.ready")
        for diagram in page.evaluate(MEASURE):
            yield path.stem, diagram


@pytest.mark.parametrize("width", [375, 1280])
def test_words_are_large_enough_whole_and_apart(open_page, pages, width):
    for name, diagram in diagrams(open_page, pages, width=width):
        left, top, right, bottom = diagram["frame"]
        where = f"{name}: {diagram['title']}"
        assert diagram["scrolls"] or (left >= 0 and right <= width), f"{where} is wider than the window"
        for text in diagram["texts"]:
            x0, y0, x1, y1 = text["box"]
            assert text["size"] >= SMALLEST, f"{where}: {text}"
            assert left <= x0 and x1 <= right and top - 1 <= y0 and y1 <= bottom + 1, f"{where}: {text}"
        for i, a in enumerate(diagram["texts"]):
            for b in diagram["texts"][:i]:
                (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a["box"], b["box"]
                # A line's box is higher than its letters.
                meet = min(ax1, bx1) - max(ax0, bx0) > 1 and min(ay1, by1) - max(ay0, by0) > 0.35 * min(
                    ay1 - ay0, by1 - by0
                )
                assert not meet, f"{where}: {a['words']!r} and {b['words']!r}"


def test_the_ink_is_the_themes(open_page, pages):
    def brightness(color):
        return sum(map(float, color[color.index("(") + 1 : -1].split(",")[:3]))

    light = dict((name, d) for name, d in diagrams(open_page, pages, theme="light"))
    dark = dict((name, d) for name, d in diagrams(open_page, pages, theme="dark"))
    assert light.keys() == dark.keys()
    for name in light:
        assert brightness(light[name]["ink"]) < 250 < 500 < brightness(dark[name]["ink"]), name
