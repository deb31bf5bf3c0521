"""Rows of real exercises, as the grader makes them, without grading."""

import json

from tests.classroom import class_rows
from tests.grading.students import built, right, wrong

NAME = "u01_optimization"
ANSWER = "why_momentum"  # its written answer, of 2 points


def row(student, lang, text="", wrongly=(), name=NAME, **more) -> dict:
    """The row of a student who has all checks right but these, and wrote this answer."""
    answers = right(lang, name) | {task: wrong(lang, name)[task] for task in wrongly}
    tasks, written = [], []
    for cell in json.loads(built("exercises", lang, name).read_text(encoding="utf-8"))["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("grade") and cell["cell_type"] == "code":
            tasks.append(_task(meta["grade_id"], meta["points"], meta["grade_id"] not in wrongly))
        elif meta.get("grade"):
            about = {"name": meta["grade_id"], "most": meta["points"], "asked": ""}
            written.append(class_rows.written(text, **about))
    cells = {f"solution-{task}": source for task, source in answers.items()}
    return class_rows.row(student, tasks, lang, name, **{"written": written, "cells": cells, **more})


def release_of(row):
    """Where the exercise of a row lies; None where it has none."""
    path = built("exercises", row["language"], row["assignment"])
    return path if path.is_file() else None


def _task(name, most, right):
    """A task; the reason of a wrong one holds a formula, a picture and a link."""
    reason = "" if right else f"{name}: $\\beta$ <img src=x> [it](https://a.example)"
    points = most if right else 0
    return class_rows.task(name, right, points=points, most=most, reason=reason, diagnosis="")
