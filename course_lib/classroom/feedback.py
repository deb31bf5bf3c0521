"""What a learner gets back: one HTML file per submission, in the learner's language, that stands alone."""

from collections.abc import Iterable
from pathlib import Path

from course_lib.classroom import charts, markup
from course_lib.classroom.exports import write_whole
from course_lib.classroom.page import Names, render, strategies_of, task_title, title_of
from course_lib.messages import LANGUAGES, speaking

FOLDER = "feedback"


def write_feedback(rows: Iterable[dict], folder: Path) -> list[Path]:
    """Write feedback/<student>/<assignment>.html into a folder for each row; returns the files.

    rows: as `results.as_row` makes them, taken one by one. Raises OSError where a file cannot be written.
    """
    students, files, written = Names(), {}, []
    for row in rows:
        student, assignment = row["student"], row["assignment"]
        names = files.setdefault(student, Names())
        name = names.of(assignment, (assignment, row["notebook"]))
        path = Path(folder, FOLDER, students.of(student), f"{name}.html")
        written.append(write_whole(path, feedback_page(row)))
    return written


def feedback_page(row: dict) -> str:
    """The page of one row, as HTML."""
    lang = row["language"] if row["language"] in LANGUAGES else LANGUAGES[0]
    with speaking(lang):
        tasks = [_task(task, row["cells"]) for task in row["tasks"]]
        view = {
            "row": row,
            "title": title_of(row["assignment"]),
            "tasks": tasks,
            "written": [_written(answer) for answer in row["written"]],
            "other_cells": _other_cells(row),
            "training": row["training"] and _training(row["training"]),
            **_sums(row),
        }
    return render("feedback.html", lang, view)


def _sums(row):
    """Points so far, and those that a person has still to give."""
    given = [answer["points"] for answer in row["written"] if answer["points"] is not None]
    waiting = [answer["most"] for answer in row["written"] if answer["points"] is None]
    most = row["most"] + row["by_hand"]
    points = row["points"] + sum(given)
    return {"points": points, "most": most, "waiting": sum(waiting), "share": points / most if most else 0.0}


def _task(task, cells):
    said = task["diagnosis"]
    return task | {
        "title": task_title(task["task"]),
        "all_visible": task["visible"][0] == task["visible"][1],
        "right": task["points"] >= task["most"],
        # what comes before the diagnosis: hidden cases that failed, or an error that a cell raised
        "lead": markup.verdict(task["reason"].removesuffix(said).strip()),
        "said": markup.verdict(said),
        "paths": task["parting"] and charts.parting(task["parting"]),
        "picture": markup.png(task["picture"]),
        "code": cells.get(_cell_of(task), ""),
    }


def _cell_of(task):
    return f"solution-{task['task']}"


def _other_cells(row):
    """{name: source} of cells that belong to no one task, such as the assignment's functions."""
    shown = {_cell_of(task) for task in row["tasks"]}
    return {k.removeprefix("solution-"): v for k, v in row["cells"].items() if k not in shown and v.strip()}


def _written(answer):
    texts = {name: markup.prose(answer[name]) for name in ("asked", "text", "comment")}
    return answer | texts | {"empty": not answer["text"].strip()}


def _training(training):
    runs = training["runs"]
    found = [run["accuracy"] for run in runs]
    ends = charts.scale([*found, training["goal"]]) if runs else None
    return training | {
        "dots": [charts.along(share, ends, charts.WIDTH) for share in found],
        "goal_at": charts.along(training["goal"], ends, charts.WIDTH) if runs else None,
        "ends": ends,
        "low": min(found, default=None),
        "high": max(found, default=None),
        "curves": charts.curves(runs),
        "findings": _findings(training),
    }


def _findings(training):
    """[(kind, strategies, evidence)] of the audit, in words."""
    said = [evidence for _, evidence in training["audit"].values()]
    return [(k, names, e) for (k, names), e in zip(strategies_of(training).items(), said, strict=True)]
