"""Cases of word embeddings and of cross-validation."""

import numpy as np

from course_lib.assessment.cases import Case, draw_hyper, makes_cases

CALLS = 4


@makes_cases("embed", "embed_backward")
def embed_case(entry, rng, index):
    shape, inputs = ((6,), (2, 4), (5,), (3, 3))[index % 4], []
    for _ in range(CALLS):
        vectors, indices = rng.normal(size=(4, 3)), rng.integers(4, size=shape)
        dy = rng.normal(size=(*shape, 3))
        inputs.append((dy, indices, vectors) if entry.name.endswith("backward") else (indices, vectors))
    return Case({}, tuple(inputs))


@makes_cases("cosine_similarity", "nearest")
def neighbour_case(entry, rng, index):
    hyper = {"k": (5, 1, 3, 8)[index % 4]} if entry.name == "nearest" else {}
    # Rows of very different lengths, as frequent and rare words have.
    sizes = 10.0 ** rng.normal(size=(CALLS, 9, 1))
    pairs = ((rng.normal(size=(3, 4)), size * rng.normal(size=(9, 4))) for size in sizes)
    return Case(hyper, tuple(pairs))


@makes_cases("cooccurrence")
def counting_case(entry, rng, index):
    hyper = {"vocabulary": 5, "window": (2, 1, 3, 4)[index % 4]}
    sentences = [[rng.integers(5, size=int(n)) for n in rng.integers(2, 8, size=6)] for _ in range(CALLS)]
    return Case(hyper, tuple((list_,) for list_ in sentences))


@makes_cases("ppmi", "svd_embedding")
def matrix_case(entry, rng, index):
    hyper = {"dim": (2, 3, 4, 5)[index % 4]} if entry.name == "svd_embedding" else draw_hyper(entry, rng, 0)
    hyper |= {"shift": (1, 2, 1, 3)[index % 4]} if entry.name == "ppmi" else {}
    return Case(
        hyper, tuple((rng.poisson(2.0, size=(6, 7)).astype(float) + np.eye(6, 7),) for _ in range(CALLS))
    )


@makes_cases("k_fold")
def fold_case(entry, rng, index):
    hyper = {"n": (20, 11, 13, 17)[index % 4], "k": (5, 2, 3, 4)[index % 4], "rng": int(rng.integers(2**31))}
    return Case(hyper, ((), ()))
