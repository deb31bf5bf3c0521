"""Wrong versions of mixing, smoothing, averaging, SAM and calibration."""

import math

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- mixup and CutMix ---


def _mixup(x, y, rng, alpha, *, lam=None, label_lam=None, label_order=None, mix_labels=True):
    lam = rng.beta(alpha, alpha) if lam is None else lam
    order = rng.permutation(len(x))
    label_lam = lam if label_lam is None else label_lam(lam)
    label_order = order if label_order is None else label_order(len(x))
    mixed_y = label_lam * y + (1 - label_lam) * y[label_order] if mix_labels else y
    return lam * x + (1 - lam) * x[order], mixed_y


@wrong("mixup")
def mixup_labels_swapped(x, y, *, rng, alpha=0.2):
    return _mixup(x, y, rng, alpha, label_lam=lambda lam: 1 - lam)


@wrong("mixup")
def mixup_labels_other_lambda(x, y, *, rng, alpha=0.2):
    return _mixup(x, y, rng, alpha, label_lam=lambda lam: rng.beta(alpha, alpha))


@wrong("mixup")
def mixup_labels_other_order(x, y, *, rng, alpha=0.2):
    return _mixup(x, y, rng, alpha, label_order=rng.permutation)


@wrong("mixup")
def mixup_labels_not_mixed(x, y, *, rng, alpha=0.2):
    return _mixup(x, y, rng, alpha, mix_labels=False)


@wrong("mixup")
def mixup_lambda_uniform(x, y, *, rng, alpha=0.2):
    return _mixup(x, y, rng, alpha, lam=rng.uniform())


def _cutmix(x, y, rng, alpha, *, side=math.sqrt, fill=None, label_share=None):
    n, _, height, width = x.shape
    lam, order = rng.beta(alpha, alpha), rng.permutation(n)
    tall, wide = (int(size * side(1 - lam)) for size in (height, width))
    top, left = rng.integers(height) - tall // 2, rng.integers(width) - wide // 2
    rows, columns = slice(max(top, 0), top + tall), slice(max(left, 0), left + wide)
    mixed = x.copy()
    mixed[:, :, rows, columns] = x[order][:, :, rows, columns] if fill is None else fill
    # what share of the picture the box takes
    box = mixed[0, 0, rows, columns].size / (height * width)
    share = box if label_share is None else label_share(box, lam)
    return mixed, (1 - share) * y + share * y[order]


@wrong("cutmix")
def cutmix_lambda_not_corrected(x, y, *, rng, alpha=1.0):
    return _cutmix(x, y, rng, alpha, label_share=lambda box, lam: 1 - lam)


@wrong("cutmix")
def cutmix_side_without_root(x, y, *, rng, alpha=1.0):
    return _cutmix(x, y, rng, alpha, side=lambda share: share)


@wrong("cutmix")
def cutmix_labels_swapped(x, y, *, rng, alpha=1.0):
    return _cutmix(x, y, rng, alpha, label_share=lambda box, lam: 1 - box)


@wrong("cutmix")
def cutmix_labels_not_mixed(x, y, *, rng, alpha=1.0):
    return _cutmix(x, y, rng, alpha, label_share=lambda box, lam: 0.0)


@wrong("cutmix")
def cutmix_box_black(x, y, *, rng, alpha=1.0):
    return _cutmix(x, y, rng, alpha, fill=0.0)


# --- label smoothing ---


@wrong("label_smoothing")
def label_smoothing_over_others(y, *, eps=0.1):
    return right.label_smoothing_others(y, eps=eps)


@wrong("label_smoothing")
def label_smoothing_right_one_left_out(y, *, eps=0.1):
    return (1 - eps) * y + eps / y.shape[1] * (1 - y)


@wrong("label_smoothing")
def label_smoothing_right_one_kept(y, *, eps=0.1):
    return y + eps / y.shape[1]


@wrong("label_smoothing_others")
def label_smoothing_others_over_all(y, *, eps=0.1):
    return right.label_smoothing(y, eps=eps)


@wrong("label_smoothing_others")
def label_smoothing_others_divided_by_all(y, *, eps=0.1):
    return (1 - eps) * y + eps / y.shape[1] * (1 - y)


# --- stochastic depth ---


def _depth(f, rate, rng, *, dropped=True, kept=None, count=None, scale=None):
    shape = (len(f),) + (1,) * (f.ndim - 1)
    if not dropped:
        return f * 1.0, np.ones(shape)
    draws = np.broadcast_to(rng.random(count), len(f)).reshape(shape)
    mask = (draws >= rate if kept is None else kept(draws)) * (1 / (1 - rate) if scale is None else scale)
    return f * mask, mask


@wrong("stochastic_depth")
def stochastic_depth_not_scaled(f, *, rate=0.2, training, rng):
    return _depth(f, rate, rng, dropped=training, count=len(f), scale=1.0)


@wrong("stochastic_depth")
def stochastic_depth_whole_batch(f, *, rate=0.2, training, rng):
    return _depth(f, rate, rng, dropped=training, count=1)


@wrong("stochastic_depth")
def stochastic_depth_keeps_the_dropped(f, *, rate=0.2, training, rng):
    return _depth(f, rate, rng, dropped=training, count=len(f), kept=lambda draws: draws < rate)


@wrong("stochastic_depth")
def stochastic_depth_on_in_evaluation(f, *, rate=0.2, training, rng):
    return _depth(f, rate, rng, count=len(f))


@wrong("stochastic_depth")
def stochastic_depth_scaled_in_evaluation(f, *, rate=0.2, training, rng):
    f, mask = _depth(f, rate, rng, dropped=training, count=len(f), scale=1.0)
    return (f, mask) if training else (f * (1 - rate), mask * (1 - rate))


@wrong("survival_rate")
def survival_rate_dropped_share(layer, *, layers, last=0.5):
    return layer / layers * (1 - last)


@wrong("survival_rate")
def survival_rate_reversed(layer, *, layers, last=0.5):
    return 1 - (layers - layer) / layers * (1 - last)


# --- averages ---


@wrong("ema")
def ema_decay_swapped(p, state=(0.0, 0), *, decay=0.999):
    average = (1 - decay) * state[0] + decay * p if state[1] else p * 1.0
    return average, (average, state[1] + 1)


@wrong("ema")
def ema_starts_at_zero(p, state=(0.0, 0), *, decay=0.999):
    average = decay * state[0] + (1 - decay) * p
    return average, (average, state[1] + 1)


@wrong("ema")
def ema_adds(p, state=(0.0, 0), *, decay=0.999):
    average = decay * state[0] + p
    return average, (average, state[1] + 1)


@wrong("swa")
def swa_halves(p, state=(0.0, 0)):
    average = (state[0] + p) / 2 if state[1] else p * 1.0
    return average, (average, state[1] + 1)


@wrong("swa")
def swa_one_too_few(p, state=(0.0, 0)):
    average = (state[0] * state[1] + p) / max(state[1], 1)
    return average, (average, state[1] + 1)


@wrong("accumulate")
def accumulate_not_divided(g, state=(0.0, 0), *, every=4):
    total, count = state if state[1] < every else (0.0, 0)
    return total + g, (total + g, count + 1)


@wrong("accumulate")
def accumulate_never_cleared(g, state=(0.0, 0), *, every=4):
    total = state[0] + g / every
    return total, (total, state[1] + 1)


@wrong("accumulate")
def accumulate_last_only(g, state=(0.0, 0), *, every=4):
    return g / every, (g / every, state[1] + 1)


# --- SAM ---


def _norm(g):
    return math.sqrt((g * g).sum()) or 1.0


@wrong("sam")
def sam_steps_from_the_worst_point(p, grad_fn, state=(), *, lr=0.1, rho=0.05):
    g = grad_fn(p)
    worst = p + rho * g / _norm(g)
    return worst - lr * grad_fn(worst), state


@wrong("sam")
def sam_not_normalized(p, grad_fn, state=(), *, lr=0.1, rho=0.05):
    return p - lr * grad_fn(p + rho * grad_fn(p)), state


@wrong("sam")
def sam_goes_down_first(p, grad_fn, state=(), *, lr=0.1, rho=0.05):
    g = grad_fn(p)
    return p - lr * grad_fn(p - rho * g / _norm(g)), state


@wrong("sam")
def sam_squared_norm(p, grad_fn, state=(), *, lr=0.1, rho=0.05):
    g = grad_fn(p)
    return p - lr * grad_fn(p + rho * g / _norm(g) ** 2), state


@wrong("sam")
def sam_gradient_here(p, grad_fn, state=(), *, lr=0.1, rho=0.05):
    return p - lr * grad_fn(p), state


@wrong("sam_gradient")
def sam_gradient_not_normalized(p, grad_fn, *, rho=0.05):
    return grad_fn(p + rho * grad_fn(p))


# --- calibration ---


def _bin_sums(p, labels, bins):
    confidence, correct = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    sums = (np.bincount(index, weights, bins) for weights in (correct, confidence, np.ones(len(p))))
    kept, sure, count = sums
    return kept[count > 0], sure[count > 0], count[count > 0]


@wrong("expected_calibration_error")
def expected_calibration_error_bins_unweighted(p, labels, *, bins=15):
    kept, sure, count = _bin_sums(p, labels, bins)
    return float(np.mean(np.abs(kept - sure) / count))


@wrong("expected_calibration_error")
def expected_calibration_error_signed(p, labels, *, bins=15):
    kept, sure, _ = _bin_sums(p, labels, bins)
    return float(np.sum(sure - kept) / len(p))


@wrong("expected_calibration_error")
def expected_calibration_error_largest(p, labels, *, bins=15):
    kept, sure, count = _bin_sums(p, labels, bins)
    return float(np.max(np.abs(kept - sure) / count))


@wrong("expected_calibration_error")
def expected_calibration_error_probability_of_label(p, labels, *, bins=15):
    return float(1 - p[np.arange(len(p)), labels].mean())


@wrong("reliability_bins")
def reliability_bins_edge_above(p, labels, *, bins=15):
    confidence, correct = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    kept, sure, count = (np.bincount(index, w, bins) for w in (correct, confidence, np.ones(len(p))))
    size = np.where(count > 0, count, np.nan)
    return kept / size, sure / size, count


@wrong("fit_temperature")
def fit_temperature_inverse(logits, labels, *, low=0.05, high=20.0):
    return 1 / right.fit_temperature(logits, labels, low=low, high=high)


@wrong("fit_temperature")
def fit_temperature_by_entropy(logits, labels, *, low=0.05, high=20.0):
    # the largest temperature always looks least sure
    return high
