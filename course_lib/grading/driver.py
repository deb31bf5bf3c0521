"""Grades a submission. Cases, references, expected values and marks stay here; the code runs in a box.

The answers are compared by `assessment.diagnose` from copies of our own; nothing of the learner's runs on
this side, and nothing that the box says is believed but the arrays it returns.
"""

import inspect
import json
import random
import time
from dataclasses import dataclass, field
from functools import lru_cache

from course_lib import algorithms, registry
from course_lib.assessment.cases import cases
from course_lib.assessment.diagnose import agree, compared, known_mistake, refused
from course_lib.assessment.outcome import Outcome
from course_lib.assessment.run import Refusal, check_value, run
from course_lib.assessment.units import answer_task
from course_lib.grading.release import Answer, Given, Release, Task
from course_lib.grading.secret import seed_of
from course_lib.grading.session import Budget, Lost, Session
from course_lib.grading.submission import Submission
from course_lib.messages import language, speaking, t


@dataclass(frozen=True)
class TaskGrade:
    """What a task earned. outcome: on the visible cases. hidden: how many hidden cases passed, of how many.

    reason: why it earned nothing, in the release's language, or "".
    """

    task: Task
    points: float
    outcome: Outcome
    hidden: tuple[int, int]
    reason: str
    seconds: float


@dataclass(frozen=True)
class Grades:
    """What a submission earned. written: {grade_id: (most points, text)}, which a person grades.

    training: the report of the assignment's runs, or None.
    """

    release: Release
    tasks: tuple[TaskGrade, ...]
    written: dict[str, tuple[float, str]]
    remarks: tuple[str, ...] = ()
    problem: str = ""
    seconds: float = 0.0
    peak: int = 0
    training: object | None = None

    @property
    def points(self) -> float:
        """The points earned automatically."""
        return sum(grade.points for grade in self.tasks)

    @property
    def most(self) -> float:
        """The most that could be earned automatically."""
        return sum(task.points for task in self.release.tasks)


@dataclass
class Grader:
    """Grades submissions to releases.

    boxes: where boxes come from. secret: what hidden cases are drawn from; None for none. trainer: grades
    releases in which a net is trained; None where there are none. lab: what the class's own cases of the
    diagnosis lab were drawn from; None where it has the public ones.
    """

    boxes: object
    secret: bytes | None = None
    budget: Budget = field(default_factory=Budget)
    trainer: object | None = None
    lab: int | None = None

    def grade(self, submission: Submission, release: Release, only: str = "") -> Grades:
        """The marks of a submission. Never raises for what it holds. only: the one check that is tried."""
        if release.trained:
            return self.trainer.grade(submission, release)
        began = time.monotonic()
        session = Session(self.boxes, self.budget)
        with speaking(release.lang):
            try:
                tasks = tuple(_Round(session, self._seed(release), self.lab, only).tasks(submission, release))
            finally:
                session.close()
        written = written_answers(submission, release)
        seconds = time.monotonic() - began
        return Grades(release, tasks, written, submission.remarks, "", seconds, session.peak)

    def _seed(self, release):
        return None if self.secret is None else seed_of(self.secret, release.name)


@dataclass
class _Round:
    """One submission's grading. seed: of the hidden cases, or None. lab: of the class's lab, or None.

    only: the check that is tried alone, or "".
    """

    session: Session
    seed: int | None
    lab: int | None = None
    only: str = ""

    def tasks(self, submission, release):
        """The grades, task by task, as the cells come in the notebook."""
        trouble = ""  # what the answer cells before this check raised
        lost = None
        for step in release.steps:
            if isinstance(step, Given):
                _run_given(self.session, step)
            elif isinstance(step, Answer):
                try:
                    raised = self.session.cell(submission.cells.get(step.grade_id, ""), f"<{step.grade_id}>")
                    trouble = trouble or raised
                except Lost as loss:
                    lost = lost or loss
            else:
                if self.only in ("", step.grade_id):
                    yield self._task(step, trouble, lost)
                trouble, lost = "", None

    def _task(self, task, trouble, lost):
        began = time.monotonic()
        self.session.begin(task.name)
        if lost is not None:
            outcome, hidden = _refused(task.name, lost), (0, 0)
        elif answer_task(task.name):
            outcome, hidden = _data(self.session, task, self.lab), (0, 0)
        else:
            outcome, hidden = self._function(task)
        right = outcome.right and hidden[0] == hidden[1]
        reason = "" if right else _reason(outcome, hidden, trouble)
        return TaskGrade(task, task.points if right else 0, outcome, hidden, reason, time.monotonic() - began)

    def _function(self, task):
        """The outcome on the visible cases, and how many hidden ones pass."""
        shown, expected = _expected(task.name, 0)
        secret, secret_expected = _expected(task.name, self.seed) if self.seed is not None else ((), ())
        every = [*shown, *secret]
        try:
            answers, again = self._answers(task, every)
        except Refusal as refusal:
            return _refused(task.name, refusal), (0, len(secret))
        own, hidden = answers[: len(shown)], answers[len(shown) :]
        outcome = _judged(task.name, shown, expected, own, again)
        if not outcome.right:
            return outcome, (0, len(secret))
        passed = [_right(a, e) for a, e in zip(hidden, secret_expected, strict=True)]
        known = not all(passed) and _fits(hidden, list(secret_expected))
        mistake = known_mistake(task.name, secret, hidden) if known else None
        if mistake is not None:
            text = t("check.mutant", mistake=mistake.text)
            outcome = Outcome(task.name, outcome.passed, outcome.labels, text, "mutant", mistake.mistake)
        return outcome, (sum(passed), len(passed))

    def _answers(self, task, every):
        """For each case its values, or a Refusal; and those of the first case when it is run again.

        The order is shuffled, so that visible and hidden cases cannot be told apart. Raises Lost.
        """
        tries = [(case, 2 if i == 0 else 1) for i, case in enumerate(every)]
        order = list(range(len(tries)))
        random.Random(f"{self.seed} {task.name}").shuffle(order)
        found = self.session.values(task.answer, _signature(task.name), [tries[i] for i in order])
        runs = [found[order.index(i)] for i in range(len(tries))]
        answers = [run if isinstance(run, Refusal) else run[0] for run in runs]
        return answers, runs[0] if isinstance(runs[0], Refusal) else runs[0][1]


def _run_given(session, step):
    """A cell that the notebook brings."""
    if step.library:
        session.lend({name: getattr(algorithms, original) for name, original in step.library.items()})
    if step.source:
        session.given(step.source, f"<{step.grade_id}>")


@lru_cache(512)
def _expected(name, seed):
    """The cases of a task, and what the reference gives."""
    tried = tuple(cases(name, seed))
    return tried, tuple(run(registry.get(name).function, case) for case in tried)


def _signature(name):
    return str(inspect.signature(registry.get(name).function))


def _judged(name, tried, expected, answers, again):
    """The outcome on the visible cases, as `check` gives it. answers, again: values, or Refusals."""
    try:
        for values, like in zip([*answers, again], [*expected, expected[0]], strict=True):
            _look(values, like)
    except Refusal as refusal:
        wild = answers if refusal.key == "check.not_finite" and _fits(answers, list(expected)) else None
        return refused(name, tried, refusal, wild)
    return compared(name, tried, expected, answers, again)


def _look(values, like):
    """Raises Refusal unless the values are what the reference's are: type, shape, dtype, finite."""
    if isinstance(values, Refusal):
        raise values
    for step, (value, one) in enumerate(zip(values, like, strict=True)):
        check_value(value, one, step)


def _right(values, like):
    try:
        _look(values, like)
    except Refusal:
        return False
    return agree(values, like)


def _fits(value, like):
    """Whether a value can be laid beside a known mistake's: it is what the reference's is, finite or not."""
    if isinstance(like, (list, tuple)):
        return type(value) is type(like) and len(value) == len(like) and all(map(_fits, value, like))
    try:
        check_value(value, like, 0)
    except Refusal as refusal:
        return refusal.key == "check.not_finite"
    return True


def _refused(name, refusal):
    """The outcome of a task that has no answer to be compared."""
    if answer_task(name):
        return Outcome(name, (False,), (t("check.number_label"),), str(refusal), "refused", refusal.key)
    return refused(name, _expected(name, 0)[0], refusal)


def _data(session, task, lab):
    """The outcome of a task whose answer is data."""
    try:
        given = session.value(task.answer)
    except Refusal as refusal:
        return _refused(task.name, refusal)
    if _settings(given):
        return _repaired(task.name, lab, language(), json.dumps(given))
    return answer_task(task.name, lab).judge(given)


def _settings(given):
    """Whether an answer is settings, or settings of settings: JSON keeps them as they are."""
    return type(given) is dict and all(
        type(k) is str and (type(v) in (str, int, float, bool) or _settings(v)) for k, v in given.items()
    )


@lru_cache(4096)
def _repaired(name, lab, lang, settings):
    """Training takes seconds, and many repair a run in the same way."""
    return answer_task(name, lab).judge(json.loads(settings))


def _reason(outcome, hidden, trouble):
    """Why there are no points, in words."""
    text = outcome.diagnosis
    if outcome.right or hidden[0]:
        text = t("grading.hidden_failed", done=hidden[0], total=hidden[1]) + (f" {text}" if text else "")
    if trouble:  # the cause comes first
        text = t("grading.cell_raised", error=trouble) + " " + text
    return text.strip()


def written_answers(submission: Submission, release: Release) -> dict[str, tuple[float, str]]:
    """{grade_id: (most points, text)} of the answers in words."""
    return {a.grade_id: (a.points, _written(submission, a)) for a in release.written}


def _written(submission, answer):
    """A written answer, or "" where the stub still stands."""
    text = submission.cells.get(answer.grade_id, "")
    return "" if text.strip() == answer.stub.strip() else text


def unreadable(release: Release, problem: str) -> Grades:
    """The marks of a submission of which nothing can be read: no points, with the reason."""
    with speaking(release.lang):
        none = Outcome("", (False,), ("",), problem, "refused", "grading.unreadable")
    tasks = tuple(TaskGrade(task, 0, none, (0, 0), problem, 0.0) for task in release.tasks)
    return Grades(release, tasks, {a.grade_id: (a.points, "") for a in release.written}, (), problem)
