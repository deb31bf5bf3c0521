"""Losses by a slider: one outlier, one sigmoid output, and one boundary between two classes."""

from functools import lru_cache

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.panels.generalization import cursor
from course_lib.viz.sliders import frames

# --- losses of numbers, and an outlier --------------------------------------------------------------------

STEADY = np.array([1.2, 1.6, 1.9, 2.0, 2.2, 2.5, 2.8, 3.0])
GUESSES = np.linspace(0, 12, 1201)
NUMBER_LOSSES = {"mse": {}, "mae": {}, "huber": {"delta": 1.0}}


@lru_cache
def loss_curves(outlier):
    """Every loss as a function of one guess for all points: {name: (guesses,)}."""
    target = np.append(STEADY, outlier)
    return {
        name: np.array(
            [
                float(registry.get(name).function(np.full(len(target), guess), target, **more))
                for guess in GUESSES
            ]
        )
        for name, more in NUMBER_LOSSES.items()
    }


def best_guesses(outlier):
    """The guess with the smallest loss: {name: number}."""
    return {name: float(GUESSES[np.argmin(curve)]) for name, curve in loss_curves(outlier).items()}


def outlier_panel(*, start=3.5):
    """A slider over one of nine points: which single guess each loss prefers. Returns a FramesPanel."""
    places = [2.3, 2.6, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]

    def background(figure):
        axes = figure.add_axes((0.08, 0.15, 0.9, 0.75))
        axes.set(xlim=(0, 12.3), ylim=(-0.6, 4), xlabel=t("viz.outlier.guess"), ylabel=t("viz.above_minimum"))
        axes.set_title(t("viz.outlier.title"))
        axes.plot(STEADY, np.full(len(STEADY), -0.32), "o", color=figures.INK, markersize=6)

    def draw(figure, outlier):
        axes = figure.axes[0]
        artists = axes.plot(
            outlier, -0.32, "o", markersize=9, markerfacecolor="white", markeredgecolor=figures.INK, zorder=6
        )
        for index, (name, curve) in enumerate(loss_curves(outlier).items()):
            look, at = figures.style(index), int(np.argmin(curve))
            label = registry.get(name).title
            artists += axes.plot(GUESSES, curve - curve[at], **(look | {"marker": ""}), label=label, zorder=4)
            artists += axes.plot(GUESSES[at], 0.0, **look, markersize=10, zorder=5)
        return [*artists, figures.legend(axes, (0.54, 0.2))]

    def describe(outlier):
        told = {name: f"{guess:.2f}" for name, guess in best_guesses(outlier).items()}
        return t("viz.outlier.told", outlier=f"{outlier:g}", **told)

    def numbers(outlier):
        names = {registry.get(name).title: guess for name, guess in best_guesses(outlier).items()}
        return [{t("viz.outlier.slider"): f"{outlier:g}", **names}]

    return frames(
        draw,
        "outlier",
        places,
        start=start,
        title=t("viz.outlier.slider"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


# --- squared error and cross-entropy behind a sigmoid -----------------------------------------------------

SCORES = np.linspace(-6, 6, 241)


def sigmoid_losses(z):
    """Losses of one sigmoid output σ(z) whose target is 1, and their slopes: {name: (loss, dL/dz)}.

    Squared error is ½ (σ − 1)², with slope (σ − 1) σ(1 − σ); cross-entropy −ln σ, with slope σ − 1.
    """
    z = np.asarray(z, float)
    p = registry.get("sigmoid").function(z)
    return {
        "squared": (0.5 * (p - 1) ** 2, (p - 1) * p * (1 - p)),
        "entropy": (np.logaddexp(0, -z), p - 1),
    }


def sigmoid_panel(*, start=-4.0):
    """A slider over the score z of a sample of class 1: loss and slope of both losses. A FramesPanel."""
    values = [float(z) for z in np.arange(-6, 6.5, 0.5)]
    curves = sigmoid_losses(SCORES)

    def background(figure):
        for side, axes in enumerate(figures.two_axes(figure)):
            for index, (name, pair) in enumerate(curves.items()):
                shown = pair[0] if side == 0 else -pair[1]
                look = figures.style(index) | {"marker": ""}
                axes.plot(SCORES, shown, **look, label=t(f"viz.sigmoid.{name}"))
            axes.set(xlim=(-6.2, 6.2), xlabel=t("viz.sigmoid.score"))
            axes.set_title(t("viz.sigmoid.loss" if side == 0 else "viz.sigmoid.slope"))
            figures.legend(axes)

    def draw(figure, z):
        artists = []
        for side, axes in enumerate(figure.axes):
            artists += cursor(axes, z)
            for index, (loss, slope) in enumerate(sigmoid_losses(z).values()):
                look = figures.style(index) | {"linestyle": ""}
                artists += axes.plot(z, loss if side == 0 else -slope, **look, markersize=9, zorder=7)
        return artists

    def describe(z):
        (_, squared), (_, entropy) = sigmoid_losses(z).values()
        told = {
            "squared": f"{-squared:.2g}",
            "entropy": f"{-entropy:.2g}",
            "times": f"{entropy / squared:.3g}",
        }
        return t("viz.sigmoid.told", z=f"{z:g}", p=f"{1 + entropy:.3g}", **told)

    def numbers(z):
        row = {"z": f"{z:g}", "σ(z)": float(1 + sigmoid_losses(z)["entropy"][1])}
        for name, (loss, slope) in sigmoid_losses(z).items():
            row |= {
                t(f"viz.sigmoid.{name}"): float(loss),
                f"|dL/dz| {t(f'viz.sigmoid.{name}')}": float(-slope),
            }
        return [row]

    return frames(
        draw,
        "z",
        values,
        start=start,
        title=t("viz.sigmoid.slider"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


# --- accuracy and cross-entropy of one boundary -----------------------------------------------------------

POINTS = 24
ANGLES = np.linspace(-90, 90, 361)
STEEP = 2.0  # length of the weight vector


@lru_cache
def two_clouds():
    """Two overlapping clouds of points: x (24, 2), labels (24,), 0 or 1."""
    y = np.arange(POINTS) % 2
    x = np.random.default_rng(2).standard_normal((POINTS, 2)) + np.where(y, 1.1, -1.1)[:, None] * [1.0, 0.45]
    return x, y


@lru_cache
def judged(angle):
    """(accuracy, cross-entropy) of the boundary whose normal stands at `angle` degrees to the x axis."""
    x, y = two_clouds()
    w = STEEP * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    half = 0.5 * (x @ w)
    logits = np.stack([-half, half], axis=-1)
    return (
        float(registry.get("accuracy").function(logits, y)),
        float(registry.get("cross_entropy").function(logits, y)),
    )


def accuracy_panel(*, start=-60.0):
    """A slider that turns a boundary: accuracy jumps, cross-entropy glides. Returns a FramesPanel."""
    values = [float(a) for a in range(-84, 85, 6)]
    curves = np.array([judged(float(a)) for a in ANGLES]).T

    def background(figure):
        left, right = figures.two_axes(figure)
        x, y = two_clouds()
        for label in (0, 1):
            look = figures.style(label) | {"linestyle": ""}
            left.plot(*x[y == label].T, **look, markersize=7, label=t("viz.accuracy.class", label=label))
        left.set(xlim=(-4, 4), ylim=(-3.4, 3.4), xlabel="$x_1$", ylabel="$x_2$")
        figures.legend(left, "upper left")
        for index, name in enumerate(("accuracy", "entropy")):
            look = figures.style(2 + index) | {"marker": ""}
            right.plot(ANGLES, curves[index], **look, label=t(f"viz.accuracy.{name}"))
        right.set(xlim=(-90, 90), ylim=(0, 1.6), xlabel=t("viz.accuracy.angle"))
        right.xaxis.set_major_locator(MaxNLocator(7))
        figures.legend(right, "upper right")

    def draw(figure, angle):
        left, right = figure.axes
        along = 6 * np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle))])
        line = left.plot(*np.stack([-along, along]).T, color=figures.INK, linestyle="-", zorder=5)
        dots = []
        for index, value in enumerate(judged(angle)):
            look = figures.style(2 + index) | {"linestyle": ""}
            dots += right.plot(angle, value, **look, markersize=9, zorder=7)
        return line + cursor(right, angle) + dots

    def describe(angle):
        accuracy, entropy = judged(angle)
        slopes = slopes_at(angle)
        told = {"accuracy": f"{accuracy:.3g}", "entropy": f"{entropy:.3g}", "slope": f"{slopes[1]:+.4f}"}
        return t("viz.accuracy.told", angle=f"{angle:g}", flat=f"{slopes[0]:g}", **told)

    def numbers(angle):
        accuracy, entropy = judged(angle)
        flat, slope = slopes_at(angle)
        heads = ("accuracy", "accuracy_slope", "entropy", "entropy_slope")
        row = zip(heads, (accuracy, flat, entropy, slope), strict=True)
        return [{t("viz.accuracy.angle"): f"{angle:g}"} | {t(f"viz.accuracy.{k}"): v for k, v in row}]

    return frames(
        draw,
        "angle",
        values,
        start=start,
        title=t("viz.accuracy.angle"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


def slopes_at(angle, step=1e-4):
    """Slopes of (accuracy, cross-entropy) per degree, by central differences."""
    after, before = np.array(judged(angle + step)), np.array(judged(angle - step))
    flat, slope = (after - before) / (2 * step)
    return float(flat), float(slope)
