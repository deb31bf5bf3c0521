"""Grades the assignment: trains a submission anew in boxes, on fresh seeds, and scores it on the hidden test.

The strategy audit and the checks of one batch run the learner's functions, so they measure inside a box as
well. Only numbers come out, and they are judged here. Unlike the accuracy, which is counted here on labels
that no box has, these numbers are the box's own words: code written to that end could forge them. They still
decide the points that the assignment's table gives for strategies, as nothing better can be had from outside,
and the report says so: in doubt, look at the cells.
"""

import statistics
import time
from dataclasses import dataclass, replace
from functools import cached_property

from course_lib.assessment.assignment import GOAL, one_batch, strategy
from course_lib.assessment.audit import KINDS, Audit, judge
from course_lib.assessment.outcome import Outcome
from course_lib.grading.driver import Grades, TaskGrade, written_answers
from course_lib.grading.secret import seed_of
from course_lib.grading.session import clean
from course_lib.grading.trainee import Failed, Trainee
from course_lib.grading.training import (
    Material,
    Plan,
    TrainedRun,
    begin,
    groups,
    plain_pace,
    reason,
    train_once,
)
from course_lib.grading.watching import Cost
from course_lib.messages import speaking, t

PASSES = 24  # bare forward and backward passes whose cost is measured, after a few to warm up
MEASURING, MEASURED = 300.0, 10.0  # seconds: that measuring a submission may take, and usually does
PATIENT = 3  # times the patience with an answer in training: an audit is many steps


def seeds_of(secret: bytes, name: str, count: int) -> tuple[int, ...]:
    """The seeds of an assignment's runs: drawn from the secret, the same for the whole class."""
    return tuple(seed_of(secret, f"{name} run {i}") % 2**31 for i in range(count))


@dataclass(frozen=True)
class Measured:
    """What the box says of a submission's functions. audit, batch: None where it failed, for this reason.

    bare: CPU seconds of the model's forward and backward pass, told by the kernel.
    """

    audit: Audit | None = None
    batch: dict | None = None
    reason: str = ""
    bare: float = 0.0
    peak: int = 0


@dataclass(frozen=True)
class Training:
    """What came of the assignment's runs."""

    runs: tuple[TrainedRun, ...]
    measured: Measured
    goal: float = GOAL

    @property
    def mean(self) -> float:
        """Mean accuracy over the seeds; a run that failed counts as 0."""
        return statistics.fmean(run.accuracy for run in self.runs)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should look at, each once."""
        return tuple(dict.fromkeys(remark for run in self.runs for remark in run.remarks))

    def summary(self) -> list[str]:
        """The mean and the remarks, a line each, for a terminal that shows a class."""
        mean = t("grading.training_mean", **self._shown())
        return [f"    {mean}", *(f"    ! {remark}" for remark in self.remarks)]

    def lines(self) -> list[str]:
        """The report for a terminal, in the current language."""
        lines, audit = [_line(run) for run in self.runs], self.measured.audit
        if audit is not None:
            lines += [f"  {one.title}: {one.state}" for one in audit.findings]
        if not self.runs:
            return [*lines, t("grading.training_none")]
        return [*lines, t("grading.training_mean", **self._shown()), t("grading.audit_word")]

    def as_dict(self) -> dict:
        """The report as plain data, with its texts in the current language."""
        audit = self.measured.audit
        found = audit.findings if audit is not None else ()
        return {
            "goal": self.goal,
            "mean": round(self.mean, 5) if self.runs else None,
            "margin": round(self.mean - self.goal, 5) if self.runs else None,
            "runs": [vars(run) for run in self.runs],
            "bare_step": self.measured.bare,
            "audit": {one.kind: [list(one.strategies), [e.text for e in one.evidence]] for one in found},
            "audit_note": t("grading.audit_word"),
            "measuring_failed": self.measured.reason,
        }

    def _shown(self):
        spread = [run.accuracy for run in self.runs]
        return {
            "mean": f"{self.mean:.1%}",
            "low": f"{min(spread):.1%}",
            "high": f"{max(spread):.1%}",
            "goal": f"{self.goal:.0%}",
            "margin": f"{100 * (self.mean - self.goal):+.1f}",
        }


def _line(run):
    if run.reason:
        return t("grading.training_failed", seed=run.seed, reason=run.reason)
    numbers = {"seconds": f"{run.seconds:.0f}", "memory": run.peak >> 20, "parameters": run.parameters}
    return t("grading.training_run", seed=run.seed, accuracy=f"{run.accuracy:.1%}", **numbers)


@dataclass
class AssignmentGrader:
    """Grades submissions to the assignment. boxes: of `training_kit`. Without seeds nothing is trained."""

    boxes: object
    material: Material
    plan: Plan

    @cached_property
    def pace(self) -> Cost:
        """What a step of the plain recipe costs here; measured when first asked for."""
        return plain_pace(self.boxes, self.material, self.plan)

    def estimate(self, count: int) -> str:
        """How long so many submissions may take, in words."""
        plan, steps = self.plan, self.plan.steps(self.material) * self.plan.epochs
        usual, most = steps * self.pace.seconds, plan.limit(self.material, self.pace)
        each = len(plan.seeds)
        return t(
            "grading.estimate",
            count=count,
            seeds=each,
            run=f"{usual:.0f}",
            minutes=f"{max(1, count * (MEASURED + each * 1.5 * usual) / 60):.0f}",
            limit=f"{most:.0f}",
        )

    def grade(self, submission, release) -> Grades:
        """The marks of a submission. Never raises for what it holds."""
        began = time.monotonic()
        code = [answer for answer in release.answers.values() if answer.cell_type == "code"]
        # a missing cell counts as handed out: all of them hold plain defaults
        cells = {a.grade_id: submission.cells.get(a.grade_id, a.stub) for a in code}
        with speaking(release.lang):
            training = self._trained(cells)
            asked = [task for task in release.tasks if self.plan.seeds or task.name != "accuracy"]
            tasks = tuple(_task(task, training) for task in asked)
        peak = max([training.measured.peak, *(run.peak for run in training.runs)])
        remarks = (*submission.remarks, *training.remarks)
        written = written_answers(submission, release)
        return Grades(release, tasks, written, remarks, "", time.monotonic() - began, peak, training)

    def _trained(self, cells):
        """All runs. Where one was stopped for time, the others would be: they are not made."""
        measured, runs = self._measured(cells), []
        for seed in self.plan.seeds:
            if runs and runs[-1].late:
                runs.append(replace(runs[-1], seed=seed, seconds=0.0))
            else:
                where = self.boxes, cells, self.material, self.plan
                runs.append(train_once(*where, seed, self.pace, measured.bare))
        return Training(tuple(runs), measured, self.plan.goal)

    def _measured(self, cells):
        """The numbers that a box gives of the functions, judged here."""
        found, material, seed = {}, self.material, 0
        with Trainee(self.boxes, MEASURING, PATIENT * self.plan.patience) as trainee:
            try:
                trainee.read(cells)
                found["bare"] = self._bare(trainee)
                pictures = {"x": material.x, "y": material.y, "seed": seed}
                found["audit"] = judge(_cleaned(trainee.numbers("audit", **pictures)))
                found["batch"] = _numbers(trainee.numbers("beginning", **pictures), material)
            except Failed as failure:
                found["reason"] = reason(failure, trainee.trouble)
            return Measured(**found, peak=trainee.peak)

    def _bare(self, trainee):
        """CPU seconds of a bare forward and backward pass of one batch."""
        begin(trainee, self.material, self.plan, 0)
        (batch, *_) = next(groups(self.material, self.plan, 0))
        pictures = {"x": self.material.x[batch], "y": self.material.y[batch]}
        trainee.ask("passes", **pictures, times=4)
        before = trainee.cpu()
        trainee.ask("passes", **pictures, times=PASSES)
        return (trainee.cpu() - before) / PASSES


def _cleaned(told):
    """Measurements whose texts, such as what was raised, can be printed."""
    return {
        part: {k: clean(v) if type(v) is str else v for k, v in numbers.items()}
        for part, numbers in told.items()
        if type(numbers) is dict
    }


def _numbers(told, material):
    """The two numbers of one batch, NaN where the box gave none."""
    names = ("first_loss", "tiny")
    numbers = {n: told.get(n) if type(told.get(n)) is float else float("nan") for n in names}
    return numbers | {"classes": material.classes}


def _task(task, training):
    outcome, seconds = _outcome(task, training), sum(run.seconds for run in training.runs)
    points = task.points if outcome.right else 0
    why = "" if outcome.right else outcome.diagnosis
    return TaskGrade(task, points, outcome, (0, 0), why, seconds if task.name == "accuracy" else 0.0)


def _outcome(task, training):
    if task.name == "accuracy":
        return _accuracy(training)
    measured = training.measured
    if task.name == "one_batch" and measured.batch is not None:
        return one_batch(measured.batch, measured.audit)
    kind = task.name.removeprefix("strategy_")
    if kind in KINDS and measured.audit is not None:
        return strategy(measured.audit, kind)
    return Outcome(task.name, (False,), (task.name,), measured.reason, "refused", "", asks="assignment")


def _accuracy(training):
    """Whether the mean over the seeds reaches the goal."""
    right, shown = training.mean >= training.goal, training._shown()
    failures = dict.fromkeys(run.reason for run in training.runs if run.reason)
    said = " ".join([t("grading.training_short", **shown), *failures]) if not right else ""
    label = t("grading.training_mean", **shown)
    return Outcome("accuracy", (right,), (label,), said, "right" if right else "parted", asks="assignment")
