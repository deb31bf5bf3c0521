"""Test data that differ from the training data: what running statistics make of them."""

import numpy as np

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.sliders import frames
from course_lib.viz.theme import new_figure

WAYS = ("batch", "fresh", "layer", "plain")


def brightness_panel(found, *, start=1.0):
    """A slider over the brightness of the test images. found: BrighterTest. Returns a FramesPanel."""
    edges = np.linspace(-6, 6, 97)

    def background(figure):
        left, right = figures.two_axes(figure, foot=0.3)
        left.set(xlim=(-6, 6), ylim=(0, 0.6), xlabel=r"$\hat{x}$", ylabel=t("viz.variance_shift.density"))
        left.set_title(t("viz.brightness.outputs"))
        home, _ = np.histogram(found.outputs[found.shifts.index(0.0)], edges, density=True)
        left.stairs(home, edges, color=figures.PALE, fill=True, zorder=2)
        right.set(xlim=(found.shifts[0], found.shifts[-1]), ylim=(0, 105), xlabel=t("viz.brightness.added"))
        right.set(ylabel=t("viz.brightness.accuracy"), title=t("viz.brightness.by_shift"))
        for index, way in enumerate(WAYS):
            right.plot(found.shifts, found.accuracy[way], **{**figures.style(index), "marker": ""}, zorder=3)
        figures.legend_below(right, {i: t(f"viz.brightness.{w}") for i, w in enumerate(WAYS)}, columns=4)

    def at(shift):
        return found.shifts.index(shift)

    def draw(figure, shift):
        left, right = figure.axes
        heights, _ = np.histogram(found.outputs[at(shift)], edges, density=True)
        artists = [left.stairs(heights, edges, color=figures.style(0)["color"], linewidth=1.8, zorder=5)]
        artists.append(right.axvline(shift, color=figures.INK, linewidth=1, linestyle=":", zorder=4))
        for index, way in enumerate(WAYS):
            look = {**figures.style(index), "markersize": 8}
            artists += right.plot(shift, found.accuracy[way][at(shift)], **look, zorder=6)
        return artists

    def describe(shift):
        told = {way: f"{found.accuracy[way][at(shift)]:.0f}" for way in WAYS}
        return t("viz.brightness.told", shift=f"{shift:+g}".replace("-", "−"), **told)

    def numbers(shift):
        return [
            {
                t("viz.brightness.added"): f"{shift:+g}",
                **{t(f"viz.brightness.{way}"): f"{found.accuracy[way][at(shift)]:.1f}" for way in WAYS},
            }
        ]

    return frames(
        draw,
        "shift",
        list(found.shifts),
        start=start,
        title=t("viz.brightness.added"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


def covariate_shift_picture(found):
    """How far the activations' inputs move, and how fast each net learns. found: {name: Shift}. A Picture."""
    figure = new_figure((8.4, 4.2))
    left, right = figures.two_axes(figure, foot=0.35)
    for index, run in enumerate(found.values()):
        look = {**figures.style(index), "markersize": 5}
        left.plot(np.arange(1, len(run.shifts) + 1), run.shifts, **look)
        right.plot(np.arange(1, len(run.losses) + 1), run.losses, **look)
    left.set(xlabel=t("viz.covariate.layer"), ylabel=t("viz.covariate.shift"), ylim=(0, None))
    left.set_title(t("viz.covariate.moves"))
    right.set(xlabel=t("viz.epoch"), ylabel=t("viz.loss"), ylim=(0, None), title=t("viz.covariate.speed"))
    right.set_xticks(range(1, len(next(iter(found.values())).losses) + 1))
    figures.legend_below(left, {i: t(f"viz.covariate.{name}") for i, name in enumerate(found)}, columns=4)
    rows = "; ".join(
        t("viz.covariate.row", name=t(f"viz.covariate.{name}"), shift=f"{shift:.3f}", loss=f"{loss:.2f}")
        for name, (shift, loss) in {n: (r.shifts.mean(), r.losses[-1]) for n, r in found.items()}.items()
    )
    return show(figure, t("viz.covariate.alt", rows=rows))
