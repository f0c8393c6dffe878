"""Models of token sequences: masks, teacher forcing and likelihoods, against sums over all texts and step-by-step runs."""

import itertools

from aelib.models.language import LanguageModel, SequenceAutoencoder, TextVAE

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from aelib.datasets.vocabulary import BOS, EOS, PAD, Vocabulary

KINDS = (LanguageModel, SequenceAutoencoder, TextVAE)
VOCABULARY = Vocabulary("abc")
ROWS = VOCABULARY.encode(["abc", "b", "cabba", "aa"], max_length=5)


def build(kind, seed=0, **options):
    """A small model with its weights made, far from their usual small values."""
    keras.utils.set_random_seed(seed)
    sizes = {"embedding_dim": 5, "units": 7} | ({} if kind is LanguageModel else {"latent_dim": 3})
    model = kind(len(VOCABULARY), **sizes, **options)
    model(ROWS)
    model.set_weights([w + 0.5 * np.random.default_rng(1).normal(size=w.shape) for w in model.get_weights()])
    return model


def code_of(model, rows=ROWS):
    return None if type(model) is LanguageModel else np.asarray(model.encode(rows))


@pytest.mark.parametrize("kind", KINDS)
def test_logits_have_a_place_for_every_token(kind):
    model = build(kind)
    logits = model(ROWS)[0] if kind is TextVAE else model(ROWS)
    assert logits.shape == (4, 6, 6)
    p = np.exp(log_softmax(np.asarray(logits), axis=-1))
    assert (p[..., [PAD, BOS]] == 0).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of TensorFlow's, when Keras saves
@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_is_loaded_with_the_same_outputs(kind, tmp_path):
    options = {"free_bits": 0.1, "anneal_steps": 7} if kind is TextVAE else {}
    model = build(kind, word_dropout=0.25, **options)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is kind and loaded.get_config() == model.get_config()
    assert all(getattr(loaded, name) == value for name, value in {"word_dropout": 0.25, **options}.items())
    np.testing.assert_allclose(loaded.decode(ROWS, code_of(loaded)), model.decode(ROWS, code_of(model)), rtol=1e-6)
    first = (m(ROWS)[0] if kind is TextVAE else m(ROWS) for m in (model, loaded))
    np.testing.assert_allclose(*first, rtol=1e-6)  # also the noise goes on where it stood


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind):
    model = build(kind)
    longer = np.pad(ROWS, ((0, 0), (0, 4)), constant_values=PAD)
    code = code_of(model)
    if code is not None:
        np.testing.assert_allclose(code_of(model, longer), code, atol=1e-6)
    found, expected = model.log_probabilities(longer, code), model.log_probabilities(ROWS, code)
    np.testing.assert_allclose(found[:, :6], expected, atol=1e-6)
    assert (found[longer == PAD] == 0).all() and (expected[ROWS != PAD] < 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_is_predicted_from_those_before_it_alone(kind):
    model = build(kind)
    code = code_of(model)
    other = ROWS.copy()
    other[2, 3:] = [3, EOS, PAD]
    logits, of_other = np.asarray(model.decode(ROWS, code)), np.asarray(model.decode(other, code))
    np.testing.assert_allclose(logits[2, :4], of_other[2, :4], atol=1e-6)
    assert np.abs(logits[2, 4] - of_other[2, 4]).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_for_one_code_the_probabilities_of_all_texts_sum_to_less_than_one(kind):
    model = build(kind)
    texts = [text for n in range(6) for text in itertools.product((3, 4, 5), repeat=n)]
    rows = np.array([[*text, EOS, *[PAD] * (5 - len(text))] for text in texts], dtype="int32")
    code = None if kind is LanguageModel else np.tile(code_of(model)[:1], (len(rows), 1))
    log_p, lengths = model.log_probabilities(rows, code).astype("float64"), np.array([len(text) for text in texts])
    ended = np.exp(log_p[lengths < 5].sum(axis=1)).sum()
    of_five = np.exp(log_p[lengths == 5, :5].sum(axis=1)).sum()  # the end is not asked for: all that is longer
    assert np.exp(log_p.sum(axis=1)).sum() < 1 and ended + of_five == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_do_not_change_the_log_probabilities(kind):
    model = build(kind)
    code = code_of(model)
    np.testing.assert_allclose(
        model.log_probabilities(ROWS, code, batch_size=3), model.log_probabilities(ROWS, code), rtol=1e-5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_coldly_is_the_most_probable_token_each_time(kind):
    model = build(kind)
    code = code_of(model)
    written = model.generate(4, 5, code, temperature=0)
    best = np.asarray(model.decode(written, code)).argmax(axis=-1)
    asked = (written != PAD) & (np.arange(6) < 5)  # the sixth is forced to be the end
    assert (written == best)[asked].all()
    assert all((row == EOS).sum() == 1 for row in written)


def test_texts_are_drawn_as_often_as_the_model_says():
    model = build(LanguageModel)
    drawn = model.generate(20_000, 5, rng=0)
    for text in ("a", "b", "ab"):
        row = VOCABULARY.encode([text], 5)
        expected = np.exp(model.log_probabilities(row).sum())
        assert (drawn == row).all(axis=1).mean() == pytest.approx(expected, abs=0.015)
    again, other = model.generate(50, 5, rng=0), model.generate(50, 5, rng=1)
    assert (again == model.generate(50, 5, rng=0)).all() and (again != other).any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_summed_over_tokens_and_averaged_over_texts(kind):
    model = build(kind)
    y_pred = model(ROWS)
    loss = float(model.compute_loss(x=ROWS, y_pred=y_pred, training=False))
    if kind is TextVAE:
        logits, z_mean, z_log_var = (np.asarray(a, dtype="float64") for a in y_pred)
        kl = (0.5 * (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var)).sum(axis=1).mean()
    else:
        logits, kl = np.asarray(y_pred, dtype="float64"), 0.0
    log_p = np.take_along_axis(log_softmax(logits, axis=-1), ROWS[..., np.newaxis], axis=-1)[..., 0]
    expected = -np.where(ROWS == PAD, 0, log_p).sum(axis=1).mean() + kl
    assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_training_learns_a_few_texts(kind):
    keras.utils.set_random_seed(0)
    model = kind(len(VOCABULARY), embedding_dim=8, units=16)
    model.compile(keras.optimizers.Adam(1e-2))
    rows = np.tile(ROWS, (8, 1))
    before = model.evaluate(rows, batch_size=32, verbose=0, return_dict=True)
    history = model.fit(rows, batch_size=8, epochs=15, verbose=0).history
    after = model.evaluate(rows, batch_size=32, verbose=0, return_dict=True)
    assert set(history) == {"loss", "reconstruction_loss"} | ({"kl_loss"} if kind is TextVAE else set())
    assert after["loss"] < 0.7 * before["loss"]
    assert after["loss"] == pytest.approx(after["reconstruction_loss"] + after.get("kl_loss", 0), rel=1e-5)


def test_a_sequence_autoencoder_rewrites_what_it_has_learned():
    keras.utils.set_random_seed(0)
    model = SequenceAutoencoder(len(VOCABULARY), embedding_dim=8, units=32, latent_dim=4)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(np.tile(ROWS, (8, 1)), batch_size=8, epochs=40, verbose=0)
    assert (model.generate(4, 5, code_of(model), temperature=0) == ROWS).all()


def test_word_dropout_acts_in_training_only():
    plain, dropping = build(LanguageModel), build(LanguageModel, word_dropout=0.5)
    np.testing.assert_allclose(dropping.decode(ROWS), plain.decode(ROWS), atol=1e-6)
    a, b = (np.asarray(dropping.decode(ROWS, training=True)) for _ in range(2))
    assert np.abs(a - b).max() > 1e-3
    many = np.tile(ROWS[:1], (4000, 1))
    first = np.asarray(dropping.decode(many, training=True))[:, 0]  # shown <bos>, or nothing
    kinds, counts = np.unique(first.round(4), axis=0, return_counts=True)
    assert len(kinds) == 2 and counts / 4000 == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("kind", [LanguageModel, SequenceAutoencoder])
def test_a_model_that_is_called_does_not_drop_words_unless_told(kind):
    plain, dropping = build(kind), build(kind, word_dropout=0.5)
    np.testing.assert_allclose(dropping(ROWS), plain(ROWS), atol=1e-6)
    assert np.abs(np.asarray(dropping(ROWS, training=True)) - plain(ROWS)).max() > 1e-3


def test_free_bits_are_not_charged_for_in_training():
    model, free = build(TextVAE), build(TextVAE, free_bits=2.0)
    logits, z_mean, z_log_var = model(ROWS)
    y_pred = logits, 0.1 * z_mean, 0.1 * z_log_var  # little is said: less than 2 nats a unit
    losses = [float(m.compute_loss(x=ROWS, y_pred=y_pred, training=t)) for m in (model, free) for t in (False, True)]
    kl = float(model.kl_tracker.result())
    assert losses[0] == losses[1] == losses[2]
    assert losses[3] == pytest.approx(losses[0] - kl + 3 * 2.0, rel=1e-5)


def test_annealing_raises_the_weight_of_the_divergence_to_one():
    model = build(TextVAE, anneal_steps=4)
    model.compile(keras.optimizers.SGD(0.0))
    y_pred = model(ROWS)
    full = float(model.compute_loss(x=ROWS, y_pred=y_pred, training=False))
    model.kl_tracker.reset_state()
    found = []
    for step in range(7):
        model.optimizer.iterations.assign(step)
        found.append(float(model.compute_loss(x=ROWS, y_pred=y_pred, training=True)))
    kl = float(model.kl_tracker.result())
    np.testing.assert_allclose(found, full - kl * np.array([1, 0.75, 0.5, 0.25, 0, 0, 0]), rtol=1e-5)


def test_the_weighted_bound_comes_near_the_likelihood_by_the_prior():
    """With few units, p(x) = E p(x | h) can be had by drawing from the prior itself."""
    model = build(TextVAE)
    log_weights = model.log_weights(np.repeat(ROWS, 500, axis=0), 2, rng=0)
    assert log_weights.shape == (2000, 2) and (log_weights[:, 0] != log_weights[:, 1]).all()  # no draw is repeated
    draws = np.random.default_rng(1).normal(size=(20_000, 3)).astype("float32")
    for row, weights in zip(ROWS, log_weights.reshape(4, 1000)):
        log_p = model.log_probabilities(np.tile(row, (20_000, 1)), draws, 20_000).sum(axis=1, dtype="float64")
        by_prior = np.log(np.exp(log_p).mean())
        assert np.logaddexp.reduce(weights) - np.log(1000) == pytest.approx(by_prior, abs=0.1)
        assert weights.mean() < by_prior + 0.02


def test_the_mean_log_weight_is_the_elbo():
    model = build(TextVAE)
    many = np.repeat(ROWS, 3000, axis=0)
    bound = model.log_weights(many, 1, rng=0, batch_size=12_000).mean()
    loss = float(model.compute_loss(x=many, y_pred=model(many), training=False))
    assert bound == pytest.approx(-loss, abs=0.1)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: build(LanguageModel).decode(ROWS, np.zeros((4, 3), "float32")), "Expected no code"),
        (lambda: build(SequenceAutoencoder).decode(ROWS), "Expected a code for each text. Received: None"),
        (lambda: LanguageModel(6, word_dropout=1.0), "word_dropout must be at least 0 and below 1"),
        (lambda: SequenceAutoencoder(6, latent_dim=0), "latent_dim must be a positive integer"),
        (lambda: TextVAE(6, free_bits=-1.0), "free_bits must be a finite number of at least 0"),
        (lambda: TextVAE(6, anneal_steps=-1), "anneal_steps must be zero or a positive integer"),
    ],
)
def test_codes_and_settings_that_do_not_belong_to_a_model_are_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()
