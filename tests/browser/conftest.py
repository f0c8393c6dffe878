"""A headless Chromium, and pages opened in it as a reader would.

The tests of this folder want a Chromium and `tests/browser/requirements.txt`; without them
they are skipped, and say so. Those of the book's own pages also want the built book:

    jupyter-book build . && BOOK_PAGES=_build/html pytest -n0 tests/browser
"""

import os
import pathlib
import shutil

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = os.environ.get("BOOK_PAGES")
ARGUMENTS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, one for all tests."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: see tests/browser/requirements.txt")
    if CHROMIUM is None:
        pytest.skip("no Chromium: install Debian's package chromium, or name one in CHROMIUM")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def book():
    """The folder of the built book."""
    if PAGES is None:
        pytest.skip("no pages to check: build the book and set BOOK_PAGES=_build/html")
    folder = pathlib.Path(PAGES).resolve()
    assert (folder / "index.html").exists(), f"{folder} holds no built book"
    return folder


@pytest.fixture(scope="session")
def violations():
    """What axe finds of serious or critical impact on an open page, a line for each element."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe: see tests/browser/requirements.txt"
    )

    def lines(page):
        found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
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
        skip = pytest.param(
            "", marks=pytest.mark.skip("no pages to check: build the book and set BOOK_PAGES=_build/html")
        )
        metafunc.parametrize("address", [skip] if PAGES is None else list(addresses()))


@pytest.fixture
def write(tmp_path):
    """Write a page with a body and return its path."""

    def write_page(body, head=""):
        path = tmp_path / "page.html"
        head = f'<meta charset="utf-8"><title>A page</title>{head}'
        path.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>', encoding="utf-8"
        )
        return path

    return write_page


@pytest.fixture
def open_page(browser):
    """Open an HTML file in a window of its own, from `file://`; closed after the test.

    `open_page(path, width=1280, height=800, theme="light", javascript=True, init=None)` returns
    playwright's page. `init` is JavaScript that runs before the page's own. What went wrong on
    the way is in `page.errors`: exceptions of scripts and what they logged as errors.
    """
    contexts = []

    def open_file(path, width=1280, height=800, theme="light", javascript=True, init=None):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, java_script_enabled=javascript
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        if init is not None:
            page.add_init_script(init)
        page.goto(pathlib.Path(path).resolve().as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
