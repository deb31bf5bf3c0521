"""Early stopping on a recorded training: how long to wait for a better validation loss."""

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

PATIENCES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)


def stopped(val, patience):
    """(check at which early stopping ends the training, check with the best loss until then), from 0.

    val: (checks,), validation losses. The last check where it never stops.
    """
    rule, state = registry.get("early_stopping").function, ()
    for loss in val:
        stop, state = rule(float(loss), *([state] if state else []), patience=patience)
        if stop:
            break
    _, best_at, checks = state  # the rule counts checks from 1
    return checks - 1, best_at - 1


def stopping_panel(run, *, start=5):
    """A slider over the patience: where the training ends, and which weights are kept. Returns a FramesPanel.

    run: Overfitting.
    """
    steps = np.arange(len(run.val)) * run.every

    def background(figure):
        axes = figure.add_axes((0.09, 0.15, 0.88, 0.75))
        for index, (values, name) in enumerate(((run.train, "train"), (run.val, "validation"))):
            look = figures.style(index) | {"marker": ""}
            axes.plot(steps, values, **look, label=t(f"viz.stopping.{name}"), zorder=4)
        axes.set(xlim=(0, steps[-1]), ylim=(0, 1.05 * run.val.max()), xlabel=t("viz.step"))
        axes.set(ylabel=t("viz.loss"), title=t("viz.stopping.title"))

    def draw(figure, patience):
        (axes,) = figure.axes
        end, best = stopped(run.val, patience)
        shade = axes.axvspan(steps[end], steps[-1], color=figures.PALE, alpha=0.35, linewidth=0, zorder=1)
        line = axes.axvline(steps[end], color=figures.INK, linestyle="--", linewidth=1.4, zorder=5)
        line.set_label(t("viz.stopping.end"))
        kept = axes.plot(
            steps[best], run.val[best], **figures.MINIMUM | {"zorder": 6}, label=t("viz.stopping.kept")
        )
        return [shade, line, *kept, figures.legend(axes)]

    def describe(patience):
        end, best = stopped(run.val, patience)
        told = {"end": steps[end], "best": steps[best], "loss": f"{run.val[best]:.3f}"}
        return t("viz.stopping.told", patience=patience, **told)

    def numbers(patience):
        end, best = stopped(run.val, patience)
        return [
            {
                t("viz.stopping.patience"): patience,
                t("viz.stopping.end"): int(steps[end]),
                t("viz.stopping.kept"): int(steps[best]),
                t("viz.stopping.kept_loss"): float(run.val[best]),
                t("viz.stopping.kept_accuracy"): f"{100 * run.accuracy[best]:.1f}%",
            }
        ]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "patience", list(PATIENCES), start=start, title=t("viz.stopping.patience"), **more)
