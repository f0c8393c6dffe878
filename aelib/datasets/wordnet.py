"""Example sentences of WordNet: 48,224 short English sentences and phrases (Princeton University)."""

import lzma

from aelib.datasets.integrity import read_verified

NAME = "wordnet3.0_example_sentences.txt.xz"
SHA256 = "54430e79fb8233274cbeb0b43eb75abb194605563b4fa315f8d7e9affa88098d"


def load_example_sentences():
    """Return the sentences with which WordNet 3.0 shows the use of its words, each once.

    Returns
    -------
    list of str
        48,224 sentences and phrases, mostly without a capital or a full stop, in WordNet's order, in which
        neighbours are close in meaning: shuffle before you split. Of 48,339 lines, 115 repeat another.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or is damaged.
    """
    lines = lzma.decompress(read_verified(NAME, SHA256)).decode("utf-8").splitlines()
    return list(dict.fromkeys(line.strip() for line in lines))  # 13 lines have a space at an end
