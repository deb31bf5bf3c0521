"""Dropout: what one sum of inputs becomes over many masks, and what evaluation makes of it."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

INPUTS, MASKS = 40, 4000
RATES = tuple(round(0.05 * k, 2) for k in range(0, 17))
KINDS = ("vanilla_dropout", "dropout")


@lru_cache
def _unit():
    """Inputs and weights of one unit, w x, each (INPUTS,): the sum of the products is 4."""
    rng = np.random.default_rng(3)
    x, w = rng.random(INPUTS), rng.normal(0.3, 0.4, INPUTS)
    return x, w * 4 / (w @ x)


@lru_cache(maxsize=64)
def sums(kind, rate):
    """The unit's input sum in training, (MASKS,), one a mask; and the one in evaluation.

    kind: "dropout" (inverted) or "vanilla_dropout".
    """
    rule, (x, w), rng = registry.get(kind).function, _unit(), np.random.default_rng(0)
    training = rule(np.tile(x, (MASKS, 1)), rate=rate, training=True, rng=rng)[0] @ w
    return training, float(rule(x, rate=rate, training=False, rng=rng)[0] @ w)


def dropout_panel(*, start=0.5):
    """A slider over the rate: sums over masks, for vanilla and inverted dropout. Returns a FramesPanel."""
    edges = np.linspace(-3, 14, 69)

    def background(figure):
        for axes, kind in zip(figures.two_axes(figure), KINDS, strict=True):
            axes.set(xlim=(-3, 14), ylim=(0, 1), xlabel=t("viz.dropping.sum"))
            axes.set_title(registry.get(kind).title)
            axes.set_yticks([])
        figure.axes[0].set_ylabel(t("viz.dropping.share"))

    def draw(figure, rate):
        artists = []
        for axes, kind in zip(figure.axes, KINDS, strict=True):
            training, evaluation = sums(kind, rate)
            heights = np.histogram(training, edges)[0]
            hill = axes.stairs(0.75 * heights / heights.max(), edges, fill=True, color=figures.PALE)
            mean = axes.axvline(training.mean(), **figures.style(0) | {"marker": ""}, linewidth=2.4)
            mean.set_label(t("viz.dropping.mean"))
            now = axes.axvline(evaluation, **figures.style(1) | {"marker": ""})
            now.set_label(t("viz.dropping.evaluation"))
            artists += [hill, mean, now]
            if kind == "vanilla_dropout":
                whole = axes.axvline(sums("dropout", rate)[1], **figures.style(7) | {"marker": ""})
                whole.set_label(t("viz.dropping.forgotten"))
                artists.append(whole)
            artists.append(figures.legend(axes, "upper right"))
        return artists

    def describe(rate):
        kinds = {kind: sums(kind, rate) for kind in KINDS}
        told = {kind: f"{evaluation:.2f}" for kind, (_, evaluation) in kinds.items()}
        spread = f"{kinds['dropout'][0].std():.2f}"
        return t("viz.dropping.told", rate=f"{rate:g}", spread=spread, **told)

    def numbers(rate):
        return [
            {
                "r": f"{rate:g}",
                t("viz.dropping.kind"): registry.get(kind).title,
                t("viz.dropping.mean"): float(sums(kind, rate)[0].mean()),
                t("viz.dropping.spread"): float(sums(kind, rate)[0].std()),
                t("viz.dropping.evaluation"): sums(kind, rate)[1],
            }
            for kind in KINDS
        ]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "rate", list(RATES), start=start, title=t("viz.dropping.rate"), **more)
