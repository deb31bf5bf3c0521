"""Word embeddings: vectors from what stands next to what, their use as a table, and nearest neighbours."""

import math

import numpy as np

from course_lib.algorithms._arrays import device, matrix, namespace, whole
from course_lib.algorithms._inputs import class_labels, finite, not_empty, table
from course_lib.messages import t
from course_lib.registry import Range, register


@register(
    "embedding",
    ko="임베딩 조회",
    en="Embedding lookup",
    source="Bengio et al. 2003, JMLR 3, §2 (the matrix C)",
)
def embed(indices, vectors):
    """A word's number becomes its row of the table: a one-hot row times the table, without the product.

    indices: whole numbers in 0 … V − 1, of any shape. vectors: (V, d).
    Returns (…, d). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("embed", vectors=vectors)
    table("embed", vectors=vectors)
    class_labels("embed", indices, vectors.shape[0])
    rows = xp.take(vectors, xp.reshape(indices, (-1,)), axis=0)
    return xp.reshape(rows, (*indices.shape, vectors.shape[1]))


@register(
    "embedding",
    ko="임베딩 조회의 역전파",
    en="Embedding lookup, backward",
    source="derivative of a one-hot row times a matrix",
)
def embed_backward(dy, indices, vectors):
    """Backward pass of the lookup: a word's row collects from every place where the word stood.

        dC_v = Σ over places with index v of dy          (words that did not occur get 0)

    dy: (…, d). indices: (…). vectors: (V, d). Returns (V, d). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("embed_backward", dy=dy, vectors=vectors)
    table("embed_backward", vectors=vectors)
    class_labels("embed_backward", indices, vectors.shape[0])
    if tuple(dy.shape) != (*indices.shape, vectors.shape[1]):
        want = (*indices.shape, vectors.shape[1])
        raise ValueError(t("conv.dy", name="embed_backward", want=want, got=tuple(dy.shape)))
    words = xp.arange(vectors.shape[0], device=device(vectors))
    # one-hot rows (places, V), transposed, times dy (places, d)
    one_hot = xp.astype(xp.reshape(indices, (-1, 1)) == words, vectors.dtype)
    return one_hot.mT @ xp.reshape(dy, (-1, vectors.shape[1]))


@register(
    "embedding",
    ko="코사인 유사도",
    en="Cosine similarity",
    source="Salton & McGill 1983; Mikolov et al. 2013, arXiv:1301.3781, §4",
)
def cosine_similarity(a, b):
    """How far two directions agree, whatever the lengths: cos(a, b) = aᵀb / (‖a‖ ‖b‖), 0 for a zero vector.

    a: (n, d). b: (m, d). Returns (n, m), in [−1, 1]. Raises TypeError and ValueError on bad input.
    """
    namespace("cosine_similarity", a=a, b=b)
    table("cosine_similarity", a=a, b=b)
    _same_width("cosine_similarity", a, b)
    # aᵀb / (‖a‖ ‖b‖)
    return _unit(a) @ _unit(b).mT


@register(
    "embedding",
    ko="가장 가까운 이웃",
    en="Nearest neighbours",
    source="Mikolov et al. 2013, arXiv:1301.3781, §4 (by cosine)",
    ranges={"k": Range(1, 10, count=10)},
)
def nearest(query, vectors, *, k=5):
    """The k rows of a table that point most nearly where the query points, the nearest first.

    A word asked for by its own vector is its own nearest neighbour; analogies are questions too:
    `nearest(embed(i, C) - embed(j, C) + embed(l, C), C)`. Of equal similarities the lower row comes first.

    query: (n, d). vectors: (V, d). k: 1 … V.
    Returns (indices, similarities), both (n, k). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("nearest", query=query, vectors=vectors)
    table("nearest", query=query, vectors=vectors)
    finite("nearest", query=query, vectors=vectors)
    _same_width("nearest", query, vectors)
    whole("nearest", k=k)
    if k > vectors.shape[0]:
        raise ValueError(t("embeddings.k", got=k, most=vectors.shape[0]))
    similarity = _unit(query) @ _unit(vectors).mT  # (n, V)
    order = xp.argsort(similarity, axis=1, descending=True, stable=True)[:, : int(k)]
    return order, xp.take_along_axis(similarity, order, axis=1)


@register(
    "embedding",
    ko="동시 출현 횟수",
    en="Co-occurrence counts",
    source="Levy & Goldberg 2014, Neural word embedding as implicit matrix factorization, §2",
    ranges={"window": Range(1, 5, count=5)},
)
def cooccurrence(sentences, *, vocabulary, window=2):
    """How often word j stands at most so many places from word i, within a sentence.

    sentences: list of integer arrays (length,), numbers in 0 … V − 1. vocabulary: V ≥ 1, how many words
    there are. window: places, ≥ 1. Returns (V, V) float64, symmetric. Raises TypeError and ValueError.
    """
    whole("cooccurrence", vocabulary=vocabulary, window=window)
    counts = np.zeros((int(vocabulary), int(vocabulary)))
    for sentence in sentences:
        class_labels("cooccurrence", sentence, int(vocabulary))
        for apart in range(1, int(window) + 1):
            left, right = sentence[:-apart], sentence[apart:]
            # both ways; `add.at` counts a pair that occurs twice twice
            np.add.at(counts, (left, right), 1.0)
            np.add.at(counts, (right, left), 1.0)
    return counts


@register(
    "embedding",
    ko="양의 점별 상호 정보량 (PPMI)",
    en="Positive pointwise mutual information (PPMI)",
    source="Church & Hanks 1990; Levy & Goldberg 2014, §3.3 and §4.1 (shifted by log k)",
    ranges={"shift": Range(1, 10, count=10)},
)
def ppmi(counts, *, shift=1):
    """How much more often two words meet than chance would have it, as a logarithm; less often counts as 0.

        PPMI_ij = max(0, log(#(i, j) · D / (#(i) · #(j))) − log k),     D = Σ #(i, j)

    counts: #(i, j) ≥ 0, (V, W). shift: k ≥ 1, skip-gram's number of negative samples.
    Returns an array shaped like counts; a pair never seen has 0. Raises TypeError and ValueError.
    """
    xp = namespace("ppmi", counts=counts)
    table("ppmi", counts=counts)
    finite("ppmi", counts=counts)
    whole("ppmi", shift=shift)
    if float(xp.min(counts)) < 0 or float(xp.sum(counts)) == 0:
        raise ValueError(t("embeddings.counts"))
    # #(i) · #(j) / D: the pairs to expect by chance
    rows, columns = xp.sum(counts, axis=1, keepdims=True), xp.sum(counts, axis=0, keepdims=True)
    chance = rows * columns / xp.sum(counts)
    ratio = xp.where(counts > 0, counts, 1.0) / xp.where(counts > 0, chance, 1.0)
    # max(0, log(#(i, j) / chance) − log k)
    pmi = xp.log(ratio) - math.log(shift)
    return xp.where((counts > 0) & (pmi > 0), pmi, 0.0)


@register(
    "embedding",
    ko="SVD 임베딩",
    en="Embedding by SVD",
    source="Levy & Goldberg 2014, §4.2 (symmetric factorization); Eckart & Young 1936",
    ranges={"dim": Range(2, 50, count=49)},
)
def svd_embedding(m, *, dim=16):
    """Short vectors whose products come as near to a matrix of associations as so few numbers can.

        M ≈ U_d Σ_d V_dᵀ          C = U_d √Σ_d

    A column's sign is free: its entry of largest size is made positive, so equal data give equal vectors.

    m: (V, W). dim: d ≥ 1, at most min(V, W). Returns (V, d). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("svd_embedding", m=m)
    matrix("svd_embedding", m=m)
    not_empty("svd_embedding", m=m)
    finite("svd_embedding", m=m)
    whole("svd_embedding", dim=dim)
    if dim > min(m.shape):
        raise ValueError(t("embeddings.dim", got=dim, most=min(m.shape)))
    u, s, _ = xp.linalg.svd(m, full_matrices=False)
    u, s = u[:, : int(dim)], s[: int(dim)]
    largest = xp.argmax(xp.abs(u), axis=0)
    sign = xp.sign(u[largest, xp.arange(int(dim), device=device(m))])
    # C = U_d √Σ_d
    return u * sign * xp.sqrt(s)


def _unit(a):
    """Rows of length 1; a zero row stays zero."""
    length = ((a * a).sum(axis=-1) ** 0.5)[..., None]
    return a / (length + (length == 0))


def _same_width(name, a, b):
    if a.shape[1] != b.shape[1]:
        raise ValueError(t("embeddings.width", name=name, a=tuple(a.shape), b=tuple(b.shape)))
