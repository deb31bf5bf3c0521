"""Hands a class's marks to nbgrader, whose formgrader serves for grading by hand, and reads what was given.

An nbgrader course is a folder with a database. Marks go into it by nbgrader's own API; what a person looks
at is `autograded/<student>/<assignment>/`, the notebook as it was handed out with the learner's answers put
in. Nothing in it was run.

**`nbgrader autograde` must not be run on this course.** It would run every submission without a box, with the
rights of whoever types it, and it would put its own marks in the place of these, which count hidden cases.
A course that is set up here refuses it and has no folder from which it could take a submission.
"""

import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.answered import filled, inert, texts
from course_lib.classroom.exports import write_whole
from course_lib.classroom.nbgrader_course import open_course, student_id
from course_lib.grading.marking import printable
from course_lib.messages import speaking, t


@dataclass
class Report:
    """What was put into a gradebook.

    put: submissions. open: marks that wait for a person. again: (student, assignment, answer) whose text
    has changed since a mark was given. left: (student, assignment, why) that were left out.
    """

    course: Path
    put: int = 0
    open: int = 0
    again: list[tuple[str, str, str]] = field(default_factory=list)
    left: list[tuple[str, str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report for a terminal, in the current language."""
        told = [t("gradebook.put", count=self.put, course=self.course, open=self.open)]
        for key, those in (("gradebook.again", self.again), ("gradebook.left", self.left)):
            for student, assignment, what in (map(printable, one) for one in those):
                told.append(t(key, student=student, assignment=assignment, what=what))
        return [*told, t("gradebook.next", course=self.course), t("gradebook.no_autograde")]


def to_gradebook(
    rows: Iterable[dict], folder: Path, release_path_of: Callable[[dict], Path | None]
) -> Report:
    """Put the marks of these rows into an nbgrader course, set up where there is none. Raises NoGradebook.

    rows: as `results.as_row` makes them; one a student and assignment. folder: the course's. release_path_of:
    the notebook that a row answers, in its language, or None where it answers none.
    A mark, a comment or extra credit that a person has given stays; where a written answer has changed since,
    it is asked for again. Each student's marks are written whole or not at all.
    """
    report, releases = Report(folder.resolve()), {}
    with open_course(folder, writing=True) as course:
        for row in rows:
            name, path = row["assignment"], release_path_of(row)
            if path is None:
                report.left.append((row["student"], name, row["problem"]))
                continue
            if path not in releases:
                releases[path] = course.release(name, path)
            if _names(row) <= set(releases[path].cells.values()):
                _put(course, row, releases[path], report)
            else:
                report.left.append((row["student"], name, t("gradebook.other_row")))
    return report


def hand_marks(folder: Path, rows: Iterable[dict]) -> list[dict]:
    """These rows with what people have given in the gradebook of a course. Raises NoGradebook.

    A written answer gets `points` and `comment`; an automatic mark that a person has changed is replaced, and
    the grader's own kept as `automatic`. What still waits for a person, or was given for another text, has
    `points` None, or, of an automatic mark, `waits`. Rows that are not in the gradebook stay as they are.
    """
    with open_course(folder, writing=False) as course:
        return [_with_hand_marks(course, row) for row in rows]


def differences(rows: Iterable[dict], marks: dict[tuple[str, str], float | None]) -> list[dict]:
    """Where plain nbgrader's marks are others than ours: {student, task, ours, nbgrader, why}, in words.

    marks: {(student, grade_id): automatic points} as `nbgrader autograde` gave them. It knows the visible
    cases alone, as its checks run beside the learner's code.
    """
    found = []
    for row in rows:
        for task in row["tasks"]:
            theirs, (passed, of) = marks.get((row["student"], task["task"])), task["hidden"]
            if theirs != task["points"]:
                hidden = task["visible"][0] == task["visible"][1] and passed < of
                why = t(f"gradebook.differs_{'hidden' if hidden else 'other'}", passed=passed, of=of)
                names = {"student": row["student"], "task": task["task"]}
                found.append(names | {"ours": task["points"], "nbgrader": theirs, "why": why})
    return found


def _names(row):
    """The graded cells of a row."""
    return {one["task"] for one in (*row["tasks"], *row["written"])}


def _automatic(task):
    """The grader's own points."""
    return task.get("automatic", task["points"])


def _put(course, row, release, report):
    """One student's marks and notebook. The notebook comes last: it tells which text the marks are for."""
    student, name, book = student_id(row["student"]), release.name, course.book
    place, timestamp = course.shown(student, name), course.handed_in(student, name)
    with course.transaction():
        book.update_or_create_student(student)
        when = {"timestamp": timestamp} if timestamp else {}
        submission = book.update_or_create_submission(name, student, **when)
        (notebook,) = [one for one in submission.notebooks if one.notebook.name == name]
        again = _grade(notebook, row, release, before=texts(place))
        waiting = sum(grade.needs_manual_grade for grade in notebook.grades)
    if timestamp:
        write_whole(place.parent / "timestamp.txt", timestamp.isoformat(" ") + "\n")
    write_whole(place, json.dumps(filled(release.notebook, row), ensure_ascii=False, indent=1) + "\n")
    report.put += 1
    report.open += waiting
    report.again += [(row["student"], name, cell) for cell in again]


def _grade(notebook, row, release, before):
    """Write a row's marks into a submitted notebook; returns the answers that are to be graded once more."""
    points = {task["task"]: _automatic(task) for task in row["tasks"]}
    written = {answer["task"]: answer["text"] for answer in row["written"]}
    again = []
    for grade in notebook.grades:
        cell, given = release.cells[grade.cell_id], grade.manual_score is not None
        if cell not in written:
            asked = given and (grade.needs_manual_grade or grade.auto_score != points.get(cell))
            grade.auto_score = points.get(cell)
            grade.needs_manual_grade = grade.auto_score is None or asked
        elif before.get(cell) != written[cell]:
            # an answer that was not written earns nothing, and nobody need look at it
            grade.auto_score = None if written[cell] else 0.0
            grade.needs_manual_grade = bool(written[cell]) or given
            again += [cell] if given else []
    said = _comments(row, release)
    for comment in notebook.comments:
        comment.auto_comment = said.get(release.cells[comment.cell_id])
    return again


def _comments(row, release):
    """{answer cell: what the grader says of it}."""
    with speaking(row["language"]):
        said = {answer["task"]: t("gradebook.unwritten") for answer in row["written"] if not answer["text"]}
    for task in row["tasks"]:
        if task["reason"]:
            said |= {cell: inert(task["reason"]) for cell in release.answered[task["task"]][-1:]}
    return said


def _with_hand_marks(course, row):
    from nbgrader.api import MissingEntry

    student, name = student_id(row["student"]), row["assignment"]
    try:
        notebook = course.book.find_submission_notebook(name, name, student)
    except MissingEntry:
        return row
    grades = {grade.name: grade for grade in notebook.grades}
    if not _names(row) <= grades.keys():
        return row
    row, told = deepcopy(row), texts(course.shown(student, name))
    comments = {comment.name: comment.manual_comment or "" for comment in notebook.comments}
    for answer in row["written"]:
        grade = grades[answer["task"]]
        open_ = grade.needs_manual_grade or told.get(answer["task"]) != answer["text"]
        answer["points"] = None if open_ else _plain(grade.score)
        answer["comment"] = comments.get(answer["task"], "")
    for task in row["tasks"]:
        _override(task, grades[task["task"]])
    row["points"] = sum(task["points"] for task in row["tasks"])
    return row


def _override(task, grade):
    """Put a person's change of an automatic mark into a task."""
    own = task["points"] = _automatic(task)
    for mark in ("automatic", "waits"):
        task.pop(mark, None)
    points = (own if grade.manual_score is None else grade.manual_score) + (grade.extra_credit or 0)
    if grade.needs_manual_grade:
        task["waits"] = True
    elif points != own:
        task |= {"points": _plain(points), "automatic": own}


def _plain(points):
    """Points as they are written: 2, not 2.0."""
    return int(points) if points == int(points) else points
