"""The study of refinements: what each adds to the reference run, with its interval, and in words."""

import numpy as np

from course_lib.messages import t
from course_lib.viz.assignment_figures import Told, percent, points
from course_lib.viz.picture import show
from course_lib.viz.theme import COLOURS, INK, new_figure

# Colour and marker of what a line shows.
LOOKS = {
    "up": {"color": COLOURS[2], "marker": "o"},
    "down": {"color": COLOURS[1], "marker": "s"},
    "open": {"color": "#6B6B6B", "marker": "D"},
}


def finding(gain):
    """Whether an interval excludes 0: "up", "down", or "open"."""
    if gain.low > 0:
        return "up"
    return "down" if gain.high < 0 else "open"


def refinements_picture(found):
    """A row for each refinement: every seed's gain, the mean, the 95% interval. found: Refinements."""
    lines = found.lines()
    height = 1.0 + 0.42 * len(lines)
    figure = new_figure((8.4, height))
    axes = figure.add_axes((0.33, 0.62 / height, 0.64, (height - 0.75) / height))
    axes.axvline(0, color=INK, linewidth=1, linestyle="-", zorder=2)
    gains = {name: found.gain(name) for name in lines}
    reach = 1.15 * max(abs(x) for name in lines for x in (*found.gains(name), gains[name].mean)) + 0.5
    for row, name in enumerate(lines):
        gain, look = gains[name], LOOKS[finding(gains[name])]
        ends = np.clip([gain.low, gain.high], -reach, reach)
        axes.plot(ends, [row, row], linestyle="-", linewidth=3, color=look["color"], alpha=0.5, zorder=3)
        dots = {"color": look["color"], "alpha": 0.5, "markersize": 4.5}
        axes.plot(found.gains(name), [row + 0.18] * found.seeds, "o", **dots, zorder=4)
        axes.plot(gain.mean, row, **look, markersize=9, linestyle="", zorder=5)
    axes.set_yticks(range(len(lines)), [_name(found, name) for name in lines])
    axes.set(ylim=(len(lines) - 0.5, -0.5), xlim=(-reach, reach), xlabel=t("refined.gain"))
    axes.grid(axis="y", visible=False)
    return show(figure, t("refined.alt", rows="; ".join(_row(name, gains[name]) for name in lines)))


def _name(found, name):
    """A line's name, and what it is compared with where that is not the reference."""
    beside = found.beside(name)
    return t(f"refined.{name}") + ("" if beside == "reference" else f" ({t(f'refined.beside_{beside}')})")


def _row(name, gain):
    ends = {"gain": points(gain.mean / 100), "low": points(gain.low / 100), "high": points(gain.high / 100)}
    return t("refined.row", name=t(f"refined.{name}"), **ends)


def refinements_told(found):
    """What the study shows, in sentences computed from it, and its table. found: Refinements."""
    reference = {m: percent(found.mean("reference", m)) for m in ("accuracy", "ece")}
    sentences = [t("refined.head", seeds=found.seeds, epochs=found.epochs, **reference)]
    if found.short:
        sentences.append(t("refined.short", epochs=found.epochs))
    if found.outdated:
        sentences.append(t("refined.outdated"))
    sure = [name for name in found.lines() if finding(found.gain(name)) != "open"]
    names = "; ".join(_row(name, found.gain(name)) for name in sure)
    sentences.append(t("refined.summary.some", names=names) if sure else t("refined.summary.none"))
    best = min(found.runs, key=lambda name: found.mean(name, "ece"))
    ece = percent(found.mean(best, "ece"))
    sentences.append(t("refined.calibrated", name=t(f"refined.{best}"), ece=ece))
    heads = ["name", "accuracy", "gain", "interval", "finding", "loss"]
    return Told(sentences, [*(t(f"refined.{head}") for head in heads), "ECE"], _table(found))


def _table(found):
    rows = []
    for name in ("reference", *found.lines()):
        row = [t(f"refined.{name}"), percent(found.mean(name, "accuracy"))]
        if name == "reference":
            row += ["", "", ""]
        else:
            gain = found.gain(name)
            ends = f"{points(gain.low / 100)} … {points(gain.high / 100)}"
            row += [points(gain.mean / 100), ends, t(f"refined.{finding(gain)}")]
        rows.append([*row, f"{found.mean(name, 'loss'):.3f}", percent(found.mean(name, "ece"))])
    return rows
