"""`course gradebook` and `course export`: marks to nbgrader, and on to where they count."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.exports import Terms, write_canvas, write_moodle
from course_lib.classroom.gradebook import hand_marks, to_gradebook
from course_lib.classroom.nbgrader_course import NoGradebook
from course_lib.classroom.outputs import write_all
from course_lib.classroom.roster import NoTable
from course_lib.classroom.store import Busy, open_store, read_rows
from course_lib.grading.release import find_release


def put_into_gradebook(root: Path, grades: Path, course: Path) -> int:
    """Put marks into an nbgrader course, and say what comes next: 0, or 2 where it cannot be."""

    def release_of(row):
        readable = row["cells"] or not row["problem"]
        return find_release(root, row["assignment"], row["language"]) if readable else None

    try:
        report = to_gradebook(read_rows(grades), course, release_of)
    except (NoGradebook, Busy) as problem:
        print(problem, file=sys.stderr)
        return 2
    print(*report.lines(), sep="\n")
    return 0


@dataclass(frozen=True)
class Export:
    """What is exported. course: the nbgrader course with the hand marks, or None.

    canvas: the gradebook exported from Canvas. moodle: the worksheet downloaded from Moodle. assignment:
    which of ours the worksheet is for. columns: {assignment: title in Canvas}, where they differ.
    """

    course: Path | None = None
    canvas: Path | None = None
    moodle: Path | None = None
    assignment: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)


def export(root: Path, grades: Path, asked: Export) -> int:
    """Read hand marks back, write all tables and pages anew, and the platforms' files: 0, or 2.

    The hand marks are kept beside the others, so that `course grade` writes them too from now on.
    """
    try:
        read_rows(grades)  # says where there are none
        with open_store(grades) as store:
            rows = store.rows()
            if asked.course:
                rows = hand_marks(asked.course, rows)
                for row in rows:
                    store.amend(row)
        write_all(root, rows, grades)
        for filled in _platforms(rows, grades, asked):
            print(*filled.lines(), sep="\n")
    except (NoGradebook, NoTable, Busy) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _platforms(rows, grades, asked):
    """The files for Canvas and Moodle, as asked for. Raises NoTable."""
    if asked.canvas:
        how = {"columns": asked.columns, "terms": asked.terms}
        yield write_canvas(rows, grades / "canvas.csv", asked.canvas, **how)
    if asked.moodle:
        how = {"assignment": asked.assignment, "terms": asked.terms}
        yield write_moodle(rows, grades / "moodle.csv", asked.moodle, **how)
