"""Rows of real exercises, as the grader makes them, without grading."""

import json

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
            one = {"task": meta["grade_id"], "most": meta["points"], "points": None, "comment": ""}
            written.append(one | {"text": text, "asked": ""})
    made = {
        "student": student,
        "notebook": f"{student}/{name}.ipynb",
        "sha256": "ab" * 32,
        "assignment": name,
        "language": lang,
        "points": sum(task["points"] for task in tasks),
        "most": sum(task["most"] for task in tasks),
        "by_hand": sum(answer["most"] for answer in written),
        "problem": "",
        "remarks": [],
        "tasks": tasks,
        "written": written,
        "cells": {f"solution-{task}": source for task, source in answers.items()},
        "training": None,
        "seconds": 1.0,
        "peak_memory": 1 << 20,
    }
    return made | more


def release_of(row):
    """Where the exercise of a row lies; None where it has none."""
    path = built("exercises", row["language"], row["assignment"])
    return path if path.is_file() else None


def _task(name, most, right):
    return {
        "task": name,
        "name": name,
        "points": most if right else 0,
        "most": most,
        "kind": "right" if right else "parted",
        "mistake": "",
        "visible": [3, 3] if right else [0, 3],
        "hidden": [6, 6] if right else [0, 6],
        "reason": "" if right else f"{name}: $\\beta$ <img src=x> [it](https://a.example)",
        "diagnosis": "",
        "cases": [],
        "picture": "",
        "picture_alt": "",
        "seconds": 0.1,
    }
