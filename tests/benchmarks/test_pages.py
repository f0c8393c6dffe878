"""The benchmark of the pages asks for what it says, and puts several visits together. How long anything takes is never asserted."""

import gzip
import http.client
import urllib.parse

import pytest

from benchmarks import pages


@pytest.fixture
def folder(tmp_path):
    """Three pages, one of which only leads on, and a picture."""
    (tmp_path / "_static").mkdir()
    (tmp_path / "one.html").write_text("<p>one</p>" * 100)
    (tmp_path / "two.html").write_text("<p>two</p>")
    (tmp_path / "on.html").write_text('<meta HTTP-EQUIV="Refresh" content="0; url=one.html">')
    (tmp_path / "_static" / "template.html").write_text("")
    (tmp_path / "x.webp").write_bytes(bytes(100))
    return tmp_path


def test_pages_are_those_that_a_reader_sees(folder):
    assert list(pages.addresses(folder, [])) == ["one.html", "two.html"]
    assert list(pages.addresses(folder, ["wo", "three"])) == ["two.html"]


def test_texts_are_sent_compressed_and_pictures_as_they_are(folder):
    with pages.server(folder) as address:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc)
        answers = {}
        for name in ("one.html?v=1", "x.webp", "missing.css"):
            connection.request("GET", f"/{name}")
            answer = connection.getresponse()
            answers[name] = answer.status, answer.headers.get("Content-Encoding"), answer.read()
        connection.close()
    status, encoding, content = answers["one.html?v=1"]
    assert (status, encoding, gzip.decompress(content)) == (200, "gzip", b"<p>one</p>" * 100)
    assert answers["x.webp"] == (200, None, bytes(100)) and answers["missing.css"][0] == 404


def test_the_middle_of_several_visits_is_kept():
    visits = [dict.fromkeys(pages.MEASURES, value) for value in (3.0, 1.0, 2.0)]
    visits[1] |= {"formulas": None}
    assert pages.in_the_middle(visits) == dict.fromkeys(pages.MEASURES, 2.0) | {"formulas": None}


def test_the_table_ends_with_the_median_and_the_worst():
    rows = [{"page": f"{value}.html", "reader": "phone", **dict.fromkeys(pages.MEASURES, value)} for value in (1, 2, 6)]
    rows[0]["formulas"] = None
    head, *lines = pages.table([*rows, {"page": "x", "reader": "desk"}], "phone").splitlines()
    assert head.startswith("phone") and [line.split()[:3] for line in lines] == [
        ["1", "1.00", "–"],
        ["2", "2.00", "2.00"],
        ["6", "6.00", "6.00"],
        ["median", "2.00", "4.00"],
        ["worst", "6.00", "6.00"],
    ]


def test_only_the_whole_of_it_makes_a_record():
    assert pages.parse([]).record == "pages"
    assert pages.parse(["mnist"]).record is None and pages.parse(["--rounds", "1"]).record is None
    assert pages.parse(["mnist", "--record", "part"]).record == "part"
