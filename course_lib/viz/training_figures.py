"""Pictures of trainings and experiments: arrays → matplotlib axes, as in `figures`, and whole pictures."""

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from course_lib.messages import t
from course_lib.viz.figures import legend, losses, note
from course_lib.viz.picture import Picture, show
from course_lib.viz.theme import COLOURS, INK, PALE, new_figure, style

# Colour and marker of what a condition shows; open and grey where it shows nothing either way.
FINDINGS = {
    "supports": {"color": COLOURS[2], "marker": "o"},
    "opposes": {"color": COLOURS[1], "marker": "s"},
    "nothing": {"color": "#6B6B6B", "marker": "D"},
    "unclear": {"color": COLOURS[0], "marker": "v", "markerfacecolor": "white"},
}


def effects(axes, effects, verdict, *, labels, unit, margin):
    """One row a condition: every run's effect as a dot, their mean and its 95% interval.

    effects: {condition: (seeds,)}. verdict: Verdict with intervals and findings. labels: {condition: text}.
    The band marks effects too small to count. Returns the list of artists.
    """
    artists = [axes.axvline(0, color=INK, linewidth=1, linestyle="-", zorder=2)]
    if margin:
        artists.append(axes.axvspan(-margin, margin, color=PALE, alpha=0.35, linewidth=0, zorder=1))
    for row, (name, values) in enumerate(effects.items()):
        look, mean = FINDINGS[verdict.findings[name]], verdict.intervals[name]
        # Dots are spread a little, always alike, so that equal effects stay visible.
        lift = row + 0.16 * np.sin(2.4 * np.arange(len(values)))
        pale = {"color": look["color"], "alpha": 0.35, "markersize": 4.5, "markeredgewidth": 0}
        artists += axes.plot(values, lift, linestyle="", marker="o", zorder=3, **pale)
        artists += axes.plot(
            [mean.low, mean.high], [row, row], linestyle="-", linewidth=3, color=look["color"], zorder=4
        )
        artists += axes.plot(
            mean.mean, row, **look, markersize=9, markeredgewidth=1.8, linestyle="", zorder=5
        )
    axes.set_yticks(range(len(effects)), [labels[name] for name in effects])
    axes.set(ylim=(len(effects) - 0.5, -0.5), xlabel=unit)
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.grid(axis="y", visible=False)
    return artists


def range_test(axes, test, *, smoothing=0.9):
    """The loss by learning rate, with the rate of the steepest fall and the rate of the blow-up.

    test: RangeTest. Returns the list of artists.
    """
    rates, smooth = test.rates, test.smooth(smoothing)
    raw = axes.plot(rates, test.losses, color=PALE, linewidth=1.2, linestyle="-", zorder=3)
    raw[0].set_label(t("range_test.batch_loss"))
    line = axes.plot(rates, smooth, **{**style(0), "marker": ""}, label=t("range_test.smooth_loss"), zorder=5)
    _plain_log(axes)
    start = float(smooth[0])
    axes.set(xlabel=t("viz.parameter.lr"), ylabel=t("viz.loss"), ylim=(0, 1.6 * start))
    at = test.steepest(smoothing)
    artists = raw + line
    if at is not None:
        artists += axes.plot(
            rates[at],
            smooth[at],
            **{**style(1), "linestyle": ""},
            markersize=9,
            zorder=6,
            label=t("range_test.steepest", lr=f"{rates[at]:.2g}"),
        )
    if test.blew_up:
        artists.append(axes.axvline(rates[-1], **{**style(7), "marker": ""}, linewidth=1.5, zorder=2))
        artists += note(axes, t("range_test.blew_up", lr=f"{rates[-1]:.2g}"), at=(0.03, 0.14))
    return [*artists, legend(axes, loc="upper left")]


def norm_histograms(axes_list, norms, *, thresholds, labels):
    """A histogram of gradient norms per net, on one log scale, with clipping thresholds as lines.

    axes_list: one axes a net. norms: {name: (steps,)}. labels: {name: text}. Returns the list of artists.
    """
    everything = np.concatenate([*norms.values(), np.asarray(thresholds, float)])
    edges = np.geomspace(everything.min() / 1.5, everything.max() * 1.5, 50)
    artists = []
    for index, (axes, (name, values)) in enumerate(zip(axes_list, norms.items(), strict=True)):
        artists += axes.hist(values, bins=edges, color=style(index)["color"], alpha=0.8, zorder=3)[2]
        for i, threshold in enumerate(thresholds):
            dash = style(i)["linestyle"]
            label = t("norms.threshold", limit=f"{threshold:g}")
            artists.append(
                axes.axvline(threshold, color=INK, linestyle=dash, linewidth=1.8, zorder=4, label=label)
            )
        _plain_log(axes)
        axes.set_title(labels[name])
        axes.set_xlabel(t("norms.norm"))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes_list[0].set_ylabel(t("norms.count"))
    return artists


def _plain_log(axes):
    """A logarithmic x axis with plain numbers: matplotlib's own mix fonts beside Hangul."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=9))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: np.format_float_positional(x, 6, trim="-")))
    axes.xaxis.set_minor_locator(NullLocator())


def range_test_picture(test, *, smoothing=0.9) -> Picture:
    """A learning-rate range test. test: RangeTest."""
    figure = new_figure((8.4, 3.9))
    range_test(figure.add_axes((0.09, 0.14, 0.88, 0.81)), test, smoothing=smoothing)
    at, ends = test.steepest(smoothing), {"low": f"{test.rates[0]:.2g}", "last": f"{test.rates[-1]:.2g}"}
    if at is None:
        return show(figure, t("range_test.alt_flat", **ends))
    return show(figure, t("range_test.alt", steepest=f"{test.rates[at]:.2g}", **ends))


def norms_picture(norms, *, thresholds=(0.1, 1.0)) -> Picture:
    """Histograms of gradient norms beside each other. norms: {name: (steps,)}, as `gradient_norms` gives."""
    figure = new_figure((9.6, 3.2))
    width = 0.94 / len(norms)
    places = [(0.06 + i * width, 0.26, width - 0.045, 0.62) for i in range(len(norms))]
    axes_list = [figure.add_axes(place) for place in places]
    labels = {name: t(f"norms.{name}") for name in norms}
    norm_histograms(axes_list, norms, thresholds=thresholds, labels=labels)
    lines, texts = axes_list[0].get_legend_handles_labels()
    figure.legend(lines, texts, loc="lower center", ncols=len(thresholds), frameon=False, handlelength=3.2)
    rows = ", ".join(f"{labels[name]} {np.median(values):.2g}" for name, values in norms.items())
    return show(figure, t("norms.alt", rows=rows))


def raised_momentum_picture(curves) -> Picture:
    """Training loss by epoch for each momentum. curves: {name: Curve}, as `raised_momentum` gives."""
    figure = new_figure((8.4, 3.9))
    axes = figure.add_axes((0.09, 0.14, 0.88, 0.78))
    names = {
        name: t("raised.raised") if name == "raised" else t("raised.constant", value=name) for name in curves
    }
    shown = {
        t("raised.lr", name=names[name], lr=f"{curve.rate:.2g}"): curve.losses
        for name, curve in curves.items()
    }
    losses(axes, shown)
    axes.set(xlabel=t("raised.epoch"), title=t("raised.title"))
    epochs = len(next(iter(curves.values())).losses)
    axes.set_xticks(range(epochs), range(1, epochs + 1))
    rows = ", ".join(f"{names[name]} {curve.losses[-1]:.2g}" for name, curve in curves.items())
    return show(figure, t("raised.alt", rows=rows))


def rare_words_picture(words, *, titles) -> Picture:
    """Weight learned by frequency of the word. words: RareWords. titles: {rule's name: name to show}."""
    figure = new_figure((8.4, 3.9))
    axes = figure.add_axes((0.09, 0.14, 0.88, 0.81))
    for index, (name, learned) in enumerate(words.learned.items()):
        axes.plot(words.frequency, learned, **style(index), label=titles[name])
    _plain_log(axes)
    axes.xaxis.set_major_locator(FixedLocator([0.01, 0.02, 0.05, 0.1, 0.2, 0.5]))
    axes.set(xlabel=t("rare.frequency"), ylabel=t("rare.weight"))
    axes.set_ylim(bottom=0)
    legend(axes, loc="lower right")
    rows = ", ".join(f"{titles[k]} {v[-3:].mean() / v[0]:.2f}" for k, v in words.learned.items())
    return show(figure, t("rare.alt", rows=rows))
