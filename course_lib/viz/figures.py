"""Arrays → matplotlib axes. What draws returns the artists it added, so that a `Canvas` can move them.

All numbers come in as arguments; nothing is computed here but where a thing stands in the picture.
"""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from course_lib.messages import t
from course_lib.viz.theme import GROUND, INK, PALE, style

QUARTERS = (0, 0.25, 0.5, 0.75, 1)
BANDS = 14  # steps between low and high ground


def two_axes(figure, *, foot=0.0):
    """A square place for a surface on the left, one for curves on the right; returns both axes.

    foot: inches to leave free below both, for a legend.
    """
    height = figure.get_figheight()
    bottom, up = 0.5 + foot, height - foot - 0.9
    left = figure.add_axes((0.075, bottom / height, 0.385, up / height))
    right = figure.add_axes((0.575, bottom / height, 0.405, up / height))
    return left, right


def surface(axes, problem, *, grid=161):
    """Contours of a two-dimensional problem over its window, with its minima as stars.

    Every band covers an equal share of the window, so that a narrow valley and a wide plateau are
    both visible, whatever the heights are; the lowest bands are thinner still.

    problem: Problem with d = 2. Returns the list of artists.
    """
    (x0, x1), (y0, y1) = problem.window
    x, y = np.meshgrid(np.linspace(x0, x1, grid), np.linspace(y0, y1, grid))
    z = problem.f(np.stack([x, y], axis=-1))
    levels = np.unique(np.quantile(z, np.linspace(0, 1, BANDS + 1) ** 1.4))
    ranks = np.linspace(0, 1, len(levels) - 1)
    filled = axes.contourf(x, y, z, levels=levels, colors=GROUND(ranks))
    lines = axes.contour(x, y, z, levels=levels[1:-1], colors=[PALE], linewidths=0.7, linestyles="solid")
    stars = axes.plot(*problem.minima.T, **MINIMUM)
    axes.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal", xlabel="$x$", ylabel="$y$")
    axes.grid(False)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    return [filled, lines, *stars]


MINIMUM = {
    "linestyle": "",
    "marker": "*",
    "markersize": 15,
    "markerfacecolor": "#F0E442",
    "markeredgecolor": INK,
    "zorder": 3,  # as the start: below the paths, so that it can stay while they move
}


def path(axes, points, index, *, every=1, label=None):
    """A path over a surface; where it leaves the window for good, an open marker stands on the border.

    points: (steps + 1, 2), NaN after a divergence. index: number of the line, for its style.
    every: a marker at each so many steps. Returns the list of artists.
    """
    look = style(index)
    halo = axes.plot(*points.T, color="white", linestyle="-", linewidth=3.6, alpha=0.8, zorder=4)
    line = axes.plot(
        *points.T, **look, markersize=4.5, markevery=every, markeredgewidth=0, zorder=5, label=label
    )
    way_out = _way_out(points, (axes.get_xlim(), axes.get_ylim()))
    if way_out is None:
        return [*halo, *line]
    door = axes.plot(
        *way_out,
        marker=look["marker"],
        markersize=10,
        markerfacecolor="white",
        markeredgecolor=look["color"],
        markeredgewidth=2,
        clip_on=False,
        zorder=7,
    )
    return [*halo, *line, *door]


def _way_out(points, window):
    """Where the path crosses the border for the last time, outwards; None if it ends inside."""
    (x0, x1), (y0, y1) = window
    inside = np.all((points >= [x0, y0]) & (points <= [x1, y1]), axis=-1)  # NaN is outside
    if inside[-1] or not inside.any():
        return None
    last = np.flatnonzero(inside)[-1]
    a, b = points[last], points[last + 1]
    if not np.all(np.isfinite(b)):
        return a
    step = b - a
    with np.errstate(divide="ignore"):
        # shares of the step at which each coordinate reaches its border
        shares = np.where(step > 0, ([x1, y1] - a) / step, np.where(step < 0, ([x0, y0] - a) / step, np.inf))
    return a + step * shares.min()


def start(axes, point):
    """A ring with a dot where all paths begin. Returns the list of artists."""
    ring = {"linestyle": "", "marker": "o", "markeredgecolor": INK, "zorder": 3}
    return axes.plot(*point, markersize=11, markerfacecolor="none", markeredgewidth=1.8, **ring)


def loss_axes(axes, *, steps, low, high, log=True, label=None):
    """Axes for curves by step, from 0 to `steps` and from `low` to `high`; returns nothing.

    steps=None: the width is the whole run however long it is, to be numbered by `step_marks`.
    """
    axes.set(xlim=(0, steps or 1), xlabel=t("viz.step"), ylabel=label or t("viz.loss"))
    axes.set_ylim(low, high)
    if log:
        log_scale(axes)
    if steps is None:
        axes.set_xticks(QUARTERS, [" "] * len(QUARTERS))  # a blank keeps the label's place below
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def step_marks(axes, steps):
    """The numbers under axes whose width is all `steps` (a multiple of 4). Returns the list of artists."""
    below = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "top", "zorder": 5}
    return [axes.text(share, -0.025, f"{share * steps:g}", **below) for share in QUARTERS]


def log_scale(axes):
    """A logarithmic y axis. matplotlib's own labels mix fonts and lose the minus sign beside Hangul."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=9))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"$10^{{{round(np.log10(y))}}}$"))
    axes.yaxis.set_minor_locator(NullLocator())


def loss(axes, values, index, *, over=1, every=10, label=None):
    """One loss by step, (steps + 1,), cut at the axes; NaN ends the line. Returns the list of artists.

    over: what to divide the step by (all steps, where the axes show shares of a run).
    """
    # a loss of exactly 0 has no logarithm: let the line leave through the bottom
    shown = np.maximum(values, 1e-300) if axes.get_yscale() == "log" else np.asarray(values)
    steps = np.arange(len(shown)) / over
    return axes.plot(steps, shown, **style(index), markersize=4.5, markevery=every, label=label, zorder=5)


def losses(axes, curves, *, log=None, label=None):
    """Losses by step with a legend: curves maps a name to an array (steps + 1,) or shorter.

    log: None takes the log scale where all is positive and more than two decades lie between.
    Returns the list of artists. Raises ValueError where no curve holds a finite number.
    """
    finite = np.concatenate([np.asarray(v, float)[np.isfinite(v)] for v in curves.values()] or [[]])
    if not finite.size:
        raise ValueError(t("viz.no_curve"))
    low, high = finite.min(), finite.max()
    log = bool(low > 0 and high > 100 * low) if log is None else log
    margin = (high / low) ** 0.05 if log else 0.05 * (high - low or 1.0)
    low, high = (low / margin, high * margin) if log else (low - margin, high + margin)
    steps = max(len(v) for v in curves.values()) - 1
    loss_axes(axes, steps=steps, low=low, high=high, log=log, label=label)
    every = max(1, steps // 8)
    lines = [a for i, (k, v) in enumerate(curves.items()) for a in loss(axes, v, i, every=every, label=k)]
    return [*lines, legend(axes, loc="best")]


def legend(axes, loc="upper right", **more):
    """The legend of the labelled lines of these axes, drawn above them; returns it."""
    box = axes.legend(loc=loc, handlelength=3.2, **more)
    box.set_zorder(8)
    return box


def legend_below(axes, names, *, columns=4):
    """A legend in rows under the whole figure, where it covers no curve; nothing without names.

    names: {index of the line's style: text}. It needs no lines, so that it can stand in a background.
    """
    lines = [Line2D([], [], **style(index), markersize=4.5, label=name) for index, name in names.items()]
    if lines:
        foot = {"bbox_to_anchor": (0.5, 0.005), "bbox_transform": axes.figure.transFigure}
        legend(axes, "lower center", handles=lines, ncols=columns, columnspacing=1.6, frameon=False, **foot)


def note(axes, text, *, at=(0.03, 0.95)):
    """A sentence on the picture, at a place given in shares of the axes; returns a list of one artist."""
    frame = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": PALE}
    text = axes.text(*at, text, transform=axes.transAxes, ha="left", va="top", bbox=frame, zorder=9)
    return [text]


def parabola(axes, curvature, points, *, reach=3.0):
    """Steps on f(x) = ½ λ x²: the curve, every point on it, and the way between them.

    curvature: λ. points: (steps + 1,), NaN after a divergence. Returns the list of artists.
    """
    x = np.linspace(-reach, reach, 201)
    curve = axes.plot(x, curvature * x**2 / 2, color=INK, linestyle="-", linewidth=1.2, zorder=3)
    top = curvature * reach**2 / 2
    axes.set(xlim=(-reach, reach), ylim=(-0.06 * top, 1.02 * top), xlabel="$x$", ylabel=t("viz.loss"))
    return [*curve, *path(axes, np.stack([points, curvature * points**2 / 2], axis=-1), 0)]
