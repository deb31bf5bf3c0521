"""What `course grade` and `course check` do. Each returns its exit status."""

import sys
from pathlib import Path

from course_lib.grading.box import Boxes, Kit, NoBox
from course_lib.grading.driver import Grader
from course_lib.grading.release import NotGradable
from course_lib.grading.rounds import grade_all, release_of, submitted, write_grades
from course_lib.grading.secret import BadSecret, read_secret
from course_lib.grading.submission import Unreadable, read_notebook, take
from course_lib.messages import speaking, t


def grade_submissions(root: Path, path: Path, out: Path, assignment: str, secret: Path | None) -> int:
    """Grade a notebook or a folder, print the marks, and write them: 0, 1 with problems, 2 without marks."""
    paths, graded = submitted(path), []
    try:
        if not paths:
            raise NotGradable(t("grading.no_submissions", path=path))
        hidden = read_secret(secret)
        with Boxes() as boxes:
            for one in grade_all(Grader(boxes, hidden), root, paths, assignment):
                graded.append(one)
                print(_line(one))
                if len(paths) == 1:
                    print(_details(one.grades))
    except (NoBox, NotGradable, BadSecret) as problem:
        print(problem, file=sys.stderr)
        return 2
    for written in write_grades(out, graded, path if path.is_dir() else path.parent):
        print(t("cli.written", path=written))
    return int(any(one.grades.problem for one in graded))


def _line(graded):
    grades = graded.grades
    by_hand = sum(most for most, _ in grades.written.values())
    text = t(
        "cli.grade_line",
        path=graded.path,
        points=grades.points,
        most=grades.most,
        by_hand=by_hand,
        seconds=grades.seconds,
    )
    return f"{text} {grades.problem}".strip()


def _details(grades):
    """A line for each task and each remark."""
    lines = []
    for grade in grades.tasks:
        mark, points = "✓" if grade.points else "✗", f"{grade.points:g}/{grade.task.points:g}"
        lines.append(f"  {mark} {grade.task.grade_id} {points} {grade.reason}".rstrip())
    return "\n".join([*lines, *(f"  ! {remark}" for remark in grades.remarks)])


def check_notebook(root: Path, path: Path, assignment: str) -> int:
    """Show what would be taken from a learner's notebook, and try the visible cases: 0 if all is right."""
    try:
        notebook = read_notebook(path)
        release = release_of(root, path, assignment, notebook.lang)
        submission = take(notebook, release)
        with speaking(release.lang):
            print(t("cli.check_taken", count=len(submission.cells), names=", ".join(submission.cells)))
            with _any_boxes() as boxes:
                grades = Grader(boxes).grade(submission, release)
            print(_details(grades))
            for name, (_, text) in grades.written.items():
                key = "cli.check_written" if text else "cli.check_unwritten"
                print("  " + t(key, task=name, count=len(text.strip())))
    except (Unreadable, NotGradable, NoBox) as problem:
        print(problem, file=sys.stderr)
        return 2
    return int(grades.points < grades.most)


def _any_boxes():
    """Boxes, or plain processes where there are none: it is the learner's own code on their own machine."""
    try:
        with Boxes(ahead=0) as boxes:
            boxes.take().kill()
        return Boxes()
    except NoBox:
        print(t("cli.check_boxless"), file=sys.stderr)
        return Boxes(Kit.without_walls())
