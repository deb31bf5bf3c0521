"""What to watch during a run: losses by learning rate, curves of known faults, the size of updates."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.sliders import dropdown, frames, live
from course_lib.viz.theme import COLOURS, PALE, new_figure, style

TOP = 5.0  # of the losses' axes
RATE_TOP = 3.2  # losses above it are drawn at it


def plain_rates(axes, rates):
    """A logarithmic axis of learning rates with plain numbers."""
    axes.set_xscale("log")
    ticks = 10.0 ** np.arange(np.ceil(np.log10(rates[0]) - 1e-9), np.floor(np.log10(rates[-1]) + 1e-9) + 1)
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel=t("viz.parameter.lr"), xlim=(rates[0] / 1.4, rates[-1] * 1.4))


def verdict(val, train):
    """What a loss curve says: "flew" (above its start or infinite), "slow" (above 1), "fits".

    val, train: (epochs + 1,).
    """
    if not np.isfinite(val[-1]) or val[-1] > val[0]:
        return "flew"
    return "slow" if train[-1] > 0.5 else "fits"


def rates_panel(runs, *, start=0.01):
    """A slider over the learning rate: the two loss curves, and where they end. Returns a FramesPanel.

    runs: RateRuns.
    """
    epochs, ends = len(runs.val) - 1, np.minimum(runs.val[-1], RATE_TOP)

    def place(lr):
        return runs.rates.index(lr)

    def background(figure):
        left, right = figures.two_axes(figure)
        left.set(xlim=(0, epochs), ylim=(0, RATE_TOP + 0.2), xlabel=t("viz.epoch"), ylabel=t("viz.loss"))
        left.set_title(t("viz.watching.curves"))
        left.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        right.set(ylim=(0, RATE_TOP + 0.2), title=t("viz.watching.by_rate"))
        right.plot(runs.rates, ends, **style(1), markersize=4, zorder=4)
        plain_rates(right, runs.rates)

    def draw(figure, lr):
        left, right = figure.axes
        artists = []
        for index, (name, losses) in enumerate((("train", runs.train), ("val", runs.val))):
            shown = np.minimum(losses[:, place(lr)], 1e3)
            artists += left.plot(
                shown, **style(index), markersize=5, zorder=5, label=t(f"viz.watching.{name}")
            )
        artists += right.plot(
            lr,
            ends[place(lr)],
            marker="o",
            markersize=13,
            markerfacecolor="none",
            markeredgewidth=2,
            zorder=6,
        )
        return [*artists, figures.legend(left, "upper right")]

    def told(lr):
        train, val = runs.train[:, place(lr)], runs.val[:, place(lr)]
        return {
            "lr": f"{lr:.2g}",
            "train": _size(train[-1]),
            "val": _size(val[-1]),
            "verdict": t(f"viz.watching.{verdict(val, train)}"),
        }

    def describe(lr):
        return t("viz.watching.told", epochs=epochs, **told(lr))

    def numbers(lr):
        heads = {"lr": t("viz.parameter.lr"), "train": t("viz.watching.train"), "val": t("viz.watching.val")}
        row = told(lr)
        return [{heads[name]: row[name] for name in heads}]

    title = t("viz.parameter.lr")
    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "lr", list(runs.rates), start=start, title=title, **more)


def _size(loss):
    """A loss in words: "0.12", or "beyond 1000"."""
    return f"{loss:.2g}" if loss < 1000 else t("viz.watching.beyond")


# --- faults -----------------------------------------------------------------------------------------------


def _losses(axes, curves, *, every=4):
    """Training and validation loss by epoch, cut at TOP."""
    epochs = np.arange(1, len(curves.train_loss) + 1)
    for index, (name, losses) in enumerate((("train", curves.train_loss), ("val", curves.val_loss))):
        shown = np.minimum(losses, 2 * TOP)
        axes.plot(
            epochs, shown, **style(index), markersize=4, markevery=every, label=t(f"viz.watching.{name}")
        )
    axes.axhline(np.log(10), color=PALE, linestyle="-", linewidth=1, zorder=1)
    axes.set(ylim=(0, TOP), xlim=(0, len(epochs) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def gallery_picture(faults, train, names):
    """The loss curves of six trainings, each with its name. Returns a Picture.

    faults: {name: Fault}. train(name) → Curves. names: which, in this order.
    """
    figure = new_figure((9.0, 5.0))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(2, 3, sharey=True)
    for axes, name in zip(grid.flat, names, strict=True):
        _losses(axes, train(name))
        axes.set_title(faults[name].text("title"), fontsize=11.5)
    for axes in grid[-1]:
        axes.set_xlabel(t("viz.epoch"))
    for axes in grid[:, 0]:
        axes.set_ylabel(t("viz.loss"))
    figures.legend(grid[0, 0], "upper right")
    ends = [(faults[n].text("title"), train(n).train_loss[-1], train(n).val_loss[-1]) for n in names]
    rows = "; ".join(t("viz.faults.row", name=n, train=_end(a), val=_end(b)) for n, a, b in ends)
    return show(figure, t("viz.faults.alt", rows=rows))


def _end(loss):
    return f"{loss:.2f}" if np.isfinite(loss) else "NaN"


def faults_panel(faults, train, *, fault="healthy", seed=0):
    """Choose a fault and a seed: losses, gradient norms and dead units of a real run. Returns a LivePanel.

    faults: {name: Fault}. train(name, seed) → Curves, trained when first asked for.
    """
    options = [(one.text("title"), name) for name, one in faults.items()]
    controls = {
        "fault": dropdown(t("viz.faults.choose"), options, fault),
        "seed": dropdown(t("viz.faults.seed"), range(5), seed),
    }

    def draw(figure, fault, seed):
        curves, left = train(fault, seed), 0.06
        first, second, third = (figure.add_axes((left + 0.335 * i, 0.14, 0.26, 0.73)) for i in range(3))
        _losses(first, curves)
        first.set(xlabel=t("viz.epoch"), title=t("viz.faults.losses"))
        figures.legend(first, "upper right")
        steps = np.arange(len(curves.step_norm))
        second.plot(steps, np.clip(curves.step_norm, 1e-6, 1e6), color=COLOURS[2], linestyle="-", linewidth=1)
        second.set(xlabel=t("viz.step"), title=t("viz.faults.norms"), ylim=(1e-4, 1e5))
        figures.log_scale(second)
        second.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        third.plot(steps, np.minimum(curves.step_loss, 2 * TOP), color=COLOURS[0], linestyle="-", linewidth=1)
        third.set(xlabel=t("viz.step"), title=t("viz.faults.step_loss"), ylim=(0, TOP))
        third.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        return []

    def describe(fault, seed):
        known = faults[fault]
        return f"{known.text('title')}. {known.text('signs')} {known.text('remedy')}"

    def numbers(fault, seed):
        curves = train(fault, seed)
        values = {
            "first_loss": _size(curves.first_loss),
            "train_accuracy": f"{curves.train_accuracy[-1]:.2f}",
            "val_accuracy": f"{curves.val_accuracy[-1]:.2f}",
            "test_accuracy": f"{curves.test_accuracy:.2f}",
            "dead": f"{curves.dead_share[-1]:.2f}",
        }
        return [{t(f"viz.faults.{name}"): value for name, value in values.items()}]

    return live(draw, controls, describe=describe, numbers=numbers, size=(9.4, 3.7))


# --- the size of updates ----------------------------------------------------------------------------------

BAND = (1e-4, 1e-2)  # what `update_ratios` lets pass


def ratios_panel(runs, *, start=0.1):
    """A slider over the learning rate: each layer's update ratio by step, and its median by rate.

    runs: RatioRuns. Returns a FramesPanel.
    """
    steps, layers, _ = runs.ratios.shape
    medians = np.array([[np.median(column) for column in layer] for layer in runs.ratios.transpose(1, 2, 0)])
    known = [i for i, loss in enumerate(runs.val) if np.isfinite(medians[:, i]).all()]
    best = runs.rates[int(np.argmin(runs.val))]

    def names(layer):
        return t("viz.ratios.layer", number=layer + 1)

    def background(figure):
        left, right = figures.two_axes(figure)
        for axes in (left, right):
            axes.set_ylim(1e-6, 1.5)
            figures.log_scale(axes)
            axes.axhspan(*BAND, color=PALE, alpha=0.35, linewidth=0, zorder=1)
            axes.axhline(1e-3, color=figures.INK, linestyle="-", linewidth=1, zorder=2)
        left.set(xlim=(0, steps), xlabel=t("viz.step"), title=t("viz.ratios.by_step"))
        right.set_title(t("viz.ratios.median"))
        shown = [runs.rates[i] for i in known]
        for layer in range(layers):
            right.plot(shown, medians[layer, known], **style(layer), markersize=4, zorder=4)
        right.axvline(best, **{**style(6), "marker": ""}, zorder=3, label=t("viz.ratios.best"))
        plain_rates(right, runs.rates)

    def draw(figure, lr):
        left, right = figure.axes
        place, artists = runs.rates.index(lr), []
        for layer in range(layers):
            line = runs.ratios[:, layer, place]
            artists += left.plot(
                line, **{**style(layer), "marker": ""}, linewidth=1.3, zorder=5, label=names(layer)
            )
        artists.append(right.axvline(lr, color=COLOURS[1], linewidth=5, alpha=0.35, zorder=2))
        return [*artists, *(figures.legend(axes, "lower left") for axes in figure.axes)]  # above the band

    def median(layer, lr):
        value = medians[layer, runs.rates.index(lr)]
        return f"{value:.2g}" if np.isfinite(value) else "NaN"

    def describe(lr):
        each = ", ".join(f"{names(layer)} {median(layer, lr)}" for layer in range(layers))
        loss = runs.val[runs.rates.index(lr)]
        return t("viz.ratios.told", lr=f"{lr:.2g}", each=each, loss=f"{loss:.2g}")

    def numbers(lr):
        row = {t("viz.parameter.lr"): f"{lr:.2g}"}
        row |= {names(layer): median(layer, lr) for layer in range(layers)}
        return [row | {t("viz.watching.val"): f"{runs.val[runs.rates.index(lr)]:.2g}"}]

    title = t("viz.parameter.lr")
    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "lr", list(runs.rates), start=start, title=title, **more)
