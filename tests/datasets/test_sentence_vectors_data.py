"""The vectors are those of the texts, row for row, rounded so little that their directions stay."""

import numpy as np
import pytest

from aelib.datasets import load_paper_summaries, load_sentence_vectors, load_sentiment_snippets
from experiments.applications import sentence_vectors
from experiments.record import read_record


@pytest.fixture(scope="module", params=["snippets", "papers"])
def named(request):
    return request.param, load_sentence_vectors(request.param)


def test_there_is_a_vector_of_length_one_for_each_text(named):
    name, vectors = named
    assert vectors.shape == (len(sentence_vectors.texts_of(name)), 384) and vectors.dtype == "float32"
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=5e-3)


def test_the_order_of_papers_is_that_of_their_loader():
    """A paper's sentences lie nearer to its own reference summary's words: here, to one another, than to others."""
    papers = [paper for part in load_paper_summaries().values() for paper in part]
    ends = np.cumsum([len(paper.sentences) for paper in papers])
    matrices = np.split(load_sentence_vectors("papers"), ends[:-1])
    centres = np.array([m.mean(axis=0) for m in matrices])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    nearest = [np.argmax(centres @ m[-1]) for m in matrices]  # which paper is the last sentence from?
    assert np.mean(nearest == np.arange(len(papers))) > 0.5  # by chance 1 in 250


def test_texts_that_say_the_same_have_the_same_vector():
    """Repeated snippets lie far apart in the list, so rows that were out of step would differ."""
    texts, vectors = load_sentiment_snippets().texts, load_sentence_vectors("snippets")
    first = {}
    pairs = [(first[t], i) for i, t in enumerate(texts) if first.setdefault(t, i) != i]
    assert len(pairs) > 50
    a, b = np.array(pairs).T
    assert (vectors[a] * vectors[b]).sum(axis=1).min() > 0.99


def test_rounding_turns_no_vector_by_more_than_the_record_says(rng):
    vectors = rng.normal(size=(50, 384)).astype("float32")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes, scale = sentence_vectors.encode(vectors)
    assert codes.dtype == "int8" and np.abs(codes).max() == 127
    np.testing.assert_allclose(codes * scale, vectors, atol=scale * 0.5001)
    assert sentence_vectors.cosines(vectors, codes * scale).min() > 0.9998
    assert sentence_vectors.cosines(vectors, -vectors) == pytest.approx(-1)
    for entry in read_record("applications/sentence_vectors")["results"]["files"]:
        assert entry["cosine_min"] > 0.9998 and entry["bytes"] < 15e6


def test_another_name_is_an_error_that_lists_those_that_there_are():
    with pytest.raises(ValueError, match="snippets, papers. Received: 'tweets'"):
        load_sentence_vectors("tweets")
