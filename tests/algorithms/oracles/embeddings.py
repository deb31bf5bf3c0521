"""Embeddings and hyperparameter search against torch, scikit-learn, loops and tables from papers."""

import itertools
import math
from collections import Counter

import numpy as np
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import KFold
from sklearn.neighbors import NearestNeighbors

from course_lib.registry import Range
from tests.algorithms.oracles._differences import slopes_of
from tests.algorithms.oracles._table import Table, close

TABLE = Table()


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


for _shape in [(4,), (3, 5), (1,)]:

    def _embed(function, shape=_shape):
        vectors, indices = normal(0, 7, 3), np.random.default_rng(1).integers(7, size=shape)
        close(
            function(indices, vectors),
            torch.nn.functional.embedding(torch.tensor(indices), torch.tensor(vectors)),
        )

    def _embed_backward(function, shape=_shape):
        vectors, indices = normal(0, 7, 3), np.random.default_rng(1).integers(7, size=shape)
        leaf = torch.tensor(vectors, requires_grad=True)
        dy = normal(2, *shape, 3)
        torch.nn.functional.embedding(torch.tensor(indices), leaf).backward(torch.tensor(dy))
        close(function(dy, indices, vectors), leaf.grad)

    def _embed_numerical(function, shape=_shape):
        vectors, indices, dy = (
            normal(0, 7, 3),
            np.random.default_rng(1).integers(7, size=shape),
            normal(2, *shape, 3),
        )
        close(
            function(dy, indices, vectors), slopes_of(lambda v: (v[indices] * dy).sum(), vectors), atol=1e-8
        )

    TABLE.add("embed_backward", f"numerical differences {_shape}", _embed_numerical)
    TABLE.add("embed", f"torch {_shape}", _embed)
    TABLE.add("embed_backward", f"autograd {_shape}", _embed_backward)


@TABLE.row("embed_backward", "a word that stands twice collects twice")
def _(function):
    got = function(np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]]), np.array([1, 1, 0]), np.zeros((3, 2)))
    close(got, [[5, 5], [11, 22], [0, 0]])


@TABLE.row("cosine_similarity", "scikit-learn, and a zero vector")
def _(function):
    a, b = normal(0, 4, 6), normal(1, 5, 6)
    a[2] = 0
    close(function(a, b), cosine_similarity(a, b))


for _k in (1, 3, 9):

    def _nearest(function, k=_k):
        query, vectors = normal(0, 4, 3), 10.0 ** normal(2, 9, 1) * normal(1, 9, 3)
        index, similarity = function(query, vectors, k=k)
        apart, want = (
            NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(vectors).kneighbors(query)
        )
        assert index.tolist() == want.tolist()
        close(similarity, 1 - apart, atol=1e-10)

    TABLE.add("nearest", f"scikit-learn k={_k}", _nearest)


@TABLE.row("nearest", "of equal ones the lower row first; length does not matter")
def _(function):
    vectors = np.array([[0.0, 1.0], [1.0, 0.0], [3.0, 0.0], [1.0, 1.0]])
    index, _ = function(np.array([[2.0, 0.0]]), vectors, k=4)
    assert index.tolist() == [[1, 2, 3, 0]]
    # as many equals as an unstable sort would shuffle
    index, _ = function(np.eye(2)[:1], np.tile(np.eye(2), (50, 1)), k=100)
    assert index.tolist() == [[*range(0, 100, 2), *range(1, 100, 2)]]


SENTENCES = [np.random.default_rng(s).integers(6, size=s % 9 + 1) for s in range(30)]

for _window in (1, 2, 4):

    def _cooccurrence(function, window=_window):
        counts = Counter()
        for sentence in SENTENCES:
            for (i, a), (j, b) in itertools.permutations(enumerate(sentence), 2):
                counts[a, b] += abs(i - j) <= window
        close(
            function(SENTENCES, vocabulary=6, window=window),
            [[counts[a, b] for b in range(6)] for a in range(6)],
        )

    TABLE.add("cooccurrence", f"pairs window={_window}", _cooccurrence)


for _shift in (1, 3):

    def _ppmi(function, shift=_shift):
        counts = np.random.default_rng(0).poisson(2.0, (5, 6)).astype(float)
        want = np.zeros((5, 6))
        for i, j in np.ndindex(5, 6):
            if counts[i, j]:
                joint, chance = (
                    counts[i, j] / counts.sum(),
                    counts[i].sum() * counts[:, j].sum() / counts.sum() ** 2,
                )
                want[i, j] = max(0.0, math.log(joint) - math.log(chance) - math.log(shift))
        close(function(counts, shift=shift), want)

    TABLE.add("ppmi", f"loop shift={_shift}", _ppmi)


@TABLE.row("ppmi", "a word that never occurs")
def _(function):
    close(function(np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 1.0, 0.0]]))[0], np.zeros(3))


for _dim in (1, 3, 5):

    def _svd(function, dim=_dim):
        m = normal(0, 8, 5)
        got = function(m, dim=dim)
        # scikit-learn gives U Σ; its columns' lengths are the singular values
        want = TruncatedSVD(dim, algorithm="arpack", random_state=0).fit_transform(m) if dim < 5 else None
        if want is not None:
            want = want / np.sqrt(np.linalg.norm(want, axis=0))
            close(np.abs(got), np.abs(want), rtol=1e-7, atol=1e-9)
        assert np.all(got[np.abs(got).argmax(0), np.arange(dim)] > 0)
        # the columns are orthogonal, and C Cᵀ has the singular values of M
        close(np.linalg.norm(got, axis=0) ** 2, np.linalg.svd(m, compute_uv=False)[:dim])
        close(got.T @ got, np.diag(np.linalg.norm(got, axis=0) ** 2), atol=1e-10)

    TABLE.add("svd_embedding", f"scikit-learn dim={_dim}", _svd)


# --- hyperparameter search ---

SPACE = {"lr": Range(1e-4, 1.0, "log"), "momentum": Range(0.5, 0.99, "one_minus"), "rate": Range(0.1, 0.7)}


@TABLE.row("grid", "by hand")
def _(function):
    got = function(SPACE, count=3)
    lrs, momenta, rates = (1e-4, 1e-2, 1.0), (0.5, 1 - math.sqrt(0.5 * 0.01), 0.99), (0.1, 0.4, 0.7)
    want = list(itertools.product(lrs, momenta, rates))
    assert len(got) == 27
    close([list(candidate.values()) for candidate in got], want)
    assert all(list(candidate) == list(SPACE) for candidate in got)
    close([c["rate"] for c in function({"rate": SPACE["rate"]}, count=4)], [0.1, 0.3, 0.5, 0.7])


@TABLE.row("draw_candidates", "by the definition of each scale")
def _(function):
    rng = np.random.default_rng(3)
    for candidate in function(SPACE, count=6, rng=np.random.default_rng(3)):
        u, v, w = rng.random(3)
        close(candidate["lr"], 10 ** (-4 + 4 * u))
        close(candidate["momentum"], 1 - 10 ** (math.log10(0.5) + v * math.log10(0.01 / 0.5)))
        close(candidate["rate"], 0.1 + 0.6 * w)


@TABLE.row("draw_candidates", "as many in each decade")
def _(function):
    lrs = [c["lr"] for c in function({"lr": SPACE["lr"]}, count=4000, rng=np.random.default_rng(0))]
    counts, _ = np.histogram(np.log10(lrs), bins=[-4, -3, -2, -1, 0])
    assert counts.sum() == 4000 and np.all(np.abs(counts - 1000) < 120)


@TABLE.row("narrow", "by hand")
def _(function):
    got = function({"lr": 1e-2, "momentum": 0.95, "rate": 0.65}, space=SPACE, share=0.25)
    # a quarter of four decades, half of it on each side
    assert math.isclose(got["lr"].low, 10**-2.5) and math.isclose(got["lr"].high, 10**-1.5)
    # 1 − μ from 0.5 to 0.01: a quarter of the ratio 50, half of it on each side of 0.05
    assert math.isclose(1 - got["momentum"].low, 0.05 * 50**0.125)
    assert math.isclose(1 - got["momentum"].high, 0.05 * 50**-0.125)
    # 0.65 ± 0.075 would reach 0.725: moved to the end
    assert math.isclose(got["rate"].low, 0.55) and math.isclose(got["rate"].high, 0.7)
    assert {name: span.scale for name, span in got.items()} == {n: s.scale for n, s in SPACE.items()}


@TABLE.row("at_edge", "by hand")
def _(function):
    inside = {"lr": 1e-2, "momentum": 0.9, "rate": 0.4}
    assert function(inside, space=SPACE) == {}
    # a log range of four decades: within 0.4 of a decade from the end
    assert function(inside | {"lr": 10**-3.65}, space=SPACE) == {"lr": "low"}
    assert function(inside | {"lr": 10**-3.55}, space=SPACE) == {}
    assert function(inside | {"lr": 10**-0.35}, space=SPACE) == {"lr": "high"}
    assert function(inside | {"lr": 0.2}, space=SPACE) == {}
    assert function(inside | {"momentum": 0.986, "rate": 0.1}, space=SPACE) == {
        "momentum": "high",
        "rate": "low",
    }
    assert function(inside | {"momentum": 0.97}, space=SPACE) == {}
    assert function(inside | {"rate": 0.2}, space=SPACE, margin=0.2) == {"rate": "low"}
    assert function({"lr": 1.0}, space={"lr": SPACE["lr"]}) == {"lr": "high"}
    degrees = {"degrees": Range(-180.0, -0.5)}
    assert function({"degrees": -180.0}, space=degrees) == {"degrees": "low"}
    assert function({"degrees": -0.5}, space=degrees) == {"degrees": "high"}


@TABLE.row("hyperband_brackets", "R = 81, η = 3, by the algorithm's formulas with logarithms")
def _(function):
    for most, eta in ((81, 3), (27, 3), (16, 4), (100, 3), (1, 2), (64, 2)):
        s_max = math.floor(math.log(most) / math.log(eta) + 1e-9)
        want = []
        for s in range(s_max, -1, -1):
            n = math.ceil((s_max + 1) * most / most * eta**s / (s + 1))
            want.append(
                [
                    (math.floor(n * eta**-i + 1e-9), math.floor(most * eta ** (i - s) + 1e-9))
                    for i in range(s + 1)
                ]
            )
        assert function(most=most, eta=eta) == want
    assert function(most=81, eta=3)[0] == [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]
    assert function(most=81, eta=3)[-1] == [(5, 81)]


for _n, _parts in [(10, 2), (11, 3), (7, 7), (23, 5)]:

    def _k_fold(function, n=_n, k=_parts):
        got = function(n=n, k=k, rng=np.random.default_rng(4))
        order = np.random.default_rng(4).permutation(n)
        assert len(got) == k
        for (training, validation), (_, places) in zip(got, KFold(k).split(np.arange(n)), strict=True):
            # scikit-learn cuts 0 … n − 1 into the same sizes; ours cuts a random order
            assert validation.tolist() == order[places].tolist()
            assert sorted([*training, *validation]) == list(range(n))

    TABLE.add("k_fold", f"scikit-learn n={_n} k={_parts}", _k_fold)
