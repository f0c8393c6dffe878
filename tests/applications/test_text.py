"""Tokens, their numbers, and the counting model: against small texts counted by hand, and against all texts summed."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from aelib.applications.text import NGram, perplexity
from aelib.datasets.vocabulary import BOS, EOS, PAD, Vocabulary, shifted, split_words
from aelib.nn.sampling import sample_tokens, tempered

WORDS = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=8)


# ------------------------------------------------------------------------------ tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't go!", ["don't", "go", "!"]),
        ("a king-size bed, 2.5 m", ["a", "king", "-", "size", "bed", ",", "2", ".", "5", "m"]),
        ("  Zürich\tCAFÉ\n", ["zürich", "café"]),
        ("the boys' book", ["the", "boys", "'", "book"]),
        ("a_b", ["a", "_", "b"]),
    ],
)
def test_words_are_split_and_made_lower_case(text, words):
    assert split_words(text) == words


@given(st.text())
def test_no_character_but_space_is_lost(text):
    if not "".join(text.split()):
        with pytest.raises(ValueError, match="at least one word"):
            split_words(text)
    else:
        assert "".join(split_words(text)) == "".join(text.lower().split())


@pytest.mark.parametrize("text", [None, b"word", ["word"]])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(TypeError, match="Expected a text, a string. Received: "):
        split_words(text)


# ---------------------------------------------------------------------------- vocabulary


def test_frequent_tokens_come_first_and_equals_in_order():
    vocabulary = Vocabulary.of(["banana", "cab"])
    assert vocabulary.tokens == ("<pad>", "<bos>", "<eos>", "a", "b", "n", "c") and len(vocabulary) == 7


def test_rare_tokens_become_the_unknown_one():
    vocabulary = Vocabulary.of([["a", "b", "a"], ["a", "b", "c"]], min_count=2, unknown="<unk>")
    assert vocabulary.tokens[3:] == ("<unk>", "a", "b")
    rows = vocabulary.encode([["b", "never seen", "c"]], max_length=4)
    assert rows.tolist() == [[5, 3, 3, EOS, PAD]] and rows.dtype == np.int32
    assert vocabulary.decode(rows) == [["b", "<unk>", "<unk>"]]


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_decoding_undoes_encoding(texts):
    vocabulary = Vocabulary.of(texts)
    rows = vocabulary.encode(texts, max_length=8)
    assert rows.shape == (len(texts), 9)
    assert vocabulary.decode(rows) == texts
    assert ((rows != PAD).sum(axis=1) == [len(text) + 1 for text in texts]).all()


def test_what_stands_after_the_end_is_not_decoded():
    assert Vocabulary("ab").decode([[3, EOS, 4, 4], [4, 3, 4, 3], [EOS, 3, 3, 3]]) == [["a"], ["b", "a", "b", "a"], []]


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: Vocabulary("abc").encode(["ab", ""], 4), "Expected a text of 1 to 4 tokens. Received: ''"),
        (lambda: Vocabulary("abc").encode(["ab", "abcab"], 4), "Expected a text of 1 to 4 tokens. Received: 'abcab'"),
        (lambda: Vocabulary("abc").encode(["aB"], 4), "Expected tokens of the vocabulary of 6. Received: 'B' in 'aB'"),
        (lambda: Vocabulary("abc").encode([["<pad>"]], 4), "Received: '<pad>' in"),
        (lambda: Vocabulary("a", unknown="<unk>").encode([["a", "<eos>"]], 4), "Received: '<eos>' in"),
        (lambda: Vocabulary("a").encode(["a"], 0), "max_length must be a positive integer"),
        (lambda: Vocabulary(""), "at least one token, and each once"),
        (lambda: Vocabulary("aba"), "at least one token, and each once"),
        (lambda: Vocabulary(["<pad>"]), "at least one token, and each once"),
        (lambda: Vocabulary("abc").decode([[3, 6]]), "Expected numbers from 0 to 5. Received: from 3 to 6"),
        (lambda: Vocabulary("abc").decode([[-1, 3]]), "Expected numbers from 0 to 5. Received: from -1 to 3"),
        (lambda: Vocabulary.of(["aab"], min_count=2), "Expected a token for unknown ones"),
        (lambda: Vocabulary.of(["aab"], min_count=0), "min_count must be a positive integer"),
    ],
)
def test_what_does_not_fit_a_vocabulary_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()


# ------------------------------------------------------------------- what is shown, and measured


def test_shown_is_the_row_one_place_to_the_right():
    assert shifted([[5, 6, EOS, PAD], [7, EOS, PAD, PAD]]).tolist() == [[BOS, 5, 6, PAD], [BOS, 7, PAD, PAD]]


def test_perplexity_counts_the_end_and_not_the_padding():
    rows = np.array([[5, 6, EOS, PAD], [7, EOS, PAD, PAD]])
    log_p = np.where(rows == PAD, 123.0, np.log(1 / 8))
    assert perplexity(log_p, rows) == pytest.approx(8)
    of_texts = np.where(rows == PAD, 0.0, log_p).sum(axis=1)
    assert perplexity(of_texts, rows) == pytest.approx(8)
    assert perplexity(np.zeros(2), rows) == 1


@pytest.mark.parametrize(
    ("log_p", "rows", "message"),
    [
        ([np.nan, -1.0], [[5, EOS], [6, EOS]], "at most 0. Received: 1 that are NaN or above, such as nan"),
        ([[-1, 0.5], [2, -1]], [[5, EOS], [6, EOS]], "at most 0. Received: 2 that are NaN or above, such as 2.0"),
        ([0.0], [[5, PAD, 6, EOS]], r"nothing but 0 after 2 or 0. Received: \[5, 0, 6, 2\]"),
        ([0.0], [[5.0, 2.0]], "Expected rows of whole numbers. Received: float64"),
        ([0.0, 0.0], [[5, EOS], [EOS]], "rows must be an array, with rows of one length"),
        ([0.0], np.ma.masked_equal([[5, 6, EOS]], 6), "rows must not be masked"),
        (np.ma.masked_equal([0.0, -1.0], 0), [[5, EOS], [6, EOS]], "log_probabilities must not be masked"),
        (None, [[5, EOS]], "log_probabilities must be an array of real numbers"),
        ([0.0], [[]], "Expected rows of whole numbers"),
    ],
)
def test_perplexity_of_what_is_no_probability_or_no_text_is_refused(log_p, rows, message):
    with pytest.raises(ValueError, match=message):
        perplexity(log_p, rows)


def test_a_logarithm_of_one_that_was_rounded_up_is_accepted():
    rounded = np.full((1, 2), 1e-6, "float32")
    assert perplexity(rounded, [[5, EOS]]) == pytest.approx(1, abs=1e-5)
    assert perplexity([-np.inf], [[5, EOS]]) == np.inf
    assert perplexity([0.9e-5], [[5, EOS]]) < 1
    with pytest.raises(ValueError, match="at most 0"):
        perplexity([1.1e-5], [[5, EOS]])


def test_logarithms_in_single_precision_are_added_in_double():
    log_p = np.full((1000, 100), -0.1, "float32")
    assert perplexity(log_p, np.full((1000, 100), 5)) == pytest.approx(np.exp(float(np.float32(0.1))), rel=1e-12)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 1)])
def test_perplexity_of_other_shapes_is_refused(shape):
    with pytest.raises(ValueError, match="one log-probability for each token or for each text"):
        perplexity(np.zeros(shape), [[5, 6, EOS, PAD], [7, EOS, PAD, PAD]])


def test_a_temperature_divides_the_logits(rng):
    logits = rng.normal(size=(3, 5))
    for temperature in (0.3, 1.0, 4.0):
        np.testing.assert_allclose(tempered(logits, temperature), log_softmax(logits / temperature, axis=1))
    assert np.exp(tempered([1e4, 0.0], 1.0)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.inf, np.nan])
def test_other_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="Expected a positive, finite temperature"):
        tempered([0.0, 1.0], temperature)


def test_draws_have_their_probabilities(rng):
    p = np.array([0.0, 0.5, 0.3, 0.2])
    with np.errstate(divide="ignore"):
        log_p = np.log(np.tile(p, (20_000, 1)))
    shares = np.bincount(sample_tokens(log_p, 1.0, rng), minlength=4) / 20_000
    np.testing.assert_allclose(shares, p, atol=0.015)
    assert shares[0] == 0
    colder = np.bincount(sample_tokens(log_p, 0.5, rng), minlength=4) / 20_000
    np.testing.assert_allclose(colder, p**2 / (p**2).sum(), atol=0.015)
    assert (sample_tokens(log_p, 0, rng) == 1).all()


# ---------------------------------------------------------------------------------- n-grams


def all_texts(vocabulary_size, longest):
    """Every row of at most `longest` tokens."""
    tokens = range(EOS + 1, vocabulary_size)
    for length in range(longest + 1):
        for text in itertools.product(tokens, repeat=length):
            yield [*text, EOS, *[PAD] * (longest - length)]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_after_every_context_the_probabilities_sum_to_one(order, rng):
    rows = Vocabulary("abcd").encode(["abab", "abca", "ca", "b"], 4)
    model = NGram(order, 7, 0.6).fit(rows)
    for context in [(), (3,), (3, 4), (6, 6, 6), (5, 3, 4, 3)]:
        p = model.probabilities(context)
        assert p.sum() == pytest.approx(1) and p[PAD] == p[BOS] == 0 and np.delete(p, [PAD, BOS]).min() > 0


def test_one_token_is_counted_as_by_hand():
    rows = Vocabulary("ab").encode(["aab", "a"], 3)  # a: 3, b: 1, end: 2
    p = NGram(1, 5, 0.5).fit(rows).probabilities(())
    backoff = 0.5 * 3 / 6 / 3
    np.testing.assert_allclose(p, [0, 0, 1.5 / 6 + backoff, 2.5 / 6 + backoff, 0.5 / 6 + backoff])


def test_two_tokens_are_smoothed_as_kneser_and_ney_do():
    rows = Vocabulary("ab").encode(["aab", "a"], 3)  # pairs: ^a 2, aa 1, ab 1, a$ 1, b$ 1
    lower = np.array([0, 0, 1.5, 1.5, 0.5]) / 5 + np.array([0, 0, 1, 1, 1]) * (0.5 * 3 / 5 / 3)  # different ones before
    expected = np.array([0, 0, 0.5, 0.5, 0.5]) / 3 + 0.5 * 3 / 3 * lower  # after a: a, b, and the end, once each
    model = NGram(2, 5, 0.5).fit(rows)
    np.testing.assert_allclose(model.probabilities((3,)), expected)
    np.testing.assert_allclose(model.probabilities((4, 3)), expected)  # only the last token counts
    log_p = model.log_probabilities(rows)
    assert log_p[0, 1] == pytest.approx(np.log(expected[3])) and log_p[1, 1] == pytest.approx(np.log(expected[EOS]))
    assert (log_p[rows == PAD] == 0).all()


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_every_level_is_the_formula_of_the_notes(order):
    """From the texts themselves, by sets and lists, one level calling the next."""
    rows = Vocabulary("abc").encode(["abab", "abca", "ca", "b", "aab", "bab"], 4)
    padded = [[BOS] * (order - 1) + [int(token) for token in row if token != PAD] for row in rows]
    pairs = [(tuple(t[i - order + 1 : i]), t[i]) for t in padded for i in range(order - 1, len(t))]

    def probability(context, token, discount=0.6):
        shorter = probability(context[1:], token) if context else 1 / 4  # a, b, c and the end
        length = len(context)
        of_length = pairs if length == order - 1 else {(c[-length - 1 :], w) for c, w in pairs}
        after = [w for c, w in of_length if c[len(c) - length :] == context]
        if not after:
            return shorter
        own = max(after.count(token) - discount, 0) / len(after)
        return own + discount * len(set(after)) / len(after) * shorter

    model = NGram(order, 6, 0.6).fit(rows)
    for context in itertools.product((3, 4, 5), repeat=3):
        expected = [probability(context[len(context) - order + 1 :], token) for token in (EOS, 3, 4, 5)]
        np.testing.assert_allclose(model.probabilities(context)[EOS:], expected)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_text_is_scored_by_the_probabilities_of_its_tokens(order):
    rows = Vocabulary("abcd").encode(["abab", "abca", "ca", "b"], 4)
    model = NGram(order, 7, 0.6).fit(rows)
    asked = Vocabulary("abcd").encode(["dada", "abcb", "c"], 4)
    log_p = model.log_probabilities(asked)
    for row, found in zip(asked.tolist(), log_p):
        expected = [np.log(model.probabilities(row[:t])[token]) if token else 0.0 for t, token in enumerate(row)]
        np.testing.assert_allclose(found, expected)


def test_short_texts_take_up_all_the_probability_but_that_of_longer_ones():
    rows = Vocabulary("ab").encode(["ab", "b", "abb"], 3)
    model = NGram(3, 5, 0.5).fit(rows)
    texts = np.array(list(all_texts(5, 9)))[:, :10]
    total = np.exp(model.log_probabilities(texts).sum(axis=1)).sum()
    assert 0.97 < total < 1


def test_more_context_helps_where_there_is_structure(rng):
    cycle = "abcabcabcabc"
    texts = [cycle[start : start + 8] for start in rng.integers(3, size=40)]
    rows = Vocabulary("abc").encode(texts, 8)
    found = [perplexity(NGram(order, 6).fit(rows).log_probabilities(rows), rows) for order in (1, 2, 3)]
    assert found[0] > 2 * found[1] and found[1] < 2


def test_samples_come_as_often_as_the_model_says():
    rows = Vocabulary("ab").encode(["ab", "b", "abb", "ab"], 3)
    model = NGram(2, 5, 0.5).fit(rows)
    samples = model.sample(4000, 3, rng=0)
    assert samples.shape == (4000, 4) and (samples != BOS).all()
    for text in ([3, 4, EOS, PAD], [4, EOS, PAD, PAD], [3, 4, 4, EOS]):
        expected = np.exp(model.log_probabilities(np.array([text])))
        expected = expected[0, : 3 if text[-1] == EOS else 4].prod()  # the fourth token is forced to be the end
        assert (samples == text).all(axis=1).mean() == pytest.approx(expected, abs=0.03)
    assert (samples == model.sample(4000, 3, rng=0)).all()
    assert len(np.unique(model.sample(20, 3, temperature=0, rng=1), axis=0)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 5), "order must be a positive integer"),
        ((2, 3), "vocabulary_size above 3"),
        ((2, 5, 0.0), "discount between 0 and 1"),
        ((2, 5, 1.0), "discount between 0 and 1"),
        ((2, 5, None), "discount between 0 and 1. Received: None"),
        ((2, 5, "0.5"), "discount between 0 and 1. Received: '0.5'"),
        ((2, 5, np.nan), "discount between 0 and 1. Received: nan"),
    ],
)
def test_impossible_models_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NGram(*arguments)


@pytest.mark.parametrize(
    "rows", [[[BOS, 3, EOS]], [[3, 5, EOS]], [[-1, EOS]], [[PAD, PAD]], np.zeros((0, 3), int), [[3.0, 2.0]], [3, EOS]]
)
def test_rows_that_are_no_texts_are_refused(rows):
    with pytest.raises(ValueError, match="Expected rows of "):
        NGram(2, 5).fit(rows)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([3, PAD, 4, EOS], r"Expected rows with nothing but 0 after 2 or 0. Received: \[3, 0, 4, 2\]"),
        ([3, EOS, 4, EOS], r"Expected rows with nothing but 0 after 2 or 0. Received: \[3, 2, 4, 2\]"),
        ([3, 4, EOS, EOS], r"Received: \[3, 4, 2, 2\]"),
        ([3, 5, EOS, PAD], "Expected rows of numbers up to 4. Received: 5"),
    ],
)
def test_a_row_that_is_not_one_text_is_shown(row, message):
    good = [3, 4, 3, EOS]
    model = NGram(2, 5).fit([good])
    for call in (NGram(2, 5).fit, model.log_probabilities):
        with pytest.raises(ValueError, match=message):
            call([good, row])


def test_a_text_without_an_end_is_scored_and_not_learned():
    model = NGram(2, 5).fit([[3, 4, EOS]])
    np.testing.assert_allclose(model.log_probabilities([[3, 4]]), model.log_probabilities([[3, 4, EOS]])[:, :2])
    with pytest.raises(ValueError, match="Expected an end, 2, in each row"):
        NGram(2, 5).fit([[3, 4, EOS], [3, 4, 3]])


@pytest.mark.parametrize("context", [(5,), (-1,), (PAD,), (BOS,), (EOS,), (3.5,), (np.nan,), 3, [[3]], (5, 3)])
def test_contexts_of_other_numbers_are_refused(context):
    with pytest.raises(ValueError, match="context must be tokens, whole numbers from 3 to 4. Received: "):
        NGram(2, 5).fit([[3, 4, EOS]]).probabilities(context)


@pytest.mark.parametrize("context", [None, "ab", ("a",)])
def test_contexts_of_no_numbers_are_refused(context):
    with pytest.raises(ValueError, match="context must be an array of real numbers"):
        NGram(2, 5).fit([[3, 4, EOS]]).probabilities(context)


def test_a_context_may_be_a_list_or_an_array():
    model = NGram(2, 5).fit([[3, 4, EOS]])
    for context in ([3], np.array([3], "uint8")):
        np.testing.assert_array_equal(model.probabilities(context), model.probabilities((3,)))


@pytest.mark.parametrize("temperature", [-1, np.nan, np.inf, "1", None])
def test_samples_of_other_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="temperature must be a finite number of at least 0. Received: "):
        NGram(2, 5).fit([[3, 4, EOS]]).sample(2, 3, temperature)


def test_a_model_that_has_counted_nothing_says_so():
    with pytest.raises(ValueError, match="call fit first"):
        NGram(2, 5).probabilities(())
