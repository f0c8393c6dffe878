"""A page of the book can be read: at once, offline, without scripts, on a phone, and to its end.

Each page is opened once at either width, scrolled through, its solutions unfolded, and measured; the tests look at what
was found.
"""

import gzip
import pathlib
import re
import urllib.parse

import pytest

WIDTHS = (1280, 375)
SHIFT = 0.02  # of the layout, while the page is set up; beyond it a reader loses the line
FILES = 25  # that a page asks for until its end is reached
SHARED = 350_000  # bytes of style sheets, scripts and fonts as they are sent: texts compressed
WHOLE = 600_000  # bytes of the page, its pictures, and what it shares with others
# These hold trained networks that run in the page.
HEAVIER = {"chapters/5_keras/latent_space.html": 1_000_000}
TEXTS, FONTS = {".html", ".css", ".js", ".svg"}, {".woff2"}

# Runs before the page's own scripts: how far what is seen has moved without the reader's doing.
WATCH_SHIFT = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});"""

SETTLE = """() => document.fonts.ready
  .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"""

SCROLL_THROUGH = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo({top, behavior: "instant"});
    await new Promise(done => requestAnimationFrame(done));
  }
}"""

UNFOLD = """() => {
  document.querySelectorAll("button.toggle-button-hidden").forEach(button => button.click());
  document.querySelectorAll("article details").forEach(details => { details.open = true; });
}"""

# What sticks out of the page's width although nothing around it scrolls or clips, named as its reader would find it.
STICKS_OUT = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const held = element => {
    for (let e = element.parentElement; e; e = e.parentElement)
      if (getComputedStyle(e).overflowX !== "visible" && e !== document.body && e !== root) return true;
    return false;
  };
  const out = [...document.body.querySelectorAll("*")].filter(
    e => e.getBoundingClientRect().right > root.clientWidth + 1 && !held(e));
  return [`the page is ${root.scrollWidth} px wide`, ...out.map(e => e.outerHTML.slice(0, 100))];
}"""

# Formulas that stick out of the text's column where nothing scrolls, lie on their own number, or cannot be scrolled to
# by keyboard.
BAD_FORMULAS = """() => {
  const bad = [];
  const scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
  for (const math of document.querySelectorAll("article .math")) {
    const words = math.textContent.trim().slice(0, 60);
    const formula = math.querySelector(".katex-display, .katex"), box = formula.getBoundingClientRect();
    if (box.width === 0) continue;
    let holder = formula;
    while (!scrolls(holder) && !holder.matches("p, li, dd, td, figcaption, article")) holder = holder.parentElement;
    const column = holder.getBoundingClientRect();
    const right = Math.max(...[...math.querySelectorAll(".katex-base")].map(e => e.getBoundingClientRect().right));
    if (!scrolls(holder) && right > column.right + 1) bad.push("sticks out: " + words);
    if (holder === formula && formula.scrollWidth > formula.clientWidth + 1 && formula.tabIndex < 0)
      bad.push("cannot be scrolled by keyboard: " + words);
    const number = math.querySelector(":scope > .eqno")?.getBoundingClientRect();
    if (number && Math.min(number.right, box.right) - Math.max(number.left, box.left) > 1
        && Math.min(number.bottom, box.bottom) - Math.max(number.top, box.top) > 1)
      bad.push("lies on its number: " + words);
  }
  return bad;
}"""

# Boxes that scroll sideways and do not show it by a shadow, which is drawn by gradients.
UNMARKED = """() => [...document.querySelectorAll("article *")].filter(
    e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1
         && ["auto", "scroll"].includes(getComputedStyle(e).overflowX)
         && !getComputedStyle(e).backgroundImage.includes("gradient")
  ).map(e => e.outerHTML.slice(0, 100))"""

# Words of names in the text that are broken in the middle, each with the name it belongs to.
BROKEN_NAMES = """() => {
  const broken = [], range = document.createRange();
  for (const name of document.querySelectorAll("article :is(code .pre, dt > strong)"))
    for (const text of [...name.childNodes].filter(node => node.nodeType === Node.TEXT_NODE))
      for (const word of text.data.matchAll(/[A-Za-z]+/g)) {
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (new Set([...range.getClientRects()].filter(box => box.width > 0).map(box => box.top)).size > 1)
          broken.push(`${word[0]} in ${name.textContent}`);
      }
  return broken;
}"""

# What of the article is not to be seen, and is not folded away by a `details` of the page's own.
HIDDEN = """() => [...document.querySelectorAll("article :is(h1, h2, h3, p, pre, table, img, svg, .math)")].filter(
    e => !e.closest("details:not([open]), .headerlink") && e.textContent.trim() + (e.src ?? "") !== ""
         && !(e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.getBoundingClientRect().height > 0)
  ).map(e => e.outerHTML.slice(0, 100))"""

# Formulas that take no room, or are not said to a reader who cannot see them.
UNDRAWN = """() => [...document.querySelectorAll("article .math")].filter(
    e => !e.querySelector("math *") || !e.closest("details:not([open])") && !(e.querySelector(".katex-base")?.getBoundingClientRect().width > 0)
  ).map(e => e.outerHTML.slice(0, 100))"""

PICTURES_ARE_THERE = "[...document.querySelectorAll('article img')].every(e => e.complete)"

BROKEN_IMAGES = (
    """() => [...document.querySelectorAll("article img")].filter(e => e.naturalWidth === 0).map(e => e.src)"""
)


def visit(page, path):
    """Open a page, read it to its end, and return what was found on the way."""
    page.requests.clear()
    page.errors.clear()
    page.goto(path.resolve().as_uri())
    page.evaluate(SETTLE)
    shift = page.evaluate("window.shift")  # before the reader touches anything
    at_once = loaded(page)
    page.evaluate(UNFOLD)
    page.evaluate(SCROLL_THROUGH)
    page.wait_for_function(PICTURES_ARE_THERE)
    page.evaluate(SETTLE)
    return {
        "requests": [address for address in page.requests if not re.match(r"(file|data|blob):", address)],
        "shift": shift,
        "at once": at_once,
        "to the end": loaded(page),
        "sticks out": page.evaluate(STICKS_OUT),
        "formulas": page.evaluate(BAD_FORMULAS),
        "unmarked": page.evaluate(UNMARKED),
        "names": page.evaluate(BROKEN_NAMES),
        "images": page.evaluate(BROKEN_IMAGES),
        "errors": list(page.errors),
    }


def loaded(page):
    """The files that a page has asked for."""
    addresses = [urllib.parse.urlsplit(address) for address in page.requests if address.startswith("file:")]
    return list(dict.fromkeys(pathlib.Path(urllib.parse.unquote(address.path)) for address in addresses))


def weight(files):
    """The bytes of files as a server sends them: texts compressed, pictures and fonts as they are."""
    there = [path for path in files if path.exists()]
    return sum(len(gzip.compress(path.read_bytes())) if path.suffix in TEXTS else path.stat().st_size for path in there)


def shared(files):
    """Those of the files that pages share: style sheets, scripts and fonts; the search, which loads its own, has bounds of its own."""
    return [path for path in files if path.suffix in {".css", ".js", *FONTS} and path.parent.name != "search"]


@pytest.fixture(scope="module", params=WIDTHS, ids=lambda width: f"{width}px")
def page(window, request):
    """One window of either width for all pages."""
    with window(width=request.param, init=WATCH_SHIFT) as page:
        yield page


@pytest.fixture(scope="module")
def still(window):
    """A window in which no script runs."""
    with window(width=375, javascript=False) as page:
        yield page


def test_a_page_is_read_offline_without_errors_jumps_or_anything_cut_off(page, book, address):
    found = visit(page, book / address)
    shift, at_once, to_the_end = (found.pop(name) for name in ("shift", "at once", "to the end"))
    assert not any(found.values()), found
    assert shift <= SHIFT
    print(
        f"{address}: {len(at_once)} files, {weight(at_once):,} bytes; to its end {len(to_the_end)}, {weight(to_the_end):,}"
    )
    assert len(to_the_end) <= FILES
    assert weight(shared(to_the_end)) <= SHARED
    assert weight(to_the_end) <= HEAVIER.get(address, WHOLE)


def test_a_page_is_there_before_its_scripts(still, book, address):
    still.goto((book / address).as_uri())
    assert still.evaluate(HIDDEN) == []
    assert still.evaluate(BROKEN_IMAGES) == []
    assert still.evaluate(UNDRAWN) == []


# ------------------------------------------------- the checks themselves can fail


@pytest.fixture
def read(window, write):
    """Write a page and visit it, on a phone."""
    with window(width=375, init=WATCH_SHIFT) as page:

        def visited(body, **more):
            path = write(f"<article>{body}</article>")
            for name, content in more.items():
                (path.parent / name.replace("_", ".")).write_bytes(content)
            return visit(page, path)

        yield visited


SCROLLS = "overflow-x: auto; background: linear-gradient(to right, #ccc, transparent)"
FORMULA = (
    '<div class="math">{number}<span class="katex-display" {attributes} style="display: block; {style}">'
    '<span class="katex-base" style="display: inline-block; width: {width}px">x = y</span></span></div>'
)


@pytest.mark.parametrize(
    "body",
    [
        "<h1>A page</h1>" + "<p>and its words</p>" * 100,
        f'<div style="{SCROLLS}"><div style="width: 500px">wide</div></div>',
        FORMULA.format(number="", attributes="tabindex='0'", style=SCROLLS, width=500),
    ],
    ids=["long", "scrolls in its box", "a formula that scrolls"],
)
def test_a_page_with_nothing_wrong_is_left_alone(read, body):
    found = read(body)
    loaded_files = [[path.name for path in found.pop(name)] for name in ("at once", "to the end")]
    assert loaded_files == [["page.html"], ["page.html"]]
    assert found.pop("shift") == 0 and not any(found.values())


def test_a_late_request_to_another_host_is_found(read):
    late = """<p style="height: 3000px">far down</p><p id="end">the end</p><script>
      new IntersectionObserver(([entry]) => { if (entry.isIntersecting) fetch("http://127.0.0.1:9/late").catch(() => 0); })
        .observe(document.getElementById("end"));</script>"""
    assert read(late)["requests"] == ["http://127.0.0.1:9/late"]


def test_an_error_of_a_script_is_found(read):
    assert read("<script>console.error('one'); throw new Error('two')</script>")["errors"] == ["one", "two"]


def test_a_jump_is_found(read):
    jump = """<p id="late"></p><p style="height: 500px; background: #eee">words</p><script>
      Object.defineProperty(document.fonts, "ready", {value: new Promise(done => setTimeout(() => {
        document.getElementById("late").style.height = "300px"; done(); }, 300))});</script>"""
    assert read(jump)["shift"] > SHIFT


def test_what_makes_a_page_wider_than_the_screen_is_found(read):
    found = read('<div style="width: 500px">wide</div>')["sticks out"]
    assert found[0] == "the page is 508 px wide" and 'style="width: 500px"' in found[-1]


@pytest.mark.parametrize(
    "formula, complaint",
    [
        ({"width": 500}, "sticks out"),
        ({"width": 500, "style": "overflow-x: auto"}, "cannot be scrolled by keyboard"),
        ({"width": 300, "number": "<span class='eqno' style='float: right'>(1)</span>"}, "lies on"),
    ],
)
def test_a_formula_that_cannot_be_read_whole_is_found(read, formula, complaint):
    found = read(FORMULA.format(**{"number": "", "attributes": "", "style": ""} | formula))["formulas"]
    assert len(found) == 1 and found[0].startswith(complaint)


@pytest.mark.parametrize("drawn", ["", "x", "<math><mi>x</mi></math>", '<span class="katex-base">x</span>'])
def test_a_formula_that_is_not_drawn_or_not_said_is_found(still, write, drawn):
    still.goto(write(f'<article><span class="math">{drawn}</span></article>').as_uri())
    assert len(still.evaluate(UNDRAWN)) == 1


def test_a_formula_that_is_drawn_and_said_is_left_alone(still, write):
    formula = '<math><mi>x</mi></math><span class="katex-base">x</span>'
    still.goto(write(f'<article><span class="math">{formula}</span></article>').as_uri())
    assert still.evaluate(UNDRAWN) == []


def test_a_box_that_scrolls_and_does_not_show_it_is_found(read):
    found = read('<div style="overflow-x: auto"><div style="width: 500px">wide</div></div>')["unmarked"]
    assert len(found) == 1 and found[0].startswith("<div style=")


@pytest.mark.parametrize("name, broken", [("aelib.<wbr>models", []), ("aelib.models", ["models in aelib.models"])])
def test_a_word_of_a_name_that_is_broken_is_found(read, name, broken):
    style = "display: inline-block; width: 9ch; overflow-wrap: break-word; font-family: monospace"
    assert read(f'<code style="{style}"><span class="pre">{name}</span></code>')["names"] == broken


def test_an_image_that_is_not_there_is_found(read):
    assert len(read('<img src="missing.png" alt="nothing">')["images"]) == 1


@pytest.mark.parametrize(
    "body", ['<p style="display: none">x</p>', '<p style="visibility: hidden">x</p>', '<p style="opacity: 0">x</p>']
)
def test_what_waits_for_a_script_to_be_seen_is_found(still, write, body):
    still.goto(write(f"<article><h1>A page</h1>{body}</article>").as_uri())
    assert len(still.evaluate(HIDDEN)) == 1


def test_what_a_reader_can_unfold_without_scripts_is_left_alone(still, write):
    still.goto(write("<article><details><summary>more</summary><p>folded</p></details></article>").as_uri())
    assert still.evaluate(HIDDEN) == []


def test_what_a_page_loads_weighs_as_it_is_sent(read):
    far_down = '<p style="height: 30000px">x</p><img loading="lazy" width="1" height="1" src="a.webp" alt="x">'
    body = f'<link rel="stylesheet" href="a.css?v=1"><img src="b.png" alt="x"><img src="b.png" alt="x">{far_down}'
    files = {"a_css": b"p {}" * 1000, "a_webp": bytes(2000), "b_png": bytes(1000)}
    found = read(body, **files)
    at_once, to_the_end = found["at once"], found["to the end"]
    assert [path.name for path in at_once[1:]] == ["a.css", "b.png"]
    assert [path.name for path in to_the_end[1:]] == ["a.css", "b.png", "a.webp"]
    assert weight(to_the_end) - weight(at_once) == 2000
    assert [path.name for path in shared(to_the_end)] == ["a.css"] and 0 < weight(shared(to_the_end)) < 200
