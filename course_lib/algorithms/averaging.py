"""Averages over training: of weights (EMA, SWA), and of gradients over several small batches."""

from course_lib.algorithms._arrays import fraction, namespace, same_shape, whole
from course_lib.registry import Range, register


@register(
    "weight averaging",
    ko="가중치의 지수 이동 평균 (EMA)",
    en="Exponential moving average of weights (EMA)",
    source="Polyak & Juditsky 1992 (averaging); Tarvainen & Valpola 2017, arXiv:1703.01780, §2",
    ranges={"decay": Range(0.9, 0.9999, "one_minus", 31)},
)
def ema(p, state=(0.0, 0), *, decay=0.999):
    """EMA of weights: a second copy that follows slowly, and is the one to use in the end.

        a_1 = θ_1;      a_t = d a_{t−1} + (1 − d) θ_t

    It starts at the first weights, so nothing is to be corrected; d = 0.999 remembers about 1000 steps.

    p: θ_t, floating-point array, after the optimizer's step. decay: d in [0, 1). state: (a, t).
    Returns (a, state). Raises TypeError and ValueError on bad input.
    """
    average, seen = _average("ema", p, state)
    fraction("ema", decay=decay)
    kept = decay if seen else 0.0
    # a_t = d a_{t−1} + (1 − d) θ_t
    average = kept * average + (1 - kept) * p
    return average, (average, seen + 1)


@register(
    "weight averaging",
    ko="확률적 가중치 평균 (SWA)",
    en="Stochastic weight averaging (SWA)",
    source="Izmailov et al. 2018, arXiv:1803.05407, Algorithm 1",
)
def swa(p, state=(0.0, 0)):
    """SWA: the plain mean of the weights at several late points of training, with a constant or cyclic rate.

        w_SWA ← (w_SWA · n + w) / (n + 1)

    Batch-normalization statistics belong to other weights then: compute them anew with a pass over the data.

    p: w, floating-point array. state: (w_SWA, n). Returns (w_SWA, state).
    Raises TypeError and ValueError on bad input.
    """
    average, n = _average("swa", p, state)
    # w_SWA ← (w_SWA · n + w) / (n + 1)
    average = (average * n + p) / (n + 1)
    return average, (average, n + 1)


@register(
    "gradient accumulation",
    ko="기울기 누적",
    en="Gradient accumulation",
    source="Goodfellow et al. 2016, Deep Learning, §8.1.3 (the mean over a batch is a mean of means)",
    ranges={"every": Range(1, 16, count=16)},
)
def accumulate(g, state=(0.0, 0), *, every=4):
    """Gradient accumulation: the gradient of a large batch, from k small ones of equal size.

        G ← G + g / k          step when k have come, then G ← 0

    Each g is a mean over its small batch; the mean of k means is the mean over all. Batch normalization still
    sees the small batches only.

    g: floating-point array. every: k ≥ 1. state: (G, how many have come); at k the optimizer is to step, and
    the next call starts afresh. Returns (G, state). Raises TypeError and ValueError on bad input.
    """
    whole("accumulate", every=every)
    total, count = _average("accumulate", g, state)
    if count == every:
        total, count = 0.0, 0
    # G ← G + g / k
    total = total + g / every
    return total, (total, count + 1)


def _average(name, p, state):
    """The state, after a look at p and at what has been averaged so far."""
    namespace(name, p=p)
    average, count = state
    if count:
        same_shape(name, p=p, state=average)
    return average, count
