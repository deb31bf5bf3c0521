"""What `course grade` and `course check` do. Each returns its exit status."""

import sys
from contextlib import contextmanager, suppress
from pathlib import Path

from course_lib.grading.box import Boxes, Kit, NoBox
from course_lib.grading.driver import Grader
from course_lib.grading.release import NotGradable
from course_lib.grading.rounds import grade_all, release_of, shown, submitted, write_grades
from course_lib.grading.secret import BadSecret, read_secret
from course_lib.grading.submission import Unreadable, read_notebook, take
from course_lib.messages import speaking, t


def grade_submissions(
    root: Path,
    path: Path,
    out: Path,
    assignment: str,
    secret: Path | None,
    hidden: Path | None = None,
    seeds: int = 3,
    trusted: bool = False,
    cases: Path | None = None,
) -> int:
    """Grade a notebook or a folder, print the marks, and write them: 0, 1 with problems, 2 without marks.

    hidden, seeds: for the assignment, the file of the hidden test and how often each submission is trained.
    trusted: run the code without a box. cases: the class's own cases of the diagnosis lab, as handed out.
    """
    paths, graded = submitted(path), []
    try:
        if not path.exists():
            raise NotGradable(t("grading.no_path", path=path))
        if not paths:
            raise NotGradable(t("grading.no_submissions", path=path))
        kept = read_secret(secret)
        trainings = _trainings(root, paths, assignment)
        kit = Kit.without_walls() if trusted else Kit()
        with Boxes(kit) as boxes, _trainer(trainings, kept, hidden, seeds, trusted) as trainer:
            grader = Grader(boxes, kept, trainer=trainer, lab=_lab(kept, cases))
            for one in grade_all(grader, root, paths, assignment):
                graded.append(one)
                print(_line(one))
                if len(paths) == 1:
                    print(_details(one.grades))
                elif one.grades.training:
                    print(*one.grades.training.summary(), sep="\n")
    except (NoBox, NotGradable, BadSecret) as problem:
        print(problem, file=sys.stderr)
        return 2
    for written in write_grades(out, graded, path if path.is_dir() else path.parent):
        print(t("cli.written", path=written))
    return int(any(one.grades.problem for one in graded))


def _lab(secret, cases):
    """The seed of the class's own cases of the diagnosis lab, None where it has none. Raises NotGradable."""
    if cases is None:
        return None
    from course_lib.grading.diagnosis import seed_of_cases  # late: the lab loads torch

    return seed_of_cases(secret, cases)


def _trainings(root, paths, assignment):
    """The releases, one for each submission, in which a net is trained."""
    found = []
    for path in paths:
        with suppress(NotGradable, Unreadable):  # grading it says why
            found.append(release_of(root, path, assignment, read_notebook(path)))
    return [release for release in found if release.trained]


@contextmanager
def _trainer(trainings, secret, hidden, seeds, trusted):
    """What grades these releases, None where there are none. Says how long it may take. Raises NoHidden."""
    if not trainings:
        yield None
        return
    from course_lib.grading.assignment import AssignmentGrader, Plan, seeds_of
    from course_lib.grading.stock import training_kit
    from course_lib.grading.training import read_material

    material, plan = read_material(hidden), Plan(seeds_of(secret, trainings[0].name, seeds))
    with Boxes(training_kit(bare=trusted)) as boxes:
        trainer = AssignmentGrader(boxes, material, plan)
        print(trainer.estimate(len(trainings)), flush=True)
        yield trainer


def _line(graded):
    grades = graded.grades
    by_hand = sum(most for most, _ in grades.written.values())
    text = t(
        "cli.grade_line",
        path=shown(graded.path),
        points=grades.points,
        most=grades.most,
        by_hand=by_hand,
        seconds=grades.seconds,
    )
    return f"{text} {grades.problem}".strip()


def _details(grades):
    """A line for each task, with its reason below; one for each written answer, and for each remark."""
    names = [*(grade.task.grade_id for grade in grades.tasks), *grades.written]
    width, lines = max(map(len, names), default=0), []
    for grade in grades.tasks:
        points = f"{grade.points:g}/{grade.task.points:g}"
        mark = "✓" if grade.points == grade.task.points else "✗"
        lines.append(f"  {mark} {grade.task.grade_id:{width}}  {points}")
        lines += [f"      {line}" for line in grade.reason.splitlines()]
    for name, (most, text) in grades.written.items():
        key = "cli.written_answer" if text else "cli.unwritten"
        lines.append(f"  – {name:{width}}  {t(key, most=most, count=len(text.strip()))}")
    lines += [f"  ! {remark}" for remark in grades.remarks]
    return "\n".join([*lines, *(grades.training.lines() if grades.training else [])])


def check_notebook(root: Path, path: Path, assignment: str) -> int:
    """Show what would be taken from a learner's notebook, and try the visible cases: 0 if all is right."""
    try:
        notebook = _opened(path)
        release = release_of(root, path, assignment, notebook)
        submission = take(notebook, release)
        with speaking(release.lang):
            taken, of = len(submission.cells), len(release.answers)
            print(t("cli.check_taken", name=release.name, count=taken, of=of))
            with _preview(release) as grader:
                grades = grader.grade(submission, release)
            print(_details(grades))
            if not release.trained:
                print(t("cli.check_points", points=grades.points, most=grades.most))
    except (NotGradable, NoBox) as problem:
        print(problem, file=sys.stderr)
        return 2
    return int(not all(grade.outcome.right for grade in grades.tasks))


def _opened(path):
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
        yield Grader(boxes, trainer=AssignmentGrader(boxes, public_material(), Plan(seeds=())))


def _any_boxes(kit, bare):
    """Boxes, or plain processes where there are none: it is the learner's own code on their own machine."""
    try:
        with Boxes(kit, ahead=0) as boxes:
            boxes.take().kill()
        return Boxes(kit)
    except NoBox:
        print(t("cli.check_boxless"), file=sys.stderr)
        return Boxes(bare)
