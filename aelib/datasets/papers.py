"""Papers on computational linguistics with the summaries that people wrote of them: ACLSum (Takeshita et al. 2024)."""

import json
import lzma
from typing import NamedTuple

import numpy as np

from aelib.datasets.reader import FOLDER, read_verified

PARTS = ("train", "val", "test")
SECTIONS = ("abstract", "introduction", "conclusion")
ASPECTS = ("challenge", "approach", "outcome")


class Paper(NamedTuple):
    """A paper's sentences and what people made of them.

    Attributes
    ----------
    id : str
        The paper's name in the ACL Anthology.
    title : str
    sentences : list of str
        Of abstract, introduction and conclusion, in this order; words and punctuation stand apart, as in the source.
    sections : ndarray of str, shape (n,)
        The section that each sentence is from.
    summaries : dict of str to str
        The reference summary of each aspect: "challenge", "approach" and "outcome".
    highlights : dict of str to ndarray of bool, shape (n,)
        For each aspect, which sentences people highlighted.
    """

    id: str
    title: str
    sentences: list
    sections: np.ndarray
    summaries: dict
    highlights: dict


def load_paper_summaries(*, folder=FOLDER):
    """Return the papers of ACLSum with their reference summaries.

    Parameters
    ----------
    folder : str or path
        Where the files lie; the book's own data by default.

    Returns
    -------
    dict of str to list of Paper
        "train", "val" and "test", with 100, 50 and 100 papers.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there, or damaged.
    """
    papers = {}
    for part in PARTS:
        lines = lzma.decompress(read_verified(f"aclsum_{part}.jsonl.xz", folder)).splitlines()  # each a paper in JSON
        papers[part] = [_paper(json.loads(line)) for line in lines]
    return papers


def _paper(entry):
    """One paper, its sections in a row."""
    sentences, highlights = entry["sentences"], entry["highlights"]
    return Paper(
        entry["id"],
        entry["title"],
        [sentence for section in SECTIONS for sentence in sentences[section]],
        np.array([section for section in SECTIONS for _ in sentences[section]]),
        {aspect: entry["summary"][aspect] for aspect in ASPECTS},
        {
            aspect: np.array([mark for section in SECTIONS for mark in highlights[aspect][section]], dtype=bool)
            for aspect in ASPECTS
        },
    )
