"""The optimizer race: several optimizers on one surface."""

import inspect
from functools import lru_cache
from math import isfinite, log10

import ipywidgets as ipw
import numpy as np

from course_lib import registry
from course_lib.algorithms.problems import noisy
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import columns, dropdown, live, value_slider

STEPS = (4, 8, 12, 20, 40, 80, 120, 200, 300)
NOISE = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
DECADES = 8  # how far below the surface's highest point the loss curves are followed


def surfaces():
    """The names of the registered problems that are surfaces: two-dimensional, and without chance."""
    fixed = [e for e in registry.entries("problem") if "rng" not in inspect.signature(e.function).parameters]
    return [e.name for e in fixed if e.function().minima.shape[1] == 2]


def racers():
    """The names of the registered optimizers that can run on a surface: no matrices, no samples needed."""
    able = [e for e in registry.entries("optimizer") if e.traits.get("elementwise")]
    return [e.name for e in able if not e.traits.get("draws_batches")]


def race(problem, rates, *, start=None, noise=0.0, steps=80, seed=0):
    """Every optimizer's path over one surface, each with its own learning rate.

    problem: name of a surface. rates: {optimizer's name: learning rate}. start: (x, y), the problem's own
    if None. noise: standard deviation of the noise on each coordinate of the gradient, the same draws for
    everyone. Returns {optimizer's name: Trace}. Raises KeyError for a name that is not registered.
    """
    place = None if start is None else tuple(start)
    return {name: _run(problem, name, rate, place, noise, steps, seed) for name, rate in rates.items()}


@lru_cache(maxsize=256)  # moving one rate leaves the other optimizers' paths as they are
def _run(problem, name, rate, start, noise, steps, seed):
    surface = _surface(problem)
    if noise:
        surface = noisy(surface, sigma=noise, rng=np.random.default_rng(seed))
    return trace(registry.get(name).function, surface, steps=steps, start=start, lr=rate)


@lru_cache
def default_rate(problem, name, *, steps=80):
    """The learning rate of the slider with which an optimizer does best on a surface, without noise.

    Best: the smallest mean of log(loss − smallest loss) over the path, among the rates whose path stays
    in the window and never above the start. So everyone is tuned alike, and no number is chosen by hand.
    """
    surface = _surface(problem)
    low, high = np.transpose(surface.window)

    def badness(rate):
        path = race(problem, {name: rate}, steps=steps)[name]
        in_window = np.all((path.points >= low) & (path.points <= high))
        if not in_window or path.values.max() > path.values[0]:
            return np.inf
        return np.mean(np.log(above_minimum(surface, path.values) + 1e-9))

    return min(registry.get(name).ranges["lr"].values(), key=badness)


def above_minimum(problem, values):
    """loss − smallest loss, never negative: what is left to go, zero at every minimum."""
    return np.maximum(values - problem.f(problem.minima[0]), 0.0)


def race_panel(*, problem="beale", optimizers=("gd", "momentum", "rmsprop", "adam"), steps=80):
    """The race under the learner's hands: surface, optimizers, learning rates, start, noise and steps.

    problem: the surface to start with. optimizers: who runs at first. Returns a LivePanel.
    """
    controls = _race_controls(problem, optimizers, steps)

    def adjust(changed):
        if changed == "problem":
            _set_for_surface(controls, controls["problem"].value)

    return live(
        draw_race,
        controls,
        read=race_arguments,
        background=race_background,
        adjust=adjust,
        shown=_race_layout(controls),
        describe=describe_race,
        numbers=race_numbers,
        size=(8.4, 4.5),
    )


def race_arguments(values):
    """What `race` and the functions that show it take, from the values of the panel's controls."""
    running = tuple(name for name in racers() if values[f"on_{name}"])
    return {
        "problem": values["problem"],
        "running": running,
        "rates": {name: values[f"lr_{name}"] for name in running},
        "start": (values["start_x"], values["start_y"]),
        "noise": values["noise"],
        "steps": values["steps"],
    }


def race_background(figure, problem, running):
    """The surface on the left, empty loss axes on the right, the legend of those who run below."""
    surface = _surface(problem)
    left, right = figures.two_axes(figure, foot=0.6)
    figures.surface(left, surface)
    left.set_title(registry.get(problem).title)
    right.set_title(t("viz.loss_by_step"))
    corners = np.array(np.meshgrid(*(np.linspace(*side, 41) for side in surface.window))).reshape(2, -1).T
    top = 10.0 ** np.ceil(log10(above_minimum(surface, surface.f(corners)).max()))
    figures.loss_axes(right, steps=None, low=top / 10**DECADES, high=top, label=t("viz.above_minimum"))
    figures.legend_below(right, {racers().index(name): registry.get(name).title for name in running})


def draw_race(figure, problem, running, rates, start, noise, steps):
    """The paths and the loss curves of a race, over its background. Returns the artists."""
    left, right = figure.axes
    surface, every = _surface(problem), max(1, steps // 8)
    artists = figures.start(left, start) + figures.step_marks(right, steps)
    for name, path in race(problem, rates, start=start, noise=noise, steps=steps).items():
        index, left_over = racers().index(name), above_minimum(surface, path.values)
        artists += figures.path(left, path.points, index, every=every)
        artists += figures.loss(right, left_over, index, over=steps, every=every)
    return artists


def describe_race(problem, running, rates, start, noise, steps):
    """Who is lowest at the end, and who diverged, in a sentence."""
    runs = race(problem, rates, start=start, noise=noise, steps=steps)
    ends = {name: path.values[-1] for name, path in runs.items() if path.diverged is None}
    lost = ", ".join(registry.get(name).title for name in runs if name not in ends)
    told = [t("viz.race.diverged", names=lost)] if lost else []
    if ends:
        best = min(ends, key=ends.get)
        winner = {"name": registry.get(best).title, "loss": f"{ends[best]:.3g}"}
        told.insert(0, t("viz.race.lowest", steps=steps, **winner))
    return " ".join(told) or t("viz.race.nobody")


def race_numbers(problem, running, rates, start, noise, steps):
    """A row per optimizer: its rate, where it ends, and its loss there."""
    return [
        {
            t("viz.optimizer"): registry.get(name).title,
            "lr": rates[name],
            t("viz.end_point"): _point(path),
            t("viz.loss_after", steps=steps): _ending(path),
        }
        for name, path in race(problem, rates, start=start, noise=noise, steps=steps).items()
    ]


def _point(path):
    x, y = path.points[-1]
    return f"({x:.3g}, {y:.3g})" if isfinite(x) else "–"


def _ending(path):
    return float(path.values[-1]) if path.diverged is None else t("viz.diverged_at", step=path.diverged)


def _race_controls(problem, optimizers, steps):
    options = [(registry.get(name).title, name) for name in surfaces()]
    controls = {
        "problem": dropdown(t("viz.surface"), options, problem),
        "start_x": value_slider("start_x", [0.0], title=t("viz.start_x")),
        "start_y": value_slider("start_y", [0.0], title=t("viz.start_y")),
        "noise": value_slider("noise", NOISE, title=t("viz.noise")),
        "steps": value_slider("steps", STEPS, start=steps, title=t("viz.steps")),
    }
    for name in racers():
        entry = registry.get(name)
        controls[f"on_{name}"] = ipw.Checkbox(
            value=name in optimizers, description=entry.title, indent=False, layout=ipw.Layout(width="165px")
        )
        rate = controls[f"lr_{name}"] = value_slider("lr", entry.ranges["lr"].values(), title="lr")
        rate.tooltip = f"{entry.title} lr"
    _set_for_surface(controls, problem)
    return controls


def _set_for_surface(controls, problem):
    """Start point and learning rates that suit a surface."""
    surface = _surface(problem)
    for name, side, home in zip(("start_x", "start_y"), surface.window, surface.start, strict=True):
        values = sorted({*np.linspace(*side, 41).round(3).tolist(), float(home)})
        slider = controls[name]
        slider.options = [(f"{value:.3g}", value) for value in values]
        slider.value = float(home)
    for name in racers():
        controls[f"lr_{name}"].value = default_rate(problem, name)


def _race_layout(controls):
    common = [controls[name] for name in ("problem", "steps", "start_x", "start_y", "noise")]
    for control in common:
        control.style.description_width = "125px"
    wrapping = ipw.Layout(flex_flow="row wrap")
    each = [ipw.HBox([controls[f"on_{name}"], controls[f"lr_{name}"]], layout=wrapping) for name in racers()]
    for pair in each:
        pair.children[1].layout.flex = "1 1 180px"  # on a phone, below the name
    return [columns(common, least="260px"), columns(each, least="300px")]


@lru_cache
def _surface(name):
    return registry.get(name).function()
