"""Stochastic depth: how likely each block survives, and how many blocks a sample meets."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames
from course_lib.viz.theme import COLOURS, INK

BLOCKS = 54  # of the paper's ResNet with 110 layers
LASTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@lru_cache
def survivals(last, blocks=BLOCKS):
    """The share of samples that each block keeps: (blocks,)."""
    rate = registry.get("survival_rate").function
    return np.array([rate(layer, layers=blocks, last=last) for layer in range(1, blocks + 1)])


@lru_cache
def depths(last, blocks=BLOCKS):
    """How likely a sample meets 0, 1, …, L blocks: (blocks + 1,), exactly, one block after another."""
    chances = np.array([1.0])
    for p in survivals(last, blocks):
        chances = np.convolve(chances, [1 - p, p])
    return chances


def survival_panel(*, start=0.5):
    """A slider over the survival of the last block. Returns a FramesPanel."""
    edges = np.arange(BLOCKS + 2) - 0.5  # a bar for 0, 1, …, L

    def background(figure):
        left, right = figures.two_axes(figure)
        left.set(xlim=(0, BLOCKS + 1), ylim=(0, 1.05), xlabel=t("viz.survival.block"), ylabel="$p_l$")
        left.set_title(t("viz.survival.title"))
        right.set(
            xlim=(0, BLOCKS), ylim=(0, 0.3), xlabel=t("viz.survival.met"), ylabel=t("viz.survival.chance")
        )
        right.set_title(t("viz.survival.depths"))

    def draw(figure, last):
        left, right = figure.axes
        bars = left.stairs(survivals(last), edges[1:], fill=True, color=COLOURS[0], zorder=4)
        mean = survivals(last).sum()
        shown = right.stairs(depths(last), edges, fill=True, color=COLOURS[0], zorder=4)
        line = right.axvline(mean, color=INK, linestyle="--", linewidth=1.5, zorder=5)
        words = right.text(0.03, 0.95, t("viz.survival.mean", mean=f"{mean:.1f}"), transform=right.transAxes)
        words.set(va="top", zorder=6)
        return [bars, shown, line, words]

    def spread(last):
        p = survivals(last)
        return float(np.sqrt(np.sum(p * (1 - p))))

    def describe(last):
        mean = survivals(last).sum()
        told = {
            "mean": f"{mean:.1f}",
            "spread": f"{spread(last):.1f}",
            "saved": f"{100 * (1 - mean / BLOCKS):.0f}",
        }
        return t("viz.survival.told", last=f"{last:g}", blocks=BLOCKS, **told)

    def numbers(last):
        return [
            {
                "p_L": f"{last:g}",
                t("viz.survival.mean_of"): f"{survivals(last).sum():.1f}",
                t("viz.survival.spread"): f"{spread(last):.1f}",
            }
        ]

    return frames(
        draw,
        "last",
        list(LASTS),
        start=start,
        title="p_L",
        describe=describe,
        numbers=numbers,
        background=background,
    )
