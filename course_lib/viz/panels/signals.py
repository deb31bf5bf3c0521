"""The gradient on its way down a deep stack: what the activation and the size of the weights make of it."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

DEPTH, WIDTH, SAMPLES = 20, 100, 64
NAMES = ("sigmoid", "tanh", "relu")
# σ √n: the standard deviation of a weight times the root of the width
GAINS = (0.5, 0.7, 1.0, 1.2, 1.41, 1.7, 2.0, 2.8, 4.0, 5.7, 8.0, 11.3, 16.0, 22.6, 32.0)


@lru_cache(maxsize=256)
def gradient_sizes(name, gain, *, depth=DEPTH, width=WIDTH, seed=0):
    """The gradient's root mean square at each layer, as a share of that at the top: (depth,), bottom first.

    name: the activation. gain: σ √n of normal weights, n = width.
    """
    rng = np.random.default_rng(seed)
    f, backward = (registry.get(part).function for part in (name, f"{name}_backward"))
    weights = [gain / width**0.5 * rng.standard_normal((width, width)) for _ in range(depth)]
    x, dy = rng.standard_normal((2, SAMPLES, width))
    _, down = registry.get("probe").function(x, weights, dy, f=f, df=lambda z: backward(np.ones_like(z), z))
    size = np.hypot(down.mean, down.std)
    return size / size[-1]


def depth_gradient_panel(*, start=1.41):
    """A slider over the size of the weights: the gradient by layer under three activations.

    Returns a FramesPanel.
    """

    def background(figure):
        axes = figure.add_axes((0.1, 0.15, 0.875, 0.75))
        figures.loss_axes(axes, steps=DEPTH + 1, low=1e-20, high=1e20, label=t("viz.signals.size"))
        axes.set(xlabel=t("viz.signals.layer"), title=t("viz.signals.title", depth=DEPTH, width=WIDTH))
        axes.axhline(1, color=figures.INK, linewidth=1, linestyle=":")
        axes.set_xticks([1, 5, 10, 15, 20])

    def draw(figure, gain):
        axes = figure.axes[0]
        artists = []
        for index, name in enumerate(NAMES):
            sizes = np.maximum(gradient_sizes(name, gain), 1e-300)
            artists += axes.plot(
                np.arange(1, DEPTH + 1),
                sizes,
                **figures.style(index),
                markersize=4.5,
                label=registry.get(name).title,
                zorder=5,
            )
        return [*artists, figures.legend(axes)]

    def describe(gain):
        ends = ", ".join(
            f"{registry.get(name).title} {_times(gradient_sizes(name, gain)[0])}" for name in NAMES
        )
        return t("viz.signals.told", gain=f"{gain:g}", ends=ends)

    def numbers(gain):
        return [
            {
                "σ√n": f"{gain:g}",
                t("viz.signals.activation"): registry.get(name).title,
                t("viz.signals.first"): _times(gradient_sizes(name, gain)[0]),
                t("viz.signals.each"): f"{gradient_sizes(name, gain)[0] ** (1 / (DEPTH - 1)):.3g}",
            }
            for name in NAMES
        ]

    return frames(
        draw,
        "gain",
        list(GAINS),
        start=start,
        title=t("viz.signals.slider"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


def _times(ratio):
    return f"{ratio:.2g}"
