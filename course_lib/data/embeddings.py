"""The course's own small word embeddings, Korean and English, by `course_lib.training.make_embeddings`."""

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.messages import LANGUAGES, t

PATH = Path(__file__).with_name("embeddings.npz")


@dataclass(frozen=True, eq=False)
class Embeddings:
    """words: V of them. vectors: (V, d) float32, a row a word, read-only."""

    words: tuple[str, ...]
    vectors: np.ndarray

    def number(self, word: str) -> int:
        """The row of a word. Raises KeyError, with the nearest words, for one that is not in the table."""
        if word not in self.words:
            near = difflib.get_close_matches(word, self.words, cutoff=0.3) or self.words[:5]
            raise KeyError(t("embeddings.no_word", got=repr(word), words=", ".join(near)))
        return self.words.index(word)


@cache
def load_embeddings(lang: str) -> Embeddings:
    """The shipped embeddings of one language, "ko" or "en". Raises ValueError for another.

        table = load_embeddings("en")
        rows, similarity = nearest(table.vectors[[table.number("cat")]], table.vectors, k=4)

    They know the words of `toy_sentences` and nothing else: small enough to look at all of them.
    """
    if lang not in LANGUAGES:
        raise ValueError(t("embeddings.lang", got=repr(lang)))
    with np.load(PATH) as stored:
        words, vectors = stored[f"{lang}_words"], stored[f"{lang}_vectors"]
    vectors.setflags(write=False)
    return Embeddings(tuple(map(str, words)), vectors)
