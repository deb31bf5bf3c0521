"""Transfer learning: digits that a backbone has never seen, as its layers see them."""

import ipywidgets as ipw

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import live
from course_lib.viz.theme import style

DIGITS = (7, 8, 9)


def stages_panel(found, *, start="pixels"):
    """Choose a layer: the new digits in two dimensions, and how well their means tell them apart.

    found: Stages. Returns a LivePanel.
    """
    names = list(found.points)
    control = ipw.SelectionSlider(
        options=[(t(f"viz.stages.{name}"), name) for name in names],
        value=start,
        description=t("viz.stages.slider"),
        tooltip=t("viz.stages.slider"),
        style={"description_width": "initial"},
        layout=ipw.Layout(width="auto"),
    )

    def background(figure):
        left = figure.add_axes((0.05, 0.1, 0.5, 0.8))
        right = figure.add_axes((0.66, 0.3, 0.32, 0.6))
        left.set(xticks=[], yticks=[], xlim=(-3, 3), ylim=(-3, 3), title=t("viz.stages.title"))
        left.grid(False)
        rights = [found.right[name] for name in names]
        right.bar(range(len(names)), rights, width=0.62, color=figures.PALE, zorder=3)
        ticks = [t(f"viz.stages.{name}") for name in names]
        right.set_xticks(range(len(names)), ticks, rotation=35, ha="right")
        right.set(ylim=(30, 100), title=t("viz.stages.right"))

    def draw(figure, stage):
        left, right = figure.axes
        points = found.points[stage] / found.points[stage].std(0)
        artists = []
        for index, digit in enumerate(DIGITS):
            look = {**style(index), "linestyle": "", "markersize": 5, "alpha": 0.75, "markeredgewidth": 0}
            artists += left.plot(*points[found.labels == index].T, **look, zorder=5, label=str(digit))
        place = names.index(stage)
        bar = right.bar(place, found.right[stage], width=0.62, color=style(1)["color"], zorder=4)
        return [*artists, *bar, figures.legend(left, "upper right")]

    def describe(stage):
        return t("viz.stages.told", stage=t(f"viz.stages.{stage}"), right=f"{found.right[stage]:.0f}")

    def numbers(stage):
        return [
            {
                t("viz.stages.slider"): t(f"viz.stages.{name}"),
                t("viz.stages.right"): f"{found.right[name]:.1f}",
            }
            for name in names
        ]

    return live(
        draw,
        {"stage": control},
        shown=[control],
        background=background,
        describe=describe,
        numbers=numbers,
        size=(8.4, 4.1),
    )
