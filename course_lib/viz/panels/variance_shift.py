"""Dropout before batch norm: the variance that the norm learns in training is not that of inference."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

RATES = tuple(k / 20 for k in range(17))  # 0 … 0.8
DEPTH, WIDTH, SAMPLES = 6, 200, 400
PLACES = ("before", "after", "last")


@lru_cache
def inference_spread(rate, place, *, seed=0):
    """What an untrained deep net's norms put out at inference, and the first norm's values.

    Statistics come from a pass with dropout. place: "before" each norm, "after" each activation (so before
    the next linear layer), or behind the "last" norm. Returns (standard deviations (DEPTH,), values of the
    second norm, flattened).
    """
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.standard_normal((SAMPLES, WIDTH)), 0)
    weights = [rng.standard_normal((WIDTH, WIDTH)) * (2 / WIDTH) ** 0.5 for _ in range(DEPTH)]
    states = []
    _pass(x, weights, states, place, rate, rng)
    outputs = _pass(x, weights, states, place, rate, None)
    return np.array([y.std() for y in outputs]), outputs[1].ravel()


def _pass(x, weights, states, place, rate, rng):
    """Every norm's output; with rng a training pass, which appends each norm's statistics to states."""
    norm, drop = (registry.get(name).function for name in ("batch_norm", "dropout"))
    training, outputs = rng is not None, []
    one, zero = np.ones(WIDTH), np.zeros(WIDTH)
    for layer, w in enumerate(weights):
        x = x @ w
        if place == "before":
            x, _ = drop(x, rate=rate, training=training, rng=rng)
        if training:
            states.append((x.mean(0, keepdims=True), x.var(0, keepdims=True, ddof=1)))
        x, _ = norm(x, one, zero, states[layer], training=training)
        outputs.append(x)
        x = np.maximum(x, 0)
        if place == "after":
            x, _ = drop(x, rate=rate, training=training, rng=rng)
    return outputs


def variance_shift_panel(*, start=0.5):
    """A slider over the dropout rate: what the norms of a six-layer net put out at inference.

    Returns a FramesPanel.
    """
    edges = np.linspace(-4, 4, 81)

    def background(figure):
        left, right = figures.two_axes(figure, foot=0.3)
        left.set(xlim=(-4, 4), ylim=(0, 1.6), xlabel=r"$\hat{x}$", ylabel=t("viz.variance_shift.density"))
        left.set_title(t("viz.variance_shift.second"))
        z = np.linspace(-4, 4, 201)
        bell = np.exp(-(z**2) / 2) / (2 * np.pi) ** 0.5
        left.plot(z, bell, color=figures.INK, linewidth=1.2, linestyle="-", zorder=3)
        right.set(xlim=(0.8, DEPTH + 0.2), ylim=(0, 1.15), xlabel=t("viz.variance_shift.layer"))
        right.set_title(t("viz.variance_shift.by_layer"))
        names = {i: t(f"viz.variance_shift.{place}") for i, place in enumerate(PLACES)}
        figures.legend_below(right, names, columns=3)

    def draw(figure, rate):
        left, right = figure.axes
        artists = []
        for index, place in enumerate(PLACES):
            spread, values = inference_spread(rate, place)
            look = figures.style(index)
            heights, _ = np.histogram(values, edges, density=True)
            line = {**look, "marker": ""}
            artists += left.plot((edges[1:] + edges[:-1]) / 2, heights, **line, zorder=5)
            artists += right.plot(np.arange(1, DEPTH + 1), spread, **look, markersize=6, zorder=5)
        return artists

    def describe(rate):
        ends = {place: f"{inference_spread(rate, place)[0][-1]:.2f}" for place in PLACES}
        return t("viz.variance_shift.told", rate=f"{rate:g}", depth=DEPTH, **ends)

    def numbers(rate):
        return [
            {
                t("viz.variance_shift.place"): t(f"viz.variance_shift.{place}"),
                **{
                    t("viz.variance_shift.norm", layer=layer + 1): float(s)
                    for layer, s in enumerate(inference_spread(rate, place)[0])
                },
            }
            for place in PLACES
        ]

    return frames(
        draw,
        "rate",
        list(RATES),
        start=start,
        title=t("viz.variance_shift.rate"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
