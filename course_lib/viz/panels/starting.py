"""One deep net, several starting points: the losses of a training."""

import numpy as np

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.theme import new_figure


def starts_picture(curves):
    """Losses by step from several starts. curves: {start: (steps,)}, NaN for one that diverges.

    Returns a Picture.
    """
    figure = new_figure((8.4, 3.9))
    axes = figure.add_axes((0.08, 0.25, 0.9, 0.65))
    steps = max(len(losses) for losses in curves.values())
    figures.loss_axes(axes, steps=steps, low=0, high=2.9, log=False)
    told, names = [], {}
    for index, (name, losses) in enumerate(curves.items()):
        lost = not np.isfinite(losses[-1])
        label = t(f"viz.starting.{name}") + (t("viz.starting.lost") if lost else "")
        figures.loss(axes, losses, index, every=15)
        names[index] = label
        told.append(label if lost else f"{label} {losses[-1]:.2f}")
    axes.axhline(np.log(10), color=figures.INK, linewidth=1, linestyle=":")
    axes.set_title(t("viz.starting.title"))
    figures.legend_below(axes, names)
    return show(figure, t("viz.starting.alt", rows=", ".join(told)))
