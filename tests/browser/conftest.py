"""A headless Chromium, and pages opened in it as a reader would.

The tests of this folder want a Chromium and `tests/browser/requirements.txt`; without them
they are skipped, and say so. Those of the book's own pages also want the built book:

    jupyter-book build . && BOOK_PAGES=_build/html pytest -n0 tests/browser
"""

import contextlib
import os
import pathlib

import pytest

PAGES = os.environ.get("BOOK_PAGES")
OFF_BY_DEFAULT = ["label-content-name-mismatch"]  # of axe's rules: a button has the name that one reads on it


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, one for all tests."""
    api = pytest.importorskip("book.printing.chromium", reason="no playwright: see tests/browser/requirements.txt")
    if api.CHROMIUM is None:
        pytest.skip("no Chromium: install Debian's package chromium, or name one in CHROMIUM")
    with api.chromium() as chromium:
        yield chromium


# Axe takes half of its time for reading the few colours of a page, in which it reads each anew for each element.
READ_COLOURS_ONCE = """() => {
  const colour = axe.commons.color.Color.prototype, read = colour.parseString, known = new Map();
  colour.parseString = function (text) {
    if (known.has(text)) [this.r, this.g, this.b, this.alpha] = known.get(text);
    else known.set(text, (read.call(this, text), [this.r, this.g, this.b, this.alpha]));
    return this;
  };
}"""


@pytest.fixture(scope="session")
def violations():
    """What axe finds of serious or critical impact on an open page, a line for each element."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe: see tests/browser/requirements.txt"
    ).Axe()

    def lines(page):
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe.axe_script)
            page.evaluate(READ_COLOURS_ONCE)
        found = page.evaluate(
            "options => axe.run(options).then(found => found.violations)",
            {
                "resultTypes": ["violations"],
                "selectors": False,
                "rules": {rule: {"enabled": True} for rule in OFF_BY_DEFAULT},
            },
        )
        return [
            f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    return lines


def addresses():
    """Every page of the built book, but for those that only lead on to another."""
    folder = pathlib.Path(PAGES)
    for path in sorted(folder.rglob("*.html")):
        address = path.relative_to(folder).as_posix()
        if not address.startswith("_") and 'http-equiv="refresh"' not in path.read_text(encoding="utf-8").lower():
            yield address


def pytest_generate_tests(metafunc):
    """A test that takes an `address` runs once for each page of the book, and its name says for which."""
    if "address" in metafunc.fixturenames:
        metafunc.parametrize("address", list(addresses()) if PAGES else ["no page"])  # which `book` skips


@pytest.fixture(scope="session")
def write(tmp_path_factory):
    """Write a page with a body and return its path."""

    def write_page(body, head=""):
        path = tmp_path_factory.mktemp("page") / "page.html"
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title>{head}'
        path.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>', encoding="utf-8"
        )
        return path

    return write_page


@pytest.fixture(scope="session")
def window(browser):
    """Open an empty window of its own: `with window(width, …) as page`, where `page` is playwright's.

    `init` is JavaScript that runs before the scripts of a page. What its pages request is in `page.requests`, and what goes
    wrong in `page.errors`: exceptions of scripts and what they log as errors.
    """

    @contextlib.contextmanager
    def opened(width=1280, height=800, theme="light", javascript=True, init="", **settings):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, java_script_enabled=javascript, **settings
        )
        context.add_init_script(init)
        page = context.new_page()
        page.requests, page.errors = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        yield page
        context.close()

    return opened


@pytest.fixture
def open_page(window):
    """Open an HTML file in a window of its own, from `file://`; closed after the test."""
    with contextlib.ExitStack() as windows:

        def open_file(path, **settings):
            page = windows.enter_context(window(**settings))
            page.goto(path.resolve().as_uri())
            return page

        yield open_file
