"""Mini-batch noise: the same data and rate, gradients averaged over more or fewer samples."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import logistic_regression
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

SAMPLES = 256
SEEN = 16 * SAMPLES  # every path sees each sample sixteen times
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RATE = 0.5


@lru_cache
def _problem():
    return logistic_regression(samples=SAMPLES, rng=np.random.default_rng(0))


@lru_cache
def batch_run(size, *, lr=RATE):
    """SGD with batches of `size` over a logistic regression, for sixteen epochs. Returns a Trace."""
    rule = registry.get("sgd").function
    rng = np.random.default_rng(1)
    return trace(rule, _problem(), steps=SEEN // size, lr=lr, batch_size=size, rng=rng)


@lru_cache
def gradient_noise(size, *, draws=400):
    """How far a mini-batch gradient at the start is from the full one: its root mean square distance."""
    problem, rng = _problem(), np.random.default_rng(2)
    full = problem.grad(problem.start)
    off = [problem.batch_grad(problem.start, rng.permutation(SAMPLES)[:size]) - full for _ in range(draws)]
    return float(np.sqrt(np.mean(np.sum(np.square(off), axis=-1))))


def excess(path):
    """Loss above the smallest possible, at every step."""
    problem = _problem()
    return np.maximum(path.values - problem.f(problem.minima[0]), 1e-12)


def batch_panel(*, start=8):
    """A slider over the batch size: the path, and the loss against samples seen. Returns a FramesPanel."""

    def background(figure):
        left, right = figures.two_axes(figure)
        figures.surface(left, _problem())
        figures.start(left, _problem().start)
        left.set_title(t("viz.batch.title", lr=f"{RATE:g}"))
        figures.loss_axes(right, steps=SEEN // SAMPLES, low=1e-7, high=1e1, label=t("viz.above_minimum"))
        right.set(title=t("viz.batch.by_epoch"), xlabel=t("viz.epoch"))

    def draw(figure, size):
        left, right = figure.axes
        path = batch_run(size)
        look = figures.style(0) | {"marker": ""}
        line = left.plot(*path.points.T, **look, linewidth=1.2, zorder=5)
        epochs = np.arange(len(path.values)) * size / SAMPLES
        return line + right.plot(epochs, excess(path), **look, linewidth=1.2, zorder=5)

    def describe(size):
        told = {"size": size, "steps": SEEN // size, "noise": f"{gradient_noise(size):.2g}"}
        return t("viz.batch.told", **told)

    def numbers(size):
        path = batch_run(size)
        last = excess(path)[-max(1, SAMPLES // size) :]
        return [
            {
                t("viz.batch.size"): size,
                t("viz.steps"): SEEN // size,
                t("viz.batch.noise"): f"{gradient_noise(size):.3g}",
                t("viz.batch.last_epoch"): float(np.mean(last)),
            }
        ]

    return frames(
        draw,
        "size",
        list(SIZES),
        start=start,
        title=t("viz.batch.size"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
