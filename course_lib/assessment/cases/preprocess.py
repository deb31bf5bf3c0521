"""Cases of preprocessing: features with their own means and scales, one that never changes, and new data."""

import inspect

import numpy as np

from course_lib import algorithms
from course_lib.assessment.cases import Case, draw_hyper, makes_cases

CALLS = 6
FEATURES = 10


@makes_cases("preprocessing fit")
def fit_case(entry, rng, index):
    channels = "axes" in inspect.signature(entry.function).parameters and index % 2 == 1
    inputs = tuple((_pictures(rng) if channels else _table(rng, 12 + 3 * index),) for _ in range(CALLS))
    return Case({"axes": (0, 2, 3)} if channels else {}, inputs)


@makes_cases("preprocessing")
def apply_case(entry, rng, index):
    """Statistics of training data, and other data: another number of samples, another mean and scale."""
    fit = algorithms.pca_fit if "pca" in entry.name or "zca" in entry.name else None
    fit = fit or getattr(algorithms, f"{entry.name}_fit")
    inputs = []
    for _ in range(CALLS):
        train = _table(rng, 15 + index)
        stats = fit(train)
        other = 0.5 + 1.5 * _table(rng, 5 + index)
        if entry.name == "pca_inverse":
            other = algorithms.pca(other, stats, k=1 + 3 * index)
        inputs.append((other, stats))
    return Case(draw_hyper(entry, rng, index), tuple(inputs))


def _table(rng, n):
    mixed = rng.normal(size=(n, FEATURES)) @ rng.normal(size=(FEATURES, FEATURES))
    x = rng.uniform(1, 3, FEATURES) * np.sign(rng.normal(size=FEATURES)) + mixed
    x[:, 0] = 0.3  # a feature that never changes
    return x


def _pictures(rng):
    return rng.uniform(0.5, 2, (3, 1, 1)) * rng.random((5, 3, 4, 4)) + rng.normal(size=(3, 1, 1))
