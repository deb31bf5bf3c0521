"""Grades one submission or a folder of them, and writes the marks whole or not at all."""

import csv
import hashlib
import io
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.driver import Grader, Grades, unreadable
from course_lib.grading.release import NotGradable, Release, assignments, find_release, read_release
from course_lib.grading.submission import Unreadable, read_notebook, take
from course_lib.messages import LANGUAGES, speaking, t


@dataclass(frozen=True)
class Graded:
    """A submitted file and its marks. digest: of the file, or ""."""

    path: Path
    grades: Grades
    digest: str


def submitted(path: Path) -> list[Path]:
    """The notebooks of a folder and its folders, in order, or the one notebook. No link is followed."""
    if not path.is_dir():
        return [path]
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(folder) / name for name in sorted(files) if name.endswith(".ipynb")]
    return found


def release_of(root: Path, path: Path, assignment: str = "", lang: str = "") -> Release:
    """The release of a submitted file: of the name given, else of the file's. Raises NotGradable."""
    name = assignment or path.stem
    place = find_release(root, name, lang or LANGUAGES[0])
    if place is None:
        raise NotGradable(t("grading.no_release", name=name, known=", ".join(assignments(root))))
    return read_release(place)


def grade_file(grader: Grader, root: Path, path: Path, assignment: str = "") -> Graded:
    """The marks of a submitted file: none, with the reason, where it cannot be read. Raises NotGradable."""
    try:
        notebook = read_notebook(path)
    except Unreadable as problem:
        release = release_of(root, path, assignment)
        return Graded(path, unreadable(release, problem.in_language(release.lang)), "")
    release = release_of(root, path, assignment, notebook.lang)
    digest = hashlib.sha256(notebook.data).hexdigest()
    try:
        return Graded(path, grader.grade(take(notebook, release), release), digest)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        traceback.print_exc(file=sys.stderr)  # a fault of ours; the others are graded all the same
        with speaking(release.lang):
            problem = t("grading.own_fault", error=type(error).__name__)
        return Graded(path, unreadable(release, problem), digest)


def grade_all(grader: Grader, root: Path, paths: list[Path], assignment: str = "") -> Iterator[Graded]:
    """The marks of each file, one after the other."""
    for path in paths:
        yield grade_file(grader, root, path, assignment)


def write_grades(folder: Path, graded: list[Graded], below: Path) -> list[Path]:
    """Write grades.json and grades.csv into a folder; each is replaced whole, or stays as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [as_dict(one, below) for one in graded]
    texts = {"grades.json": json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "grades.csv": _csv(rows)}
    return [_replace(folder / name, text) for name, text in texts.items()]


def as_dict(graded: Graded, below: Path) -> dict:
    """What grades.json says of one submission. Hidden cases are counted, not shown."""
    grades = graded.grades
    place = graded.path.relative_to(below) if graded.path.is_relative_to(below) else graded.path
    return {
        "notebook": str(place).encode("utf-8", "replace").decode(),
        "sha256": graded.digest,
        "assignment": grades.release.name,
        "language": grades.release.lang,
        "points": grades.points,
        "most": grades.most,
        "by_hand": sum(most for most, _ in grades.written.values()),
        "problem": grades.problem,
        "remarks": list(grades.remarks),
        "tasks": [_task(grade) for grade in grades.tasks],
        "written": [
            {"task": name, "most": most, "points": None, "text": text}
            for name, (most, text) in grades.written.items()
        ],
        "seconds": round(grades.seconds, 3),
        "peak_memory": grades.peak,
    }


def _task(grade):
    return {
        "task": grade.task.grade_id,
        "points": grade.points,
        "most": grade.task.points,
        "kind": grade.outcome.kind,
        "mistake": grade.outcome.mistake,
        "visible": [sum(grade.outcome.passed), len(grade.outcome.passed)],
        "hidden": list(grade.hidden),
        "reason": grade.reason,
    }


def _csv(rows):
    """A line a submission, a column a task."""
    tasks = list(dict.fromkeys(task["task"] for row in rows for task in row["tasks"]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ("notebook", "assignment", "points", "most", "by_hand", "problem")
    writer.writerow([*head, *tasks])
    for row in rows:
        points = {task["task"]: task["points"] for task in row["tasks"]}
        writer.writerow([*(_harmless(row[name]) for name in head), *(points.get(name, "") for name in tasks)])
    return text.getvalue()


def _harmless(value):
    """A text that a spreadsheet does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def _replace(path, text):
    file, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(file)
    os.replace(draft, path)
    return path
