"""A linear probe: a classifier that learns to read the digit from a few labelled codes.

It needs no framework, so that experiments in NumPy can use it without loading one.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)  # `C` of logistic regression: small is a strong penalty


def probe(codes, labels, test_codes, test_labels):
    """Return the test accuracy of logistic regression, its penalty chosen on the last fifth of the labelled codes."""
    codes = codes.astype("float64")
    centre, scale = codes.mean(axis=0), codes.std()  # one scale for all: small components stay small
    codes, test_codes = (codes - centre) / scale, (test_codes - centre) / scale
    kept = len(codes) * 4 // 5

    def fitted(penalty, count):
        return LogisticRegression(C=penalty, max_iter=300, tol=1e-3).fit(codes[:count], labels[:count])

    scores = [fitted(penalty, kept).score(codes[kept:], labels[kept:]) for penalty in PENALTIES]
    best = PENALTIES[int(np.argmax(scores))]
    return float(fitted(best, len(codes)).score(test_codes, test_labels))
