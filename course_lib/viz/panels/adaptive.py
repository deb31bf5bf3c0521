"""The first steps of Adam: what the bias correction changes."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

STEPS = 40
BETA1 = 0.9


@lru_cache
def first_steps(beta2, *, beta1=BETA1, steps=STEPS, seed=0):
    """How far Adam moves in its first steps, in units of lr, with and without bias correction.

    One parameter and gradients 1 + noise (σ = 0.3), the same for both.
    Returns {"corrected": (steps,), "uncorrected": (steps,)}.
    """
    adam = registry.get("adam").function
    gradients = 1 + 0.3 * np.random.default_rng(seed).standard_normal((steps, 1))
    p, state, moved, raw = np.zeros(1), (0.0, 0.0, 0), [], []
    for g in gradients:
        new, state = adam(p, g, state, lr=1.0, beta1=beta1, beta2=beta2)
        moved.append(abs(float(new[0] - p[0])))
        m, v, _ = state
        # the same averages without their corrections
        raw.append(abs(float(m[0]) / (float(v[0]) ** 0.5 + 1e-8)))
        p = new
    return {"corrected": np.array(moved), "uncorrected": np.array(raw)}


def bias_panel(*, start=0.999):
    """A slider over β₂: the length of Adam's first steps with and without bias correction.

    Returns a FramesPanel.
    """
    values = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999]

    def background(figure):
        axes = figure.add_axes((0.09, 0.15, 0.88, 0.74))
        axes.set(xlim=(0, STEPS), ylim=(0, 10), xlabel=t("viz.step"), ylabel=t("viz.bias.length"))
        axes.axhline(1, color=figures.INK, linewidth=1, linestyle=":")
        axes.set_title(t("viz.bias.title", beta1=BETA1))

    def draw(figure, beta2):
        axes = figure.axes[0]
        artists = []
        for index, (name, lengths) in enumerate(first_steps(beta2).items()):
            label = t(f"viz.bias.{name}")
            artists += axes.plot(
                np.arange(1, STEPS + 1),
                lengths,
                **figures.style(index),
                markersize=4.5,
                label=label,
                zorder=5,
            )
        return [*artists, figures.legend(axes)]

    def describe(beta2):
        first = {name: lengths[0] for name, lengths in first_steps(beta2).items()}
        longest = first_steps(beta2)["uncorrected"].max()
        return t(
            "viz.bias.told", beta2=f"{beta2:g}", first=f"{first['uncorrected']:.2f}", most=f"{longest:.1f}"
        )

    def numbers(beta2):
        rows = first_steps(beta2)
        return [
            {t("viz.step"): k + 1, **{t(f"viz.bias.{name}"): f"{rows[name][k]:.3f}" for name in rows}}
            for k in (0, 1, 2, 4, 9, 19, 39)
        ]

    return frames(
        draw,
        "beta2",
        values,
        start=start,
        title="β₂",
        describe=describe,
        numbers=numbers,
        background=background,
    )
