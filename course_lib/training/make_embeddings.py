"""Makes the word embeddings that the course ships: `python -m course_lib.training.make_embeddings`.

Toy sentences → co-occurrence counts → PPMI → SVD, with the functions of `course_lib.algorithms.embeddings`.
A test makes them anew and compares.
"""

import numpy as np

from course_lib.algorithms import cooccurrence, ppmi, svd_embedding
from course_lib.data.embeddings import PATH
from course_lib.data.sentences import numbered, toy_sentences

SEED, SENTENCES, WINDOW, DIM = 0, 4000, 3, 16


def make():
    """{"ko_words": (V,), "ko_vectors": (V, 16) float32, "en_words": …, "en_vectors": …}."""
    arrays = {}
    for lang in ("ko", "en"):
        rng = np.random.default_rng(SEED)
        words, sentences = numbered(toy_sentences(lang, count=SENTENCES, rng=rng))
        counts = cooccurrence(sentences, vocabulary=len(words), window=WINDOW)
        arrays[f"{lang}_words"] = np.array(words)
        arrays[f"{lang}_vectors"] = svd_embedding(ppmi(counts), dim=DIM).astype(np.float32)
    return arrays


def main():
    """Write the file beside its loader."""
    np.savez_compressed(PATH, **make())


if __name__ == "__main__":
    main()
