"""Averaged weights: noisy gradient descent at a constant rate, and the moving average of its path."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import noisy_quadratic, quadratic
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

DECAYS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
STEPS, RATE, SIGMA, CONDITION = 300, 0.1, 3.0, 5.0
LATE = 100  # steps at the end over which losses are averaged


@lru_cache
def walk():
    """Gradient descent with noisy gradients at a constant rate. Returns a Trace."""
    rng = np.random.default_rng(3)
    problem = noisy_quadratic(condition=CONDITION, angle=30, sigma=SIGMA, rng=rng)
    return trace(registry.get("gd").function, problem, steps=STEPS, lr=RATE)


@lru_cache
def averaged_path(decay):
    """The moving average of the path, (steps + 1, 2), and its loss at every step, (steps + 1,)."""
    rule, state, path = registry.get("ema").function, (), []
    for point in walk().points:
        average, *state = rule(point, *state, decay=decay)
        path.append(average)
    path = np.array(path)
    return path, quadratic(condition=CONDITION, angle=30).f(path)


def late_loss(values):
    """The mean loss of the last steps."""
    return float(np.mean(values[-LATE:]))


def averaging_panel(*, start=0.95):
    """A slider over the decay of an exponential moving average of weights. Returns a FramesPanel."""

    def background(figure):
        left, right = figures.two_axes(figure)
        problem = quadratic(condition=CONDITION, angle=30)
        figures.surface(left, problem)
        own = {"color": figures.style(7)["color"], "linestyle": "-", "linewidth": 0.8, "zorder": 3}
        left.plot(*walk().points.T, **own)
        figures.start(left, problem.start)
        left.set_title(t("viz.averaging.title", lr=f"{RATE:g}"))
        right.set_title(t("viz.loss_by_step"))
        figures.loss_axes(right, steps=STEPS, low=1e-4, high=1e2)
        right.plot(walk().values, **own, label=t("viz.averaging.weights"))
        right.plot([], [], **figures.style(0), markersize=4.5, label=t("viz.averaging.average"))
        figures.legend(right, "upper right")

    def draw(figure, decay):
        left, right = figure.axes
        path, values = averaged_path(decay)
        return figures.path(left, path, 0, every=30) + figures.loss(right, values, 0, every=30)

    def describe(decay):
        told = {"own": f"{late_loss(walk().values):.2g}", "loss": f"{late_loss(averaged_path(decay)[1]):.2g}"}
        return t("viz.averaging.told", decay=f"{decay:g}", memory=f"{1 / (1 - decay):.0f}", late=LATE, **told)

    def numbers(decay):
        return [
            {
                "d": f"{decay:g}",
                "1 / (1 − d)": f"{1 / (1 - decay):.0f}",
                t("viz.averaging.late", late=LATE): late_loss(averaged_path(decay)[1]),
            }
        ]

    return frames(
        draw,
        "decay",
        list(DECAYS),
        start=start,
        title="d",
        describe=describe,
        numbers=numbers,
        background=background,
    )
