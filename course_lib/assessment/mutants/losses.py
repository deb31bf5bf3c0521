"""Wrong versions of the losses, of one-hot encoding and of accuracy."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- losses of numbers ---


@wrong("sse")
def sse_no_half(pred, target):
    return ((pred - target) ** 2).sum()


@wrong("sse")
def sse_mean(pred, target):
    return 0.5 * ((pred - target) ** 2).mean()


@wrong("sse")
def sse_square_of_sum(pred, target):
    return 0.5 * (pred - target).sum() ** 2


@wrong("sse_backward")
def sse_backward_keeps_two(dy, pred, target):
    return dy * 2 * (pred - target)


@wrong("sse_backward")
def sse_backward_turned(dy, pred, target):
    return dy * (target - pred)


@wrong("mse")
def mse_half(pred, target):
    return 0.5 * ((pred - target) ** 2).mean()


@wrong("mse")
def mse_per_sample(pred, target):
    return ((pred - target) ** 2).sum() / len(pred)


@wrong("mse")
def mse_root(pred, target):
    return np.sqrt(((pred - target) ** 2).mean())


@wrong("mse_backward")
def mse_backward_not_averaged(dy, pred, target):
    return dy * 2 * (pred - target)


@wrong("mse_backward")
def mse_backward_no_two(dy, pred, target):
    return right.mse_backward(dy, pred, target) / 2


@wrong("mse_backward")
def mse_backward_ignores_dy(dy, pred, target):
    return right.mse_backward(1.0, pred, target)


@wrong("mae")
def mae_signs_cancel(pred, target):
    return (pred - target).mean()


@wrong("mae_backward")
def mae_backward_size_of_error(dy, pred, target):
    return dy * (pred - target) / pred.size


@wrong("huber")
def huber_jumps(pred, target, *, delta=1.0):
    r = np.abs(pred - target)
    return np.where(r <= delta, 0.5 * r * r, delta * r).mean()


@wrong("huber")
def huber_no_half(pred, target, *, delta=1.0):
    r = np.abs(pred - target)
    return np.where(r <= delta, r * r, delta * (2 * r - delta)).mean()


@wrong("huber")
def huber_delta_is_one(pred, target, *, delta=1.0):
    return right.huber(pred, target, delta=1.0)


@wrong("huber")
def huber_pieces_swapped(pred, target, *, delta=1.0):
    r = np.abs(pred - target)
    return np.where(r > delta, 0.5 * r * r, delta * (r - 0.5 * delta)).mean()


@wrong("huber_backward")
def huber_backward_not_clipped(dy, pred, target, *, delta=1.0):
    return dy * (pred - target) / pred.size


# --- losses of classes ---


@wrong("binary_cross_entropy")
def binary_cross_entropy_of_rounded(logits, target):
    """By σ and log, as the formula reads: 1 − σ(40) is 0."""
    e = np.exp(-np.abs(logits))
    y = np.where(logits >= 0, 1, e) / (1 + e)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(target * np.log(y) + (1 - target) * np.log(1 - y)).mean()


@wrong("binary_cross_entropy")
def binary_cross_entropy_sum(logits, target):
    return right.binary_cross_entropy(logits, target) * logits.size


@wrong("binary_cross_entropy")
def binary_cross_entropy_yes_only(logits, target):
    return (target * right.softplus(-logits)).mean()


@wrong("binary_cross_entropy")
def binary_cross_entropy_two_sigmoids(logits, target):
    return right.binary_cross_entropy(right.sigmoid(logits), target)


@wrong("binary_cross_entropy_backward")
def binary_cross_entropy_backward_keeps_slope(dy, logits, target):
    y = right.sigmoid(logits)
    return right.binary_cross_entropy_backward(dy, logits, target) * y * (1 - y)


@wrong("binary_cross_entropy_backward")
def binary_cross_entropy_backward_not_averaged(dy, logits, target):
    return dy * (right.sigmoid(logits) - target)


def _rows(logits, target):
    return target if target.ndim == 2 else right.one_hot(target, classes=logits.shape[1])


@wrong("cross_entropy")
def cross_entropy_log_of_softmax(logits, target):
    """Softmax, then log: a probability that rounds to 0 gives infinity."""
    p = right.softmax(logits)
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(_rows(logits, target) > 0, _rows(logits, target) * np.log(p), 0).sum() / len(logits)


@wrong("cross_entropy")
def cross_entropy_small_number_added(logits, target):
    p = right.softmax(logits)
    return -(_rows(logits, target) * np.log(p + 1e-7)).sum() / len(logits)


@wrong("cross_entropy")
def cross_entropy_two_softmaxes(logits, target):
    return right.cross_entropy(right.softmax(logits), target)


@wrong("cross_entropy")
def cross_entropy_sum(logits, target):
    return right.cross_entropy(logits, target) * len(logits)


@wrong("cross_entropy")
def cross_entropy_over_all_elements(logits, target):
    return right.cross_entropy(logits, target) / logits.shape[1]


@wrong("cross_entropy")
def cross_entropy_negative(logits, target):
    return -right.cross_entropy(logits, target)


@wrong("cross_entropy")
def cross_entropy_log_two(logits, target):
    return right.cross_entropy(logits, target) / np.log(2)


@wrong("cross_entropy_backward")
def cross_entropy_backward_not_averaged(dy, logits, target):
    return right.cross_entropy_backward(dy, logits, target) * len(logits)


@wrong("cross_entropy_backward")
def cross_entropy_backward_turned(dy, logits, target):
    return -right.cross_entropy_backward(dy, logits, target)


@wrong("cross_entropy_backward")
def cross_entropy_backward_no_softmax(dy, logits, target):
    return dy * (logits - _rows(logits, target)) / len(logits)


@wrong("cross_entropy_backward")
def cross_entropy_backward_true_class_only(dy, logits, target):
    return right.cross_entropy_backward(dy, logits, target) * (_rows(logits, target) > 0.5)


# --- labels ---


@wrong("one_hot")
def one_hot_counts_from_one(labels, *, classes):
    return (labels[..., None] == np.arange(1, classes + 1)).astype(float)


@wrong("accuracy")
def accuracy_count(logits, labels):
    return float((logits.argmax(axis=1) == labels).sum())


@wrong("accuracy")
def accuracy_error_rate(logits, labels):
    return float((logits.argmax(axis=1) != labels).mean())
