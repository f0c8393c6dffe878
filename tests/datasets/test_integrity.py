"""The data files are those of SOURCES.md, and a damaged one is not read."""

import hashlib
import re

import pytest

from aelib.datasets.integrity import FOLDER, read_verified

SOURCES = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\S+\.\S+) \| .* \| (.+?) \| ([0-9a-f]{64}) \|$", SOURCES, re.MULTILINE)
NOTICES = {"SOURCES.md", *re.findall(r"`(\w+(?:_copyright|_LICENSE(?:\.txt)?))`", SOURCES)}


@pytest.mark.parametrize(("name", "licence", "sha256"), ROWS)
def test_each_file_has_the_digest_of_its_row_and_a_licence(name, licence, sha256):
    assert read_verified(name, sha256) == (FOLDER / name).read_bytes()
    assert licence.strip()


def test_every_file_has_a_row_or_is_a_notice_that_a_row_names():
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == {name for name, _, _ in ROWS} | NOTICES


def test_a_missing_file_is_named_with_the_way_back(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a data file at .*gone.csv.*git checkout -- aelib/.*gone.csv"):
        read_verified("gone.csv", "0" * 64, folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"name,sex", b"name,tex\n"])
def test_other_bytes_are_refused_with_both_digests(tmp_path, content):
    expected = hashlib.sha256(b"name,sex\n").hexdigest()
    (tmp_path / "names.csv").write_bytes(content)
    with pytest.raises(
        ValueError, match=f"names.csv is damaged: expected SHA-256 {expected}. Received: [0-9a-f]{{64}}"
    ):
        read_verified("names.csv", expected, folder=tmp_path)
