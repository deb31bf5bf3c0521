"""Weight decay inside of the gradient and beside it: the same for gradient descent, not for Adam."""

from functools import lru_cache, partial

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

SCALES = np.geomspace(0.01, 10, 13)  # of each weight's gradient
RATE, STEPS, PAIRS = 0.01, 300, 150
DECAYS = (0.0, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RULES = ("gd", "adam")
WAYS = ("coupled", "decoupled")


@lru_cache(maxsize=64)
def shares_left(rule, way, weight_decay):
    """How much is left of each weight after STEPS steps on gradients that are noise alone: (scales,).

    All weights start at 1; the loss pulls none of them anywhere, so that what shrinks them is the decay.
    The mean over noise and its mirror image, drawn anew for each of PAIRS runs.
    """
    decay = registry.get(f"{way}_weight_decay").function
    step = partial(decay, rule=registry.get(rule).function, lr=RATE, weight_decay=weight_decay)
    rng, p, state = np.random.default_rng(0), np.ones((2 * PAIRS, len(SCALES))), ()
    for _ in range(STEPS):
        noise = SCALES * rng.standard_normal((PAIRS, len(SCALES)))
        p, state = step(p, np.concatenate([noise, -noise]), state)
    return p.mean(0)


def plain_share(weight_decay):
    """(1 − η λ)^steps: what decoupled decay leaves of every weight."""
    return (1 - RATE * weight_decay) ** STEPS


def decay_panel(*, start=0.5):
    """A slider over λ: what decay leaves of weights with small and with large gradients.

    Returns a FramesPanel.
    """

    def background(figure):
        for axes, rule in zip(figures.two_axes(figure), RULES, strict=True):
            axes.set(xlim=(0.008, 12.5), ylim=(-0.1, 1.15), xlabel=t("viz.decay.scale"))
            axes.set_xscale("log")
            axes.set_xticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
            axes.minorticks_off()
            axes.set_title(t("viz.decay.title", rule=registry.get(rule).title))
            for index, way in enumerate(WAYS):
                axes.plot([], [], **figures.style(index), markersize=5, label=t(f"viz.decay.{way}"))
        figure.axes[0].set_ylabel(t("viz.decay.left"))
        figures.legend(figure.axes[0], "lower left")

    def draw(figure, weight_decay):
        return [
            line
            for axes, rule in zip(figure.axes, RULES, strict=True)
            for index, way in enumerate(WAYS)
            for line in axes.plot(
                SCALES, shares_left(rule, way, weight_decay), **figures.style(index), markersize=5
            )
        ]

    def describe(weight_decay):
        coupled = shares_left("adam", "coupled", weight_decay)
        told = {"small": f"{coupled[0]:.2f}", "large": f"{coupled[-1]:.2f}"}
        plain = f"{plain_share(weight_decay):.3f}"
        return t("viz.decay.told", decay=f"{weight_decay:g}", plain=plain, **told)

    def numbers(weight_decay):
        return [
            {
                "λ": f"{weight_decay:g}",
                t("viz.optimizer"): registry.get(rule).title,
                t("viz.decay.way"): t(f"viz.decay.{way}"),
                t("viz.decay.at_small"): float(shares_left(rule, way, weight_decay)[0]),
                t("viz.decay.at_large"): float(shares_left(rule, way, weight_decay)[-1]),
            }
            for rule in RULES
            for way in WAYS
        ]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "weight_decay", list(DECAYS), start=start, title=t("viz.decay.slider"), **more)
