"""A cliff in the loss: one large gradient throws the parameters away, unless it is clipped."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import cliff
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

STEPS = 60
RATE = 0.5
LIMITS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0)


@lru_cache
def clipped_run(limit, *, lr=RATE, steps=STEPS):
    """Gradient descent over the cliff with gradients clipped to a norm. Returns (Trace, norms (steps,))."""
    clip = registry.get("clip_by_global_norm").function
    gd = registry.get("gd").function
    norms = []

    def rule(p, g, state=()):
        norms.append(float(np.linalg.norm(g)))
        return gd(p, clip([g], max_norm=limit)[0], state, lr=lr)

    path = trace(rule, cliff(), steps=steps)
    return path, np.array(norms)


def clipping_panel(*, start=30.0):
    """A slider over the largest gradient norm that is let through. Returns a FramesPanel."""

    def background(figure):
        left, right = figures.two_axes(figure)
        figures.surface(left, cliff())
        figures.start(left, cliff().start)
        left.set_title(t("viz.clip.title", lr=f"{RATE:g}"))
        figures.loss_axes(right, steps=STEPS, low=0, high=16, log=False)
        right.set_title(t("viz.loss_by_step"))

    def draw(figure, limit):
        left, right = figure.axes
        path, _ = clipped_run(limit)
        return figures.path(left, path.points, 0) + figures.loss(right, path.values, 0, every=5)

    def describe(limit):
        path, norms = clipped_run(limit)
        cut = int((norms > limit).sum())
        told = {"limit": f"{limit:g}", "most": f"{norms.max():.3g}", "cut": cut, "steps": STEPS}
        return t("viz.clip.told", **told, loss=f"{path.values[-1]:.3g}")

    def numbers(limit):
        path, norms = clipped_run(limit)
        return [
            {
                "max_norm": f"{limit:g}",
                t("viz.clip.largest"): f"{norms.max():.3g}",
                t("viz.clip.cut"): int((norms > limit).sum()),
                t("viz.loss_after", steps=STEPS): float(path.values[-1]),
            }
        ]

    return frames(
        draw,
        "limit",
        list(LIMITS),
        start=start,
        title="max_norm",
        describe=describe,
        numbers=numbers,
        background=background,
    )
