"""Pictures that compare: ensembles by size, accuracy under noise, and what the Hangul fonts show."""

import numpy as np

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.theme import INK, new_figure


def ensembles_picture(found):
    """Accuracy by the number of members, and the two nets that stand alone. found: Ensembles."""
    figure = new_figure((8.4, 4.4))
    axes = figure.add_axes((0.09, 0.13, 0.5, 0.8))
    for index, (name, accuracy) in enumerate(found.by_members.items()):
        look = figures.style(index)
        axes.plot(found.members, 100 * accuracy, **look, markersize=6, label=t(f"viz.ensembles.{name}"))
    for index, name in ((6, "dropout_off"), (7, "single")):
        look = figures.style(index) | {"marker": ""}
        axes.axhline(100 * getattr(found, name), **look, linewidth=1.4, label=t(f"viz.ensembles.{name}"))
    axes.set_xscale("log")
    axes.set_xticks(found.members, found.members)
    axes.minorticks_off()
    axes.set(xlabel=t("viz.ensembles.members"), ylabel=t("viz.ensembles.accuracy"))
    figures.legend(axes, "center left", bbox_to_anchor=(1.02, 0.5), frameon=False, labelspacing=0.9)
    return show(figure, t("viz.ensembles.alt", rows=ensembles_told(found)))


def ensembles_told(found):
    """The accuracies of the largest ensembles and of the single nets, in one line."""
    ends = {name: accuracy[-1] for name, accuracy in found.by_members.items()}
    ends |= {"dropout_off": found.dropout_off, "single": found.single}
    return ", ".join(f"{t(f'viz.ensembles.{name}')} {100 * a:.1f}%" for name, a in ends.items())


def robustness_picture(found):
    """Accuracy against the noise of the test pictures, a line for each training. found: Robustness."""
    figure = new_figure((8.4, 3.9))
    axes = figure.add_axes((0.09, 0.15, 0.88, 0.79))
    for index, (name, accuracy) in enumerate(found.accuracy.items()):
        axes.plot(found.sigmas, 100 * accuracy, **figures.style(index), label=t(f"viz.robust.{name}"))
    axes.set(xlabel=t("viz.robust.sigma"), ylabel=t("viz.ensembles.accuracy"))
    figures.legend(axes, "lower left")
    ends = ", ".join(f"{t(f'viz.robust.{k}')} {100 * v[-1]:.0f}%" for k, v in found.accuracy.items())
    return show(figure, t("viz.robust.alt", sigma=f"{found.sigmas[-1]:g}", rows=ends))


def fonts_picture(found):
    """Accuracy on seen and on unseen fonts, a row a technique, and the gap between. found: FontsGap."""
    figure = new_figure((8.4, 4.0))
    axes = figure.add_axes((0.25, 0.14, 0.72, 0.72))
    for row, both in enumerate(found.accuracy.values()):
        means = [float(np.mean(both[split])) for split in ("seen", "unseen")]
        axes.plot(means, [row, row], color=figures.PALE, linestyle="-", linewidth=5, zorder=2)
        for index, split in enumerate(("seen", "unseen")):
            look = figures.style(index) | {"linestyle": ""}
            label = t(f"viz.fonts.{split}") if row == 0 else None
            axes.plot(both[split], np.full(len(both[split]), row), **look, alpha=0.3, markersize=4.5)
            axes.plot(means[index], row, **look, markersize=9, zorder=4, label=label)
        gap = t("viz.fonts.gap_of", gap=f"{means[0] - means[1]:.1f}")
        axes.text(np.mean(means), row - 0.22, gap, ha="center", va="bottom", fontsize=10, color=INK)
    axes.set_yticks(range(len(found.accuracy)), [t(f"viz.fonts.{name}") for name in found.accuracy])
    axes.set(ylim=(len(found.accuracy) - 0.5, -0.75), xlabel=t("viz.ensembles.accuracy"))
    axes.grid(axis="y", visible=False)
    figures.legend(axes, "lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False)
    return show(figure, t("viz.fonts.alt", rows=" ".join(fonts_told(found))))


def fonts_told(found):
    """A sentence for each technique, computed: its gain on unseen fonts, and how the gap changes."""
    lines = []
    for name in found.accuracy:
        if name == "plain":
            continue
        gain, narrowed = found.gain(name), found.narrowed(name)
        key = "clear_up" if gain.low > 0 else "clear_down" if gain.high < 0 else "open"
        told = {"gain": f"{gain.mean:+.1f}", "low": f"{gain.low:+.1f}", "high": f"{gain.high:+.1f}"}
        told |= {"technique": t(f"viz.fonts.{name}"), "gap": f"{narrowed.mean:+.1f}"}
        lines.append(t(f"viz.fonts.told_{key}", **{k: v.replace("-", "−") for k, v in told.items()}))
    return lines


class FontsTold:
    """The measurement in words, as a list. `text` is the Markdown. found: FontsGap."""

    def __init__(self, found):
        head = t("viz.fonts.settings", seeds=found.seeds, epochs=found.epochs)
        tail = [t(f"viz.fonts.{word}") for word in ("small", "outdated") if getattr(found, word)]
        points = "\n".join(f"- {line}" for line in fonts_told(found))
        self.text = "\n\n".join([head, points, *tail])

    def _repr_mimebundle_(self, **kwargs):
        return {"text/markdown": self.text, "text/plain": self.text}
