"""Names and short sentences from language models, sequence autoencoders and text VAEs, three seeds each.

    python -m experiments.applications.text_generation

trains the models of `aelib.models.language` on first names, letter by letter, and on short sentences of WordNet, word by
word: without a code, with a code, and with a code that has a prior, against whose collapse three treatments are tried.
Sizes, rates, epochs and the strengths of the treatments were set after a few trials, by the validation texts.
The test texts are looked at once, when a training is over.
"""

import itertools

from aelib.models import LanguageModel, SequenceAutoencoder, TextVAE

import keras
import numpy as np

from aelib.applications.text import perplexity
from aelib.datasets import load_example_sentences, load_first_names
from aelib.datasets.vocabulary import PAD, Vocabulary, split_words
from aelib.metrics import active_units, kl_per_unit
from experiments.record import read_arrays, run_experiment, timed

HYPERPARAMETERS = {
    "names": {
        "model": {"embedding_dim": 32, "units": 64},
        "latent_dim": 16,
        "batch_size": 104,
        "learning_rate": 1e-2,
        "epochs": 16,
    },
    "sentences": {
        "model": {"embedding_dim": 64, "units": 96},
        "latent_dim": 32,
        "batch_size": 65,
        "learning_rate": 5e-3,
        "epochs": 10,
    },
}
MAX_LENGTH = {"names": 12, "sentences": 8}  # letters, words
HELD_OUT = {"names": (500, 503), "sentences": (3000, 3000)}  # for validation and for the test, before the rules below
SHORTEST, MIN_COUNT, UNKNOWN = 3, 20, "<unk>"  # of sentences
TREATMENTS = {
    "VAE": {},
    "VAE, word dropout": {"word_dropout": 0.3},
    "VAE, free bits": {"free_bits": 0.25},
    "VAE, annealing": {"anneal_steps": 0.5},  # of all steps
}
MODELS = {"language model": (LanguageModel, {}), "autoencoder": (SequenceAutoencoder, {})}
MODELS |= {name: (TextVAE, options) for name, options in TREATMENTS.items()}
OF_SENTENCES = ("language model", "autoencoder", "VAE", "VAE, annealing")
SEEDS = (0, 1, 2)
CODE_SAMPLES = 64  # for each text
KEPT = ("names", "VAE, annealing"), ("sentences", "autoencoder"), ("sentences", "VAE, annealing")  # their first seeds


def load(data):
    """Return the vocabulary and the rows for training, validation and test, of "names" or "sentences"."""
    texts = load_first_names()[0].tolist() if data == "names" else sentences()
    order = np.random.default_rng(0).permutation(len(texts))
    n_val, n_test = HELD_OUT[data]
    parts = [[texts[i] for i in part] for part in np.split(order, (n_val, n_val + n_test))]
    if data == "names":
        vocabulary = Vocabulary.of(parts[2])
    else:
        vocabulary = Vocabulary.of(parts[2], MIN_COUNT, UNKNOWN)  # the words of training texts alone
        known = set(vocabulary.tokens)
        parts = [[text for text in part if sum(word not in known for word in text) <= 1] for part in parts]
    val, test, train = (vocabulary.encode(part, MAX_LENGTH[data]) for part in parts)
    return vocabulary, train, val, test


def sentences():
    """The example sentences that are made of 3 to 8 words and nothing else, each once."""
    split = (tuple(split_words(sentence)) for sentence in load_example_sentences())
    fitting = (words for words in split if SHORTEST <= len(words) <= MAX_LENGTH["sentences"])
    return list(dict.fromkeys(words for words in fitting if all(word[0].isalpha() for word in words)))


def build(data, name, vocabulary, train):
    """Return a compiled model, and the rows of whole batches that it is trained on."""
    settings, (kind, options) = HYPERPARAMETERS[data], MODELS[name]
    batch_size = settings["batch_size"]
    steps = settings["epochs"] * (len(train) // batch_size)
    options = dict(options)
    if "anneal_steps" in options:
        options["anneal_steps"] = int(options["anneal_steps"] * steps)
    if kind is not LanguageModel:
        options["latent_dim"] = settings["latent_dim"]
    model = kind(len(vocabulary), **settings["model"], **options)
    rate = keras.optimizers.schedules.CosineDecay(settings["learning_rate"], steps)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=5.0), jit_compile=True)
    return model, train[: len(train) // batch_size * batch_size]


def token_accuracy(rows, predicted):
    """The share of tokens, `EOS` included, that are predicted right."""
    real = rows != PAD
    return float((predicted == rows)[real].mean())


def evaluate(model, rows, seed):
    """Measure a model on held-out rows; return a dict of numbers."""
    code = None if type(model) is LanguageModel else np.asarray(model.encode(rows))
    predicted = np.asarray(model.decode(rows, code)).argmax(axis=-1)
    found = {"token_accuracy": token_accuracy(rows, predicted)}  # shown the true tokens before, and the code if any
    if isinstance(model, TextVAE):
        log_weights = model.log_weights(rows, CODE_SAMPLES, seed)  # (n, samples)
        bound = np.logaddexp.reduce(log_weights, axis=1) - np.log(CODE_SAMPLES)
        kl = kl_per_unit(*(np.asarray(a) for a in model.posterior(rows))).mean(axis=0)
        found |= {
            "perplexity_elbo": perplexity(log_weights.mean(axis=1), rows),
            "perplexity_weighted": perplexity(bound, rows),
            "elbo": float(log_weights.mean()),
            "kl": float(kl.sum()),
            "kl_per_unit": np.sort(kl)[::-1].round(5).tolist(),
            "active_units": int(active_units(code).sum()),
        }
    elif code is None:
        found["perplexity"] = perplexity(model.log_probabilities(rows), rows)
    if code is not None:
        written = model.generate(len(rows), rows.shape[1] - 1, code, temperature=0)
        found["rewritten"] = float((written == rows).all(axis=1).mean())
        found["token_accuracy_alone"] = token_accuracy(rows, written)  # shown its own tokens
    return found


@timed
def run(data, name, seed, loaded):
    """Train and evaluate; return the record's entry and the model."""
    vocabulary, train, val, test = loaded
    keras.utils.set_random_seed(seed)
    model, rows = build(data, name, vocabulary, train)
    batch_size, epochs = (HYPERPARAMETERS[data][setting] for setting in ("batch_size", "epochs"))
    history = model.fit(rows, batch_size=batch_size, epochs=epochs, verbose=0).history
    entry = {
        "data": data,
        "model": name,
        "seed": seed,
        "loss": [round(loss, 6) for loss in history["loss"]],
        "validation": evaluate(model, val, seed),
        "test": evaluate(model, test, seed),
    }
    return entry, model


def with_kept_weights(data, name, vocabulary, train):
    """Return a model with the weights that the record keeps, those of the first seed."""
    model, rows = build(data, name, vocabulary, train)
    model(rows[:1])  # makes the weights
    kept = read_arrays("applications/text_generation")
    model.set_weights([kept[f"{data}/{name}/{i}"] for i in range(len(model.weights))])
    return model


def measure(save):
    loaded = {data: load(data) for data in HYPERPARAMETERS}
    runs, weights = [], {}
    plan = [("names", name) for name in MODELS] + [("sentences", name) for name in OF_SENTENCES]
    for (data, name), seed in itertools.product(plan, SEEDS):
        entry, model = run(data, name, seed, loaded[data])
        runs.append(entry)
        if (data, name) in KEPT and seed == SEEDS[0]:
            weights |= {f"{data}/{name}/{i}": w for i, w in enumerate(model.get_weights())}
        keras.backend.clear_session()
    save({"runs": runs}, **weights)


if __name__ == "__main__":
    run_experiment(measure)
