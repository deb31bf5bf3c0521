"""The stability threshold: one learning rate on one bowl."""

from functools import lru_cache, partial

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import quadratic
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames


def descent(lr, *, curvature=10.0, steps=30):
    """Gradient descent on a quadratic bowl that is `curvature` times steeper across than along.

    Returns (Trace, verdict); the verdict is "smooth", "zigzag", "edge" or "diverges".
    """
    path = trace(registry.get("gd").function, quadratic(condition=curvature), steps=steps, lr=lr)
    return path, verdict(path.points[:, 1])


def verdict(across):
    """What the coordinate across the valley does, told from its path alone.

    across: (steps + 1,), a geometric sequence; NaN after a divergence, steps ≥ 1. Returns "smooth" (same
    sign, shrinking), "zigzag" (changing sign, shrinking), "edge" (neither growing nor shrinking) or
    "diverges".
    """
    across = across[np.isfinite(across)]
    ratio = across[1] / across[0] if across[0] else 0.0
    if abs(abs(ratio) - 1) < 1e-9:
        return "edge"
    if abs(ratio) > 1:
        return "diverges"
    return "zigzag" if ratio < 0 else "smooth"


def stability_panel(*, curvature=10.0, steps=30, start=0.05):
    """A slider over the learning rate of gradient descent on a bowl with λmax = `curvature`.

    It runs over 0.1 … 1.25 times 2/λmax, and 2/λmax itself is among its values. Returns a FramesPanel.
    """
    rates = [round(k / 20 * 2 / curvature, 12) for k in range(1, 26)]
    compute = lru_cache(partial(descent, curvature=curvature, steps=steps))
    problem = quadratic(condition=curvature)

    def background(figure):
        left, right = figures.two_axes(figure)
        figures.surface(left, problem)
        figures.start(left, problem.start)
        left.set_title(t("viz.stability.bowl", curvature=f"{curvature:g}"))
        right.set_title(t("viz.loss_by_step"))
        figures.loss_axes(right, steps=steps, low=1e-6, high=1e6)

    def draw(figure, lr):
        left, right = figure.axes
        path, ending = compute(lr)
        line = figures.path(left, path.points, 0)
        curve = figures.loss(right, path.values, 0, every=1)
        return line + curve + figures.note(right, t(f"viz.verdict.{ending}"))

    def describe(lr):
        _, ending = compute(lr)
        told = t("viz.stability.rate", lr=f"{lr:.3g}", product=f"{lr * curvature:.3g}")
        return f"{told} {t(f'viz.verdict.{ending}')}"

    def numbers(lr):
        path, ending = compute(lr)
        return [
            {
                "lr": f"{lr:.3g}",
                "lr · λmax": f"{lr * curvature:.3g}",
                t("viz.loss_after", steps=steps): float(path.values[-1]),
                t("viz.result"): t(f"viz.verdict.{ending}"),
            }
        ]

    return frames(draw, "lr", rates, start=start, describe=describe, numbers=numbers, background=background)
