"""Preprocessing seen on a cloud of points, with statistics from the training split or from each split."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import dropdown, live

METHODS = ("center", "standardize", "min_max", "pca", "whiten_pca", "whiten_zca")
PARTS = ("train", "test")


@lru_cache
def clouds():
    """Training points (80, 2), and test points (25, 2) from one corner of the same cloud."""
    rng = np.random.default_rng(4)
    mixed = rng.standard_normal((400, 2)) @ np.array([[3.0, 1.2], [0.0, 0.7]]) + [6.0, 2.0]
    train, rest = mixed[:80], mixed[80:]
    corner = rest[rest[:, 0] > 7.5][:25]
    return train, corner


def prepared(method, source="train"):
    """Both splits after preprocessing, {"train": (80, 2), "test": (25, 2)}.

    method: one of METHODS, or "raw". source: "train" fits on the training split, "each" (a mistake) on each.
    """
    parts = dict(zip(PARTS, clouds(), strict=True))
    if method == "raw":
        return parts
    fit = "pca_fit" if method in ("pca", "whiten_pca", "whiten_zca") else f"{method}_fit"
    fit, apply = registry.get(fit).function, registry.get(method).function
    return {name: apply(x, fit(parts["train"] if source == "train" else x)) for name, x in parts.items()}


def moments(x):
    """Means (2,), standard deviations (2,) and the correlation of the two features."""
    return x.mean(0), x.std(0), float(np.corrcoef(x.T)[0, 1])


def preprocess_panel():
    """Buttons for the method and for where its statistics come from. Returns a LivePanel."""
    names = {t("viz.preprocess.raw"): "raw"} | {registry.get(m).title: m for m in METHODS}
    sources = {t(f"viz.preprocess.{source}"): source for source in ("train", "each")}
    controls = {
        "method": dropdown(t("viz.preprocess.method"), list(names.items()), "standardize"),
        "source": dropdown(t("viz.preprocess.source"), list(sources.items()), "train"),
    }

    def draw(figure, method, source):
        left, right = figures.two_axes(figure)
        _scatter(left, prepared("raw"))
        left.set(xlim=(-1.5, 16.5), ylim=(-6, 12), title=t("viz.preprocess.raw"))
        figures.legend(left, "upper left")
        shown = prepared(method, source)
        _scatter(right, shown)
        reach = 1.12 * max(np.abs(x).max() for x in shown.values())
        right.set(xlim=(-reach, reach), ylim=(-reach, reach), title=t("viz.preprocess.after"))
        return []

    def describe(method, source):
        title = next(name for name, m in names.items() if m == method)
        mean, std, correlation = moments(prepared(method, source)["train"])
        other = moments(prepared(method, source)["test"])[0]
        return t(
            "viz.preprocess.told",
            method=title,
            source=t(f"viz.preprocess.{source}"),
            std=_pair(std),
            mean=_pair(mean),
            correlation=_round(correlation),
            test=_pair(other),
        )

    def numbers(method, source):
        rows = []
        for name, x in prepared(method, source).items():
            mean, std, correlation = moments(x)
            rows.append(
                {
                    t("viz.preprocess.split"): t(f"viz.preprocess.{name}_split"),
                    t("viz.preprocess.mean"): _pair(mean),
                    t("viz.preprocess.std"): _pair(std),
                    t("viz.preprocess.correlation"): _round(correlation),
                }
            )
        return rows

    return live(draw, controls, describe=describe, numbers=numbers)


def _scatter(axes, parts):
    for index, (name, x) in enumerate(parts.items()):
        look = figures.style(index) | {"linestyle": ""}
        axes.plot(*x.T, **look, markersize=5, alpha=0.8, label=t(f"viz.preprocess.{name}_split"), zorder=4)
    for line in (axes.axhline, axes.axvline):
        line(0, color=figures.INK, linewidth=1, linestyle="-", zorder=2)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


def _round(x):
    return "0" if abs(x) < 5e-3 else f"{x:.2f}"


def _pair(values):
    return f"({_round(values[0])}, {_round(values[1])})"
