"""Unit 0's tasks whose answers are numbers, options and settings; texts in messages/unit0.toml."""

import math
from functools import cache

import numpy as np

from course_lib.algorithms.class_losses import cross_entropy_backward
from course_lib.algorithms.preprocess import standardize, standardize_fit
from course_lib.algorithms.probabilities import one_hot, softmax
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task


@number_task
def iterations_trained():
    """How often the parameters change in 10 epochs of 1,000 samples in batches of 64, the rest used."""
    samples, size, epochs = 1000, 64, 10
    mistakes = {
        "dropped": epochs * (samples // size),
        "fraction": epochs * samples / size,
        "one_epoch": math.ceil(samples / size),
        "samples": epochs * samples,
    }
    return epochs * math.ceil(samples / size), mistakes


@number_task
def slope_ratio():
    """How many times as large is |dL/dz| of cross-entropy as that of ½(σ − t)², at z = −2 and t = 1?"""
    p = 1 / (1 + math.exp(2))
    slope = p * (1 - p)
    mistakes = {"without_half": 0.5 / slope, "one_over_sigma": 1 / p, "inverse": slope, "at_zero": 4.0}
    return 1 / slope, mistakes


@number_task
def weight_gradient():
    """dL/dw₁ of L = ½(y − t)², y = w₂ ReLU(w₁ x): x = 2, w₁ = 0.5, w₂ = −3, t = 1."""
    x, w1, w2, t = 2.0, 0.5, -3.0, 1.0
    h = max(0.0, w1 * x)
    error = w2 * h - t
    mistakes = {
        "sign": -error * w2 * x,
        "input_forgotten": error * w2,
        "weight_forgotten": error * x,
        "two_kept": 2 * error * w2 * x,
        "other_weight": error * h,
    }
    return error * w2 * x, mistakes


@choice_task
def split_for_patients():
    """How to split ten pictures each of a hundred patients."""
    return "by_patient", ["by_picture", "first_pictures"]


# --- a first run to repair --------------------------------------------------------------------------------

SEEDS = (0, 1, 2)


@repair_task(
    loss=("accuracy", "squared_error", "cross_entropy"),
    preprocessing=("none", "each_split_alone", "fit_on_training"),
    lr=(1e-5, 100.0),
)
def mend_first_run(settings, seeds=SEEDS):
    """Softmax regression on 300 digits whose pixels differ in unit, 100 steps of gradient descent."""
    trained, fresh = np.array([_first_run(seed, **settings) for seed in seeds]).T
    passed = {"trains": trained.min() >= 0.95, "new_data": fresh.mean() >= 0.88}
    return Repair(passed, "" if all(passed.values()) else _first_mistake(settings, passed["trains"]))


def _first_mistake(settings, trains):
    if settings["loss"] == "accuracy":
        return "accuracy"
    if settings["preprocessing"] == "none":
        return "none"
    return "each_split_alone" if trains else "slow"


def _first_run(seed, *, loss, preprocessing, lr, steps=100):
    """(training accuracy, accuracy on new data) of one run."""
    (x, y), (new, new_y) = _digits_in_units(seed)
    if preprocessing != "none":
        stats = standardize_fit(x)
        new = standardize(new, stats if preprocessing == "fit_on_training" else standardize_fit(new))
        x = standardize(x, stats)
    x, new = (np.concatenate([a, np.ones((len(a), 1))], axis=1) for a in (x, new))
    w = np.zeros((x.shape[1], 10))
    for _ in range(steps):
        w = w - lr * x.T @ _slope(loss, x @ w, y)
    return tuple(np.mean(np.argmax(a @ w, axis=1) == b) for a, b in ((x, y), (new, new_y)))


def _slope(loss, z, y):
    """The gradient of the chosen loss with respect to the scores, (n, 10)."""
    if loss == "accuracy":
        return np.zeros_like(z)
    if loss == "cross_entropy":
        return cross_entropy_backward(1.0, z, y)
    p = softmax(z)
    error = p - one_hot(y, classes=10)
    # ½ Σ (p − t)² / n through softmax: p ⊙ (e − Σ e p)
    return p * (error - np.sum(error * p, axis=1, keepdims=True)) / len(y)


def _digits_in_units(seed):
    """300 training digits, and 60 new ones, zeros and ones only; every pixel in a unit of its own."""
    x, y = _raw_digits()
    rng = np.random.default_rng(seed)
    x, order = x * 10 ** rng.uniform(-2, 2, x.shape[1]), rng.permutation(len(y))
    train, rest = order[:300], order[300:]
    few = rest[y[rest] <= 1][:60]
    return (x[train], y[train]), (x[few], y[few])


@cache
def _raw_digits():
    """All digits before any preprocessing, x (1797, 64) and y (1797,)."""
    from sklearn.datasets import load_digits  # late: it takes a second to import

    return load_digits(return_X_y=True)
