"""Splits of the data: k-fold cross-validation by a slider, and an epoch cut into mini-batches."""

from functools import lru_cache

import numpy as np
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.panels.generalization import errors, features, fitted, points
from course_lib.viz.picture import show
from course_lib.viz.sliders import frames
from course_lib.viz.theme import COLOURS, PALE, new_figure

SAMPLES = 30
DEGREES = tuple(range(1, 11))


@lru_cache
def _drawn():
    return points(SAMPLES, rng=np.random.default_rng(2))


@lru_cache
def folds(k):
    """The k pairs (training, validation) of sample numbers, 0 … SAMPLES − 1 in the order of x."""
    return registry.get("k_fold").function(n=SAMPLES, k=k, rng=np.random.default_rng(0))


@lru_cache
def validation_errors(k):
    """Mean squared error on every fold's validation samples, (k, degrees)."""
    x, y = _drawn()
    return np.array([[_error(x, y, *fold, d + 1) for d in DEGREES] for fold in folds(k)])


def _error(x, y, train, held, parameters):
    w = fitted(x[train], y[train], parameters)
    return np.mean((features(x[held], parameters) @ w - y[held]) ** 2)


@lru_cache
def true_errors():
    """What fits to all samples really do on new data, (degrees,)."""
    return np.array([errors(*_drawn(), d + 1)[1] for d in DEGREES])


def folds_panel(*, start=5):
    """A slider over k: who validates when, and what each fold says of every degree. A FramesPanel."""

    def draw(figure, k):
        left, right = figures.two_axes(figure)
        _grid(left, k)
        each, mean = validation_errors(k), validation_errors(k).mean(0)
        for row in each:
            right.plot(DEGREES, row, color=PALE, linewidth=1, linestyle="-", zorder=3)
        look = {"markersize": 5, "zorder": 5}
        right.plot(DEGREES, mean, **figures.style(0), **look, label=t("viz.folds.mean"))
        right.plot(DEGREES, true_errors(), **figures.style(1), **look, label=t("viz.capacity.error_1"))
        right.set(xlabel=t("viz.capacity.degree"), ylabel=t("viz.capacity.error"), ylim=(1e-2, 1e2))
        right.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        figures.log_scale(right)
        figures.legend(right, "upper left")
        return []

    def describe(k):
        chosen = DEGREES[int(np.argmin(validation_errors(k).mean(0)))]
        best = DEGREES[int(np.argmin(true_errors()))]
        return t("viz.folds.told", k=k, train=SAMPLES - SAMPLES // k, chosen=chosen, best=best)

    def numbers(k):
        rows = zip(DEGREES, validation_errors(k).mean(0), true_errors(), strict=True)
        heads = (t("viz.capacity.degree"), t("viz.folds.mean"), t("viz.capacity.error_1"))
        return [{"k": k} | dict(zip(heads, (d, float(a), float(b)), strict=True)) for d, a, b in rows]

    title = t("viz.folds.k")
    return frames(
        draw, "k", [2, 3, 5, 6, 10, 15, 30], start=start, title=title, describe=describe, numbers=numbers
    )


def _grid(axes, k):
    held = np.zeros((k, SAMPLES))
    for row, (_, validation) in enumerate(folds(k)):
        held[row, validation] = 1
    axes.pcolormesh(held, cmap=_TWO, edgecolors="white", linewidth=0.6)
    axes.set(xlabel=t("viz.folds.sample"), ylabel=t("viz.folds.fold"), title=t("viz.folds.title"))
    axes.set_ylim(k, 0)
    step = 1 if k <= 10 else 5
    axes.set_yticks(np.arange(0, k, step) + 0.5, range(1, k + 1, step))
    axes.set_xticks(np.arange(0, SAMPLES, 5) + 0.5, range(1, SAMPLES + 1, 5))
    axes.grid(False)


_TWO = figures.GROUND.from_list("two", ["#DCE6EF", COLOURS[1]])


# --- batch, iteration, epoch ------------------------------------------------------------------------------


def epochs(samples, size, *, count=2, seed=0):
    """Which iteration uses which sample: a list per epoch of the batches, each an array of sample numbers."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(samples) for _ in range(count)]
    return [[order[i : i + size] for i in range(0, samples, size)] for order in orders]


def epoch_picture(*, samples=20, size=6):
    """Two epochs of mini-batches, sample by sample: each epoch shuffles anew. Returns a Picture."""
    figure = new_figure((8.4, 2.3))
    axes = figure.add_axes((0.11, 0.05, 0.87, 0.78))
    rows = epochs(samples, size)
    for row, batches in enumerate(rows):
        column = 0.0
        for number, batch in enumerate(batches):
            colour = COLOURS[number % 4]
            for sample in batch:
                axes.add_patch(_square(column, row, colour))
                axes.text(column + 0.46, row + 0.5, sample + 1, color="white", ha="center", va="center")
                column += 1
            text = t("viz.epochs.iteration", number=row * len(batches) + number + 1)
            axes.text(column - len(batch) / 2, row + 0.17, text, ha="center", va="bottom", fontsize=10)
            column += 0.5
    axes.set(xlim=(0, samples + 0.5 * len(rows[0])), ylim=(2.1, -0.2))
    axes.set_yticks([0.5, 1.5], [t("viz.epochs.epoch", number=n) for n in (1, 2)])
    axes.set_xticks([])
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.text(0.545, 0.92, t("viz.epochs.title", samples=samples, size=size), ha="center", fontsize=12)
    return show(figure, t("viz.epochs.alt", samples=samples, size=size, count=len(rows[0])))


def _square(x, y, colour):
    return FancyBboxPatch(
        (x + 0.08, y + 0.26),
        0.76,
        0.5,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=colour,
        edgecolor="none",
    )
