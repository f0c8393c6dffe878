"""What codes know about short texts, over the number of labels; sentiment across domains; traps of splitting; codes of bits.

    python -m experiments.applications.text_understanding

splits the rated snippets by document into a training, a validation and a test part, three times. The codes are made of all
training texts without labels; then a logistic regression learns from some of the labels. Its strength of regularisation is
chosen on validation texts, for each code and each number of labels; test texts are looked at once, with what was chosen.
"""

import time

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from aelib.applications.binary_codes import NoisySigmoid, hamming_distances, itq_rotation
from aelib.datasets import load_paper_summaries, load_sentence_vectors, load_sentiment_snippets
from aelib.nn.losses import CategoricalCrossentropy
from aelib.nn.optimizers import Adam
from experiments.networks import dense_autoencoder
from experiments.record import run_experiment

CLEAR = 0.5  # a mean rating nearer to zero than this has no clear sign
SHARES = (0.6, 0.2)  # of the documents of each domain: training, validation; the rest is for the test
SPLITS = (0, 1, 2)
WORDS = 1000  # in the counts that autoencoders see
LATENT_DIM = 50
EPOCHS = 12
BATCH_SIZE = 100
LEARNING_RATE = 3e-3
LABELS = (10, 30, 100, 300, 1000, "all")
SUBSETS = 4  # random ones of the training texts, for each number of labels but the last
STRENGTHS = (0.03, 0.3, 3)  # of dense codes, and 30 times that of TF-IDF, whose entries are small
NOISES = (0.0, 0.5)  # of the denoising autoencoder, for scaled vectors
FOLDS = 5
CV_SEEDS = (0, 1, 2, 3, 4)
BITS = (8, 16, 32, 64, 128, 256)
HASH_SEEDS = (0, 1, 2)
HASH_EPOCHS = 25
HASH_NOISES = (1.0, 3.0)
NEIGHBOURS = 10
QUERY_STEP = 4  # each fourth sentence is a query


# ------------------------------------------------------------------------------ texts


def split(domains, documents, seed):
    """Divide whole documents of each domain into three parts; return their rows."""
    rng, part = np.random.default_rng(seed), np.empty(documents.max() + 1, dtype=int)
    for domain in np.unique(domains):
        shuffled = rng.permutation(np.unique(documents[domains == domain]))
        ends = np.cumsum(np.multiply(SHARES, len(shuffled))).astype(int)
        for number, group in enumerate(np.split(shuffled, ends)):
            part[group] = number
    return [np.flatnonzero(part[documents] == number) for number in range(3)]


def tfidf(**settings):
    """The vectorizer of the baseline: all words of at least two texts."""
    return TfidfVectorizer(min_df=2, sublinear_tf=True, **settings)


def bags(texts, train):
    """What autoencoders see and predict: TF-IDF and relative counts of the most frequent words, (n, WORDS) each."""
    vectorizer = tfidf(max_features=WORDS).fit([texts[i] for i in train])
    weights = vectorizer.transform(texts).toarray().astype("float32")
    counts = CountVectorizer(vocabulary=vectorizer.vocabulary_).transform(texts).toarray().astype("float32")
    return weights, counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def rngs(seed):
    """Of the encoder's weights, and of all that is random after them."""
    return [seed, 0], *[np.random.default_rng([seed, 1])] * 2


def count_autoencoder(inputs, targets, seed, loss="multinomial", hidden=(), epochs=EPOCHS):
    """Train an autoencoder of bags of words; return its encoder, which has a linear code."""
    loss, output = {
        "multinomial": (CategoricalCrossentropy(from_logits=True), None),
        "bernoulli": ("binary_crossentropy", "sigmoid"),
        "squared error": ("mse", None),
    }[loss]
    autoencoder, encoder, _ = dense_autoencoder(inputs.shape[1], hidden, LATENT_DIM, rngs(seed), output=output)
    autoencoder.compile(Adam(LEARNING_RATE), loss)
    autoencoder.fit(inputs, targets, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return encoder


def vector_autoencoder(inputs, seed, noise, epochs=EPOCHS):
    """Train a denoising autoencoder of scaled sentence vectors; return its encoder."""
    rng = np.random.default_rng([seed, 2])
    autoencoder, encoder, _ = dense_autoencoder(inputs.shape[1], [256], LATENT_DIM, rngs(seed), output=None)
    autoencoder.compile(Adam(1e-3), "mse")
    for _ in range(epochs):
        noisy = inputs + noise * rng.standard_normal(inputs.shape, dtype="float32")
        autoencoder.fit(noisy, inputs, batch_size=BATCH_SIZE, verbose=0)
    return encoder


def scaled(codes, train):
    """Rows scaled to length 1, then shifted to mean 0 and divided by one number, over the training rows.

    One number for all columns: to divide each by its own deviation would make the last components as loud as the first.
    """
    codes = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-9)
    codes = codes - codes[train].mean(axis=0)
    return (codes / np.sqrt(np.mean(np.square(codes[train])))).astype("float32")


def representations(texts, vectors, train, seed):
    """Every code of every text, by name; only training texts, and no labels, make them."""
    words = tfidf().fit([texts[i] for i in train]).transform(texts)
    weights, shares = bags(texts, train)
    lsa = TruncatedSVD(LATENT_DIM, random_state=seed).fit(words[train])
    pca = PCA(LATENT_DIM, random_state=seed).fit(vectors[train].astype("float64"))
    counts = count_autoencoder(weights[train], shares[train], seed)
    spread = scaled(vectors, train)
    codes = {
        "TF-IDF": words,
        "LSA": scaled(lsa.transform(words), train),
        "autoencoder of counts": scaled(counts.predict(weights, batch_size=1000), train),
        "sentence vectors": spread,
        "PCA of vectors": scaled(pca.transform(vectors), train),
    }
    for noise in NOISES:
        encoder = vector_autoencoder(spread[train], seed, noise)
        codes[f"autoencoder of vectors, noise {noise}"] = scaled(encoder.predict(spread, batch_size=1000), train)
    return codes


# --------------------------------------------------------------------- labels and tasks


def classifier(name, strength):
    """A logistic regression for a representation."""
    return LogisticRegression(C=30 * strength if name == "TF-IDF" else strength, max_iter=300)


def labelled_subsets(rows, count):
    """The labelled texts: `SUBSETS` times `count` of the rows, or once all of them."""
    if count == "all":
        return [rows]
    return [np.random.default_rng([number, count]).permutation(rows)[:count] for number in range(SUBSETS)]


def accuracy(name, codes, labels, fit_rows, rows, strength):
    """Share of right answers on some rows of a classifier fitted on others; one class fitted is one class answered."""
    if len(np.unique(labels[fit_rows])) == 1:
        return float(np.mean(labels[rows] == labels[fit_rows][0]))
    codes = codes.astype("float64")
    return classifier(name, strength).fit(codes[fit_rows], labels[fit_rows]).score(codes[rows], labels[rows])


def label_curve(name, codes, labels, parts):
    """Validation and test accuracies for each number of labels, with the strength chosen on validation texts."""
    train, val, test = parts
    curve = []
    for count in LABELS:
        fits = labelled_subsets(train, count)
        by_strength = {
            strength: float(np.mean([accuracy(name, codes, labels, rows, val, strength) for rows in fits]))
            for strength in STRENGTHS
        }
        strength = max(by_strength, key=by_strength.get)
        test_accuracy = [accuracy(name, codes, labels, rows, test, strength) for rows in fits]
        curve.append({"labels": count, "strength": strength, "val": by_strength[strength], "test": test_accuracy})
    return curve


def label_curves(snippets, vectors):
    """The curves of every representation, task and split."""
    runs = []
    for seed in SPLITS:
        parts = split(snippets.domains, snippets.documents, seed)
        codes = representations(snippets.texts, vectors, parts[0], seed)
        for task, labels, rows in tasks(snippets):
            of_task = [part[rows[part]] for part in parts]
            values, counts = np.unique(labels[of_task[0]], return_counts=True)
            base = float(np.mean(labels[of_task[2]] == values[counts.argmax()]))
            for name, code in codes.items():
                curve = label_curve(name, code, labels, of_task)
                runs.append({"split": seed, "task": task, "code": name, "base": base, "curve": curve})
                print(seed, task, name, f"base {base:.3f}", [f"{np.mean(c['test']):.3f}" for c in curve], flush=True)
    return runs


def tasks(snippets):
    """Name, labels, and which rows have a label, of both tasks."""
    everywhere = np.ones(len(snippets.ratings), dtype=bool)
    yield "domain", snippets.domains, everywhere
    yield "sentiment", snippets.ratings > 0, np.abs(snippets.ratings) >= CLEAR


def losses_compared(snippets):
    """Codes of counts by three losses and two depths, evaluated on validation texts with 300 labels and with all."""
    rows = []
    for seed in SPLITS:
        train, val, _ = split(snippets.domains, snippets.documents, seed)
        weights, shares = bags(snippets.texts, train)
        present = (shares > 0).astype("float32")
        lsa = TruncatedSVD(LATENT_DIM, random_state=seed).fit(weights[train].astype("float64"))
        codes = {"LSA of the same words": lsa.transform(weights)}
        for name, targets, loss, hidden in (
            ("squared error", weights, "squared error", ()),
            ("Bernoulli", present, "bernoulli", ()),
            ("multinomial", shares, "multinomial", ()),
            ("multinomial, one hidden layer", shares, "multinomial", (200,)),
        ):
            encoder = count_autoencoder(weights[train], targets[train], seed, loss, hidden)
            codes[name] = encoder.predict(weights, batch_size=1000)
        for name, code in codes.items():
            code = scaled(code, train)
            entry = {"split": seed, "code": name}
            for task, labels, known in tasks(snippets):
                for count in (300, "all"):
                    fits = labelled_subsets(train[known[train]], count)
                    entry[f"{task}, {count}"] = max(
                        float(np.mean([accuracy(name, code, labels, f, val[known[val]], s) for f in fits]))
                        for s in STRENGTHS
                    )
            rows.append(entry)
            print(entry, flush=True)
    return rows


def across_domains(snippets, vectors):
    """Balanced accuracy of the sign, trained on one domain and tested on each; the strength is chosen at home."""
    labels, known = snippets.ratings > 0, np.abs(snippets.ratings) >= CLEAR
    rows = []
    for seed in SPLITS:
        parts = [part[known[part]] for part in split(snippets.domains, snippets.documents, seed)]
        for home in np.unique(snippets.domains):
            train, val, test = (part[snippets.domains[part] == home] for part in parts)
            words = tfidf().fit([snippets.texts[i] for i in train]).transform(snippets.texts)
            for name, codes in (("TF-IDF", words), ("sentence vectors", scaled(vectors, train))):
                best = max(STRENGTHS, key=lambda s: accuracy(name, codes, labels, train, val, s))
                model = classifier(name, best).fit(codes[train], labels[train])
                scores = {}
                for away in np.unique(snippets.domains):
                    there = parts[2][snippets.domains[parts[2]] == away]
                    scores[str(away)] = balanced_accuracy_score(labels[there], model.predict(codes[there]))
                rows.append({"split": seed, "train": str(home), "code": name, "strength": best, "test": scores})
                print(rows[-1], flush=True)
    return rows


def fold_accuracy(snippets, domain, kind, seed=0):
    """Accuracy of TF-IDF and logistic regression on the signs of one domain, by cross-validation of some kind."""
    rows = np.flatnonzero((snippets.domains == domain) & (np.abs(snippets.ratings) >= CLEAR))
    folds = {
        "random": KFold(FOLDS, shuffle=True, random_state=seed),
        "by document": GroupKFold(FOLDS, shuffle=True, random_state=seed),
        "blocks": KFold(FOLDS),
    }[kind]
    labels, texts = snippets.ratings[rows] > 0, [snippets.texts[i] for i in rows]
    groups = snippets.documents[rows] if kind == "by document" else None
    model = make_pipeline(tfidf(), LogisticRegression(C=3))
    return float(np.mean(cross_val_predict(model, texts, labels, groups=groups, cv=folds) == labels))


def split_traps(snippets):
    """Each domain's accuracy by the kind of folds, one number a seed."""
    rows = []
    for domain in np.unique(snippets.domains):
        grouped = len(np.unique(snippets.documents[snippets.domains == domain])) < np.sum(snippets.domains == domain)
        entry = {"domain": str(domain), "random": [fold_accuracy(snippets, domain, "random", s) for s in CV_SEEDS]}
        if grouped:
            entry["by document"] = [fold_accuracy(snippets, domain, "by document", s) for s in CV_SEEDS]
        entry["blocks"] = [fold_accuracy(snippets, domain, "blocks")]
        rows.append(entry)
        print(entry, flush=True)
    return rows


# ------------------------------------------------------------------------ codes of bits


def paper_parts():
    """Sentence vectors of the papers' parts, centred on the training part's mean, and each sentence's paper."""
    parts = load_paper_summaries()
    owners = {part: np.repeat(np.arange(len(ps)), [len(p.sentences) for p in ps]) for part, ps in parts.items()}
    ends = np.cumsum([len(owner) for owner in owners.values()])
    vectors = dict(zip(parts, np.split(load_sentence_vectors("papers"), ends[:-1])))
    mean = vectors["train"].mean(axis=0)
    return {part: vectors[part] - mean for part in parts}, owners


def binary_autoencoder(x, bits, seed, noise, epochs=HASH_EPOCHS):
    """Train 384 - bits - 384 with noise before the code's sigmoid; return a function from vectors to bits."""
    scale = np.sqrt(x.shape[1]).astype("float32")  # entries of about 1
    activation = NoisySigmoid(noise, rng=[seed, 2])
    autoencoder, encoder, _ = dense_autoencoder(
        x.shape[1], (), bits, rngs(seed), code_activation=activation, output=None
    )
    autoencoder.compile(Adam(LEARNING_RATE), "mse")
    autoencoder.fit(scale * x, scale * x, epochs=epochs, batch_size=64, verbose=0)
    activation.training = False
    return lambda v: encoder.predict(scale * v, batch_size=1000) > 0.5


def hashes(x, bits, seed):
    """Functions from vectors to bits, by name, fitted on the training vectors `x`, which have mean 0."""
    rng = np.random.default_rng([seed, bits])
    planes = rng.normal(size=(x.shape[1], bits)).astype("float32")
    components = PCA(bits, random_state=0).fit(x.astype("float64")).components_.T
    rotation = itq_rotation(x @ components, rng=rng)
    functions = {
        "random hyperplanes": lambda v: v @ planes > 0,
        "PCA, signs": lambda v: v @ components > 0,
        "PCA, rotated (ITQ)": lambda v: v @ components @ rotation > 0,
    }
    for noise in HASH_NOISES:
        functions[f"autoencoder, noise {noise}"] = binary_autoencoder(x, bits, seed, noise)
    return functions


def nearest(distances, queries, k=NEIGHBOURS):
    """The `k` rows nearest to each query, never the query itself; ties are broken at random. Shape (queries, k)."""
    distances = distances + 1e-3 * np.random.default_rng(0).random(distances.shape)
    distances[np.arange(len(queries)), queries] = np.inf
    return np.argpartition(distances, k, axis=1)[:, :k]


def cosine_distances(v, queries):
    """1 minus the cosine of each query row with each row, shape (queries, n)."""
    v = v / np.linalg.norm(v, axis=1, keepdims=True)
    return 1 - v[queries] @ v.T


def same_paper(found, queries, owners):
    """The share of what was found that is from the query's own paper: precision."""
    return float(np.mean(owners[found] == owners[queries][:, None]))


def in_common(found, others):
    """The share of each row of `found` that is in the same row of `others`."""
    return float(np.mean((found[:, :, None] == others[:, None, :]).any(axis=2)))


def retrieval():
    """Precision of each code and number of bits on validation papers and on test papers."""
    vectors, owners = paper_parts()
    rows, exact, queries = [], {}, {}
    for part in ("val", "test"):
        asked = queries[part] = np.arange(0, len(owners[part]), QUERY_STEP)
        exact[part] = nearest(cosine_distances(vectors[part], asked), asked)
        rows.append({"code": "exact cosine", "part": part, "same paper": same_paper(exact[part], asked, owners[part])})
        share = np.mean([(np.sum(owners[part] == owner) - 1) / (len(owners[part]) - 1) for owner in owners[part]])
        rows.append({"code": "chance", "part": part, "same paper": float(share)})
    for bits in BITS:
        for seed in HASH_SEEDS:
            for name, function in hashes(vectors["train"], bits, seed).items():
                for part, asked in queries.items():
                    packed = np.packbits(function(vectors[part]), axis=1)
                    found = nearest(hamming_distances(packed[asked], packed), asked)
                    entry = {"code": name, "bits": bits, "seed": seed, "part": part}
                    entry["same paper"] = same_paper(found, asked, owners[part])
                    entry["nearest by cosine"] = in_common(found, exact[part])
                    rows.append(entry)
        print(bits, {r["code"]: round(r["same paper"], 3) for r in rows[-10:] if r["part"] == "val"}, flush=True)
    return rows


def measure(save):
    snippets, vectors = load_sentiment_snippets(), load_sentence_vectors("snippets")
    results, seconds = {}, {}
    for name, job in {
        "split_traps": lambda: split_traps(snippets),
        "losses": lambda: losses_compared(snippets),
        "retrieval": retrieval,
        "across_domains": lambda: across_domains(snippets, vectors),
        "label_curves": lambda: label_curves(snippets, vectors),
    }.items():
        start = time.process_time()
        results[name] = job()
        seconds[name] = round(time.process_time() - start, 1)
        print(name, seconds[name], "CPU seconds", flush=True)
    save({**results, "cpu_seconds": seconds})


if __name__ == "__main__":
    run_experiment(measure)
