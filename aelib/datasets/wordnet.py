"""Example sentences of WordNet: 48,224 short English sentences and phrases (Princeton University)."""

import lzma

from aelib.datasets.reader import FOLDER, read_verified


def load_example_sentences(*, folder=FOLDER):
    """Return the sentences with which WordNet 3.0 shows the use of its words, each once.

    Parameters
    ----------
    folder : str or path
        Where the file is; the book's own data by default.

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
    lines = lzma.decompress(read_verified("wordnet3.0_example_sentences.txt.xz", folder)).decode("utf-8").splitlines()
    return list(dict.fromkeys(line.strip() for line in lines))  # 13 lines have a space at an end
