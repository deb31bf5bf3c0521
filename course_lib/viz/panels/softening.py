"""Softmax at the output: scores to probabilities, under one temperature after another."""

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

SCORES = np.array([2.0, 1.0, 0.2, -1.0])
TEMPERATURES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0)


def probabilities(temperature):
    """The softmax of the panel's scores: (classes,)."""
    return registry.get("softmax").function(SCORES[None], temperature=temperature)[0]


def softmax_panel(*, start=1.0):
    """A slider over the temperature: the same scores, other probabilities. Returns a FramesPanel."""
    places = np.arange(len(SCORES))

    def background(figure):
        left = figure.add_axes((0.075, 0.14, 0.4, 0.75))
        right = figure.add_axes((0.57, 0.14, 0.41, 0.75))
        bars = left.bar(
            places, SCORES, color=figures.style(0)["color"], width=0.6, hatch="//", edgecolor="white"
        )
        left.bar_label(bars, fmt="%g", padding=2)
        left.axhline(0, color=figures.INK, linewidth=0.8, linestyle="-")
        left.set(title=t("viz.softmax.scores"), ylim=(-1.6, 2.6))
        right.set(title=t("viz.softmax.probabilities"), ylim=(0, 1.12))
        for axes in (left, right):
            axes.set_xticks(places, [t("viz.softmax.class", name=name) for name in "ABCD"])
            axes.set_xlim(-0.6, len(SCORES) - 0.4)
            axes.grid(axis="x", visible=False)

    def draw(figure, temperature):
        right = figure.axes[1]
        values = probabilities(temperature)
        bars = right.bar(places, values, color=figures.style(1)["color"], width=0.6, zorder=3)
        return [*bars, *right.bar_label(bars, fmt="%.3f", padding=2)]

    def describe(temperature):
        most, least = probabilities(temperature)[[0, -1]]
        told = {"temperature": f"{temperature:g}", "most": f"{most:.4f}", "least": f"{least:.2g}"}
        return t("viz.softmax.told", **told)

    def numbers(temperature):
        values = probabilities(temperature)
        return [{"T": f"{temperature:g}", **{n: f"{p:.4g}" for n, p in zip("ABCD", values, strict=True)}}]

    return frames(
        draw,
        "temperature",
        list(TEMPERATURES),
        start=start,
        title=t("viz.softmax.slider"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
