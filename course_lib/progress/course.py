"""What the course holds, from units.json, and how far a record has come in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_lib.messages import language, t

FILE = Path(__file__).with_name("units.json")  # the builder makes it of the sources


@dataclass(frozen=True)
class Unit:
    """A unit, or the assignment, and what can be done in it.

    name: its notebooks' file name without the ending. short: the number, "" for the assignment.
    minutes: of the notebook and of the exercise; the assignment has no notebook: 0.
    needs: names of the units that come first. quizzes: in the notebook. checks: {name: points} and
    written: points of the answers in words, in the exercise.
    """

    name: str
    short: str
    title: Mapping[str, str]
    goal: Mapping[str, str]
    minutes: tuple[int, int]
    needs: tuple[str, ...]
    quizzes: tuple[str, ...]
    checks: Mapping[str, int]
    written: int

    @property
    def notebooks(self) -> list[str]:
        """What a learner opens, in order, as paths without language and ending."""
        return [f"notebooks/{self.name}"] * bool(self.minutes[0]) + [f"exercises/{self.name}"]


@cache
def units() -> tuple[Unit, ...]:
    """All units in order, the assignment last."""
    return tuple(from_json(row) for row in json.loads(FILE.read_text(encoding="utf-8"))["units"])


def from_json(row: dict) -> Unit:
    """A unit from its row of units.json."""
    return Unit(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})


def path_of(notebook: str, lang: str) -> str:
    """exercises/u01_optimization → exercises/ko/u01_optimization.ipynb."""
    form, name = notebook.split("/")
    return f"{form}/{lang}/{name}.ipynb"


def label(unit: Unit, notebook: str = "") -> str:
    """What a unit's notebook or exercise is called in a link; without either, the unit."""
    if not unit.short:
        return unit.title[language()]
    key = "nav.exercise" if notebook.startswith("exercises/") else "nav.unit"
    return t(key, number=unit.short, title=unit.title[language()])


@dataclass(frozen=True)
class Standing:
    """How far one unit is done: answered quizzes, passed checks, their points, and the last visit or ""."""

    unit: Unit
    answered: int
    passed: int
    points: int
    last: str

    @property
    def points_of(self) -> int:
        """The points that checks give in all."""
        return sum(self.unit.checks.values())

    def is_done(self, notebook: str) -> bool:
        """Whether nothing of one of the unit's notebooks is left."""
        if notebook.startswith("notebooks/"):
            return self.answered == len(self.unit.quizzes)
        return self.passed == len(self.unit.checks)


def standings(record: dict) -> list[Standing]:
    """How far each unit is done. What a record holds beyond the course's own is passed over."""
    return [_standing(unit, record) for unit in units()]


def _standing(unit, record):
    answers = record["quizzes"].get(f"notebooks/{unit.name}", {})
    passes = record["checks"].get(f"exercises/{unit.name}", {})
    passed = [points for name, points in unit.checks.items() if name in passes]
    visits = [record["visits"].get(notebook, "") for notebook in unit.notebooks]
    return Standing(unit, len(set(unit.quizzes) & set(answers)), len(passed), sum(passed), max(visits))


def next_notebook(record: dict) -> str | None:
    """Where to go on: the notebook visited last, or the next one with something left; None at the end."""
    order = [(one, notebook) for one in standings(record) for notebook in one.unit.notebooks]
    visits = {notebook: record["visits"].get(notebook, "") for _, notebook in order}
    latest = max(visits, key=visits.get)
    start = list(visits).index(latest) if visits[latest] else 0
    left = [notebook for one, notebook in order[start:] + order[:start] if not one.is_done(notebook)]
    return left[0] if left else None
