"""Which cells of (N, C, H, W) share one mean and one variance: all normalizations side by side."""

import numpy as np
from matplotlib.colors import to_rgb

from course_lib import registry
from course_lib.messages import t
from course_lib.viz.picture import show
from course_lib.viz.sliders import dropdown, live, value_slider
from course_lib.viz.theme import new_figure

SHAPE = (3, 4, 3, 3)  # (N, C, H, W), or (out, in, kh, kw) of weights
CELL = (1, 1, 1, 1)  # whose partners are shown
GROUPS = 2
KINDS = {
    "batch": {"norm": "batch"},
    "layer": {"norm": "layer"},
    "layer_channels": {"norm": "layer", "over": "channels"},
    "instance": {"norm": "instance"},
    "group": {"norm": "group", "groups": GROUPS},
    "weight": {"norm": "weight"},
}
OTHER, SHARED, ITSELF = "#DCE3E9", "#0072B2", "#D55E00"


def partners(kind, cell=CELL, *, shape=SHAPE, groups=GROUPS):
    """True for the cells that share their statistics with `cell`, of `shape`. kind: a key of KINDS."""
    how = KINDS[kind] | ({"groups": groups} if kind == "group" else {})
    sets = registry.get("norm_sets").function(shape, **how)
    return sets == sets[cell]


def counts(kind, *, shape=SHAPE, groups=GROUPS):
    """How many means there are, and from how many values each: two whole numbers."""
    values = int(partners(kind, (0,) * len(shape), shape=shape, groups=groups).sum())
    return int(np.prod(shape)) // values, values


def tiles(mask, cell):
    """An RGB picture: a row a sample, a column a channel, each tile its pixels, with gaps between."""
    n, c, h, w = mask.shape
    pixels = np.ones((n * (h + 1) - 1, c * (w + 1) - 1, 3))
    for (i, j, y, x), shared in np.ndenumerate(mask):
        itself = (i, j, y, x) == cell
        colour = ITSELF if itself else SHARED if shared else OTHER
        pixels[i * (h + 1) + y, j * (w + 1) + x] = to_rgb(colour)
    return pixels


def _drawn(axes, kind, cell=CELL, groups=GROUPS):
    """The tiles of one normalization with its rows and columns named. Returns the list of artists."""
    n, c, h, w = SHAPE
    mask = partners(kind, cell, groups=groups)
    image = axes.imshow(tiles(mask, cell), interpolation="nearest", zorder=1)
    row, column = (t(f"viz.axes.{name}") for name in (("out", "in") if kind == "weight" else ("n", "c")))
    axes.set_xticks([j * (w + 1) + (w - 1) / 2 for j in range(c)], [f"{j + 1}" for j in range(c)])
    axes.set_yticks([i * (h + 1) + (h - 1) / 2 for i in range(n)], [f"{i + 1}" for i in range(n)])
    axes.set(xlabel=column, ylabel=row)
    axes.grid(False)
    axes.tick_params(length=0)
    # lines between the pixels of a tile, for those who count them
    for i in range(n * (h + 1)):
        axes.axhline(i - 0.5, color="white", linewidth=0.8, zorder=2)
    for j in range(c * (w + 1)):
        axes.axvline(j - 0.5, color="white", linewidth=0.8, zorder=2)
    for side in axes.spines.values():
        side.set_visible(False)
    return image


def norm_axes_picture():
    """All normalizations in one picture: the cells that share a mean with the marked one. A Picture."""
    figure = new_figure((9.0, 5.6))
    figure.set_layout_engine("constrained")
    for axes, kind in zip(figure.subplots(2, 3).flat, KINDS, strict=True):
        _drawn(axes, kind)
        axes.set_title(t(f"viz.axes.{kind}"), fontsize=11)
    rows = "; ".join(
        t("viz.axes.row", name=t(f"viz.axes.{kind}"), values=counts(kind)[1], means=counts(kind)[0])
        for kind in KINDS
    )
    return show(figure, t("viz.axes.alt", shape=SHAPE, rows=rows))


def norm_axes_panel():
    """Choose a normalization, the groups and a cell, and see with whom it shares its mean.

    Returns a LivePanel.
    """
    options = [(t(f"viz.axes.{kind}"), kind) for kind in KINDS]
    controls = {
        "kind": dropdown(t("viz.axes.choose"), options, "batch"),
        "groups": value_slider("groups", [1, 2, 4], start=GROUPS, title=t("viz.axes.groups")),
        "sample": value_slider("sample", [1, 2, 3], start=2, title=t("viz.axes.sample")),
        "channel": value_slider("channel", [1, 2, 3, 4], start=2, title=t("viz.axes.channel")),
    }

    def adjust(changed):
        if changed == "kind":
            controls["groups"].layout.display = None if controls["kind"].value == "group" else "none"

    def draw(figure, kind, groups, sample, channel):
        axes = figure.add_axes((0.28, 0.14, 0.46, 0.76))
        _drawn(axes, kind, (sample - 1, channel - 1, 1, 1), groups)
        axes.set_title(t(f"viz.axes.{kind}"))
        return []

    def describe(kind, groups, sample, channel):
        means, values = counts(kind, groups=groups)
        told = t("viz.axes.told", name=t(f"viz.axes.{kind}"), means=means, values=values)
        place = t("viz.axes.place_weight" if kind == "weight" else "viz.axes.place", n=sample, c=channel)
        return f"{told} {place}"

    def numbers(kind, groups, sample, channel):
        shapes = (SHAPE, (32, 64, 14, 14))
        heads = ("viz.axes.shape", "viz.axes.means", "viz.axes.values")
        rows = [(str(shape), *counts(kind, shape=shape, groups=groups)) for shape in shapes]
        return [dict(zip(map(t, heads), row, strict=True)) for row in rows]

    adjust("kind")
    return live(draw, controls, adjust=adjust, describe=describe, numbers=numbers, size=(8.4, 3.9))
