"""What comes of a check, whatever the task asks for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.assessment.cases import Case


@dataclass(frozen=True, eq=False)
class Parting:
    """Where an answer leaves the reference: on which case, at which call (0 the first), and both paths.

    expected, got: the values of every call on that case, each flattened to a vector: (calls, numbers).
    column: the number of the vector that is farthest off there.
    """

    case: Case
    step: int
    column: int
    expected: np.ndarray
    got: np.ndarray


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a check. passed: one truth value a case. diagnosis: text, or "" with nothing to say.

    kind: "right", "refused", "mutant" (a known mistake), or "parted". asks: what the task asks for,
    "function", "number", "choice", "repair", "diagnosis", "received" or "assignment". picture: makes a
    Picture that belongs to the verdict, or None.
    """

    name: str
    passed: tuple[bool, ...]
    labels: tuple[str, ...]
    diagnosis: str = ""
    kind: str = "right"
    mistake: str = ""
    parting: Parting | None = None
    asks: str = "function"
    picture: Callable | None = None

    @property
    def right(self) -> bool:
        """Whether every case passed."""
        return all(self.passed)


def shown(value) -> str:
    """An answer's value as a message may show it: text and numbers as written, else the name of its type.

    Nothing of the value's own runs: no `__repr__`, no `__format__`.
    """
    if type(value) is str:
        return repr(value[:40])
    if type(value) is float or (type(value) is int and abs(value) < 10**15):
        return repr(value)
    return type(value).__name__
