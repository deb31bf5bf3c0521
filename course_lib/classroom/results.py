"""What is kept of one graded submission: a row of plain data, from which every page and table is made.

student, notebook, sha256, assignment, language: texts. notebook: where it lay in what was handed in.
id, late: as the learning management system says.
points, most, by_hand: earned and to be earned automatically; to be earned by hand.
problem, remarks: why nothing could be graded, or ""; what was odd.
tasks: [{task, name, points, most, kind, mistake, visible, hidden, reason, diagnosis, cases, parting,
    picture, picture_alt, seconds}]. visible, hidden: [passed, of]. cases: [{label, passed}] of the visible
    ones. parting: where a function leaves the reference, {expected, got, step}, two paths over the calls of a
    visible case, or None. picture: base64 PNG that belongs to the verdict, or "".
written: [{task, most, points, text, asked, comment}]. points: None until a person has graded it.
cells: {grade_id: source} of the learner's code cells.
training: the assignment's runs and audit, or None (`grading.assignment`).
seconds, peak_memory: of the grading; bytes.
"""

from base64 import b64encode

import numpy as np

from course_lib.grading.marking import Graded, printable
from course_lib.messages import speaking

PRIVATE = ("diagnosis", "parting", "picture", "picture_alt", "cases")  # of a task: for feedback alone


def as_row(student: str, notebook: str, graded: Graded, *, pictures: bool = True) -> dict:
    """The row of a graded submission. notebook: where it lay, as text. pictures: whether they are drawn."""
    grades = graded.grades
    asked = {answer.grade_id: answer.above for answer in grades.release.written}
    with speaking(grades.release.lang):
        tasks = [_task(grade, pictures) for grade in grades.tasks]
        training = grades.training and grades.training.as_dict()
    if training:  # for whoever grades
        training["summary"] = grades.training.summary() if grades.training.runs else []
        training["lines"] = grades.training.lines()
    return {
        "student": printable(student),
        "notebook": printable(notebook),
        "sha256": graded.digest,
        "assignment": grades.release.name,
        "language": grades.release.lang,
        "points": grades.points,
        "most": grades.most,
        "by_hand": sum(most for most, _ in grades.written.values()),
        "problem": grades.problem,
        "remarks": list(grades.remarks),
        "tasks": tasks,
        "written": [
            {
                "task": name,
                "most": most,
                "points": None,
                "text": text,
                "asked": asked.get(name, ""),
                "comment": "",
            }
            for name, (most, text) in grades.written.items()
        ],
        "cells": graded.cells,
        "training": training,
        "seconds": round(grades.seconds, 3),
        "peak_memory": grades.peak,
    }


def brief(row: dict) -> dict:
    """The row as grades.json has it: without pictures, sources and cases."""
    tasks = [{k: v for k, v in task.items() if k not in PRIVATE} for task in row["tasks"]]
    return {k: v for k, v in row.items() if k != "cells"} | {"tasks": tasks}


def _task(grade, pictures):
    outcome = grade.outcome
    picture = outcome.picture() if pictures and outcome.picture else None
    return {
        "task": grade.task.grade_id,
        "name": grade.task.name,
        "points": grade.points,
        "most": grade.task.points,
        "kind": outcome.kind,
        "mistake": outcome.mistake,
        "visible": [sum(outcome.passed), len(outcome.passed)],
        "hidden": list(grade.hidden),
        "reason": grade.reason,
        "diagnosis": outcome.diagnosis,
        "cases": [
            {"label": label, "passed": passed}
            for label, passed in zip(outcome.labels, outcome.passed, strict=True)
        ],
        "parting": outcome.parting and _parting(outcome.parting),
        "picture": b64encode(picture.png).decode() if picture else "",
        "picture_alt": picture.alt if picture else "",
        "seconds": round(grade.seconds, 3),
    }


def _parting(parting):
    """Both paths around the first difference; JSON knows no number that is not finite."""
    last = min(len(parting.expected), max(parting.step + 8, 12))
    paths = {name: getattr(parting, name)[:last, parting.column] for name in ("expected", "got")}
    plain = {name: [float(v) if np.isfinite(v) else None for v in path] for name, path in paths.items()}
    return plain | {"step": parting.step}
