"""Sentences are chosen by maximal marginal relevance, and a document that cannot be summarised is refused."""

import itertools

import numpy as np
import pytest

from aelib.applications.summarisation import select_sentences


@pytest.fixture
def document():
    """The relevance of twelve sentences and their similarities: cosines of random vectors to their centre and each other."""
    x = np.random.default_rng(0).normal(size=(12, 5)) + 0.5
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x @ x.mean(axis=0), x @ x.T


@pytest.mark.parametrize("k", [1, 3, 12, 50])
def test_it_chooses_as_many_as_asked_and_none_twice(document, k):
    chosen = select_sentences(*document, k, trade_off=0.4)
    assert chosen.shape == (min(k, 12),) and chosen.dtype.kind == "i"
    assert len(set(chosen.tolist())) == len(chosen) and 0 <= chosen.min() <= chosen.max() < 12


@pytest.mark.parametrize("trade_off", [0.0, 0.3, 0.7, 0.95, 1.0])
def test_each_choice_is_the_best_of_those_left(document, trade_off):
    relevance, similarity = document
    chosen = select_sentences(relevance, similarity, 6, trade_off).tolist()
    assert chosen[0] == np.argmax(relevance)
    for count in range(1, 6):

        def gain(i, before=chosen[:count]):
            return trade_off * relevance[i] - (1 - trade_off) * max(similarity[i][j] for j in before)

        left = [i for i in range(12) if i not in chosen[:count]]
        assert chosen[count] == max(left, key=gain)


def test_less_relevance_for_less_repetition(document):
    """A smaller trade-off never repeats more and is never more relevant, for the second sentence."""
    relevance, similarity = document
    pairs = [select_sentences(relevance, similarity, 2, t) for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    for less, more in itertools.pairwise(pairs):
        assert relevance[less[1]] <= relevance[more[1]]
        assert similarity[less[0], less[1]] <= similarity[more[0], more[1]]
    assert pairs[0][1] != pairs[-1][1]


def test_three_sentences_by_relevance_alone_are_the_default(document):
    assert select_sentences(*document).tolist() == np.argsort(-document[0])[:3].tolist()


def test_of_equals_the_earlier_is_taken():
    assert select_sentences(np.ones(4), np.ones((4, 4)), 3, 0.5).tolist() == [0, 1, 2]


def test_a_document_of_one_sentence_gives_it():
    assert select_sentences([0.3], [[1.0]], 3).tolist() == [0]


def test_the_arguments_stay_as_they_are(document):
    before = [array.copy() for array in document]
    select_sentences(*document, 4, 0.5)
    assert all(np.array_equal(array, copy) for array, copy in zip(document, before))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([], np.empty((0, 0))), "at least one sentence"),
        ((np.ones((2, 2)), np.ones((2, 2))), "at least one sentence"),
        ((np.ones(3), np.ones((3, 2))), "3 sentences"),
        (([1.0, np.nan], np.ones((2, 2))), "NaN"),
        ((np.ones(2), [[1.0, np.inf], [1.0, 1.0]]), "infinite"),
        ((None, np.ones((2, 2))), "relevance must be an array of real numbers"),
        ((np.ones(2) * 1j, np.ones((2, 2))), "relevance must be an array of real numbers. Received: dtype complex128"),
        ((np.ones(2), [[1.0], [1.0, 1.0]]), "similarity must be an array, with rows of one length"),
        ((np.ma.masked_less([0.0, 1.0], 1), np.ones((2, 2))), "relevance must not be masked"),
        ((np.ones(2), np.ma.masked_equal(np.eye(2), 1)), "similarity must not be masked.* Received: 2 masked values"),
        ((np.ones(2), np.ones((2, 2)), 0), "k must be a positive integer"),
        ((np.ones(2), np.ones((2, 2)), 1.5), "k must be a positive integer"),
        ((np.ones(2), np.ones((2, 2)), 1, 1.2), "between 0 and 1"),
        ((np.ones(2), np.ones((2, 2)), 1, float("nan")), "between 0 and 1"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        select_sentences(*arguments)
