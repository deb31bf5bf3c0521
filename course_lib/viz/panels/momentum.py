"""Narrow valleys: how the condition number slows a descent, and what momentum changes."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import quadratic
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

STEPS, LONG = 60, 600  # what is drawn, and what steps are counted on
ANGLE = 30.0


def best_settings(condition):
    """The rates, and the momentum, that are best on a quadratic with eigenvalues 1 and κ.

        gd: η = 2/(1 + κ)        momentum: √μ = (√κ − 1)/(√κ + 1),  η = (1 + √μ)²/κ

    The first shrinks every step by (κ − 1)/(κ + 1), the second by (√κ − 1)/(√κ + 1) (Polyak 1964).
    condition: κ ≥ 1. Returns {rule's name: its keywords}.
    """
    root = condition**0.5
    mu = ((root - 1) / (root + 1)) ** 2
    return {
        "gd": {"lr": 2 / (1 + condition)},
        "momentum": {"lr": (1 + mu**0.5) ** 2 / condition, "momentum": mu},
    }


@lru_cache(maxsize=512)
def _walk(rule, condition, lr, momentum=None, steps=STEPS):
    more = {} if momentum is None else {"momentum": momentum}
    problem = quadratic(condition=condition, angle=ANGLE)
    return trace(registry.get(rule).function, problem, steps=steps, lr=lr, **more)


def steps_to(values, share=1e-3):
    """The first step from which on the loss stays below `share` of the first; None if it never does."""
    above = np.flatnonzero(~(values <= share * values[0]))
    return int(above[-1] + 1) if above[-1] + 1 < len(values) else None


def condition_panel(*, start=30.0):
    """A slider over the condition number: gradient descent and momentum, both at their best settings.

    Returns a FramesPanel.
    """
    values = [1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0]

    def runs(condition, steps=STEPS):
        settings = best_settings(condition)
        return {name: _walk(name, condition, **keys, steps=steps) for name, keys in settings.items()}

    def draw(figure, condition):
        left, right = figures.two_axes(figure)
        figures.surface(left, quadratic(condition=condition, angle=ANGLE))
        left.set_title(t("viz.condition.title", condition=f"{condition:g}"))
        right.set_title(t("viz.loss_by_step"))
        figures.loss_axes(right, steps=STEPS, low=1e-6, high=1e3)
        for index, (name, path) in enumerate(runs(condition).items()):
            figures.path(left, path.points, index, every=4)
            figures.loss(right, path.values, index, label=registry.get(name).title)
        figures.start(left, path.points[0])
        figures.legend(right)
        return []

    def describe(condition):
        needed = [
            t("viz.condition.needs", name=registry.get(name).title, steps=steps_to(path.values))
            for name, path in runs(condition, LONG).items()
        ]
        return " · ".join(needed)

    def numbers(condition):
        return [
            {
                t("viz.optimizer"): registry.get(name).title,
                **{k: f"{v:.3g}" for k, v in best_settings(condition)[name].items()},
                t("viz.loss_after", steps=STEPS): float(path.values[-1]),
                t("viz.condition.steps"): steps_to(
                    _walk(name, condition, **best_settings(condition)[name], steps=LONG).values
                ),
            }
            for name, path in runs(condition).items()
        ]

    return frames(
        draw,
        "condition",
        values,
        start=start,
        title=t("viz.condition.slider"),
        describe=describe,
        numbers=numbers,
    )


def momentum_panel(*, condition=50.0, start=0.7):
    """A slider over μ on one narrow valley, at the learning rate at which plain descent zigzags.

    Returns a FramesPanel.
    """
    values = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99]
    lr = 1.8 / condition
    problem = quadratic(condition=condition, angle=ANGLE)

    def background(figure):
        left, right = figures.two_axes(figure)
        figures.surface(left, problem)
        figures.start(left, problem.start)
        left.set_title(t("viz.momentum.title", condition=f"{condition:g}", lr=f"{lr:.3g}"))
        right.set_title(t("viz.loss_by_step"))
        figures.loss_axes(right, steps=STEPS, low=1e-5, high=1e3)

    def draw(figure, mu):
        left, right = figure.axes
        path = _walk("momentum", condition, lr, mu)
        return figures.path(left, path.points, 1, every=4) + figures.loss(right, path.values, 1)

    def describe(mu):
        values = _walk("momentum", condition, lr, mu).values
        return t("viz.momentum.told", mu=f"{mu:g}", steps=STEPS, loss=f"{values[-1]:.2g}")

    def numbers(mu):
        path = _walk("momentum", condition, lr, mu)
        return [{"μ": f"{mu:g}", "lr": f"{lr:.3g}", t("viz.loss_after", steps=STEPS): float(path.values[-1])}]

    return frames(
        draw,
        "mu",
        values,
        start=start,
        title="μ",
        describe=describe,
        numbers=numbers,
        background=background,
    )
