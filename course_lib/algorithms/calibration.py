"""Calibration: are 80% of the answers given with 80% confidence right? And if not, by which temperature?"""

from course_lib.algorithms._arrays import device, namespace, positive, whole
from course_lib.algorithms._batches import distributions, same_batch
from course_lib.algorithms._inputs import class_labels, finite, table
from course_lib.algorithms.probabilities import softmax
from course_lib.messages import t
from course_lib.registry import Range, register

BINS = Range(2, 30, count=29)
ROUNDS = 60  # halvings: far below the resolution of float64


@register(
    "calibration",
    ko="온도 조정 (temperature scaling)",
    en="Temperature scaling",
    source="Guo et al. 2017, arXiv:1706.04599, §4.2, eq. 9",
)
def fit_temperature(logits, labels, *, low=0.05, high=20.0):
    """The temperature at which a trained net's confidences fit the labels of a validation set best.

        T = argmin −1/n Σ_i log softmax(z_i / T)_{y_i};     use softmax(z, temperature=T) from then on

    The loss is convex in β = 1/T, so its slope Σ_i (Σ_k p_ik z_ik − z_iy) is halved down to its zero. All
    answers stay the same. If every answer is right no T is best, and `low` comes back; `high` likewise.

    logits: z (N, K). labels: (N,), whole numbers. low, high: bounds of T, 0 < low < high.
    Returns T, a float. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("fit_temperature", logits=logits)
    table("fit_temperature", logits=logits)
    finite("fit_temperature", logits=logits)
    picked = _picked("fit_temperature", logits, labels)
    positive("fit_temperature", low=low, high=high)
    if low >= high:
        raise ValueError(t("refine.bounds", low=low, high=high))
    cold, hot = float(low), float(high)
    for _ in range(ROUNDS):
        middle = (cold * hot) ** 0.5
        p = softmax(logits, temperature=middle)
        # dL/dβ = 1/n Σ_i (Σ_k p_ik z_ik − z_iy), growing with β = 1/T
        slope = float(xp.sum(p * logits) - xp.sum(xp.where(picked, logits, 0.0)))
        cold, hot = (middle, hot) if slope > 0 else (cold, middle)
    return (cold * hot) ** 0.5


@register(
    "calibration",
    ko="신뢰도 구간",
    en="Reliability bins",
    source="Guo et al. 2017, arXiv:1706.04599, §2 (reliability diagrams)",
    ranges={"bins": BINS},
)
def reliability_bins(p, labels, *, bins=15):
    """Answers sorted by their confidence into M equal bins: what was promised, and what was kept.

        bin m holds the samples with (m − 1)/M < max_k p_k ≤ m/M

    p: (N, K), distributions. labels: (N,), whole numbers. bins: M ≥ 1.
    Returns (accuracy, confidence, count), each (M,): mean rightness, mean confidence, samples; an empty bin
    has NaN, NaN, 0. Raises TypeError and ValueError on bad input.
    """
    xp = distributions("reliability_bins", p=p)
    right, sure, count = _sums("reliability_bins", p, labels, bins)
    size = xp.where(count > 0, count, xp.nan)
    return right / size, sure / size, count


@register(
    "calibration",
    ko="기대 보정 오차 (ECE)",
    en="Expected calibration error (ECE)",
    source="Guo et al. 2017, arXiv:1706.04599, §2, eq. 3; Naeini et al. 2015",
    ranges={"bins": BINS},
)
def expected_calibration_error(p, labels, *, bins=15):
    """How far confidence and accuracy are apart, averaged over all samples.

        ECE = Σ_m |B_m|/n · |acc(B_m) − conf(B_m)|

    It depends on the number of bins, and a few samples alone make it larger than 0.

    p: (N, K), distributions. labels: (N,), whole numbers. bins: M ≥ 1.
    Returns a float in [0, 1]. Raises TypeError and ValueError on bad input.
    """
    xp = distributions("expected_calibration_error", p=p)
    right, sure, _ = _sums("expected_calibration_error", p, labels, bins)
    # |B_m|/n · |acc − conf| = |Σ right − Σ confidence| / n
    return float(xp.sum(xp.abs(right - sure))) / p.shape[0]


def _sums(name, p, labels, bins):
    """Sums of rightness and confidence, and samples, for every bin: three arrays (M,) of p's dtype."""
    xp = namespace(name, p=p)
    whole(name, bins=bins)
    picked = _picked(name, p, labels)
    confidence = xp.max(p, axis=1)  # (N,)
    answers = xp.argmax(p, axis=1)
    right = picked[xp.arange(p.shape[0], device=device(p)), answers]
    # m − 1 = ⌈conf · M⌉ − 1; rounding may lift a confidence a little above 1
    index = xp.clip(xp.ceil(confidence * int(bins)) - 1, 0, int(bins) - 1)
    inside = xp.astype(index[:, None] == xp.arange(int(bins), device=device(p)), p.dtype)  # (N, M)
    weights = (xp.astype(right, p.dtype), confidence, xp.ones_like(confidence))
    return tuple(xp.sum(inside * w[:, None], axis=0) for w in weights)


def _picked(name, scores, labels):
    """(N, K): True at each sample's label."""
    xp = class_labels(name, labels, scores.shape[1])
    same_batch(name, scores=scores, labels=labels)
    return labels[:, None] == xp.arange(scores.shape[1], device=device(labels))
