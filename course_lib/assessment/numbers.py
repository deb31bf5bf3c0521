"""Tasks whose answer is one number, predicted before anything is run: `check("divergence_threshold", 0.4)`.

Each computes its right value, and the values to which known misconceptions lead. The text for a
misconception is the message `number.<task>.<mistake>`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from course_lib.messages import t

RTOL = 0.01  # a prediction by hand is right to one per cent


@dataclass(frozen=True)
class NumberTask:
    """What is asked for. value: the right number. mistakes: {name: the number it leads to}."""

    name: str
    value: float
    mistakes: Mapping[str, float]

    def answer(self, given) -> tuple[bool, str, str]:
        """(right?, mistake or "", what the learner is told) for a given answer."""
        if given is None or given is Ellipsis:
            return False, "check.no_number", t("check.no_number")
        if not isinstance(given, Real) or isinstance(given, bool) or not math.isfinite(given):
            return False, "check.want_number", t("check.want_number", got=repr(given))
        if math.isclose(given, self.value, rel_tol=RTOL):
            return True, "", ""
        for mistake, value in self.mistakes.items():
            if math.isclose(given, value, rel_tol=RTOL):
                return False, mistake, t(f"number.{self.name}.{mistake}")
        return False, "", t("check.too_large" if given > self.value else "check.too_small")


_TASKS: dict[str, Callable[[], NumberTask]] = {}


def number_task(function):
    """Enter a function that returns (right value, {mistake: value}) as the task of its own name."""
    _TASKS[function.__name__] = lambda: NumberTask(function.__name__, *function())
    return function


def number_tasks() -> dict[str, NumberTask]:
    """Every task whose answer is a number."""
    return {name: make() for name, make in _TASKS.items()}


@number_task
def divergence_threshold():
    """Unit 1: beyond which rate does gradient descent on ½ xᵀ A x diverge, A = [[5, 2], [2, 2]]?"""
    a = np.array([[5.0, 2.0], [2.0, 2.0]])
    low, high = np.linalg.eigvalsh(a)
    mistakes = {
        "one_over": 1 / high,
        "smallest_eigenvalue": 2 / low,
        "diagonal_entry": 2 / a.max(),
        "trace": 2 / np.trace(a),
        "eigenvalue_itself": high,
    }
    return 2 / high, mistakes
