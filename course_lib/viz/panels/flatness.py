"""Flat and sharp minima: what a small shift of the loss costs at each, and how SAM passes the sharp one."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import Problem
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames
from course_lib.viz.theme import COLOURS, INK

SHIFTS = tuple(round(k * 0.05, 2) for k in range(11))
RADII = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
SHARP, FLAT = -1.5, 1.5  # where the two minima of the line stand
STEPS, RATE = 200, 0.15


def valley(x):
    """A loss on a line with a sharp minimum on the left, as deep as the flat one on the right."""
    return 2.0 - 1.9 * np.exp(-(((x - SHARP) / 0.22) ** 2)) - 1.9 * np.exp(-(((x - FLAT) / 1.1) ** 2))


@lru_cache
def minimum_near(place):
    """The lowest point within a half of a place."""
    x = np.linspace(place - 0.5, place + 0.5, 2001)
    return float(x[np.argmin(valley(x))])


def flatness_panel(*, start=0.2):
    """A slider over the shift between the training and the test loss. Returns a FramesPanel."""
    x = np.linspace(-3, 4, 500)
    places = {"sharp": minimum_near(SHARP), "flat": minimum_near(FLAT)}

    def background(figure):
        axes = figure.add_axes((0.08, 0.16, 0.9, 0.74))
        axes.plot(x, valley(x), **{**figures.style(0), "marker": ""}, label=t("viz.flat.train"), zorder=4)
        axes.plot([], [], **{**figures.style(1), "marker": ""}, label=t("viz.flat.test"))
        axes.set(
            xlim=(-3, 4), ylim=(-0.1, 2.6), xlabel="$w$", ylabel=t("viz.loss"), title=t("viz.flat.title")
        )
        figures.legend(axes, "upper right", ncols=2)

    def draw(figure, shift):
        (axes,) = figure.axes
        artists = axes.plot(x, valley(x - shift), **{**figures.style(1), "marker": ""}, zorder=5)
        for place in places.values():
            low, high = valley(place), valley(place - shift)
            artists += axes.plot(
                [place, place], [low, high], color=INK, linestyle=":", linewidth=1.6, zorder=6
            )
            artists += axes.plot(
                place, low, marker="o", color=COLOURS[0], markersize=8, linestyle="", zorder=7
            )
            artists += axes.plot(
                place, high, marker="s", color=COLOURS[1], markersize=8, linestyle="", zorder=7
            )
        return artists

    def costs(shift):
        return {name: float(valley(place - shift)) for name, place in places.items()}

    def describe(shift):
        train = {f"{name}_train": f"{valley(place):.2f}" for name, place in places.items()}
        return t(
            "viz.flat.told", shift=f"{shift:g}", **{k: f"{v:.2f}" for k, v in costs(shift).items()}, **train
        )

    def numbers(shift):
        test = {t(f"viz.flat.{name}"): value for name, value in costs(shift).items()}
        return [{t("viz.flat.shift"): f"{shift:g}", **test}]

    return frames(
        draw,
        "shift",
        list(SHIFTS),
        start=start,
        title=t("viz.flat.shift"),
        describe=describe,
        numbers=numbers,
        background=background,
        size=(8.4, 3.4),
    )


HOLE, WIDTH, DEPTH = np.array([-0.6, 0.75]), 0.25, 0.4


def holed_bowl():
    """A wide bowl with its minimum at (1.2, −0.4) and a narrow hole on the way there. Returns a Problem."""
    centre, curvature = np.array([1.2, -0.4]), np.array([0.25, 0.5])

    def hole(p):
        return DEPTH * np.exp(-np.sum((p - HOLE) ** 2, axis=-1) / (2 * WIDTH**2))

    def f(p):
        return 0.5 * np.sum(curvature * (p - centre) ** 2, axis=-1) - hole(p)

    def grad(p):
        return curvature * (p - centre) + hole(p)[..., None] * (p - HOLE) / WIDTH**2

    window = ((-2.6, 2.6), (-2.0, 2.0))
    return Problem("holed_bowl", f, grad, centre[None], window, np.array([-2.2, 1.3]))


@lru_cache
def sam_run(rho):
    """SAM from the left of the hole. Returns a Trace."""
    return trace(registry.get("sam").function, holed_bowl(), steps=STEPS, lr=RATE, rho=rho)


def ends_in_hole(rho):
    """Whether the path ends within the narrow hole."""
    return bool(np.linalg.norm(sam_run(rho).points[-1] - HOLE) < 2 * WIDTH)


def sam_panel(*, start=0.03):
    """A slider over SAM's radius ρ on a bowl with a narrow hole in it. Returns a FramesPanel."""

    def background(figure):
        left, right = figures.two_axes(figure)
        figures.surface(left, holed_bowl())
        figures.start(left, holed_bowl().start)
        left.set_title(t("viz.sam.title"))
        figures.loss_axes(right, steps=STEPS, low=0, high=2.4, log=False)
        right.set_title(t("viz.loss_by_step"))

    def draw(figure, rho):
        left, right = figure.axes
        path = sam_run(rho)
        return figures.path(left, path.points, 0, every=8) + figures.loss(right, path.values, 0)

    def describe(rho):
        key = "viz.sam.caught" if ends_in_hole(rho) else "viz.sam.passed"
        return t(key, rho=f"{rho:g}", loss=f"{sam_run(rho).values[-1]:.2f}")

    def numbers(rho):
        path = sam_run(rho)
        place = ", ".join(f"{v:.2f}" for v in path.points[-1])
        return [{"ρ": f"{rho:g}", t("viz.end_point"): place, t("viz.loss"): float(path.values[-1])}]

    return frames(
        draw,
        "rho",
        list(RADII),
        start=start,
        title="ρ",
        describe=describe,
        numbers=numbers,
        background=background,
    )
