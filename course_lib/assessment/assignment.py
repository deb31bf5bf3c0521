"""The assignment's checks: one batch before the run, the kinds of strategies, the accuracy after the run.

Each shows its verdict and raises CheckFailed as `check` does. They tell a learner where the recipe stands;
a class is graded elsewhere, where the recipe is trained anew and scored on fonts that nobody has seen.
"""

import math

from course_lib.assessment.audit import KINDS, Audit, audit
from course_lib.assessment.audit.beginning import ENOUGH, TOLERANCE, measure_beginning
from course_lib.assessment.check import report
from course_lib.assessment.outcome import Outcome
from course_lib.messages import t
from course_lib.training.assignment import accuracy, hangul_data
from course_lib.training.runs import Run
from course_lib.training.sanity import Finding

GOAL = 0.8  # validation accuracy
GAP = 0.1  # of training over validation accuracy: what is missing is generalization
LEARNED = 0.85  # training accuracy below this: the training pictures themselves are not learned


def check_one_batch(recipe, data=None, *, seed=0):
    """Whether a recipe starts as it should: first loss ≈ ln(classes), a tiny set learned by heart.

    recipe: Recipe, in which the audit finds at least one strategy: the plain one earns nothing here.
    data: as for `audit`. Returns a verdict; raises CheckFailed, and whatever the recipe's functions raise.
    """
    numbers = measure_beginning(recipe, data, seed=seed)
    return report(one_batch(numbers, audit(recipe, data, seed=seed)), "one_batch")


def one_batch(numbers, found) -> Outcome:
    """What came of one batch. numbers: what `measure_beginning` gave. found: what `audit` did."""
    usual = math.log(numbers["classes"])
    start = Finding("first_loss", numbers["first_loss"], usual - TOLERANCE, usual + TOLERANCE)
    tiny = Finding("overfit_tiny", numbers["tiny"], 0.0, ENOUGH)
    own = any(finding.present for finding in found.findings)
    passed = {"first_loss": start.ok, "tiny": tiny.ok, "own": own}
    texts = [start.text, tiny.text, "" if own else t("assignment.plain")]
    said = "\n\n".join(text for text, ok in zip(texts, passed.values(), strict=True) if not ok)
    # where all is well, the two findings with their numbers
    return _outcome("one_batch", passed, said or "\n\n".join(texts[:2]))


def check_strategy(found, kind):
    """Whether the audit has found a strategy of one kind. found: what `audit` gave. kind: one of KINDS.

    Returns a verdict; raises CheckFailed with the evidence, TypeError or ValueError for other arguments.
    """
    if not isinstance(found, Audit):
        raise TypeError(t("assignment.no_audit", got=type(found).__name__))
    if kind not in KINDS:
        raise ValueError(t("assignment.no_kind", got=repr(kind), kinds=", ".join(KINDS)))
    return report(strategy(found, kind), f"strategy_{kind}")


def strategy(found, kind) -> Outcome:
    """Whether an Audit has found a strategy of one kind, with the evidence."""
    finding = found[kind]
    evidence = "\n".join(f"- {one.text}" for one in finding.evidence if one.found or not finding.present)
    said = evidence if finding.present else t("assignment.missing", evidence=evidence)
    return _outcome(kind, {kind: finding.present}, said)


def check_accuracy(run, *, goal=GOAL):
    """Whether the net that a run of `fit` has left labels enough of the validation pictures rightly.

    run: a Run on the assignment's data. The net's present weights are scored anew.
    Returns a verdict; raises CheckFailed with a diagnosis, TypeError for what is no run.
    """
    if not isinstance(run, Run):
        raise TypeError(t("assignment.no_run", got=type(run).__name__))
    data = hangul_data()
    if run.stopped == "diverged" or not run.history.epochs:
        reached, said = 0.0, run.message or t("fit.no_epoch")
    else:
        reached = accuracy(run, data, data.x_val, data.y_val)
        said = t("assignment.graded") if reached >= goal else _short_of(run, reached, goal)
    label = {"accuracy": reached >= goal}
    outcome = _outcome("accuracy", label, said, reached=f"{reached:.1%}", goal=f"{goal:.0%}")
    return report(outcome, "accuracy")


def _short_of(run, reached, goal):
    """What to try where the accuracy is too low, told from the run's history."""
    history, numbers = run.history, {"reached": f"{reached:.1%}", "goal": f"{goal:.0%}"}
    best = history.best_epoch
    numbers |= {"train": f"{history.train_accuracy[-1]:.1%}", "top": f"{history.val_accuracy[best]:.1%}"}
    numbers |= {"best": best + 1, "done": history.epochs, "epochs": run.epochs}
    if run.stopped == "interrupted":
        key = "unfinished"
    elif history.val_accuracy[best] >= goal:
        key = "was_better"
    elif history.train_accuracy[-1] < LEARNED:
        key = "not_learned"
    else:
        key = "gap" if history.train_accuracy[-1] - reached > GAP else "close"
    return t(f"assignment.{key}", **numbers)


def _outcome(name, passed, said, **values):
    labels = tuple(t(f"assignment.label_{label}", **values) for label in passed)
    kind = "right" if all(passed.values()) else "parted"
    title = t(f"assignment.check_{name}")
    return Outcome(title, tuple(passed.values()), labels, said, kind, asks="assignment")
