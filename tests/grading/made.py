"""A small release of three tasks, and submissions to it."""

import json
from dataclasses import replace
from pathlib import Path

from course_lib.grading.release import Answer, Task, read_release
from course_lib.grading.submission import parse, take

ROOT = Path(__file__).parents[2]
KEPT = ("momentum", "cosine", "divergence_threshold")
RIGHT = """
def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    (v,) = state
    v = momentum * v - lr * g
    return p + v, (v,)
"""
WRONG = RIGHT.replace("momentum * v - lr * g", "-lr * g")
COSINE = """
def cosine(step, *, total, peak=0.1, floor=0.0):
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * min(step / total, 1.0)))
"""
HONEST = {"momentum": RIGHT, "cosine": COSINE, "divergence_threshold": "threshold = 2 / 6"}
SECRET = b"the tests' own secret"


def built(part, lang, name="u01_optimization"):
    """Where a built notebook lies."""
    return ROOT / part / lang / f"{name}.ipynb"


def release(lang="en"):
    """Unit 1's exercise with three of its tasks: momentum 2, cosine 2, divergence_threshold 1 points."""
    whole = read_release(built("exercises", lang))
    steps = [s for s in whole.steps if not isinstance(s, Answer | Task) or _name(s) in KEPT]
    return replace(whole, steps=tuple(steps), written=())


def _name(step):
    return step.grade_id.removeprefix("solution-")


def notebook(cells, lang="en"):
    """A submitted notebook as bytes. cells: {task: source of its answer cell}."""
    made = [cell(f"solution-{task}", source) for task, source in cells.items()]
    return json.dumps({"cells": made, "metadata": {"course": {"lang": lang}}, "nbformat": 4}).encode()


def cell(grade_id, source, **more):
    """A code cell that nbgrader knows by its grade_id."""
    meta = {"nbgrader": {"grade_id": grade_id, "solution": True, **more}}
    return {"cell_type": "code", "metadata": meta, "source": source, "outputs": []}


def points(grader, lang="en", **cells):
    """{task: points} of a submission that is honest but for these cells, and its grades."""
    taken = release(lang)
    grades = grader.grade(take(parse(notebook(HONEST | cells, lang)), taken), taken)
    return {grade.task.name: grade.points for grade in grades.tasks}, grades
