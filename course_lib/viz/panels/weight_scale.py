"""Weights in front of a batch norm: their length changes no output, and sets how far a step turns them."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

SCALES = tuple(10 ** (k / 4) for k in range(-4, 9))  # 0.1 … 100: below, ε would count
INPUTS, SAMPLES = 50, 2000
REACH = 4.0


@lru_cache
def layer(scale, normalized, *, seed=0):
    """A unit's pre-activations (samples,) with weights times `scale`, and the gradient's norm at its weights.

    The loss is the mean of ½ (ReLU(y) − t)² with targets t from the same inputs.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((SAMPLES, INPUTS)) + 0.3
    w = scale * rng.standard_normal((INPUTS, 1)) / INPUTS**0.5
    target = np.maximum(x @ rng.standard_normal((INPUTS, 1)) / INPUTS**0.5, 0)
    a, one = x @ w, np.ones(1)
    y = registry.get("batch_norm").function(a, one, 0 * one, training=True)[0] if normalized else a
    dy = (np.maximum(y, 0) - target) * (y > 0) / SAMPLES
    if normalized:
        dy, _, _ = registry.get("batch_norm_backward").function(dy, a, one, training=True)
    return y[:, 0], float(np.linalg.norm(x.T @ dy))


def weight_scale_panel(*, start=1.0):
    """A slider over the length of the weights, with batch norm behind them and without.

    Returns a FramesPanel.
    """
    edges = np.linspace(-REACH, REACH, 49)
    kinds = {"normalized": (0, True), "plain": (1, False)}

    def background(figure):
        left, right = figures.two_axes(figure, foot=0.3)
        left.set(xlim=(-REACH, REACH), ylim=(0, 1.0), xlabel="$y$", ylabel=t("viz.variance_shift.density"))
        left.set_title(t("viz.weight_scale.outputs"))
        figures.loss_axes(right, steps=1, low=1e-3, high=1e2, label=t("viz.weight_scale.gradient"))
        right.set(xlim=(SCALES[0], SCALES[-1]), xscale="log", xlabel=t("viz.weight_scale.factor"))
        ticks = [0.1, 1, 10, 100]
        right.set_xticks(ticks, [f"{x:g}" for x in ticks])
        right.minorticks_off()
        right.set_title(t("viz.weight_scale.by_factor"))
        for index, normalized in kinds.values():
            look = {**figures.style(index), "marker": ""}
            right.plot(SCALES, [layer(s, normalized)[1] for s in SCALES], **look, linewidth=1.2, zorder=3)
        figures.legend_below(
            right, {i: t(f"viz.weight_scale.{name}") for name, (i, _) in kinds.items()}, columns=2
        )

    def draw(figure, scale):
        left, right = figure.axes
        artists = []
        for index, normalized in kinds.values():
            y, gradient = layer(scale, normalized)
            heights, _ = np.histogram(y, edges, density=True)
            # what lies outside the picture does not count as density inside it
            heights = np.nan_to_num(heights) * np.mean(np.abs(y) < REACH)
            look = figures.style(index)
            dash = {"color": look["color"], "linestyle": look["linestyle"], "linewidth": 1.8}
            artists.append(left.stairs(heights, edges, **dash, zorder=5))
            artists += right.plot(scale, gradient, **look, markersize=9, zorder=6)
        return artists

    def told(scale):
        return {
            name: (float(layer(scale, flag)[0].std()), layer(scale, flag)[1])
            for name, (_, flag) in kinds.items()
        }

    def describe(scale):
        found = told(scale)
        words = {
            f"{name}_{part}": f"{value:.2g}"
            for name, pair in found.items()
            for part, value in zip(("std", "gradient"), pair, strict=True)
        }
        return t("viz.weight_scale.told", scale=f"{scale:.3g}", **words)

    def numbers(scale):
        return [
            {
                t("viz.weight_scale.factor"): f"{scale:.3g}",
                t("viz.weight_scale.net"): t(f"viz.weight_scale.{name}"),
                t("viz.weight_scale.std"): std,
                t("viz.weight_scale.gradient"): gradient,
            }
            for name, (std, gradient) in told(scale).items()
        ]

    return frames(
        draw,
        "scale",
        list(SCALES),
        start=start,
        title=t("viz.weight_scale.factor"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
