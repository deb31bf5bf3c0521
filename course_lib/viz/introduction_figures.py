"""Pictures of unit 0 without a slider: a flat start, leaks from the test data, the map of the course."""

import numpy as np
from matplotlib.patches import FancyBboxPatch

from course_lib.messages import t
from course_lib.viz.figures import legend, log_scale, two_axes
from course_lib.viz.picture import Picture, show
from course_lib.viz.theme import COLOURS, INK, PALE, new_figure, style


def flat_start_picture(run) -> Picture:
    """Loss and accuracy by epoch, and the margins of all samples at two moments. run: FlatStart."""
    figure = new_figure((8.4, 3.9))
    left, right = two_axes(figure)
    epochs, at = np.arange(len(run.losses)), run.moment
    curves = {"loss": run.losses / run.losses[0], "accuracy": run.accuracies}
    for index, (name, values) in enumerate(curves.items()):
        left.plot(epochs, values, **style(index), markersize=4.5, label=t(f"flat.{name}"))
    left.axvline(at, color=PALE, linewidth=8, linestyle="-", alpha=0.5, zorder=1)
    left.set(xlabel=t("viz.epoch"), ylim=(0, 1.08), title=t("flat.curves"))
    legend(left, "center left")
    edges = np.linspace(-0.1, 0.1, 41)
    for index, epoch in enumerate((0, at)):
        look = {"color": COLOURS[7 if index == 0 else 2], "alpha": 0.75, "hatch": ("", "//")[index]}
        label = t("flat.epoch", epoch=epoch)
        right.hist(run.margins[epoch], bins=edges, label=label, edgecolor="white", **look)
    right.axvline(0, color=INK, linewidth=1.4, linestyle="-")
    right.set(xlabel=t("flat.margin"), ylabel=t("flat.count"), title=t("flat.margins"), ylim=(0.8, 5000))
    log_scale(right)
    legend(right, "upper left")
    told = {"fall": f"{100 * (1 - run.losses[at] / run.losses[0]):.1f}", "epoch": at}
    shares = {"first": f"{100 * run.accuracies[0]:.0f}", "then": f"{100 * run.accuracies[at]:.0f}"}
    return show(figure, t("flat.alt", **told, **shares))


def leaks_picture(found) -> Picture:
    """Reported minus honest accuracy for each leak: dots by seed, and the mean. found: {name: (seeds,)}."""
    figure = new_figure((8.4, 2.9))
    axes = figure.add_axes((0.36, 0.2, 0.61, 0.75))
    for row, values in enumerate(found.values()):
        lift = row + 0.16 * np.sin(2.4 * np.arange(len(values)))
        axes.plot(values, lift, "o", color=COLOURS[0], alpha=0.3, markersize=4.5, markeredgewidth=0)
        axes.plot(values.mean(), row, **(style(1) | {"marker": "D"}), markersize=9, zorder=5)
    axes.axvline(0, color=INK, linewidth=1, linestyle="-", zorder=1)
    names = {name: t(f"leaks.{name}") for name in found}
    axes.set_yticks(range(len(found)), names.values())
    axes.set(xlabel=t("leaks.axis"), ylim=(len(found) - 0.5, -0.5))
    axes.grid(axis="y", visible=False)
    rows = ", ".join(f"{names[name]} {values.mean():+.1f}" for name, values in found.items())
    return show(figure, t("leaks.alt", rows=rows.replace("-", "−")))


# The place of every unit in the map: column, row, width
PLACES = {
    0: (0, 0, 2),
    1: (0, 1, 1),
    3: (0, 2, 1),
    4: (0, 3, 1),
    5: (0, 4, 1),
    2: (1, 1, 1),
    6: (1, 2, 1),
    7: (0, 5, 2),
}


def course_map() -> Picture:
    """The eight units as boxes: what helps to fit, what helps to generalize, and what uses both."""
    figure = new_figure((8.4, 4.9))
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set(xlim=(0, 2), ylim=(6.0, 0))
    axes.axis("off")
    for unit, (column, row, width) in PLACES.items():
        colour = COLOURS[7 if width == 2 else column]
        box = {"boxstyle": "round,pad=0,rounding_size=0.04", "linewidth": 1.6}
        at = (column + 0.03, row + 0.1)
        axes.add_patch(
            FancyBboxPatch(at, width - 0.06, 0.8, **box, facecolor=_pale(colour), edgecolor=colour)
        )
        x = column + 0.03 + (width - 0.06) / 2
        axes.text(x, row + 0.36, t(f"map.unit_{unit}"), ha="center", va="center", fontsize=12, weight="bold")
        axes.text(x, row + 0.67, t(f"map.question_{unit}"), ha="center", va="center", fontsize=10)
    axes.text(1.5, 3.35, t("map.key"), ha="center", va="top", fontsize=10.5, linespacing=1.6)
    units = " · ".join(f"{t(f'map.unit_{unit}')}: {t(f'map.question_{unit}')}" for unit in sorted(PLACES))
    return show(figure, t("map.alt", units=units))


def _pale(colour):
    """A light tint of a colour, for the inside of its box."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return "#" + "".join(f"{round(value):02X}" for value in 255 - (255 - rgb) * 0.13)
