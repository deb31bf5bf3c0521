"""Unit 6, Refinements."""

import numpy as np

from course_lib.algorithms import ema, expected_calibration_error, label_smoothing
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task

IMAGES, BATCH, EPOCHS = 400, 25, 15  # 240 steps in all
ENOUGH, OFF = 0.9, 0.08  # accuracy of the averaged weights on new digits, and their calibration error
SLOW, STRONG, SMALL_RATE, LARGE_RATE = 0.99, 0.04, 0.008, 0.18  # beyond these a setting is named


@number_task
def smoothed_right_class():
    """The target of the right class among 5 with ε = 0.2, smoothed as PyTorch does."""
    classes, eps = 5, 0.2
    mistakes = {
        "over_others": 1 - eps,
        "wrong_class": eps / classes,
        "wrong_class_of_others": eps / (classes - 1),
        "right_one_kept": 1 + eps / classes,
        "share_taken": 1 - eps / classes,
    }
    return 1 - eps + eps / classes, mistakes


@number_task
def blocks_that_survive():
    """How many of 12 residual blocks does a sample meet on average, with linear decay to p_L = 0.4?"""
    blocks, last = 12, 0.4
    mistakes = {
        "all_like_the_last": blocks * last,
        "mean_of_one_and_last": blocks * (1 + last) / 2,
        "skipped": (1 - last) * (blocks + 1) / 2,
        "all": blocks,
    }
    return blocks - (1 - last) * (blocks + 1) / 2, mistakes


@choice_task
def sure_but_wrong():
    """A trained net is 96% sure and 81% right; answers must stay and retraining is too dear."""
    return "temperature", ["label_smoothing", "mixup", "ema"]


@repair_task(decay=(0.0, 0.9999), eps=(0.0, 0.9), lr=(1e-4, 1.0))
def lazy_average(settings, seeds=(0, 1, 2)):
    """Digits, 240 steps, used with EMA weights: an average that never arrives, labels smoothed away."""
    accuracy, error = _averaged(**settings, seeds=seeds)
    passed = {f"seed_{k}": bool(value > ENOUGH) for k, value in enumerate(accuracy)}
    passed["calibrated"] = bool(np.mean(error) < OFF)
    return Repair(passed, "" if all(passed.values()) else _mistake(**settings))


def _averaged(decay, eps, lr, seeds):
    """(accuracies, calibration errors), (seeds,) each, of the averaged weights on new digits."""
    from course_lib.training import soft_nets  # late: torch takes a second to load
    from course_lib.training.small_nets import mlp

    seeds, states = list(seeds), [()] * 4
    data = soft_nets.few_digits(IMAGES, seeds=seeds)
    y = soft_nets.one_hot(data.y)
    y = label_smoothing(y.reshape(-1, y.shape[-1]), eps=eps).reshape(y.shape)

    def after(params):
        for i, p in enumerate(params):
            states[i] = (ema(p, *states[i], decay=decay)[1],)

    start, how = mlp([64, 32, 10], seeds=seeds), {"rate": lambda _: lr, "batch_size": BATCH}
    soft_nets.train(start, data.x, y, seeds=seeds, epochs=EPOCHS, after=after, **how)
    p = soft_nets.answers([state[0][0] for state in states], data.x_new)
    right = soft_nets.accuracy_of(p, data.y_new).numpy()
    sound = bool(p.isfinite().all())
    errors = [expected_calibration_error(one, data.y_new, bins=10) if sound else 1.0 for one in p]
    return right, np.array(errors)


def _mistake(decay, eps, lr):
    """The likeliest cause of a failure, the gravest first."""
    if decay > SLOW:
        return "average_too_slow"
    if eps > STRONG:
        return "smoothed_away"
    if lr > LARGE_RATE:
        return "rate_too_large"
    return "rate_too_small" if lr < SMALL_RATE else ""
