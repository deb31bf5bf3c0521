"""The path of a rule over a problem, as arrays."""

import inspect
from dataclasses import dataclass
from functools import partial

import numpy as np

from course_lib.algorithms._arrays import whole
from course_lib.messages import t
from course_lib.registry import register

FAR = 1e6  # a coordinate beyond this counts as diverged


@dataclass(frozen=True, eq=False)
class Trace:
    """A path. points: (steps + 1, d), the start first; values: (steps + 1,), f at each point.

    diverged: the first step whose point is not finite or farther out than 1e6, else None; from
    there on points and values are NaN.
    """

    points: np.ndarray
    values: np.ndarray
    diverged: int | None = None


@register(
    "tool",
    ko="경로 따라가기",
    en="Trace a path",
    source="this course",
)
def trace(rule, problem, *, steps=100, start=None, **hyper):
    """Follow an update rule over a problem and keep every point: `trace(adam, beale(), lr=0.1).points`.

    rule: any function of the algorithm convention, f(p, g, state, …) or f(p, grad_fn, state, …), also a
    functools.partial of one. Where it has keywords f, hess_fn or n, the problem's own go in.
    problem: Problem. steps ≥ 0. start: (d,), the problem's own if None. hyper: the rule's hyperparameters.
    Returns a Trace. Raises ValueError on bad input or where rule and problem do not fit.
    """
    whole("trace", low=0, steps=steps)
    p = _start(problem, start)
    take = _stepper(rule, problem, hyper)
    points = np.full((int(steps) + 1, len(p)), np.nan)
    points[0], state, diverged = p, (), None
    # A path that runs away overflows on its way; that is shown by `diverged`, not by warnings.
    with np.errstate(all="ignore"):
        for step in range(1, len(points)):
            p, *state = take(p, *state)
            if not np.all(np.abs(p) <= FAR):
                diverged = step
                break
            points[step] = p
    values = np.full(len(points), np.nan)
    values[:diverged] = problem.f(points[:diverged])
    return Trace(points, values, diverged)


def _start(problem, start):
    p = np.array(problem.start if start is None else start, dtype=float)
    if p.shape != problem.start.shape or not np.all(np.isfinite(p)):
        raise ValueError(t("trace.start", want=len(problem.start), got=str(start)))
    return p


def _stepper(rule, problem, hyper):
    """A function (p, state…) → (p, state) that feeds the rule what its signature asks for."""
    parameters = inspect.signature(rule).parameters
    second = list(parameters)[1] if len(parameters) > 1 else "nothing"
    has = {"f": problem.f, "hess_fn": problem.hess, "n": problem.samples}
    hyper = {k: v for k, v in has.items() if k in parameters and not _bound(rule, k)} | hyper
    if "n" in hyper and hyper["n"] is None:
        raise ValueError(t("trace.no_samples", rule=_name(rule), problem=problem.name))
    if "hess_fn" in hyper and hyper["hess_fn"] is None:
        raise ValueError(t("problem.no_hessian", problem=problem.name))
    if second == "g":
        return lambda p, *state: rule(p, problem.grad(p), *state, **hyper)
    if second == "grad_fn":
        grad_fn = problem.batch_grad if "n" in parameters else problem.grad
        return lambda p, *state: rule(p, grad_fn, *state, **hyper)
    raise ValueError(t("trace.second_argument", rule=_name(rule), got=second))


def _bound(rule, keyword):
    return isinstance(rule, partial) and keyword in rule.keywords


def _name(rule):
    return _name(rule.func) if isinstance(rule, partial) else getattr(rule, "__name__", repr(rule))
