"""Activations as curves: all side by side, and one with its value and its derivative under one cursor."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.sliders import columns, dropdown, live, value_slider
from course_lib.viz.theme import new_figure

REACH = 6.0
X = np.linspace(-REACH, REACH, 481)
CURSOR = tuple(np.linspace(-REACH, REACH, 49).round(3).tolist())
NAMES = ("sigmoid", "tanh", "softplus", "relu", "leaky_relu", "elu", "selu", "gelu", "silu")
# The one hyperparameter that some of them have, what a slider offers, and where it starts.
OWN = {
    "softplus": ("beta", (0.3, 0.5, 1.0, 2.0, 5.0, 10.0), 1.0),
    "leaky_relu": ("slope", (0.0, 0.01, 0.1, 0.25, 0.5, 1.0, 1.5), 0.1),
    "elu": ("alpha", (0.0, 0.25, 0.5, 1.0, 1.5, 2.0), 1.0),
}


def curve(name, x, **keywords):
    """Value and derivative of an activation at x, an array: (f(x), f′(x)). keywords: its hyperparameter."""
    f, backward = (registry.get(part).function for part in (name, f"{name}_backward"))
    return f(x, **keywords), backward(np.ones_like(x), x, **keywords)


@lru_cache(maxsize=128)
def _drawn(name, setting):
    return curve(name, X, **dict(setting))


def output_mean(name, *, seed=0, samples=20000, **keywords):
    """The mean of f(z) for standard normal z: how far from 0 an activation pushes its outputs."""
    z = np.random.default_rng(seed).standard_normal(samples)
    return float(curve(name, z, **keywords)[0].mean())


def activation_gallery():
    """Nine activations, each with its derivative. Returns a Picture."""
    figure = new_figure((8.4, 6.2))
    figure.subplots_adjust(left=0.06, right=0.985, bottom=0.115, top=0.95, wspace=0.16, hspace=0.34)
    grid = figure.subplots(3, 3, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, NAMES, strict=True):
        own = {OWN[name][0]: OWN[name][2]} if name in OWN else {}
        for index, values in enumerate(_drawn(name, tuple(own.items()))):
            axes.plot(X, values, **figures.style(index) | {"marker": ""})
        axes.set(title=registry.get(name).title, xlim=(-REACH, REACH), ylim=(-2, 3), xticks=(-6, -3, 0, 3, 6))
        axes.axhline(0, color=figures.INK, linewidth=0.8, linestyle="-")
        axes.axvline(0, color=figures.INK, linewidth=0.8, linestyle="-")
    lines = [grid.flat[0].lines[i] for i in range(2)]
    figure.legend(
        lines,
        [t("viz.act.value"), t("viz.act.slope")],
        loc="lower center",
        ncols=2,
        frameon=False,
        handlelength=3.2,
    )
    names = ", ".join(registry.get(name).title for name in NAMES)
    return show(figure, t("viz.act.gallery_alt", names=names))


def activation_panel(*, name="sigmoid", x=2.0):
    """One activation, its value on the left and its derivative on the right, with one cursor through both.

    Returns a LivePanel.
    """
    options = [(registry.get(n).title, n) for n in NAMES]
    controls = {
        "name": dropdown(t("viz.act.name"), options, name),
        "x": value_slider("x", CURSOR, start=x, title="x"),
    }
    for key, values, start in OWN.values():
        controls[key] = value_slider(key, values, start=start, title=_letter(key))

    def show_own():
        mine = OWN.get(controls["name"].value, ("",))[0]
        for key, _, _ in OWN.values():
            controls[key].layout.display = None if key == mine else "none"

    def read(values):
        own = OWN.get(values["name"])
        return {
            "name": values["name"],
            "setting": ((own[0], values[own[0]]),) if own else (),
            "x": values["x"],
        }

    show_own()
    return live(
        _draw,
        controls,
        read=read,
        adjust=lambda changed: show_own() if changed == "name" else None,
        shown=[columns(controls.values())],
        background=_background,
        describe=_describe,
        numbers=_numbers,
    )


def _letter(key):
    return {"beta": "β", "slope": "α", "alpha": "α"}[key]


def _background(figure, name, setting):
    value, slope = _drawn(name, setting)
    left, right = (figure.add_axes(box) for box in ((0.06, 0.14, 0.42, 0.75), (0.555, 0.14, 0.42, 0.75)))
    for index, (axes, values, low, high) in enumerate(((left, value, -2.2, 6.2), (right, slope, -0.3, 1.65))):
        axes.axhline(0, color=figures.INK, linewidth=0.8, linestyle="-")
        axes.plot(X, values, **figures.style(index) | {"marker": ""}, zorder=4)
        axes.set(xlim=(-REACH, REACH), ylim=(low, high), xlabel="$x$")
    title = registry.get(name).title
    left.set_title(t("viz.act.value_of", name=title))
    right.set_title(t("viz.act.slope_of", name=title))


def _draw(figure, name, setting, x):
    artists = []
    for index, (axes, y) in enumerate(zip(figure.axes, _at(name, setting, x), strict=True)):
        low, high = axes.get_ylim()
        artists.append(axes.axvline(x, color=figures.INK, linewidth=1, linestyle=":", zorder=3))
        dot = {"marker": figures.style(index)["marker"], "markersize": 9, "zorder": 6}
        artists += axes.plot(x, np.clip(y, low, high), color=figures.style(index)["color"], **dot)
        artists += figures.note(axes, f"{y:.4g}", at=(0.04, 0.95))
    return artists


def _at(name, setting, x):
    value, slope = curve(name, np.array([x]), **dict(setting))
    return float(value[0]), float(slope[0])


def _describe(name, setting, x):
    value, slope = _at(name, setting, x)
    own = "".join(f", {_letter(key)} = {number:g}" for key, number in setting)
    told = {"name": registry.get(name).title + own, "x": f"{x:g}"}
    return t("viz.act.told", **told, value=f"{value:.3g}", slope=f"{slope:.3g}")


def _numbers(name, setting, x):
    places = sorted({-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, x})
    return [
        {
            "x": f"{place:g}",
            "f(x)": f"{_at(name, setting, place)[0]:.4g}",
            "f′(x)": f"{_at(name, setting, place)[1]:.4g}",
        }
        for place in places
    ]
