"""The parts of the experiment on texts that a result stands or falls with: the split, the codes' scaling, what counts as found."""

import numpy as np
import pytest

from experiments.applications import text_understanding as experiment


def test_a_split_keeps_documents_whole_and_divides_every_domain(rng):
    domains = np.repeat(["a", "b"], [300, 600])
    documents = np.repeat(np.arange(300), 3)
    parts = experiment.split(domains, documents, 0)
    assert sorted(np.concatenate(parts).tolist()) == list(range(900))
    owners = [set(documents[part]) for part in parts]
    assert not owners[0] & owners[1] and not owners[0] & owners[2] and not owners[1] & owners[2]
    for domain, count in (("a", 300), ("b", 600)):
        assert [int(np.sum(domains[part] == domain)) for part in parts] == [0.6 * count, 0.2 * count, 0.2 * count]
    assert not np.array_equal(experiment.split(domains, documents, 1)[0], parts[0])


def test_bags_have_one_vocabulary_and_a_text_without_known_words_is_all_zero():
    texts = ["good film", "bad film film", "good good camera", "bad camera", "of nothing else"]
    weights, shares = experiment.bags(texts, [0, 1, 2, 3])  # the last text shares no word with these
    assert ((weights > 0) == (shares > 0)).all() and not weights[4].any()
    np.testing.assert_allclose(shares.sum(axis=1), [1, 1, 1, 1, 0])
    np.testing.assert_allclose(sorted(shares[1]), [0, 0, 1 / 3, 2 / 3], rtol=1e-6)


def test_scaling_looks_at_training_rows_alone_and_keeps_the_proportions_of_columns(rng):
    codes = rng.normal(size=(60, 4)) * [8, 4, 2, 1] + 3
    train = np.arange(40)
    before = experiment.scaled(codes, train)
    np.testing.assert_allclose(before[train].mean(axis=0), 0, atol=1e-6)
    assert np.square(before[train]).mean() == pytest.approx(1, rel=1e-5)
    directions = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    expected = directions[train].std(axis=0) / directions[train].std(axis=0)[0]
    np.testing.assert_allclose(before[train].std(axis=0) / before[train].std(axis=0)[0], expected, rtol=1e-4)
    codes[50] *= -100  # a row that is not for training changes nothing but itself
    np.testing.assert_array_equal(experiment.scaled(codes, train)[:50], before[:50])


def test_the_nearest_are_found_without_the_query_itself():
    positions = np.array([0.0, 1.0, 10.0, 11.0, 12.0])
    queries = np.array([0, 3])
    distances = np.abs(positions[queries][:, None] - positions)
    found = experiment.nearest(distances, queries, k=2)
    assert [set(row.tolist()) for row in found] == [{1, 2}, {2, 4}]
    assert experiment.same_paper(found, queries, np.array([0, 0, 1, 1, 1])) == pytest.approx(3 / 4)
    assert experiment.in_common(found, np.array([[2, 1], [0, 4]])) == pytest.approx(3 / 4)


def test_with_one_class_among_the_labels_that_class_is_the_answer():
    labels = np.array([True, True, False, True])
    assert experiment.accuracy("LSA", np.zeros((4, 2)), labels, [0, 1], [2, 3], 1.0) == 0.5
