"""The search works in a browser, on pages opened from files: in the dialog, on its own page, by keyboard, and in time."""

import re

import pytest

PAGE = "chapters/3_derivations/forward.html"
OF_THE_SEARCH = re.compile(r"_static/search/(\w+)\.\w+$")
FOUND = "#pst-search-dialog .search-results a"


@pytest.fixture
def opened(book, open_page):
    """Open a page of the book."""
    return lambda address=PAGE, **settings: open_page(book / address, **settings)


def loaded(page):
    """The parts of the search that a page has asked for; what opens it may be in one file with other scripts."""
    return [match[1] for match in map(OF_THE_SEARCH.search, page.requests) if match and match[1] != "open"]


def test_the_dialog_finds_a_section_and_leads_to_it_by_keyboard(opened):
    page = opened()
    assert loaded(page) == []
    page.keyboard.press("Control+k")
    page.keyboard.type("vanishing gradient")
    page.wait_for_selector(FOUND)
    assert sorted(loaded(page)) == ["index", "minisearch", "ranking", "results", "search"]
    assert page.locator(FOUND).first.inner_text().startswith("Where gradients vanish, and why")
    assert re.fullmatch(r"\d+ places", page.locator("#pst-search-dialog [role=status]").inner_text())
    for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        assert page.evaluate(f"[...document.querySelectorAll('{FOUND}')].indexOf(document.activeElement)") == place
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Enter")
    page.wait_for_url("**/update_rules.html#where-gradients-vanish-and-why")
    assert page.errors == []


def test_escape_closes_the_dialog_and_so_does_a_result_on_the_same_page(opened):
    page = opened()
    for key, query in (("Escape", "momentum"), ("Enter", "shapes at each step")):
        page.keyboard.press("Control+k")
        page.locator("#pst-search-dialog input").fill(query)
        page.wait_for_selector(FOUND)
        page.keyboard.press(key)
        page.wait_for_function("!document.querySelector('#pst-search-dialog').open")
    assert page.url.endswith("#shapes-at-each-step")


def test_the_page_of_the_search_shows_what_an_address_asks_for(opened, book):
    page = opened("search.html")
    page.goto((book / "search.html").as_uri() + "?q=t-SNE")
    page.wait_for_selector("#search-page .search-results a")
    assert page.locator("#search-page input").input_value() == "t-SNE"
    assert "latent_space.html#" in page.locator("#search-page .search-results a").first.get_attribute("href")
    page.locator("#search-page input").fill("nothingofthekind")
    assert page.locator("#search-page [role=status]").inner_text() == "No places"
    assert page.errors == []


def test_without_scripts_the_page_of_the_search_leads_to_the_glossary(opened):
    page = opened("search.html", javascript=False)
    assert page.locator("#search-page noscript a").first.get_attribute("href").endswith("glossary.html")
    assert not page.locator("#search-page input").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_everybody_can_use_the_search(opened, violations, width, theme):
    page = opened(width=width, theme=theme)
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").fill("gradient")
    page.wait_for_selector(FOUND)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#pst-search-dialog .search-all a").click()
    page.wait_for_selector("#search-page .search-results a")
    assert violations(page) == []
