"""Models with a loss of their own refuse what it would ignore or cannot be computed for, whatever the data come in."""

import re

from aelib.models import LanguageModel, SequenceAutoencoder, TextVAE, shuffled_batches, variational_autoencoder

import keras
import numpy as np
import pytest
import tensorflow as tf

from aelib.datasets.vocabulary import BOS, EOS, PAD

PIXELS = (np.random.default_rng(0).random((20, 6)) < 0.3).astype("float32")
ROWS = np.array([[3, 4, EOS, PAD], [5, EOS, PAD, PAD]] * 10, dtype="int32")
OF_IMAGES = r"Expected pixels in \[0, 1\].* Received: values from 0.* to 255"
OF_TEXTS = rf"Expected rows of 1 or more tokens from {EOS} to 5, then {PAD}\. Received: numbers from -1 to 9\."
OUTSIDE = np.where(ROWS == 4, 9, np.where(ROWS == 5, -1, ROWS))


class Frame:
    """What Keras asks of a data frame: a table that is not an array, and becomes one."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)

    def __getitem__(self, place):
        return self.values[place]


class Sequence(keras.utils.PyDataset):
    """Ten batches of two."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def __len__(self):
        return len(self.values) // 2

    def __getitem__(self, place):
        return (self.values[2 * place : 2 * place + 2],)


def generator(values):
    yield from Sequence(values)


def pairs(values):
    return shuffled_batches(values, 5)


ARRAYS = {"array": np.asarray, "tensor": tf.constant, "variable": tf.Variable, "frame": Frame}
BATCHES = {
    "dataset": lambda values: tf.data.Dataset.from_tensor_slices(values).batch(5),
    "generator": generator,
    "sequence": Sequence,
}


def image_model(**how):
    keras.utils.set_random_seed(0)
    model = variational_autoencoder(6, (), 2, seed=0)
    model.compile(keras.optimizers.SGD(1e-6), **how)
    return model


def text_model(kind=LanguageModel, **how):
    keras.utils.set_random_seed(0)
    model = kind(6, embedding_dim=3, units=4)
    model.compile(keras.optimizers.SGD(1e-6), **how)
    return model


MODELS = {"images": (image_model, PIXELS, 255 * PIXELS, OF_IMAGES), "texts": (text_model, ROWS, OUTSIDE, OF_TEXTS)}


@pytest.fixture(params=MODELS)
def case(request):
    """A way to build a compiled model, data of it, data outside its loss's domain, and the error for those."""
    return MODELS[request.param]


# ------------------------------------------------------------------------- the data


@pytest.mark.parametrize("container", ARRAYS)
def test_arrays_outside_the_domain_are_refused_before_any_step(case, container):
    build, good, wrong, message = case
    model = build()
    model.evaluate(good, verbose=0)  # makes the weights
    before = [w.copy() for w in model.get_weights()]
    wrong = ARRAYS[container](wrong)
    for use in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match=message):
            use(wrong, verbose=0)
    for validation in (wrong, (wrong,)):
        with pytest.raises(ValueError, match=message):
            model.fit(good, validation_data=validation, verbose=0)
    for then, now in zip(before, model.get_weights()):
        np.testing.assert_array_equal(then, now)
    model.fit(ARRAYS[container](good), validation_data=ARRAYS[container](good), verbose=0)


PLAIN, COMPILED = {"jit_compile": False}, {"jit_compile": True, "steps_per_execution": 3}


@pytest.mark.parametrize(
    ("container", "how"),
    [("dataset", PLAIN), ("dataset", COMPILED), ("generator", PLAIN), ("sequence", PLAIN)],
)
@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")  # Keras's, at the end of any generator
def test_batches_outside_the_domain_are_refused_with_their_range(case, container, how):
    build, good, wrong, message = case
    model, batches = build(**how), BATCHES[container]
    with pytest.raises(ValueError, match=message):
        model.evaluate(batches(wrong), verbose=0)
    history = model.fit(batches(good), shuffle=False, verbose=0).history  # their range is not that of the last ones
    assert np.isfinite(history["loss"]).all()
    with pytest.raises(ValueError, match=message):
        model.fit(batches(wrong), shuffle=False, verbose=0)


def test_one_wrong_batch_among_good_ones_is_found(case):
    build, good, wrong, message = case
    with pytest.raises(ValueError, match=message):
        build(steps_per_execution=4).fit(
            BATCHES["dataset"](np.concatenate([good, wrong, good])), shuffle=False, verbose=0
        )
    with pytest.raises(ValueError, match=message):
        build().fit(good, validation_data=BATCHES["dataset"](wrong), verbose=0)


def test_a_single_batch_is_looked_at_as_well(case):
    build, good, wrong, message = case
    for use in ("test_on_batch", "train_on_batch"):
        model = build()
        assert np.isfinite(getattr(model, use)(good)).all()
        with pytest.raises(ValueError, match=message):
            getattr(model, use)(wrong)


def test_targets_are_looked_at_and_not_only_inputs():
    for wrong in (255 * PIXELS, np.where(PIXELS == 1, np.nan, PIXELS)):
        with pytest.raises(ValueError, match=r"Expected pixels in \[0, 1\]"):
            image_model().fit(PIXELS, wrong, verbose=0)
        with pytest.raises(ValueError, match=r"Expected pixels in \[0, 1\]"):
            image_model().fit(tf.data.Dataset.from_tensors((PIXELS, wrong)), shuffle=False, verbose=0)


def test_targets_of_another_shape_are_refused_and_not_repeated():
    for targets in (PIXELS[:, :1], PIXELS[:, 0]):
        with pytest.raises(ValueError, match=r"targets of the shape of the logits, \(.*6\)\. Received: \("):
            image_model().fit(PIXELS, targets, verbose=0)


@pytest.mark.parametrize(
    ("rows", "received"),
    [
        (ROWS.astype("float32"), r"float32, shape \(20, 4\)"),
        (ROWS[0], r"int32, shape \(4,\)"),
        (ROWS[:0], r"int32, shape \(0, 4\)"),
        (np.where(ROWS == 4, 6, ROWS), "numbers from 0 to 6"),
        (np.where(ROWS == 4, BOS, ROWS), f"rows with {BOS}"),
        (np.array([[PAD, PAD], [3, EOS]]), "rows without a token"),
        (np.array([[3, PAD, 4, EOS]]), "rows with a token after the padding"),
        (ROWS.astype("U1"), "dtype <U1"),
        (np.ma.masked_equal(ROWS, 4), "a masked array"),
    ],
)
def test_rows_that_no_vocabulary_encodes_are_refused(rows, received):
    model = text_model(SequenceAutoencoder)
    for use in (model.fit, model.log_probabilities, model.encode, model.decode):
        with pytest.raises(ValueError, match=f"Received: {received}"):
            use(rows)


def test_whole_numbers_as_floats_are_refused_in_a_dataset():
    with pytest.raises(ValueError, match="Expected rows of whole numbers. Received: rows of dtype float32"):
        text_model().fit(BATCHES["dataset"]((ROWS + 0.5).astype("float32")), shuffle=False, verbose=0)


@pytest.mark.parametrize("pixels", [np.ma.masked_equal(PIXELS, 1), PIXELS.astype(str), PIXELS.astype(complex)])
def test_pixels_that_are_no_real_numbers_are_refused(pixels):
    kind = "a masked array" if isinstance(pixels, np.ma.MaskedArray) else "dtype "
    with pytest.raises(ValueError, match=f"Expected pixels that are real numbers. Received: {kind}"):
        image_model().fit(pixels, verbose=0)


def test_lists_of_numbers_are_refused_by_name(case):
    build, good, _, _ = case
    model, listed = build(), good.tolist()
    for arguments in ({"x": listed}, {"x": good, "y": listed}):
        with pytest.raises(
            ValueError, match=f"Expected {list(arguments)[-1]} to be an array.* Received: a list of numbers"
        ):
            model.fit(**arguments, verbose=0)
    with pytest.raises(ValueError, match="Expected validation_data to be an array.* Received: a list of numbers"):
        model.fit(good, validation_data=(listed, listed), verbose=0)
    with pytest.raises(ValueError, match="Expected x to be an array"):
        model.predict(listed, verbose=0)


# ---------------------------------------------------------- what would have no effect


@pytest.mark.parametrize("use", ["fit", "evaluate"])
def test_weights_of_examples_are_refused_with_and_without_targets(case, use):
    build, good, _, _ = case
    model, weights = build(), np.ones(20)
    for arguments in ({}, {"y": good}):
        with pytest.raises(ValueError, match="Expected no sample_weight: .* Received: sample_weight of type ndarray"):
            getattr(model, use)(good, sample_weight=weights, verbose=0, **arguments)


def test_weights_of_classes_are_refused(case):
    build, good, _, _ = case
    with pytest.raises(ValueError, match="Expected no class_weight: .* Received: class_weight of type dict"):
        build().fit(good, class_weight={0: 2.0}, verbose=0)


@pytest.mark.parametrize("targets", [True, False])
def test_weights_of_validation_examples_are_refused(case, targets):
    build, good, _, _ = case
    with pytest.raises(ValueError, match="Expected no sample_weight"):
        build().fit(good, validation_data=(good, good if targets else None, np.ones(20)), verbose=0)


def test_weights_in_a_dataset_are_refused(case):
    build, good, _, _ = case
    triples = tf.data.Dataset.from_tensors((good, good, np.ones(20)))
    with pytest.raises(ValueError, match="Expected no (sample_weight|y)"):
        build().fit(triples, shuffle=False, verbose=0)
    with pytest.raises(ValueError, match="Expected no sample_weight"):
        build().train_on_batch(good, sample_weight=np.ones(20))


def test_a_row_has_no_other_target():
    for data in (ROWS, ROWS), (pairs(ROWS),):
        with pytest.raises(ValueError, match="Expected no y: a row is its own target"):
            text_model().fit(*data, shuffle=False, verbose=0)


@pytest.mark.parametrize("name", ["loss", "loss_weights", "metrics", "weighted_metrics"])
def test_a_loss_and_metrics_are_refused(case, name):
    model = case[0]()
    with pytest.raises(
        ValueError, match=rf"Expected no {name}: a .* computes its own loss\. Received: {name}=\['mse'\]"
    ):
        model.compile("adam", **{name: ["mse"]})


def test_the_default_optimizer_is_that_of_keras(case):
    model = case[0]()
    model.compile()
    assert isinstance(model.optimizer, type(keras.optimizers.get("rmsprop")))


# ------------------------------------------------------------- a loss that is no number


@pytest.mark.parametrize("how", [PLAIN, COMPILED])
def test_an_exploding_log_variance_is_named(how):
    model = image_model(**how)
    model.encoder.get_layer("z_log_var").bias.assign([0.0, 200.0])
    with pytest.raises(FloatingPointError, match=r"kl_loss=inf.* A log-variance has grown to 200\.\d, .* above 88\.7"):
        model.evaluate(PIXELS, batch_size=5, verbose=0)
    with pytest.raises(FloatingPointError, match="A log-variance has grown to 200"):
        model.fit(PIXELS, batch_size=5, verbose=0)


def test_an_exploding_log_variance_of_texts_is_named():
    model = text_model(TextVAE)
    model(ROWS)
    model.to_log_var.bias.assign(np.full(16, 150.0))
    with pytest.raises(FloatingPointError, match="Expected a finite loss. Received: .*A log-variance has grown to 1"):
        model.fit(ROWS, verbose=0)


@pytest.mark.parametrize("use", ["fit", "evaluate"])
def test_another_loss_that_is_no_number_is_an_error(case, use):
    build, good, _, _ = case
    model = build()
    model.evaluate(good, verbose=0)
    model.set_weights([np.full_like(w, np.nan) if w.ndim else w for w in model.get_weights()])
    with pytest.raises(FloatingPointError, match=r"Expected a finite loss\. Received: .*loss=nan.* learning rate"):
        getattr(model, use)(good, verbose=0)


def test_a_training_that_diverges_ends_with_a_word():
    model = image_model()
    model.compile(keras.optimizers.SGD(1e6))
    with pytest.raises(FloatingPointError, match="Expected a finite loss"):
        model.fit(PIXELS, batch_size=5, epochs=3, verbose=0)


def test_the_watch_leaves_no_trace_in_weights_and_reports(case):
    build, good, _, _ = case
    model = build()
    history = model.fit(good, verbose=0).history
    assert set(history) <= {"loss", "reconstruction_loss", "kl_loss"}
    assert not any("extremes" in variable.path for variable in model.variables)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of TensorFlow's, when Keras saves
def test_a_loaded_model_is_compiled_and_watched_again(case, tmp_path):
    build, good, wrong, message = case
    model = build()
    model.compile("adam")
    model.fit(good, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for then, now in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(then, now)
    with pytest.raises(ValueError, match=message):
        again.fit(BATCHES["dataset"](wrong), shuffle=False, verbose=0)


# -------------------------------------------------------------------- lists and codes


def test_methods_take_lists_as_well():
    model, text = image_model(), text_model(SequenceAutoencoder)
    few = PIXELS[:2]
    np.testing.assert_array_equal(model.reconstruct(few.tolist()), model.reconstruct(few))
    np.testing.assert_array_equal(model.generate([[1.0, 2.0]]), model.generate(np.array([[1, 2]], "float32")))
    assert model.importance_weighted_bound(few.tolist(), 2).shape == (2,)
    np.testing.assert_array_equal(text.encode(ROWS[:2].tolist()), text.encode(ROWS[:2]))
    code = np.asarray(text.encode(ROWS[:2]))
    np.testing.assert_array_equal(
        text.log_probabilities(ROWS[:2].tolist(), code.tolist()), text.log_probabilities(ROWS[:2], code)
    )
    np.testing.assert_array_equal(text.generate(2, 3, code.tolist(), rng=0), text.generate(2, 3, code, rng=0))


@pytest.mark.parametrize("kind", ["uint8", "bool", "float64"])
def test_a_bound_does_not_depend_on_how_pixels_are_stored(kind):
    one, other = (image_model().importance_weighted_bound(x, 2) for x in (PIXELS, PIXELS.astype(kind)))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.full((2, 2), np.nan), "Expected finite codes. Received: 4 values that are NaN or infinite"),
        ([[0.0, np.inf], [0.0, 1.0]], "Expected finite codes. Received: 1 values"),
        (np.zeros((2, 3)), r"Expected codes of shape \(2, 2\)\. Received: shape \(2, 3\)"),
        (np.zeros(2), r"Expected codes of shape \(2, 2\)\. Received: shape \(2,\)"),
        (np.array([["a", "b"]] * 2), "Expected codes that are real numbers. Received: dtype <U1"),
    ],
)
def test_codes_that_are_none_generate_nothing(codes, message):
    text = SequenceAutoencoder(6, latent_dim=2, embedding_dim=3, units=4)
    for use in (
        lambda: image_model().generate(codes),
        lambda: text.generate(2, 3, codes, rng=0),
        lambda: text.log_probabilities(ROWS[:2], codes),
    ):
        with pytest.raises(ValueError, match=re.compile(message.replace("(2, 2)", "(.*, 2)"))):
            use()


def test_a_code_for_each_text_is_needed():
    text = SequenceAutoencoder(6, latent_dim=2, embedding_dim=3, units=4)
    with pytest.raises(ValueError, match=r"Expected codes of shape \(3, 2\)\. Received: shape \(2, 2\)"):
        text.generate(3, 3, np.zeros((2, 2)), rng=0)
    with pytest.raises(ValueError, match=r"Expected codes of shape \(20, 2\)\. Received: shape \(2, 2\)"):
        text.log_probabilities(ROWS, np.zeros((2, 2)))


def test_weights_that_are_no_numbers_write_no_text():
    text = text_model()
    text(ROWS)
    text.set_weights([np.full_like(w, np.nan) for w in text.get_weights()])
    for temperature in (0, 1.0):
        with pytest.raises(FloatingPointError, match="Expected finite logits. Received: NaN or infinity"):
            text.generate(2, 3, temperature=temperature, rng=0)


def test_pixels_outside_the_domain_are_not_reconstructed():
    with pytest.raises(ValueError, match=OF_IMAGES):
        image_model().reconstruct(255 * PIXELS)
    with pytest.raises(ValueError, match=OF_IMAGES):
        image_model().importance_weighted_bound(tf.constant(255 * PIXELS))


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: image_model().importance_weighted_bound(PIXELS[:0]), "Expected at least one example"),
        (lambda: text_model().log_probabilities(ROWS, batch_size=0), "batch_size must be a positive integer"),
        (lambda: text_model().generate("2", 3), "count must be zero or a positive integer. Received: '2'"),
        (lambda: text_model().generate(2, "3"), "max_length must be a positive integer. Received: '3'"),
        (lambda: text_model().generate(2, 3, temperature="1"), "temperature must be a finite number of at least 0"),
        (lambda: text_model(TextVAE).log_weights(ROWS, 0, 0), "draws must be a positive integer. Received: 0"),
        (lambda: LanguageModel(3), "Expected a vocabulary_size above 3. Received: 3"),
        (lambda: LanguageModel(6, units="5"), "units must be a positive integer. Received: '5'"),
        (lambda: LanguageModel(6, embedding_dim=2.5), "embedding_dim must be a positive integer. Received: 2.5"),
    ],
)
def test_arguments_that_fit_nothing_are_refused_by_name(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()
