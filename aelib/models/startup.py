"""Starts TensorFlow quietly, since what it writes to stderr lands on the page of a chapter."""

import contextlib
import importlib
import os

# TensorFlow reads these once, when it is first imported. A value the reader has set stays.
SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",  # no information, no warnings from its C++ side
    "TF_ENABLE_ONEDNN_OPTS": "0",  # one order of summation, and no message about it
}


def start_tensorflow():
    """Import TensorFlow with its settings made and its C++ start-up messages dropped.

    Python's own warnings and exceptions are not touched.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    with _without_stderr():
        importlib.import_module("tensorflow")


@contextlib.contextmanager
def _without_stderr():
    """Send file descriptor 2 to nowhere for a while.

    The note that there is no GPU is written by C++ before any log level is read; only
    the descriptor itself can be turned away.
    """
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
