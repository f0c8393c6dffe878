"""First names and example sentences: complete, each once, and refused when damaged."""

import csv

import numpy as np

from aelib.datasets import load_example_sentences, load_first_names, names
from aelib.datasets.reader import FOLDER


def test_names_come_once_and_the_most_frequent_first():
    found, percent = load_first_names()
    assert found.shape == (5163,) and percent.shape == (5163, 2) and len(set(found.tolist())) == 5163
    assert found[0] == "james" and (np.diff(percent.sum(axis=1)) <= 1e-12).all()
    assert set("".join(found)) == set("abcdefghijklmnopqrstuvwxyz")
    assert {len(name) for name in found.tolist()} == set(range(2, 12))


def test_frequencies_are_those_of_the_file():
    found, percent = load_first_names()
    with (FOLDER / names.NAME).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5494 == (percent > 0).sum()
    place = {name: number for number, name in enumerate(found.tolist())}
    for row in rows[::97]:
        assert percent[place[row["name"]], "fm".index(row["sex"])] == float(row["percent"])


def test_sentences_come_once_and_in_order():
    sentences = load_example_sentences()
    assert len(sentences) == len(set(sentences)) == 48_224
    assert sentences[0] == "it was full of rackets, balls and other objects"
    assert sentences[-1] == "people who were wrongfully imprisoned should be released"
    assert all(sentence.strip() == sentence != "" for sentence in sentences)
