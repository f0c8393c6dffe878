"""The two files that a page loads hold all that it needs, in its order, and nothing that fits no page."""

import pathlib

import pytest
from sphinx.builders.html._assets import _JavaScript

from book.extensions.theme_repairs import bundles


@pytest.mark.parametrize(
    "rule, rest",
    [
        (".used{a:b}", ".used{a:b}"),
        (".unused{a:b}", ""),
        ("#unused{a:b}", ""),
        (".used .unused{a:b}.used,.unused,p{c:d}", ".used,p{c:d}"),
        ("a:not(.unused,:is(.none)),.unused:not(.used){a:b}", "a:not(.unused,:is(.none)){a:b}"),
        ('[data-x=".unused"] .used::before{content:"x"}', '[data-x=".unused"] .used::before{content:"x"}'),
        ("@media print{.unused{a:b}}p{a:b}", "p{a:b}"),
        ("@media print{.unused{a:b}.used{a:b}}", "@media print{.used{a:b}}"),
        ("@supports (a:b){@media print{.unused{a:b}}}", ""),
        ("@keyframes x{from{a:b}12.5%{a:c}}", "@keyframes x{from{a:b}12.5%{a:c}}"),
        ('@font-face{src:url("a.woff2")}', '@font-face{src:url("a.woff2")}'),
    ],
)
def test_a_rule_stays_if_a_page_may_use_it(rule, rest):
    assert bundles.without_unused_rules(rule, {"used"}) == rest


def test_a_licence_stays_and_a_comment_goes():
    css = "/*! Theirs (https://example.org/theirs) */.unused{a:b}/* .a{} */.used{a:b}"
    assert bundles.without_unused_rules(css, {"used"}) == "/*! Theirs (https://example.org/theirs) */\n.used{a:b}"


def test_addresses_are_seen_from_the_folder_of_all():
    css = """a{b:url(fonts/a.woff2)}c{b:url("../d.svg")}e{f:url('data:image/svg+xml,<svg/>')}g{h:url(https://example.org/i)}"""
    assert bundles.with_addresses(css, "_static/katex/katex.css") == css.replace("fonts/", "katex/fonts/").replace(
        "../", ""
    )


def test_what_pages_and_scripts_name_is_used(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text('<p class="one two" id="three">four</p><script>list.add("five-six")</script>')
    (tmp_path / "_static" / "x.js").write_text("element.className = 'seven'")
    (tmp_path / "_static" / "template.html").write_text('<p class="eight">')
    words = bundles.words_of_pages(tmp_path)
    assert {"one", "two", "three", "five-six", "seven"} <= words and not {"four", "eight"} & words


def test_scripts_keep_their_order_and_what_one_says_of_itself(tmp_path):
    files = {"_static/a.js": '"use strict"; one', "_static/b.js": "two\n//# sourceMappingURL=b.js.map"}
    files |= dict.fromkeys(bundles.LAST_SCRIPTS, "last") | dict.fromkeys(bundles.LEFT_OUT, "left out")
    for name, text in files.items():
        path = pathlib.Path(tmp_path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    scripts = [_JavaScript("_static/b.js"), _JavaScript("", body="between"), _JavaScript("_static/a.js", priority=200)]
    scripts += [_JavaScript("", body="before the page", priority=100), *map(_JavaScript, bundles.LEFT_OUT)]
    text = bundles.scripts_together(tmp_path, scripts)
    assert text.startswith(';"use strict"; one')
    assert [line for line in text.splitlines() if line not in ("", ";")][1:] == ["two", "between", "last"]
