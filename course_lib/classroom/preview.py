"""`course check`: what would be taken from a learner's notebook, and what its visible cases say."""

import sys
from contextlib import contextmanager
from pathlib import Path

from course_lib.classroom.report import details
from course_lib.classroom.results import as_row
from course_lib.grading.box import Boxes, Kit, NoBox
from course_lib.grading.driver import Grader
from course_lib.grading.marking import Graded, release_of
from course_lib.grading.release import NotGradable
from course_lib.grading.submission import Unreadable, read_notebook, take
from course_lib.messages import speaking, t


def check_notebook(root: Path, path: Path, assignment: str) -> int:
    """Show what would be taken from a learner's notebook, and try the visible cases: 0 if all is right."""
    try:
        notebook = opened(path)
        release = release_of(root, path, assignment, notebook)
        submission = take(notebook, release)
        with speaking(release.lang):
            taken, of = len(submission.cells), len(release.answers)
            print(t("cli.check_taken", name=release.name, count=taken, of=of))
            with _preview(release) as grader:
                grades = grader.grade(submission, release)
            print(details(as_row("", str(path), Graded(grades, ""), pictures=False)))
            if not release.trained:
                print(t("cli.check_points", points=grades.points, most=grades.most))
    except (NotGradable, NoBox) as problem:
        print(problem, file=sys.stderr)
        return 2
    return int(not all(grade.outcome.right for grade in grades.tasks))


def opened(path: Path):
    """The learner's notebook. Raises NotGradable where there is none."""
    if not path.exists() or path.is_dir():
        raise NotGradable(t("grading.is_folder" if path.is_dir() else "grading.no_path", path=path))
    try:
        return read_notebook(path)
    except Unreadable as problem:
        raise NotGradable(f"{path}: {problem}") from None


@contextmanager
def _preview(release):
    """A grader for a learner: visible cases alone, and of the assignment whatever needs no training."""
    if not release.trained:
        with _any_boxes(Kit(), Kit.without_walls()) as boxes:
            yield Grader(boxes)
        return
    from course_lib.grading.assignment import AssignmentGrader, Plan
    from course_lib.grading.stock import training_kit
    from course_lib.grading.training import public_material

    with _any_boxes(training_kit(), training_kit(bare=True)) as boxes:
        yield AssignmentGrader(boxes, public_material(), Plan(seeds=()))


def _any_boxes(kit, bare):
    """Boxes, or plain processes where there are none: it is the learner's own code on their own machine."""
    try:
        with Boxes(kit, ahead=0) as boxes:
            boxes.take().kill()
        return Boxes(kit)
    except NoBox:
        print(t("cli.check_boxless"), file=sys.stderr)
        return Boxes(bare)
