"""One script, two imports: `import keras` and `import aelib.nn as keras` lead to the same numbers.

Each recipe is a text that both modules execute. It gets `x_train` and `x_val` (and `y_train`, `y_val`), `weights()`, which
returns the same weights for both, and `folder`, where it may write. What it leaves in its names is compared: arrays and
numbers to a float32's rounding, everything else exactly.
"""

import numbers

import aelib.models

import numpy as np
import pytest

import aelib.nn

# NumPy warns about how Keras reads its variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")

IMPORTS = {"keras": "import keras", "aelib": "import aelib.nn as keras"}


@pytest.fixture(autouse=True)
def global_random_state_untouched():
    """Keras seeds NumPy's global generator by design."""


def weights(model):
    """Weights for a model, the same for both, and none of them zero."""
    rng = np.random.default_rng(7)
    return [(rng.normal(size=w.shape) / max(1, len(w)) ** 0.5).astype("float32") for w in model.get_weights()]


def run(script, which, folder):
    """Execute a script after one of the two imports; return the names that it defines."""
    rng = np.random.default_rng(0)
    label = np.arange(60) % 12
    x = np.clip(np.eye(12)[label] + rng.normal(0, 0.05, (60, 12)), 0, 1).astype("float32")
    y = np.eye(3, dtype="float32")[label % 3]
    data = {"x_train": x[:43], "x_val": x[43:], "y_train": y[:43], "y_val": y[43:], "weights": weights}
    given = data | {"folder": folder}
    names = given.copy()
    exec(f"{IMPORTS[which]}\n{script}", names)
    return {name: value for name, value in names.items() if name not in ("keras", "__builtins__", *given)}


def assert_same(name, ours, theirs):
    """Compare two values that a script computes; objects of a class of only one module are not compared."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), f"{name}: {list(ours)} where Keras has {list(theirs)}"
        for key, value in theirs.items():
            assert_same(f"{name}[{key!r}]", ours[key], value)
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), name
        for i, value in enumerate(theirs):
            assert_same(f"{name}[{i}]", ours[i], value)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, name
        scale = max(np.abs(theirs).max(), 1e-3)
        np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=2e-5, err_msg=name)
    elif isinstance(theirs, numbers.Real) and not isinstance(theirs, bool):
        assert ours == pytest.approx(theirs, rel=2e-5), name
    elif theirs is None or isinstance(theirs, (str, bool)):
        assert ours == theirs, name


PLAIN = """
autoencoder = keras.Sequential([
    keras.Input(shape=(12,), dtype="float32", name="images"),
    keras.layers.Dense(4, activation="relu", name="code"),
    keras.layers.Dense(12, activation="sigmoid"),
])
autoencoder.set_weights(weights(autoencoder))
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
history = autoencoder.fit(x_train, x_train, epochs=5, batch_size=8, shuffle=False, verbose=0,
                          validation_data=(x_val, x_val)).history
error = autoencoder.evaluate(x_val, x_val, batch_size=7, verbose=0)
reconstructions = autoencoder.predict(x_val, batch_size=7, verbose=0)
called = autoencoder(x_val)
final = autoencoder.get_weights()
"""

DEEP = """
regularizers = keras.regularizers
layers = [keras.Input((12,))]
for units in (9, 6):
    layers.append(keras.layers.Dense(units, "elu", kernel_regularizer=regularizers.L2(1e-3)))
layers.append(keras.layers.Dense(3, activation="linear", activity_regularizer=regularizers.L1(1e-2), name="code"))
for units in (6, 9):
    layers.append(keras.layers.Dense(units, keras.activations.get("tanh"), bias_regularizer="l2"))
layers.append(keras.layers.Dense(12, "softplus", use_bias=False, kernel_initializer="he_normal"))
autoencoder = keras.Sequential(layers, name="deep")
autoencoder.set_weights(weights(autoencoder))
autoencoder.compile(keras.optimizers.RMSprop(learning_rate=0.003, rho=0.8), keras.losses.MeanSquaredError())
history = autoencoder.fit(x_train, x_train, batch_size=10, epochs=4, shuffle=False, verbose=0, validation_split=0.23).history
units = [layer.units for layer in autoencoder.layers]
names = autoencoder.name, autoencoder.get_layer("code").name
code_weights = autoencoder.get_layer("code").get_weights()
last = autoencoder.get_layer(index=-1).get_weights()
shapes = autoencoder.input_shape, autoencoder.output_shape, [w.shape for w in autoencoder.get_weights()]
counts = autoencoder.count_params(), len(autoencoder.trainable_variables)
error = autoencoder.evaluate(x=x_val, y=x_val, verbose=0)
"""

NESTED = """
encoder = keras.Sequential([keras.layers.Dense(8, "tanh"), keras.layers.Dense(3, name="code")], name="encoder")
decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8, "tanh")], name="decoder")
decoder.add(keras.layers.Dense(12, "sigmoid"))
autoencoder = keras.Sequential([keras.Input((12,)), encoder, decoder])
autoencoder.set_weights(weights(autoencoder))
autoencoder.compile(loss="mse", optimizer=keras.optimizers.SGD(0.5, momentum=0.9, nesterov=True))
history = autoencoder.fit(x_train, x_train, epochs=4, batch_size=8, shuffle=False, verbose=0).history
codes = encoder.predict(x_val, verbose=0)
again = decoder.predict(codes, verbose=0)
whole = autoencoder.predict(x_val, verbose=0)
parts = encoder.get_weights(), decoder.get_weights()
names = [layer.name for layer in autoencoder.layers], encoder.get_layer("code").units
encoder.trainable = False
autoencoder.compile("adam", "mse")
second = autoencoder.fit(x_train, x_train, epochs=2, batch_size=8, shuffle=False, verbose=0).history
frozen = encoder.get_weights(), decoder.get_weights(), len(autoencoder.trainable_variables)
"""

CLASSIFIER = """
model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3, activation="softmax")])
model.set_weights(weights(model))
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="categorical_crossentropy")
history = model.fit(x_train, y_train, epochs=5, batch_size=8, shuffle=False, verbose=0, validation_data=(x_val, y_val)).history
loss = model.evaluate(x_val, y_val, verbose=0)
probabilities = model.predict(x_val, verbose=0)
final = model.get_weights()
logits = keras.Sequential([keras.Input((12,)), model.layers[0], keras.layers.Dense(3)])
logits.set_weights(model.get_weights())
logits.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
from_logits = logits.evaluate(x_val, y_val, verbose=0)
"""

CALLBACKS = """
class Diary(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.pages = []
    def on_epoch_end(self, epoch, logs=None):
        self.pages.append((epoch, sorted(logs)))

autoencoder = keras.Sequential([keras.Input((12,)), keras.layers.Dense(20, "tanh"), keras.layers.Dense(12)])
autoencoder.set_weights(weights(autoencoder))
autoencoder.compile(keras.optimizers.Adam(0.05), "mse")
stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.9 * rate)
diary = Diary()
fitted = autoencoder.fit(x_train[:9], x_train[:9], epochs=60, batch_size=4, shuffle=False, verbose=0,
                         validation_data=(x_val, x_val), callbacks=[stopping, schedule, diary])
history, epochs, pages = fitted.history, fitted.epoch, diary.pages
best = float(stopping.best), stopping.best_epoch, stopping.stopped_epoch
rate = float(autoencoder.optimizer.learning_rate)
error = autoencoder.evaluate(x_val, x_val, verbose=0)
stopped_early = len(epochs) < 60
rest = autoencoder.fit(x_train, x_train, epochs=7, initial_epoch=5, shuffle=False, verbose=0, callbacks=diary)
counted = rest.epoch, diary.pages[-1][0]
"""

SAVED = """
def build():
    encoder = keras.Sequential([keras.Input((12,)), keras.layers.Dense(5, "relu", kernel_regularizer="l2")], name="encoder")
    return keras.Sequential([encoder, keras.layers.Dense(12, "sigmoid", name="out")])

autoencoder = build()
autoencoder.set_weights(weights(autoencoder))
autoencoder.compile("adam", "mse")
settings = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}
autoencoder.fit(x_train, x_train, **settings)
checkpoint = keras.callbacks.ModelCheckpoint(str(folder / "{epoch}.keras"), monitor="loss", save_best_only=True)
autoencoder.save(str(folder / "autoencoder.keras"))
autoencoder.save_weights(str(folder / "autoencoder.weights.h5"))
loaded = keras.models.load_model(str(folder / "autoencoder.keras"))
before = loaded.predict(x_val, verbose=0)
history = loaded.fit(x_train, x_train, callbacks=[checkpoint], **settings).history
expected = autoencoder.fit(x_train, x_train, **settings).history
same = [abs(a - b) < 1e-6 for a, b in zip(history["loss"], expected["loss"])]
other = build()
other.load_weights(str(folder / "autoencoder.weights.h5"))
other.compile("adam", "mse")
error = other.evaluate(x_val, x_val, verbose=0)
steps = int(loaded.optimizer.iterations)
last = keras.models.load_model(str(folder / "2.keras")).predict(x_val, verbose=0)
clone = keras.Sequential.from_config(autoencoder.get_config())
clone.set_weights(autoencoder.get_weights())
cloned = clone.predict(x_val, verbose=0), [layer.name for layer in clone.layers], clone.get_layer("encoder").layers[0].units
"""

STEPS = """
autoencoder = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(12, "sigmoid")])
autoencoder.build((None, 12))
autoencoder.set_weights(weights(autoencoder))
optimizer = {optimizer}
autoencoder.compile(optimizer=optimizer, loss="binary_crossentropy")
losses = [float(autoencoder.train_on_batch(x_train[i:i + 8], x_train[i:i + 8])) for i in range(0, 40, 8)]
history = autoencoder.fit(x_train.astype("float64"), x_train, epochs=3, shuffle=False, verbose=0).history
final = autoencoder.get_weights()
iterations = int(optimizer.iterations)
"""
OPTIMIZERS = [
    "keras.optimizers.SGD(0.2, 0.9, nesterov=True, weight_decay=0.01)",
    "keras.optimizers.RMSprop(0.002, rho=0.8, epsilon=1e-5)",
    "keras.optimizers.AdamW(0.01, weight_decay=0.1)",
    "keras.optimizers.get('sgd')",
]

RECIPES = {
    "a plain autoencoder": PLAIN,
    "a deep autoencoder with penalties": DEEP,
    "an encoder and a decoder": NESTED,
    "a classifier": CLASSIFIER,
    "callbacks": CALLBACKS,
    "saving and loading": SAVED,
    **{optimizer: STEPS.replace("{optimizer}", optimizer) for optimizer in OPTIMIZERS},
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_same_script_leaves_the_same_numbers(recipe, tmp_path):
    results = {}
    for which in IMPORTS:
        (tmp_path / which).mkdir()
        results[which] = run(RECIPES[recipe], which, tmp_path / which)
    ours, theirs = results["aelib"], results["keras"]
    assert ours.keys() == theirs.keys()
    compared = [name for name, value in theirs.items() if isinstance(value, (dict, list, tuple, np.ndarray, float))]
    assert len(compared) >= 3
    for name in theirs:
        assert_same(name, ours[name], theirs[name])


def test_the_comparison_finds_a_difference():
    """A further epoch, another loss and another name are detected."""
    for ours, theirs in (
        ({"loss": [1.0]}, {"loss": [1.0, 1.0]}),
        ({"loss": [1.0]}, {"loss": [1.001]}),
        ({"loss": []}, {"loss": [], "val_loss": []}),
        (np.ones(3, "float32"), np.ones(3, "float32") + 1e-3),
        (np.ones(3), np.ones(3, "float32")),
        (("code", None), ("dense", None)),
        (3, 4),
    ):
        with pytest.raises(AssertionError):
            assert_same("value", ours, theirs)
        assert_same("value", theirs, theirs)


def test_a_seed_makes_a_script_repeatable(tmp_path, monkeypatch):
    script = """
keras.utils.set_random_seed(3)
model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(4), keras.layers.Dense(12)])
model.compile("adam", "mse")
history = model.fit(x_train, x_train, batch_size=8, epochs=2, verbose=0).history
final = model.get_weights()
"""
    monkeypatch.setattr(aelib.nn.utils, "_seeded", None)
    state = np.random.get_state()
    try:
        first, second = (run(script, "aelib", tmp_path) for _ in range(2))
        other = run(script.replace("(3)", "(4)"), "aelib", tmp_path)
    finally:
        np.random.set_state(state)
    assert first["history"] == second["history"] != other["history"]
    assert all((a == b).all() for a, b in zip(first["final"], second["final"], strict=True))


@pytest.mark.parametrize("which", IMPORTS)
def test_a_summary_names_every_layer_and_counts_its_weights(which, tmp_path, capsys):
    script = "keras.Sequential([keras.Input((784,)), keras.layers.Dense(64, name='code'), keras.layers.Dense(784)]).summary()"
    run(script, which, tmp_path)
    text = capsys.readouterr().out
    for part in ("code", "50,240", "dense", "50,960", "101,200"):
        assert part in text
