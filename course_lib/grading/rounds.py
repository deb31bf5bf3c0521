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

from course_lib.grading.box import NoBox
from course_lib.grading.driver import Grader, Grades, unreadable
from course_lib.grading.release import NotGradable, Release, assignments, find_release, read_release
from course_lib.grading.submission import Notebook, Unreadable, read_notebook, take
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
    found, folders = [], [path]
    while folders:  # no recursion: a submission may be nested deeper than Python's stack
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # a path too long to be opened, or a folder closed to us
            continue
        found += [Path(e) for e in entries if e.name.endswith(".ipynb") and not _is_folder(e)]
        folders += [Path(e) for e in reversed(entries) if _is_folder(e) and not e.name.startswith(".")]
    return found


def _is_folder(entry):
    return entry.is_dir(follow_symlinks=False)


def release_of(root: Path, path: Path, assignment: str = "", notebook: Notebook | None = None) -> Release:
    """The release of a submitted file. Raises NotGradable.

    It is that of the name given, else of the file's name, else, as files are renamed, of the name that the
    notebook itself brings.
    """
    lang = notebook.lang if notebook and notebook.lang else LANGUAGES[0]
    names = [assignment] if assignment else [path.stem, *([notebook.name] if notebook else [])]
    places = [place for name in names if (place := find_release(root, name, lang))]
    if not places:
        known = ", ".join(assignments(root))
        raise NotGradable(t("grading.no_release", name=shown(names[0]), known=known))
    return read_release(places[0])


def grade_file(grader: Grader, root: Path, path: Path, assignment: str = "") -> Graded:
    """The marks of a submitted file: none, with the reason, where it cannot be read. Raises NotGradable."""
    try:
        notebook = read_notebook(path)
    except Unreadable as problem:
        release = release_of(root, path, assignment)
        return Graded(path, unreadable(release, problem.in_language(release.lang)), "")
    release = release_of(root, path, assignment, notebook)
    digest = hashlib.sha256(notebook.data).hexdigest()
    try:
        return Graded(path, grader.grade(take(notebook, release), release), digest)
    except NoBox:
        raise
    except Exception as error:
        traceback.print_exc(file=sys.stderr)  # a fault of ours; the others are graded all the same
        with speaking(release.lang):
            problem = t("grading.own_fault", error=type(error).__name__)
        return Graded(path, unreadable(release, problem), digest)


def grade_all(grader: Grader, root: Path, paths: list[Path], assignment: str = "") -> Iterator[Graded]:
    """The marks of each file, one after the other. A file that no release fits has the problem in its place.

    Raises NotGradable where the assignment named, or the one file's, cannot be graded.
    """
    for path in paths:
        try:
            yield grade_file(grader, root, path, assignment)
        except NotGradable as problem:
            if assignment or len(paths) == 1:  # then it is no fault of the file's
                raise
            none = Release(shown(path.stem), LANGUAGES[0], (), (), {})
            yield Graded(path, unreadable(none, str(problem)), "")


def write_grades(folder: Path, graded: list[Graded], below: Path) -> list[Path]:
    """Write grades.json and grades.csv into a folder; each is replaced whole, or stays as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [as_dict(one, below) for one in graded]
    texts = {"grades.json": _json(rows), "grades.csv": _csv(rows)}
    return [_replace(folder / name, text) for name, text in texts.items()]


def as_dict(graded: Graded, below: Path) -> dict:
    """What grades.json says of one submission. Hidden cases are counted, not shown."""
    grades = graded.grades
    asked = {answer.grade_id: answer.above for answer in grades.release.written}
    place = graded.path.relative_to(below) if graded.path.is_relative_to(below) else graded.path
    return {
        "notebook": shown(place),
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
            {"task": name, "most": most, "points": None, "text": text, "asked": asked.get(name, "")}
            for name, (most, text) in grades.written.items()
        ],
        "training": grades.training and grades.training.as_dict(),
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


def _json(rows):
    """JSON that a person can look at: what a terminal would obey stands there as its number."""
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _csv(rows):
    """A line a submission, a column a task."""
    tasks = list(dict.fromkeys(task["task"] for row in rows for task in row["tasks"]))
    text = io.StringIO()
    # All texts in quotes: a spreadsheet that parts cells at a semicolon must not find a formula behind one.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    head = ("notebook", "assignment", "points", "most", "by_hand", "problem")
    writer.writerow([*head, *tasks])
    for row in rows:
        points = {task["task"]: task["points"] for task in row["tasks"]}
        writer.writerow([*(_harmless(row[name]) for name in head), *(points.get(name, "") for name in tasks)])
    return text.getvalue()


def _harmless(value):
    """A text that a spreadsheet does not take for a formula, nor one with full-width signs."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r\n＝＋－＠") else value


def shown(name) -> str:
    """A name of a file as it may be printed: a submission's may hold what a terminal obeys, or no text."""
    return "".join(c if c.isprintable() else "?" for c in str(name))


def _replace(path, text):
    file, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(file)
    os.replace(draft, path)
    return path
