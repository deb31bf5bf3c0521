"""Symmetry: hidden units that start alike stay alike; what random weights change."""

from functools import lru_cache

import numpy as np

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

UNITS, SAMPLES, STEPS, RATE = 8, 200, 600, 1.0
STARTS = ("zeros", "constant", "random")
SHOWN = (0, 5, 10, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500, 600)


def _data(seed=0):
    """Points of a square, labelled 1 inside of a circle."""
    x = np.random.default_rng(seed).uniform(-1, 1, (SAMPLES, 2))
    return x, (np.sum(x**2, axis=1, keepdims=True) < 0.6) * 1.0


def _first(kind, seed=3):
    if kind == "random":
        rng = np.random.default_rng(seed)
        return rng.standard_normal((2, UNITS)) * 0.5, rng.standard_normal((UNITS, 1)) / UNITS**0.5
    value = 0.5 if kind == "constant" else 0.0
    return np.full((2, UNITS), value), np.full((UNITS, 1), value)


@lru_cache
def training(kind):
    """Gradient descent on a net of 2 inputs, 8 tanh units and a sigmoid output.

    Returns (incoming weights (steps + 1, 2, units), losses (steps + 1,)).
    """
    (x, y), (w, v) = _data(), _first(kind)
    b, c, path, losses = np.zeros(UNITS), 0.0, [], []
    for _ in range(STEPS + 1):
        h = np.tanh(x @ w + b)
        z = h @ v + c
        path.append(w)
        losses.append(float(np.mean(np.logaddexp(0, z) - y * z)))
        dz = (1 / (1 + np.exp(-z)) - y) / SAMPLES
        dh = dz @ v.T * (1 - h**2)
        w, b = w - RATE * x.T @ dh, b - RATE * dh.sum(0)
        v, c = v - RATE * h.T @ dz, c - RATE * float(dz.sum())
    return np.array(path), np.array(losses)


def distinct(kind, step, *, apart=1e-6):
    """How many different units there are: incoming weights farther apart than `apart`."""
    found = []
    for column in training(kind)[0][step].T:
        if all(np.linalg.norm(column - other) > apart for other in found):
            found.append(column)
    return len(found)


def symmetry_panel(*, start=200):
    """A slider over the training step: the incoming weights of eight units from three starts, and the losses.

    Returns a FramesPanel.
    """
    draw = {"background": _background, "describe": _describe, "numbers": _numbers, "size": (9.2, 3.4)}
    return frames(_draw, "step", list(SHOWN), start=start, title=t("viz.step"), **draw)


def _background(figure):
    for column, kind in enumerate(STARTS):
        axes = figure.add_axes((0.06 + 0.208 * column, 0.17, 0.168, 0.68))
        axes.set(xlim=(-5, 5), ylim=(-5, 5), xlabel="$w_1$", title=t(f"viz.symmetry.{kind}"))
        axes.set(xticks=(-4, 0, 4), yticks=(-4, 0, 4), ylabel="" if column else "$w_2$")
    axes = figure.add_axes((0.725, 0.17, 0.25, 0.68))
    figures.loss_axes(axes, steps=STEPS, low=0, high=1.15, log=False)
    axes.set(title=t("viz.loss_by_step"), ylabel="", xticks=(0, 200, 400, 600))


def _draw(figure, step):
    artists = []
    for index, (axes, kind) in enumerate(zip(figure.axes, STARTS, strict=False)):
        path, losses = training(kind)
        look = figures.style(index)
        artists += axes.plot(
            path[: step + 1, 0], path[: step + 1, 1], color=figures.PALE, linestyle="-", lw=1
        )
        dots = {"linestyle": "", "markersize": 8, "markeredgecolor": "white", "zorder": 5}
        artists += axes.plot(*path[step], color=look["color"], marker=look["marker"], **dots)
        label = t(f"viz.symmetry.{kind}")
        artists += figures.loss(figure.axes[3], losses[: step + 1], index, every=100, label=label)
    return [*artists, figures.legend(figure.axes[3], loc="upper right")]


def _describe(step):
    told = {kind: distinct(kind, step) for kind in STARTS}
    return t("viz.symmetry.told", step=step, **told, loss=f"{training('random')[1][step]:.2g}")


def _numbers(step):
    return [
        {
            t("viz.step"): step,
            t("viz.symmetry.start"): t(f"viz.symmetry.{kind}"),
            t("viz.symmetry.distinct"): distinct(kind, step),
            t("viz.loss"): float(training(kind)[1][step]),
        }
        for kind in STARTS
    ]
