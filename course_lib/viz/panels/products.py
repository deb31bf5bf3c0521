"""A deep linear net is one matrix: the singular values of a product of random and of orthogonal matrices."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

WIDTH = 100
DEPTHS = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 40, 50)
RULES = ("lecun_normal", "orthogonal")


@lru_cache(maxsize=4)
def _matrices(rule, seed=0):
    rng, draw = np.random.default_rng(seed), registry.get(rule).function
    return [draw((WIDTH, WIDTH), rng=rng) for _ in range(DEPTHS[-1])]


@lru_cache(maxsize=64)
def singular_values(rule, depth):
    """Of W_depth … W_1, largest first: (100,). Below 1e-14 of the largest they are rounding."""
    product = np.eye(WIDTH)
    for w in _matrices(rule)[:depth]:
        product = w @ product
    return np.linalg.svd(product, compute_uv=False)


def half_of_all(rule, depth):
    """The median of the singular values as a share of the largest."""
    values = singular_values(rule, depth)
    return float(np.median(values) / values[0])


def product_panel(*, start=20):
    """A slider over the depth of a linear net: its singular values in order. Returns a FramesPanel."""

    def background(figure):
        axes = figure.add_axes((0.1, 0.15, 0.875, 0.75))
        axes.set(xlim=(0, WIDTH), ylim=(1e-12, 1e3), xlabel=t("viz.product.order"))
        axes.set(ylabel=t("viz.product.value"), title=t("viz.product.title", width=WIDTH))
        figures.log_scale(axes)

    def draw(figure, depth):
        axes, artists = figure.axes[0], []
        for index, rule in enumerate(RULES):
            values = np.maximum(singular_values(rule, depth), 1e-300)
            look = figures.style(index) | {"markersize": 4.5, "markevery": 5}
            label = registry.get(rule).title
            artists += axes.plot(np.arange(1, WIDTH + 1), values, **look, label=label, zorder=5)
        return [*artists, figures.legend(axes, loc="lower left")]

    def describe(depth):
        values = singular_values("orthogonal", depth)
        share = f"{half_of_all('lecun_normal', depth):.2g}"
        return t("viz.product.told", depth=depth, share=share, value=f"{values[WIDTH // 2]:.3g}")

    def numbers(depth):
        return [
            {
                t("viz.product.depth"): depth,
                t("viz.product.rule"): registry.get(rule).title,
                t("viz.product.largest"): f"{singular_values(rule, depth)[0]:.3g}",
                t("viz.product.median"): f"{np.median(singular_values(rule, depth)):.2g}",
            }
            for rule in RULES
        ]

    return frames(
        draw,
        "depth",
        list(DEPTHS),
        start=start,
        title=t("viz.product.depth"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
