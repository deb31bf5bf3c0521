"""Tasks whose answer is one number, predicted before anything is run: `check("divergence_threshold", 0.4)`.

Each computes its right value, and the values to which known misconceptions lead. The text for a
misconception is the message `number.<task>.<mistake>`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from course_lib.assessment.outcome import Outcome, shown
from course_lib.messages import t

RTOL = 0.01  # a prediction by hand is right to one per cent
NUMBERS = (int, float, Fraction, np.float64, np.float32, np.int64)  # exactly these: no code of the learner's


@dataclass(frozen=True)
class NumberTask:
    """What is asked for. value: the right number. mistakes: {name: the number it leads to}."""

    name: str
    value: float
    mistakes: Mapping[str, float]

    def judge(self, given) -> Outcome:
        """What came of a given answer. Never raises for what the answer is."""
        if given is None or given is Ellipsis:
            return self._outcome("refused", "check.no_number", t("check.no_number"))
        if type(given) not in NUMBERS or not abs(given) < 1e300:  # NaN as well
            return self._outcome("refused", "check.want_number", t("check.want_number", got=shown(given)))
        if math.isclose(given, self.value, rel_tol=RTOL):
            return self._outcome("right")
        for mistake, value in self.mistakes.items():
            if math.isclose(given, value, rel_tol=RTOL):
                return self._outcome("mutant", mistake, t(f"number.{self.name}.{mistake}"))
        return self._outcome("parted", "", t("check.too_large" if given > self.value else "check.too_small"))

    def _outcome(self, kind, mistake="", text=""):
        labels = (t("check.number_label"),)
        return Outcome(self.name, (kind == "right",), labels, text, kind, mistake, asks="number")


_TASKS: dict[str, Callable[[], NumberTask]] = {}


def number_task(function):
    """Enter a function that returns (right value, {mistake: value}) as the task of its own name."""
    _TASKS[function.__name__] = lambda: NumberTask(function.__name__, *function())
    return function


def number_tasks() -> dict[str, NumberTask]:
    """Every task whose answer is a number."""
    return {name: make() for name, make in _TASKS.items()}
