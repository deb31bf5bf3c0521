"""The gallery of learning-rate schedules: all at a glance, and one under the learner's hands."""

import inspect
from functools import partial

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.sliders import columns, dropdown, live, value_slider
from course_lib.viz.theme import new_figure

TOTAL = 200
# What a gallery shows of each, over TOTAL steps; everything else is the schedule's own default.
SHOWN = {
    "step_decay": {"every": 60, "factor": 0.3},
    "inverse_time": {"decay": 0.05},
    "exponential": {"factor": 0.98},
}


def schedules():
    """The names of the registered schedules that stand alone (warm-up needs another to follow it)."""
    return [e.name for e in registry.entries("schedule") if not e.traits.get("composes")]


def rates(name, *, warm=0, **keywords):
    """The learning rate at each of TOTAL steps, after `warm` steps of linear warm-up: (TOTAL,)."""
    function = registry.get(name).function
    if "total" in inspect.signature(function).parameters:
        keywords["total"] = TOTAL - warm
    schedule = partial(function, **keywords)
    if warm:
        schedule = partial(registry.get("warmup").function, steps=warm, then=schedule)
    return np.array([schedule(step) for step in range(TOTAL)])


def schedule_gallery():
    """All schedules in one picture, small and side by side. Returns a Picture."""
    names = schedules()
    figure = new_figure((8.4, 4.2))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(2, (len(names) + 1) // 2, sharex=True, sharey=True)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for index, (axes, name) in enumerate(zip(grid.flat, names, strict=False)):
        axes.plot(rates(name, **SHOWN.get(name, {})), color=figures.style(index)["color"], linestyle="-")
        axes.set(title=registry.get(name).title, xlim=(0, TOTAL), ylim=(0, 0.11))
    figure.supxlabel(t("viz.step"), fontsize=11)
    figure.supylabel(t("viz.schedule.rate"), fontsize=11)
    titles = ", ".join(registry.get(name).title for name in names)
    return show(figure, t("viz.schedule.gallery_alt", names=titles))


def schedule_panel(*, name="cosine", warm=0):
    """One schedule with its sliders and a warm-up before it; only the sliders that matter are shown.

    Returns a LivePanel.
    """
    options = [(registry.get(n).title, n) for n in schedules()]
    controls = {
        "name": dropdown(t("viz.schedule.name"), options, name),
        "warm": value_slider("warm", range(0, 61, 5), start=warm, title=t("viz.schedule.warm")),
    }
    for other in schedules():
        entry = registry.get(other)
        for key, values in entry.ranges.items():
            if key != "peak":
                default = SHOWN.get(other, {}).get(key, entry.defaults.get(key))
                whole = isinstance(entry.defaults.get(key), int)
                offered = [int(v) for v in values.values()] if whole else values.values()
                controls[f"{other}_{key}"] = value_slider(key, offered, start=default)

    def own(chosen):
        return [c for c in controls if c.startswith(f"{chosen}_")]

    def show_own():
        for key, control in controls.items():
            mine = key in ("name", "warm") or key in own(controls["name"].value)
            control.layout.display = None if mine else "none"

    def adjust(changed):
        if changed == "name":
            show_own()

    def read(values):
        chosen = values["name"]
        keywords = {key.removeprefix(f"{chosen}_"): values[key] for key in own(chosen)}
        return {"name": chosen, "curve": rates(chosen, warm=values["warm"], **keywords)}

    def background(figure):
        axes = figure.add_axes((0.1, 0.15, 0.87, 0.75))
        axes.set(xlim=(0, TOTAL), ylim=(0, 0.105), xlabel=t("viz.step"), ylabel=t("viz.schedule.rate"))

    def draw(figure, name, curve):
        return figure.axes[0].plot(curve, **figures.style(0) | {"marker": ""}, zorder=5)

    def describe(name, curve):
        told = {"first": f"{curve[0]:.2g}", "most": f"{curve.max():.2g}", "last": f"{curve[-1]:.2g}"}
        return t("viz.schedule.told", name=registry.get(name).title, **told)

    def numbers(name, curve):
        return [{t("viz.step"): k, "lr": f"{curve[k]:.4g}"} for k in (0, 10, 50, 100, 150, TOTAL - 1)]

    show_own()
    return live(
        draw,
        controls,
        read=read,
        adjust=adjust,
        shown=[columns(controls.values())],
        background=background,
        describe=describe,
        numbers=numbers,
    )
