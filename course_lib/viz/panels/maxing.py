"""Maxout: one unit that takes the largest of its straight pieces, and so learns its own shape."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import columns, dropdown, live, value_slider

X = np.linspace(-2, 2, 81)
TARGETS = {
    "parabola": lambda x: 0.75 * x**2 - 1,
    "absolute": lambda x: 1.5 * np.abs(x) - 1,
    "relu": lambda x: 1.5 * np.maximum(x, 0) - 1,
    "wave": lambda x: np.sin(2.5 * x),
}
PIECES = (1, 2, 3, 4, 5, 6)
STEPS = (0, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 500)


@lru_cache(maxsize=64)
def learned(target, pieces, *, seed=0):
    """One maxout unit fitted to a curve by Adam on the mean squared error.

    Returns [(w, b) after each number of steps in STEPS], w and b (pieces,).
    """
    forward, backward, adam = (registry.get(name).function for name in ("maxout", "maxout_backward", "adam"))
    rng, x, y = np.random.default_rng(seed), X[:, None], TARGETS[target](X)[:, None]
    w, b = 0.5 * rng.standard_normal((pieces, 1, 1)), 0.1 * rng.standard_normal((pieces, 1))
    states, kept = [(), ()], []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            kept.append((w[:, 0, 0], b[:, 0]))
        error = forward(x, w, b) - y
        _, dw, db = backward(2 * error / len(x), x, w, b)
        w, *states[0] = adam(w, dw, *states[0], lr=0.03)
        b, *states[1] = adam(b, db, *states[1], lr=0.03)
    return kept


def error_of(target, w, b):
    """The mean squared error of a unit with these pieces."""
    return float(np.mean(((X[:, None] * w + b).max(1) - TARGETS[target](X)) ** 2))


def maxout_panel(*, target="parabola", pieces=3, steps=500):
    """One maxout unit: what it is to learn, how many pieces it has, how long it learns. A LivePanel."""
    options = [(t(f"viz.maxout.{name}"), name) for name in TARGETS]
    controls = {
        "target": dropdown(t("viz.maxout.target"), options, target),
        "pieces": value_slider("pieces", PIECES, start=pieces, title=t("viz.maxout.pieces")),
        "steps": value_slider("steps", STEPS, start=steps, title=t("viz.steps")),
    }

    def at(target, pieces, steps):
        return learned(target, pieces)[STEPS.index(steps)]

    def background(figure, target):
        axes = figure.add_axes((0.08, 0.14, 0.65, 0.8))
        look = {"color": figures.INK, "linestyle": "-", "linewidth": 3, "alpha": 0.35}
        axes.plot(X, TARGETS[target](X), **look, label=t("viz.maxout.target"), zorder=3)
        axes.set(xlim=(-2, 2), ylim=(-1.6, 2.4), xlabel="$x$", ylabel="$h(x)$")

    def draw(figure, target, pieces, steps):
        axes = figure.axes[0]
        w, b = at(target, pieces, steps)
        artists = []
        for index, (slope, height) in enumerate(zip(w, b, strict=True)):
            look = figures.style(index + 1) | {"marker": "", "linewidth": 1.1}
            label = t("viz.maxout.piece", number=index + 1)
            artists += axes.plot(X, slope * X + height, **look, zorder=4, label=label)
        unit = (X[:, None] * w + b).max(1)
        artists += axes.plot(
            X, unit, **figures.style(0) | {"marker": ""}, linewidth=2.6, zorder=5, label=t("viz.maxout.unit")
        )
        beside = {"bbox_to_anchor": (1.02, 1.0), "borderaxespad": 0}
        return [*artists, figures.legend(axes, "upper left", **beside)]

    def describe(target, pieces, steps):
        told = {"pieces": pieces, "steps": steps, "target": t(f"viz.maxout.{target}")}
        return t("viz.maxout.told", **told, error=f"{error_of(target, *at(target, pieces, steps)):.2g}")

    def numbers(target, pieces, steps):
        w, b = at(target, pieces, steps)
        return [
            {t("viz.maxout.number"): i + 1, "w": f"{slope:.3f}", "b": f"{height:.3f}"}
            for i, (slope, height) in enumerate(zip(w, b, strict=True))
        ]

    return live(
        draw,
        controls,
        shown=[columns(controls.values())],
        background=background,
        describe=describe,
        numbers=numbers,
    )
