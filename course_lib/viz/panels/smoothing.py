"""Label smoothing: the two ways to spread ε, and the logit gap at which the loss is smallest."""

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

AMOUNTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
WAYS = ("label_smoothing", "label_smoothing_others")
CLASSES = 3
GAPS = np.linspace(0, 8, 161)


def target(way, eps, classes=CLASSES):
    """The smoothed label of the first class: (classes,)."""
    return registry.get(way).function(np.eye(classes)[:1], eps=eps)[0]


def gap_loss(q, gaps):
    """Cross-entropy with the target q where the right logit leads every other by a gap: shaped like gaps."""
    others = len(q) - 1
    rest = np.log(np.exp(gaps) + others)  # log Σ_k exp z_k, with z = (gap, 0, …, 0)
    return q[0] * (rest - gaps) + (1 - q[0]) * rest


def best_gap(q):
    """The gap with the smallest loss, where p = q: ln(q₁ (K − 1)/(1 − q₁)); infinite for a hard label."""
    return float(np.log(q[0] * (len(q) - 1) / (1 - q[0]))) if q[0] < 1 else np.inf


def smoothing_panel(*, start=0.1):
    """A slider over ε: both targets, and the loss by the gap between the logits. Returns a FramesPanel."""
    names = {way: t(f"viz.smoothing.{way}") for way in WAYS}

    def background(figure):
        left, right = figures.two_axes(figure, foot=0.3)
        left.set(xlim=(-0.6, CLASSES - 0.4), ylim=(0, 1.12), xlabel=t("viz.smoothing.class"))
        left.set(ylabel=t("viz.smoothing.target"), title=t("viz.smoothing.targets", classes=CLASSES))
        left.set_xticks(range(CLASSES), [t("viz.smoothing.right"), *["2", "3"][: CLASSES - 1]])
        right.set(xlim=(0, GAPS[-1]), ylim=(0, 2.5), xlabel=t("viz.smoothing.gap"), ylabel=t("viz.loss"))
        right.set_title(t("viz.smoothing.losses"))
        hard = {**figures.style(7), "marker": ""}
        right.plot(GAPS, gap_loss(np.eye(CLASSES)[0], GAPS), **hard, zorder=3)
        labels = {0: names[WAYS[0]], 1: names[WAYS[1]], 7: t("viz.smoothing.hard")}
        figures.legend_below(right, labels, columns=3)

    def draw(figure, eps):
        left, right = figure.axes
        artists = []
        for index, way in enumerate(WAYS):
            q, look = target(way, eps), figures.style(index)
            places = np.arange(CLASSES) + 0.4 * index - 0.2
            artists += left.bar(places, q, width=0.36, color=look["color"], zorder=4)
            artists += [
                left.text(x, h + 0.02, f"{h:.3g}", ha="center", fontsize=9, zorder=6)
                for x, h in zip(places, q, strict=True)
            ]
            artists += right.plot(GAPS, gap_loss(q, GAPS), **{**look, "marker": ""}, zorder=5)
            gap = best_gap(q)
            if gap <= GAPS[-1]:
                lowest = {"marker": look["marker"], "color": look["color"], "linestyle": ""}
                artists += right.plot(gap, gap_loss(q, gap), **lowest, markersize=9, zorder=6)
        return artists

    def describe(eps):
        if eps == 0:
            return t("viz.smoothing.none")
        usual, other = (target(way, eps) for way in WAYS)
        return t(
            "viz.smoothing.told",
            eps=f"{eps:g}",
            usual=f"{usual[0]:.3g}",
            other=f"{other[0]:.3g}",
            gap=f"{best_gap(usual):.2g}",
            gap_other=f"{best_gap(other):.2g}",
        )

    def numbers(eps):
        return [
            {
                "ε": f"{eps:g}",
                **{names[way]: ", ".join(f"{v:.3g}" for v in target(way, eps)) for way in WAYS},
                t("viz.smoothing.best"): ", ".join(f"{best_gap(target(way, eps)):.3g}" for way in WAYS),
            }
        ]

    return frames(
        draw,
        "eps",
        list(AMOUNTS),
        start=start,
        title="ε",
        describe=describe,
        numbers=numbers,
        background=background,
    )
