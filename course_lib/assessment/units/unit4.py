"""Unit 4, Normalization."""

from course_lib.algorithms.optim import adam
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task
from course_lib.data.digits import load_digits

PLACES = {
    "before_norm": {"before": ("dropout", "batch")},
    "after_relu": {"before": ("batch",), "after": ("dropout",)},
    "after_last_norm": {"before": ("batch",), "last": ("dropout",)},
}
ENOUGH, SHIFT = 0.8, 0.04  # accuracy on the validation digits, and what fresh statistics may still add to it
LARGE_RATE, SMALL_RATE = 0.2, 8e-4  # of Adam: beyond them the learning rate is named as the mistake


@number_task
def layer_norm_means():
    """How many means does layer normalization over (C, H, W) take of an array (8, 16, 10, 10)?"""
    n, c, h, w = 8, 16, 10, 10
    mistakes = {
        "batch": c,
        "instance": n * c,
        "per_position": n * h * w,
        "values_in_a_mean": c * h * w,
        "single": 1,
    }
    return n, mistakes


@number_task
def variance_after_dropout():
    """A norm's output variance at inference, trained behind dropout 0.5 on units of mean 1 and variance 1."""
    rate, mean, var = 0.5, 1.0, 1.0
    square = var + mean**2
    # Var(x b/(1 − r)) = E[x²]/(1 − r) − μ²
    in_training = square / (1 - rate) - mean**2
    mistakes = {
        "mean_forgotten": var / (var / (1 - rate)),
        "not_enlarged": var / ((1 - rate) * square - ((1 - rate) * mean) ** 2),
        "no_shift": 1.0,
        "upside_down": in_training / var,
        "deviation": (var / in_training) ** 0.5,
    }
    return var / in_training, mistakes


@choice_task
def norm_for_batches_of_two():
    """Which norm suits a convolutional net that is trained with two large images a batch?"""
    return "group", ["batch", "instance", "weight"]


@repair_task(place=tuple(PLACES), rate=(0.2, 0.8), lr=(1e-4, 1.0))
def dropout_and_norm(settings, seeds=(0, 1, 2)):
    """Six layers with batch norm and strong dropout that fail at inference: place, dropout rate, rate."""
    right, fresh = _accuracies(**settings, seeds=seeds)
    passed = {f"seed_{k}": value > ENOUGH for k, value in enumerate(right)}
    passed["no_shift"] = max(fresh - right) < SHIFT
    return Repair(passed, "" if all(passed.values()) else _mistake(**settings))


def _accuracies(place, rate, lr, seeds):
    """Validation accuracies (seeds,), by the running statistics, and by ones taken anew without dropout."""
    from course_lib.training.norm_nets import deep, restated, score, train  # late: it loads torch

    data = load_digits()
    net = deep(48, depth=6, rate=rate, **PLACES[place])
    run = train(
        net, data.x_train, data.y_train, adam, seeds=seeds, settings={"lr": lr}, epochs=30, images=400
    )
    runs = (run, restated(net, run, data.x_train))
    return [score(net, one, data.x_val, data.y_val)[1] for one in runs]


def _mistake(place, rate, lr):
    """The likeliest cause of a failure, the gravest first."""
    if lr > LARGE_RATE or lr < SMALL_RATE:
        return "learning_rate"
    return "strong_everywhere" if place != "after_last_norm" else ""
