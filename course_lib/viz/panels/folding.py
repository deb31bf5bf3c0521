"""Why depth helps: layers of two ReLUs that fold the line double the number of straight pieces each."""

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

DEPTHS = tuple(range(1, 9))


def folded(x, depth):
    """A net with `depth` hidden layers of two ReLUs each, on numbers in [0, 1]: a sawtooth.

        g(x) = 2 relu(x) − 4 relu(x − ½),    f = g ∘ … ∘ g

    x: array. Returns an array like x. Source: Telgarsky 2015, arXiv:1509.08101.
    """
    relu = registry.get("relu").function
    for _ in range(depth):
        x = 2 * relu(x) - 4 * relu(x - 0.5)
    return x


def pieces(values):
    """How many straight pieces values on an even grid have, whose corners all lie on the grid: (n,) → int."""
    return int(np.count_nonzero(np.abs(np.diff(values, 2)) > 1e-9)) + 1


def grid():
    """An even grid on [0, 1] that holds every corner of the deepest net."""
    return np.linspace(0, 1, 2 ** (DEPTHS[-1] + 1) + 1)


def depth_panel(*, start=3):
    """A slider over depth: the folded line, and its pieces against those of one wide layer.

    Returns a FramesPanel.
    """
    deep = [pieces(folded(grid(), depth)) for depth in DEPTHS]

    def background(figure):
        left = figure.add_axes((0.07, 0.14, 0.42, 0.75))
        right = figure.add_axes((0.585, 0.14, 0.395, 0.75))
        left.set(xlim=(0, 1), ylim=(-0.05, 1.05), xlabel="$x$", ylabel="$f(x)$", title=t("viz.fold.output"))
        units = 2 * np.array(DEPTHS)
        right.plot(units, deep, **figures.style(0), label=t("viz.fold.deep"))
        right.plot(units, units + 1, **figures.style(1), label=t("viz.fold.wide"))
        right.set(xlabel=t("viz.fold.units"), title=t("viz.fold.pieces"), ylim=(1, 1500))
        right.set_yscale("log", base=2)
        right.set_yticks([2, 4, 8, 16, 32, 64, 128, 256], [2, 4, 8, 16, 32, 64, 128, 256])
        right.set_xticks(units)
        figures.legend(right, "upper left")

    def draw(figure, depth):
        left, right = figure.axes
        look = figures.style(0) | {"marker": "", "linewidth": 2.1 - 0.2 * depth}
        line = left.plot(grid(), folded(grid(), depth), **look, zorder=5)
        ring = {"marker": "o", "markersize": 13, "markerfacecolor": "none", "markeredgewidth": 2}
        here = 2 * depth
        marks = right.plot(
            [here, here], [deep[depth - 1], here + 1], linestyle=":", color=figures.INK, **ring, zorder=6
        )
        return line + marks

    def told(depth):
        return {"depth": depth, "units": 2 * depth, "deep": deep[depth - 1], "wide": 2 * depth + 1}

    def describe(depth):
        return t("viz.fold.told", **told(depth))

    def numbers(depth):
        row = told(depth)
        return [{t(f"viz.fold.column_{name}"): row[name] for name in ("depth", "units", "deep", "wide")}]

    return frames(
        draw,
        "depth",
        list(DEPTHS),
        start=start,
        title=t("viz.fold.slider"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
