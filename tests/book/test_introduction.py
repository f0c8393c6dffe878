"""The head of a page says what it is about."""

import re
import types

import docutils.core
import pytest

from book.extensions.theme_repairs import introduction


@pytest.fixture
def head():
    """What is added to the head of a page, as a dict, from its text in reStructuredText."""

    def added(text, baseurl=""):
        config = types.SimpleNamespace(html_baseurl=baseurl, root_doc="index")
        context = {
            "title": "4.1 <em>One</em> &amp; two",
            "docstitle": "The book",
            "pathto": lambda name, how: f"../{name}",
        }
        doctree = docutils.core.publish_doctree(text, settings_overrides={"doctitle_xform": False}) if text else None
        introduction.introduce(types.SimpleNamespace(config=config), "page", "page.html", context, doctree)
        return dict(re.findall(r'<meta (?:name|property)="([^"]*)" content="([^"]*)" />', context["metatags"]))

    return added


def test_it_is_the_first_paragraph_without_a_formula(head):
    found = head('Title\n=====\n\n* A list.\n\nLet :math:`x` be.\n\nA *code* of "two"\nnumbers.\n\nMore.')
    assert found["description"] == found["og:description"] == "A code of &quot;two&quot; numbers."
    assert found["og:title"] == "4.1 One &amp; two" and found["og:site_name"] == "The book"


def test_it_is_cut_between_words(head):
    found = head("Title\n=====\n\n" + "word " * 60)["description"]
    assert len(found) <= introduction.LENGTH and found.endswith("word …")


def test_a_page_without_a_paragraph_is_named(head):
    assert head("")["description"] == "4.1 One &amp; two: a page of The book."


def test_the_picture_has_its_whole_address_where_the_book_is_published(head):
    assert head("")["og:image"] == "../_static/preview.png"
    assert head("", "https://example.org/book/")["og:image"] == "https://example.org/book/_static/preview.png"
