"""Wrong versions of word embeddings, hyperparameter search and cross-validation."""

import itertools
import math
from dataclasses import replace

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- embeddings ---


@wrong("embed_backward")
def embed_backward_last_one_stays(dy, indices, vectors):
    out = np.zeros_like(vectors)
    for index, row in zip(indices.ravel(), dy.reshape(-1, dy.shape[-1]), strict=True):
        out[index] = row
    return out


@wrong("cosine_similarity")
def cosine_similarity_not_divided(a, b):
    return a @ b.T


@wrong("cosine_similarity")
def cosine_similarity_one_length(a, b):
    return a @ b.T / np.linalg.norm(a, axis=1, keepdims=True)


def _sorted(scores, k, descending=True):
    order = np.argsort(-scores if descending else scores, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


@wrong("nearest")
def nearest_by_product(query, vectors, *, k=5):
    return _sorted(query @ vectors.T, k)


@wrong("nearest")
def nearest_farthest(query, vectors, *, k=5):
    return _sorted(right.cosine_similarity(query, vectors), k, descending=False)


@wrong("cooccurrence")
def cooccurrence_one_way(sentences, *, vocabulary, window=2):
    counts = np.zeros((vocabulary, vocabulary))
    for sentence in sentences:
        for apart in range(1, window + 1):
            np.add.at(counts, (sentence[:-apart], sentence[apart:]), 1.0)
    return counts


@wrong("cooccurrence")
def cooccurrence_once_a_sentence(sentences, *, vocabulary, window=2):
    return sum((right.cooccurrence([s], vocabulary=vocabulary, window=window) > 0) * 1.0 for s in sentences)


@wrong("ppmi")
def ppmi_negative_kept(counts, *, shift=1):
    chance = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / counts.sum()
    seen = counts > 0
    return np.where(
        seen, np.log(np.where(seen, counts, 1) / np.where(seen, chance, 1)) - math.log(shift), 0.0
    )


@wrong("ppmi")
def ppmi_base_two(counts, *, shift=1):
    return right.ppmi(counts, shift=shift) / math.log(2)


@wrong("ppmi")
def ppmi_chance_forgotten(counts, *, shift=1):
    return np.maximum(np.log(np.maximum(counts, 1) / shift), 0.0)


@wrong("svd_embedding")
def svd_embedding_without_root(m, *, dim=16):
    c = right.svd_embedding(m, dim=dim)
    return c * np.linalg.norm(c, axis=0)


@wrong("svd_embedding")
def svd_embedding_directions_only(m, *, dim=16):
    c = right.svd_embedding(m, dim=dim)
    return c / np.linalg.norm(c, axis=0)


# --- search ---


def _linear(space):
    return {name: replace(span, scale="linear") for name, span in space.items()}


@wrong("grid")
def grid_not_on_its_scale(space, *, count=3):
    return right.grid(_linear(space), count=count)


@wrong("grid")
def grid_one_at_a_time(space, *, count=3):
    full = right.grid(space, count=count)
    return [c for c in full if sum(c[name] != full[0][name] for name in space) <= 1]


@wrong("draw_candidates")
def draw_candidates_not_on_their_scale(space, *, count=9, rng):
    return right.draw_candidates(_linear(space), count=count, rng=rng)


@wrong("at_edge")
def at_edge_not_on_its_scale(best, *, space, margin=0.1):
    return right.at_edge(best, space=_linear(space), margin=margin)


@wrong("at_edge")
def at_edge_only_the_very_end(best, *, space, margin=0.1):
    ends = {name: {span.low: "low", span.high: "high"} for name, span in space.items()}
    return {name: ends[name][value] for name, value in best.items() if value in ends[name]}


@wrong("hyperband_brackets")
def hyperband_brackets_candidates_rounded_down(*, most=27, eta=3):
    brackets = []
    for rounds in right.hyperband_brackets(most=most, eta=eta):
        s, top = len(rounds) - 1, len(right.hyperband_brackets(most=most, eta=eta))
        n = top * eta**s // (s + 1)
        brackets.append([(n // eta**i, budget) for i, (_, budget) in enumerate(rounds)])
    return brackets


@wrong("hyperband_brackets")
def hyperband_brackets_one_bracket(*, most=27, eta=3):
    return right.hyperband_brackets(most=most, eta=eta)[:1]


def _parts(order, n, k):
    starts = [i * (n // k) + min(i, n % k) for i in range(k + 1)]
    return [order[a:b] for a, b in itertools.pairwise(starts)]


def _rest(parts, i):
    return np.concatenate(parts[:i] + parts[i + 1 :])


@wrong("k_fold")
def k_fold_not_shuffled(*, n, k=5, rng):
    parts = _parts(np.arange(n), n, k)
    return [(_rest(parts, i), parts[i]) for i in range(k)]


@wrong("k_fold")
def k_fold_shuffled_for_each_fold(*, n, k=5, rng):
    folds = []
    for i in range(k):
        parts = _parts(rng.permutation(n), n, k)
        folds.append((_rest(parts, i), parts[i]))
    return folds


@wrong("narrow")
def narrow_leaves_the_range(best, *, space, share=0.3):
    finer = right.narrow(best, space=space, share=share)
    for name, span in space.items():
        if span.scale == "linear":
            half = share * (span.high - span.low) / 2
            finer[name] = replace(span, low=best[name] - half, high=best[name] + half)
    return finer


@wrong("narrow")
def narrow_on_a_linear_scale(best, *, space, share=0.3):
    straight = {name: replace(span, scale="linear") for name, span in space.items()}
    finer = right.narrow(best, space=straight, share=share)
    return {name: replace(span, scale=space[name].scale) for name, span in finer.items()}
