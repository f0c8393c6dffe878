"""The data files are those of SOURCES.md, and no loader makes anything of a missing or damaged one."""

import functools
import inspect
import re
import shutil

import pytest

from aelib import datasets
from aelib.datasets.reader import DIGESTS, FOLDER, read_verified

SOURCES = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
LICENCES = re.findall(r"^\| (\S+\.\S+) \| .* \| (.+?) \| [0-9a-f]{64} \|$", SOURCES, re.MULTILINE)
NOTICES = {"SOURCES.md", *re.findall(r"`(\w+(?:_copyright|_LICENSE(?:\.txt)?))`", SOURCES)}

# Which loader reads which files.
LOADERS = {
    datasets.load_mnist: ["mnist.npz"],
    datasets.load_fashion_mnist: ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
    datasets.load_photographs: [f"images/{name}" for name in ("astronaut.png", "camera.png", "rocket.jpg")],
    datasets.load_credit: ["modeldata_credit_data.csv.xz"],
    datasets.load_stock_returns: ["sp500_dataset.csv.gz"],
    datasets.load_first_names: ["census_first_names.csv"],
    datasets.load_example_sentences: ["wordnet3.0_example_sentences.txt.xz"],
    datasets.load_paper_summaries: [f"aclsum_{part}.jsonl.xz" for part in ("train", "val", "test")],
    datasets.load_sentiment_snippets: ["vader_ground_truth.tsv.xz"],
    functools.partial(datasets.load_sentence_vectors, "papers"): ["minilm_papers.npz"],
}
CASES = [pytest.param(load, name, id=name) for load, names in LOADERS.items() for name in names]


@pytest.fixture
def copy(tmp_path):
    """A copy of the data."""
    return shutil.copytree(FOLDER, tmp_path / "files")


def test_every_file_has_a_row_with_a_digest_and_a_licence_or_is_a_notice_that_a_row_names():
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == set(DIGESTS) | NOTICES and set(DIGESTS) == {name for name, licence in LICENCES if licence.strip()}
    for name in DIGESTS:
        assert read_verified(name) == (FOLDER / name).read_bytes()


def test_every_loader_takes_the_folder_of_its_files_by_name_alone():
    loaders = [getattr(datasets, name) for name in datasets.__all__ if name.startswith("load_")]
    assert {getattr(load, "func", load) for load in LOADERS} == set(loaders)
    for load in loaders:
        folder = inspect.signature(load).parameters["folder"]
        assert (folder.kind, folder.default) == (folder.KEYWORD_ONLY, FOLDER), load.__name__


@pytest.mark.parametrize(("load", "name"), CASES)
def test_a_missing_file_is_named_with_the_way_back(load, name, copy):
    (copy / name).unlink()
    with pytest.raises(
        FileNotFoundError, match=f"Expected a data file at {copy / name}.*git checkout -- aelib/.*{name}"
    ):
        load(folder=copy)


@pytest.mark.parametrize(("load", "name"), CASES)
def test_a_file_with_one_other_bit_is_refused_with_both_digests(load, name, copy):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(
        ValueError, match=f"{name} is damaged: expected SHA-256 {DIGESTS[name]}. Received: [0-9a-f]{{64}}"
    ):
        load(folder=copy)


def test_a_folder_in_the_place_of_a_file_is_no_file(copy):
    (copy / "mnist.npz").unlink()
    (copy / "mnist.npz").mkdir()
    with pytest.raises(FileNotFoundError, match="mnist.npz"):
        datasets.load_mnist(folder=str(copy))
