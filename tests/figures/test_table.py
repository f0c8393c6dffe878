"""A table says on a page and in a terminal what it was given, and marks the best of it."""

import doctest
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from aelib.figures import table
from aelib.figures.table import Table

ERRORS = [["mean image", 52.71, 1], ["PCA", 17.04, 25_120], ["autoencoder", 10.29, 50_992]]
COLUMNS = ["reconstruction", "error", "parameters"]
CAPTION = "Squared error per test image."


def parsed(shown):
    """The table of the page as XML; its style, which is no part of it, comes before."""
    style, found = shown._repr_html_().split("</style>\n")
    assert style.startswith("<style>") and "<" not in style[1:]
    return ElementTree.fromstring(found)


def cells(shown):
    """What stands in the rows below the headings, as a reader of the page is told it."""
    return [["".join(cell.itertext()) for cell in row] for row in parsed(shown).find("tbody")]


def marked(shown):
    """The places of the cells in bold, each of which says that it is the best."""
    rows = parsed(shown).find("tbody")
    places = {(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if cell.find("strong") is not None}
    assert all(("".join(rows[i][j].itertext()).endswith(" (best)")) for i, j in places)
    return places


def one_column(numbers, *args, **kwargs):
    return Table([[f"row {i}", number] for i, number in enumerate(numbers)], ["", "n"], CAPTION, *args, **kwargs)


def test_the_docstring_shows_what_is_printed():
    assert doctest.testmod(table).attempted > 0 and doctest.testmod(table).failed == 0


def test_a_page_gets_a_table_with_a_caption_and_headings_of_columns_and_rows():
    found = parsed(Table(ERRORS, COLUMNS, CAPTION, {"error": ".1f"}))
    assert found.tag == "table" and found[0].tag == "caption" and found[0].text == CAPTION
    headings = found.find("thead/tr")
    assert [(h.tag, h.get("scope"), h.text) for h in headings] == [("th", "col", name) for name in COLUMNS]
    rows = found.findall("tbody/tr")
    assert [[c.tag for c in row] for row in rows] == [["th", "td", "td"]] * 3
    assert [row[0].get("scope") for row in rows] == ["row"] * 3
    assert [[c.text for c in row] for row in rows][1] == ["PCA", "17.0", "25,120"]


def test_a_terminal_gets_the_same_in_columns():
    lines = repr(Table(ERRORS, COLUMNS, CAPTION, {"error": ".1f"}, best={"error": "min"})).splitlines()
    assert lines == [
        CAPTION,
        "",
        "reconstruction  error   parameters",
        "mean image       52.7            1",
        "PCA              17.0       25,120",
        "autoencoder      10.3*      50,992",
        "",
        "* best",
    ]


def test_columns_of_numbers_are_set_to_the_right_with_their_headings_and_others_are_not():
    found = parsed(Table([[2, "tanh", 1.5, None], [16, "relu", None, "x"]], ["size", "f", "loss", "mixed"], CAPTION))
    kinds = [[cell.get("class") for cell in row] for row in found.iter("tr")]
    assert kinds == [["number", None, "number", None]] * 3
    assert re.search(r"\.number \{[^}]*tabular-nums; text-align: right", table.STYLE)


@pytest.mark.parametrize(
    "number, format, text",
    [
        (1234, None, "1,234"),
        (np.int64(1234), None, "1,234"),
        (0.12345, None, "0.123"),
        (np.float32(0.5), ".2f", "0.50"),
        (-0.5, "+.1f", "−0.5"),
        (-0.001, ".2f", "0.00"),
        (-0.001, ".0%", "0%"),
        (-0.001, ".3f", "−0.001"),
        (-10, ".0f", "−10"),
        (0.876, ".0%", "88%"),
        (12.0, "8.1f", "12.0"),
        (float("nan"), ".1f", "nan"),
        (None, ".1f", "–"),
        ("exact", ".1f", "exact"),
        (True, ".1f", "True"),
        ((5.12, 0.25), ".1f", "5.1 ± 0.2"),
        ((5.12, 4.9, 5.36), ".1f", "5.1 (4.9 to 5.4)"),
        ((np.float32(1), np.float64(2)), ".0f", "1 ± 2"),
        ((1, 2), None, "1 ± 2"),
    ],
)
def test_a_number_is_written_in_the_format_of_its_column(number, format, text):
    assert cells(one_column([number], format)) == [["row 0", text]]


def test_one_format_is_for_all_columns_but_the_first():
    assert cells(Table([[16, 1, 2.0]], ["size", "a", "b"], CAPTION, ".2f")) == [["16", "1.00", "2.00"]]


def test_headings_may_be_numbers():
    shown = Table([["PCA", 1.0, 2.0], ["VAE", 3.0, 1.0]], ["", 8, 16], CAPTION, {8: ".1f"}, best={16: "min"})
    assert [heading.text for heading in parsed(shown).find("thead/tr")] == [None, "8", "16"]
    assert cells(shown)[0] == ["PCA", "1.0", "2"] and marked(shown) == {(1, 2)}


def test_values_stand_under_each_other_whatever_their_spread():
    shown = one_column([(5.1, 0.2), (12.1, 10.2), 7.0], ".1f")
    column = parsed(shown).findall("tbody/tr/td")
    # A browser leaves as much room behind the shorter spread as the longer one takes, with digits of one width.
    assert [cell.get("data-room") for cell in column] == ["0", None, " ± 10.2"]
    assert "[data-room]::after { content: attr(data-room); visibility: hidden; }" in table.STYLE
    lines = repr(shown).splitlines()[3:]
    assert len({line.index(".") for line in lines}) == 1


@pytest.mark.parametrize(
    "best, best_in, places",
    [
        (None, "columns", set()),
        ("min", "columns", {(2, 1), (0, 2)}),
        ("max", "columns", {(0, 1), (2, 2)}),
        ({"error": "min"}, "columns", {(2, 1)}),
        ({"error": "min", "parameters": "max"}, "columns", {(2, 1), (2, 2)}),
        ("max", "rows", {(0, 1), (1, 2), (2, 2)}),
        ({"PCA": "min"}, "rows", {(1, 1)}),
    ],
)
def test_the_best_is_marked_for_eye_and_ear(best, best_in, places):
    shown = Table(ERRORS, COLUMNS, CAPTION, best=best, best_in=best_in)
    assert marked(shown) == places
    assert repr(shown).count("*") == len(places) + bool(places)


def test_the_names_of_rows_are_no_results():
    shown = Table([[8, 3.0], [4, 2.0]], ["size", "error"], CAPTION, best="min")
    assert marked(shown) == {(1, 1)}
    shown = Table([[8, 30.0, 20.0], [4, 20.0, 30.0]], ["size", "PCA", "VAE"], CAPTION, best="min", best_in="rows")
    assert marked(shown) == {(0, 2), (1, 1)}


def test_numbers_that_read_the_same_are_marked_alike():
    assert marked(one_column([0.9512, 0.9541, 0.94], ".2f", best="max")) == {(0, 1), (1, 1)}


def test_the_best_is_told_by_the_value_not_by_its_spread():
    assert marked(one_column([(5.0, 9.0), (4.0, 1.0, 20.0), 6.0], best="min")) == {(1, 1)}


def test_what_is_missing_or_not_a_number_is_never_the_best():
    assert marked(one_column([float("nan"), 3.0, None, 2.0], best="min")) == {(3, 1)}


def test_a_number_alone_is_not_the_best_of_anything():
    assert marked(one_column([3.0], best="min")) == set()


def test_words_are_escaped():
    shown = Table([['<b>"x"</b>', "a & b"]], ["<i>", "&amp;"], "p < 1 & q")
    found = parsed(shown)
    assert found.find("caption").text == "p < 1 & q" and not list(found.iter("b")) and not list(found.iter("i"))
    assert [heading.text for heading in found.find("thead/tr")] == ["<i>", "&amp;"]
    assert cells(shown) == [['<b>"x"</b>', "a & b"]]
    assert '<b>"x"</b>' in repr(shown)


def test_rows_may_come_from_anything_that_yields_them():
    expected = cells(Table([["a", 1], ["b", 2]], ["", "n"], CAPTION))
    assert cells(Table({"a": 1, "b": 2}.items(), ["", "n"], CAPTION)) == expected
    assert cells(Table(zip("ab", (1, 2)), ["", "n"], CAPTION)) == expected
    assert cells(Table((row for row in [("a", 1), ("b", 2)]), iter(["", "n"]), CAPTION)) == expected
    assert cells(Table(np.array([[1, 2]]), ["", "n"], CAPTION)) == [["1", "2"]]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"rows": []}, r"rows must hold at least one row\. Received: none\."),
        ({"rows": 3}, r"rows must be a sequence of rows.* Received: 3\."),
        ({"rows": [1, 2]}, r"rows must be a sequence of rows.* Received: \[1, 2\]\."),
        ({"rows": [["a", 1, 2], ["b", 1]]}, r"Each row must have 3 entries.* Received: \['b', 1\]\."),
        ({"rows": ["abc"]}, r"Each row must have 3 entries.* Received: 'abc'\."),
        ({"columns": []}, r"columns must be one or several headings, each once\. Received: \[\]\."),
        (
            {"columns": ["a", "n", "n"]},
            r"columns must be one or several headings, each once\. Received: \['a', 'n', 'n'\]\.",
        ),
        ({"columns": "abc"}, r"columns must be a sequence of headings\. Received: 'abc'\."),
        ({"caption": " "}, r"caption must be a sentence.* Received: ' '\."),
        ({"caption": None}, r"caption must be a sentence.* Received: None\."),
        ({"formats": {"eror": ".1f"}}, r"formats names 'eror', which the table does not have\. It has: \['recon.*\]\."),
        ({"formats": ".1q"}, r"formats must fit the numbers of the column 'error'\. Received: '\.1q' for 52\.71\."),
        (
            {"formats": {"error": "d"}},
            r"formats must fit the numbers of the column 'error'\. Received: 'd' for 52\.71\.",
        ),
        ({"best": {"eror": "min"}}, r"best names 'eror', which the table does not have\. It has: \['recon.*\]\."),
        ({"best": {"error": "min"}, "best_in": "rows"}, r"best names 'error', .* It has: \['mean image', .*\]\."),
        ({"best": "least"}, r'best must be "min" or "max"\. Received: \'least\'\.'),
        ({"best": {"error": min}}, r'best must be "min" or "max"\. Received: <built-in function min>\.'),
        ({"best": {"reconstruction": "min"}}, r"best names 'reconstruction', which holds no numbers\."),
        ({"best": "min", "best_in": "table"}, r'best_in must be "columns" or "rows"\. Received: \'table\'\.'),
    ],
)
def test_what_makes_no_table_is_an_error(change, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Table(**{"rows": ERRORS, "columns": COLUMNS, "caption": CAPTION} | change)
