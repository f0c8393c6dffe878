"""The papers of ACLSum are all there, with sentences, summaries and highlights that belong together."""

import numpy as np
import pytest

from aelib.datasets import load_paper_summaries
from aelib.datasets.papers import ASPECTS, SECTIONS


@pytest.fixture(scope="module")
def papers():
    return load_paper_summaries()


def test_the_parts_are_those_of_the_authors(papers):
    assert {part: len(of_part) for part, of_part in papers.items()} == {"train": 100, "val": 50, "test": 100}
    names = [paper.id for of_part in papers.values() for paper in of_part]
    assert len(set(names)) == 250  # no paper is in two parts


def test_a_known_paper(papers):
    (paper,) = [paper for paper in papers["test"] if paper.id == "E09-1056"]
    assert paper.title.startswith("Improvements in Analogical Learning")
    assert paper.sentences[0] == "Handling terminology is an important matter in a translation workflow ."
    assert [int((paper.sections == section).sum()) for section in SECTIONS] == [5, 20, 19]
    assert paper.summaries["challenge"].startswith("Existing machine translation systems do not manage")
    marked = np.flatnonzero(paper.highlights["challenge"]).tolist()
    assert marked == [0, 1, 5 + 1, 5 + 5]  # two of the abstract, two of the introduction


def test_everything_of_a_paper_has_one_length(papers):
    for paper in (paper for of_part in papers.values() for paper in of_part):
        assert len(paper.sections) == len(paper.sentences) > 0 and all(paper.sentences)
        assert set(paper.summaries) == set(paper.highlights) == set(ASPECTS)
        assert all(summary for summary in paper.summaries.values())
        for marks in paper.highlights.values():
            assert marks.shape == paper.sections.shape and marks.dtype == bool
        order = [SECTIONS.index(section) for section in paper.sections]
        assert order == sorted(order)


def test_highlighted_sentences_share_more_words_with_their_summary_than_others_do(papers):
    """If marks and sentences were out of step, this would not be so."""

    def shared(sentence, summary):
        words = set(sentence.lower().split())
        return len(words & set(summary.lower().split())) / len(words)

    for aspect in ASPECTS:
        marked, other = [], []
        for paper in papers["val"]:
            for sentence, mark in zip(paper.sentences, paper.highlights[aspect]):
                (marked if mark else other).append(shared(sentence, paper.summaries[aspect]))
        assert np.mean(marked) > 1.2 * np.mean(other)
