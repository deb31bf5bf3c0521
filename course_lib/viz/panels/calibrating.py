"""Reliability diagrams: what a net promises and what it keeps, by label smoothing and by temperature."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import columns, dropdown, live, value_slider
from course_lib.viz.theme import COLOURS, INK, PALE

BINS = 10
TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)


def reliability(logits, labels, temperature):
    """What the diagram shows at a temperature: accuracy, confidence, count of every bin, and the ECE."""
    p = registry.get("softmax").function(logits, temperature=temperature)
    bins = registry.get("reliability_bins").function(p, labels, bins=BINS)
    error = registry.get("expected_calibration_error").function(p, labels, bins=BINS)
    return {
        "bins": bins,
        "error": 100 * error,
        "sure": 100 * float(p.max(axis=1).mean()),
        "right": 100 * float((p.argmax(axis=1) == labels).mean()),
    }


def _legend(axes):
    """What the diagram's signs mean, in a row under the figure."""
    handles = [
        Patch(color=COLOURS[0], alpha=0.75, label=t("viz.calibration.accuracy")),
        Line2D([], [], color=COLOURS[1], linestyle="-", linewidth=2.5, label=t("viz.calibration.gap")),
        Line2D([], [], color=INK, linestyle=":", label=t("viz.calibration.ideal")),
        Patch(facecolor=PALE, edgecolor=INK, linewidth=0.5, label=t("viz.calibration.share")),
    ]
    foot = {"bbox_to_anchor": (0.5, 0.005), "bbox_transform": axes.figure.transFigure}
    axes.legend(handles=handles, loc="lower center", ncols=4, frameon=False, columnspacing=1.6, **foot)


def calibration_panel(found, *, amount=0.0, temperature=1.0):
    """Two controls: the label smoothing that a net was trained with, and the temperature T of its softmax.

    found: Smoothed. Returns a LivePanel.
    """
    controls = {
        "eps": dropdown("ε", [(f"{eps:g}", eps) for eps in found.logits], amount),
        "temperature": value_slider("temperature", TEMPERATURES, start=temperature, title="T"),
    }
    curves = {
        eps: [reliability(z, found.labels, one)["error"] for one in TEMPERATURES]
        for eps, z in found.logits.items()
    }

    def background(figure, eps):
        left, right = figures.two_axes(figure, foot=0.3)
        left.set(xlim=(0, 1), ylim=(0, 1), xlabel=t("viz.calibration.confidence"))
        left.set(ylabel=t("viz.calibration.accuracy"), title=t("viz.calibration.title"))
        left.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1.4, zorder=6)
        _legend(left)
        right.set(xlim=(0.4, 4.1), ylim=(0, 45), xlabel="T", ylabel="ECE (%)")
        right.set_title(t("viz.calibration.by_temperature", eps=f"{eps:g}"))
        right.plot(TEMPERATURES, curves[eps], **{**figures.style(0), "marker": ""}, zorder=4)
        fitted = {**figures.style(1), "marker": ""}
        label = t("viz.calibration.fitted", value=f"{found.temperatures[eps]:.2f}")
        right.axvline(found.temperatures[eps], **fitted, linewidth=1.4, zorder=3, label=label)
        figures.legend(right, "upper right")

    def draw(figure, eps, temperature):
        left, right = figure.axes
        seen = reliability(found.logits[eps], found.labels, temperature)
        accuracy, confidence, count = seen["bins"]
        middles = (np.arange(BINS) + 0.5) / BINS
        filled = count > 0
        bars = left.bar(
            middles[filled], accuracy[filled], width=0.094, color=COLOURS[0], alpha=0.75, zorder=4
        )
        gaps = left.vlines(
            confidence[filled], accuracy[filled], confidence[filled], color=COLOURS[1], zorder=7
        )
        gaps.set_linewidth(2.5)
        shares = count / count.sum()
        strip = left.bar(
            middles, 0.25 * shares, width=0.04, color=PALE, edgecolor=INK, linewidth=0.5, zorder=5
        )
        dot = right.plot(temperature, seen["error"], **{**figures.style(0), "linestyle": ""}, markersize=10)
        return [*bars, gaps, *strip, *dot]

    def describe(eps, temperature):
        seen = reliability(found.logits[eps], found.labels, temperature)
        told = {name: f"{seen[name]:.1f}" for name in ("right", "sure", "error")}
        kind = "over" if seen["sure"] > seen["right"] else "under"
        words = t(f"viz.calibration.{kind}")
        return t("viz.calibration.told", eps=f"{eps:g}", T=f"{temperature:g}", verdict=words, **told)

    def numbers(eps, temperature):
        accuracy, confidence, count = reliability(found.logits[eps], found.labels, temperature)["bins"]
        return [
            {
                t("viz.calibration.bin"): f"{k / BINS:g}–{(k + 1) / BINS:g}",
                t("viz.calibration.count"): int(count[k]),
                t("viz.calibration.confidence"): f"{confidence[k]:.2f}",
                t("viz.calibration.accuracy"): f"{accuracy[k]:.2f}",
            }
            for k in range(BINS)
            if count[k] > 0
        ]

    return live(
        draw,
        controls,
        shown=[columns(controls.values())],
        background=background,
        describe=describe,
        numbers=numbers,
    )
