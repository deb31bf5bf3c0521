"""Refinements of the data, the labels and the depth: mixup, CutMix, label smoothing, stochastic depth.

Labels are distributions, (samples, classes), each row summing to 1: `one_hot(labels, classes=10)` makes
them. What is random says in which order it draws from `rng`.
"""

import math

from course_lib.algorithms._arrays import device, fraction, generator, namespace, positive, whole
from course_lib.algorithms._batches import distributions, images, same_batch
from course_lib.algorithms._inputs import not_empty
from course_lib.messages import t
from course_lib.registry import Range, register

ALPHA = Range(0.05, 5.0, "log", 31)
RATE = Range(0.0, 0.9, count=19)


@register(
    "mixing",
    ko="mixup",
    en="mixup",
    source="Zhang et al. 2018, arXiv:1710.09412, §2",
    ranges={"alpha": ALPHA},
)
def mixup(x, y, *, rng, alpha=0.2):
    """mixup: train on weighted means of two samples and of their labels.

        λ ~ Beta(α, α)
        x̃ = λ x_i + (1 − λ) x_j          ỹ = λ y_i + (1 − λ) y_j

    One λ serves the whole batch, and j is a random order of it, as in the authors' code.

    x: (N, …). y: (N, K), distributions. alpha: α > 0; small keeps λ near 0 or 1. rng: NumPy Generator;
    draws λ, then the order. Returns (x̃, ỹ). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("mixup", x=x, y=y)
    distributions("mixup", y=y)
    same_batch("mixup", x=x, y=y)
    positive("mixup", alpha=alpha)
    # λ ~ Beta(α, α)
    lam = float(generator("mixup", rng).beta(alpha, alpha))
    j = xp.asarray(rng.permutation(x.shape[0]), device=device(x))
    # x̃ = λ x_i + (1 − λ) x_j,  ỹ = λ y_i + (1 − λ) y_j
    mixed_x = lam * x + (1 - lam) * xp.take(x, j, axis=0)
    mixed_y = lam * y + (1 - lam) * xp.take(y, j, axis=0)
    return mixed_x, mixed_y


@register(
    "mixing",
    ko="CutMix",
    en="CutMix",
    source="Yun et al. 2019, arXiv:1905.04899, §3.1",
    ranges={"alpha": ALPHA},
)
def cutmix(x, y, *, rng, alpha=1.0):
    """CutMix: paste a box of one image into another, and mix the labels by area.

        λ ~ Beta(α, α);   box of ⌊W √(1 − λ)⌋ × ⌊H √(1 − λ)⌋ pixels around a random pixel, cut at the edge
        x̃ = x_j inside the box, x_i outside;      λ ← 1 − box / (H W)
        ỹ = λ y_i + (1 − λ) y_j

    λ is taken anew from the box that was cut, as in the authors' code: at the edge it is smaller.

    x: (N, C, H, W). y: (N, K), distributions. alpha: α > 0. rng: NumPy Generator; draws λ, the order, the
    centre's row, its column. Returns (x̃, ỹ). Raises TypeError and ValueError on bad input.
    """
    xp = images("cutmix", x=x)
    distributions("cutmix", y=y)
    same_batch("cutmix", x=x, y=y)
    positive("cutmix", alpha=alpha)
    n, _, height, width = x.shape
    lam = float(generator("cutmix", rng).beta(alpha, alpha))
    j = xp.asarray(rng.permutation(n), device=device(x))
    top, bottom = _stretch(int(rng.integers(height)), height, lam)
    left, right = _stretch(int(rng.integers(width)), width, lam)
    rows, columns = (xp.arange(size, device=device(x)) for size in (height, width))
    # inside: (H, W)
    inside = ((rows >= top) & (rows < bottom))[:, None] & ((columns >= left) & (columns < right))
    # λ ← 1 − box / (H W)
    lam = 1 - (bottom - top) * (right - left) / (height * width)
    mixed_x = xp.where(inside, xp.take(x, j, axis=0), x)
    return mixed_x, lam * y + (1 - lam) * xp.take(y, j, axis=0)


def _stretch(centre, size, lam):
    """First and past-the-last place of a box ⌊size √(1 − λ)⌋ wide, cut at the edges."""
    wide = int(size * math.sqrt(1 - lam))
    first = centre - wide // 2
    return max(first, 0), min(first + wide, size)


@register(
    "label smoothing",
    ko="레이블 스무딩 (K개 모두)",
    en="Label smoothing over all K classes",
    source="Szegedy et al. 2016, arXiv:1512.00567, §7",
    ranges={"eps": RATE},
)
def label_smoothing(y, *, eps=0.1):
    """Label smoothing as it is usually meant: ε is spread evenly over all K classes, the right one too.

        q_k = (1 − ε) y_k + ε / K          ε = 0.1, K = 3:   [0.933, 0.033, 0.033]

    PyTorch's cross_entropy(label_smoothing=ε) means this one.

    y: (N, K), distributions. eps: ε in [0, 1). Returns (N, K). Raises TypeError and ValueError on bad input.
    """
    distributions("label_smoothing", y=y)
    fraction("label_smoothing", eps=eps)
    # q_k = (1 − ε) y_k + ε / K
    return (1 - eps) * y + eps / y.shape[1]


@register(
    "label smoothing",
    ko="레이블 스무딩 (나머지 K−1개)",
    en="Label smoothing over the K − 1 others",
    source="the other convention in use, of ε/(K − 1) on each wrong class; compare Müller et al. 2019, §2",
    ranges={"eps": RATE},
)
def label_smoothing_others(y, *, eps=0.1):
    """The other convention: ε is spread over the K − 1 wrong classes, and the right one keeps 1 − ε.

        q_k = (1 − ε) y_k + ε (1 − y_k) / (K − 1)          ε = 0.1, K = 3:   [0.9, 0.05, 0.05]

    It equals the usual one with ε_usual = ε K / (K − 1).

    y: (N, K), distributions, K ≥ 2. eps: ε in [0, 1). Returns (N, K). Raises TypeError and ValueError.
    """
    distributions("label_smoothing_others", y=y)
    fraction("label_smoothing_others", eps=eps)
    classes = y.shape[1]
    if classes < 2:
        raise ValueError(t("refine.one_class", got=tuple(y.shape)))
    # q_k = (1 − ε) y_k + ε (1 − y_k) / (K − 1)
    return (1 - eps) * y + eps * (1 - y) / (classes - 1)


@register(
    "stochastic depth",
    ko="확률적 깊이",
    en="Stochastic depth",
    source="Huang et al. 2016, arXiv:1603.09382, §3, with the scale moved into training",
    ranges={"rate": RATE},
)
def stochastic_depth(f, *, rate=0.2, training, rng):
    """Stochastic depth: each sample skips a residual branch by chance; y = x + stochastic_depth(f(x)).

        b_n ~ Bernoulli(1 − p)          branch = f · b_n / (1 − p)

    The paper leaves b·f unscaled in training and multiplies by 1 − p in use; dividing here makes use plain.

    f: the branch's output, (N, …). rate: p in [0, 1). training: False gives f itself, whatever the rate.
    rng: NumPy Generator, left alone in evaluation; draws a number a sample, kept where it is ≥ p.
    Returns (branch, mask), mask of shape (N, 1, …): 0 or 1 / (1 − p). Raises TypeError and ValueError.
    """
    xp = namespace("stochastic_depth", f=f)
    not_empty("stochastic_depth", f=f)
    fraction("stochastic_depth", rate=rate)
    shape = (f.shape[0],) + (1,) * (f.ndim - 1)
    if not training:
        return f * 1.0, xp.ones(shape, dtype=f.dtype, device=device(f))
    # b_n / (1 − p), one number a sample
    mask = (generator("stochastic_depth", rng).random(shape) >= rate) / (1 - rate)
    mask = xp.asarray(mask, dtype=f.dtype, device=device(f))
    # branch = f · b_n / (1 − p)
    return f * mask, mask


@register(
    "stochastic depth",
    ko="확률적 깊이의 역전파",
    en="Stochastic depth, backward",
    source="derivative of a product with a constant",
)
def stochastic_depth_backward(dy, mask):
    """Backward pass of stochastic depth: the skipped samples send nothing back. df = dy · mask.

    dy: (N, …). mask: (N, 1, …), as the forward pass gave it. Returns df, shaped like dy.
    Raises TypeError and ValueError on bad input.
    """
    namespace("stochastic_depth_backward", dy=dy, mask=mask)
    want = (*dy.shape[:1], *[1] * (dy.ndim - 1))
    if tuple(mask.shape) != want:
        raise ValueError(t("refine.mask", want=want, got=tuple(mask.shape)))
    # df = dy · b_n / (1 − p)
    return dy * mask


@register(
    "stochastic depth",
    ko="층별 생존 확률",
    en="Survival rate by depth",
    source="Huang et al. 2016, arXiv:1603.09382, §3 (linear decay)",
    ranges={"last": Range(0.1, 1.0, count=19)},
)
def survival_rate(layer, *, layers, last=0.5):
    """The share of samples that a residual block keeps: early blocks nearly all, late ones fewer.

        p_l = 1 − (l / L)(1 − p_L)

    layer: l = 1 … L. layers: L ≥ 1. last: p_L in (0, 1]. Returns a float. Raises ValueError on bad input.
    """
    whole("survival_rate", layer=layer, layers=layers)
    positive("survival_rate", last=last)
    if layer > layers or last > 1:
        raise ValueError(t("refine.survival", layer=layer, layers=layers, last=last))
    # p_l = 1 − (l / L)(1 − p_L)
    return float(1 - layer / layers * (1 - last))
