"""The rated snippets are those of Hutto and Gilbert, with the documents that they are parts of."""

import numpy as np
import pytest

from aelib.datasets import load_sentiment_snippets


@pytest.fixture(scope="module")
def snippets():
    return load_sentiment_snippets()


def test_there_are_as_many_of_each_domain_as_the_authors_say(snippets):
    texts, ratings, domains, documents = snippets
    assert len(texts) == len(ratings) == len(domains) == len(documents) == 23_703
    names, counts = np.unique(domains, return_counts=True)
    expected = {"products": 3708, "films": 10_605, "editorials": 5190, "tweets": 4200}
    assert dict(zip(names.tolist(), counts.tolist())) == expected
    assert ratings.dtype == "float32" and np.abs(ratings).max() <= 4


def test_texts_have_the_ratings_that_the_authors_files_give(snippets):
    """Lines looked up in the original files, the first and the last of one, and two in between."""
    ratings = dict(zip(snippets.texts, snippets.ratings))
    assert ratings["troubleshooting ad-2500 and ad-2600 no picture scrolling b/w."] == pytest.approx(-0.9)
    assert ratings["Effective but too tepid biopic"] == pytest.approx(-0.6)
    assert ratings["Yay. Another good phone interview."] == pytest.approx(1.443, abs=1e-3)


def test_opinions_have_the_sign_of_the_words_that_nobody_disputes(snippets):
    for word, sign in {"awful": -1, "wonderful": 1, "terrible": -1, "excellent": 1}.items():
        with_word = [word in text.lower() for text in snippets.texts]
        assert sign * np.median(snippets.ratings[with_word]) > 0.8


def test_sentences_of_a_document_lie_together_and_those_of_films_and_tweets_alone(snippets):
    _, _, domains, documents = snippets
    assert documents[0] == 0 and set(np.diff(documents)) == {0, 1}
    counts = {name: len(np.unique(documents[domains == name])) for name in np.unique(domains)}
    assert counts == {"products": 300, "films": 10_605, "editorials": 498, "tweets": 4200}
    owners = {(int(document), str(domain)) for document, domain in zip(documents, domains)}
    assert len(owners) == documents.max() + 1  # no document has two domains


def test_texts_are_clean_lines(snippets):
    assert all(text and text == text.strip() and "\t" not in text for text in snippets.texts)
    assert sum("clichés" in text for text in snippets.texts) > 5  # and no bytes read as other letters
    assert not any("Ã©" in text for text in snippets.texts)


def test_each_call_returns_its_own_arrays():
    load_sentiment_snippets().ratings[:] = 9
    assert load_sentiment_snippets().ratings.max() <= 4
