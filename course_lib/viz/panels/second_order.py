"""Newton, BFGS and L-BFGS against first-order rules: by steps, and by what the steps cost."""

import inspect
from dataclasses import replace
from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.algorithms.trace import trace
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.theme import new_figure

STEPS, COST = 60, 200
FIRST = ("gd", "adam")  # tuned: the rate of the slider with the smallest loss at the end
SECOND = {"newton": {"search": registry.get("backtracking").function}, "bfgs": {}, "lbfgs": {}}


def counted(problem):
    """The problem with a list of counts that its functions add to: [values, gradients, Hessians]."""
    counts = [0, 0, 0]

    def counting(function, place):
        def call(*args):
            counts[place] += 1
            return function(*args)

        return call

    counting_problem = replace(
        problem,
        f=counting(problem.f, 0),
        grad=counting(problem.grad, 1),
        hess=counting(problem.hess, 2),
    )
    return counting_problem, counts


def comparison(problem="rosenbrock"):
    """Each rule's loss by step, and what the steps had cost by then.

    Cost: one for a value or a gradient, d for a Hessian (d directions), as with automatic differentiation.
    Returns {rule's name: (values by step, cost by step)}; first-order rules walk until the cost is COST.
    """
    surface = registry.get(problem).function()
    first = {name: _run(name, {"lr": tuned_rate(name, problem)}, surface, COST) for name in FIRST}
    return first | {name: _run(name, keywords, surface, STEPS) for name, keywords in SECOND.items()}


@lru_cache
def tuned_rate(name, problem):
    """The rate of the slider with which a first-order rule ends lowest at cost COST."""
    surface = registry.get(problem).function()

    def last(lr):
        values = trace(registry.get(name).function, surface, steps=COST, lr=lr).values
        return values[-1] if np.isfinite(values[-1]) else np.inf

    return min(registry.get(name).ranges["lr"].values(), key=last)


def _run(name, keywords, problem, steps):
    entry = registry.get(name)
    surface, counts = counted(problem)
    asked = inspect.signature(entry.function).parameters
    fed = {k: v for k, v in {"f": surface.f, "hess_fn": surface.hess}.items() if k in asked}
    p, state, points, costs = surface.start, (), [surface.start], [0]
    for _ in range(steps):
        given = surface.grad if entry.needs_grad_fn else surface.grad(p)
        p, *state = entry.function(p, given, *state, **fed, **keywords)
        points.append(p)
        costs.append(counts[0] + counts[1] + p.size * counts[2])
    return problem.f(np.array(points)), np.array(costs)


def second_order_picture():
    """Rosenbrock's valley: losses by step on the left, by cost on the right. Returns a Picture."""
    figure = new_figure((8.4, 4.2))
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.09, right=0.98, bottom=0.25, top=0.9, wspace=0.28)
    runs = comparison()
    for axes, width in ((left, STEPS), (right, COST)):
        figures.loss_axes(axes, steps=width, low=1e-14, high=1e3)
    for index, (values, costs) in enumerate(runs.values()):
        figures.loss(left, values, index)
        shown = np.maximum(values, 1e-300)
        right.plot(costs, shown, **figures.style(index), markersize=4.5, markevery=10, zorder=5)
    left.set_title(t("viz.second_order.by_step"))
    right.set(title=t("viz.second_order.by_cost"), xlabel=t("viz.second_order.cost"))
    figures.legend_below(left, {i: registry.get(name).title for i, name in enumerate(runs)}, columns=5)
    return show(figure, t("viz.second_order.alt"))
