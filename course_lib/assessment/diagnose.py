"""Compares a function with the reference, case by case, and says what went wrong."""

import inspect
from contextlib import suppress
from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.assessment.cases import cases
from course_lib.assessment.mutants import mutants
from course_lib.assessment.outcome import Outcome, Parting
from course_lib.assessment.run import Refusal, run
from course_lib.assessment.units import answer_task
from course_lib.messages import t

RTOL, ATOL = 1e-6, 1e-9  # far above rounding, far below the effect of any known mistake


def diagnose(name: str, answer, seed: int = 0) -> Outcome:
    """Judge an answer: a function for the registered `name`, or the data that its task asks for.

    Never raises for what the answer is or does. Raises KeyError where there is no such task.
    """
    task = answer_task(name)
    return task.judge(answer) if task else _diagnose_function(name, answer, seed)


def _diagnose_function(name, function, seed):
    tried = cases(name, seed)
    reference = registry.get(name).function
    expected = [run(reference, case) for case in tried]
    try:
        signature = str(inspect.signature(reference))
        answers = [run(function, c, like, signature) for c, like in zip(tried, expected, strict=True)]
        again = run(function, tried[0])
    except Refusal as refusal:
        wild = _values(function, tried) if refusal.key == "check.not_finite" else None
        return refused(name, tried, refusal, wild)
    return compared(name, tried, expected, answers, again)


def compared(name, tried, expected, answers, again) -> Outcome:
    """What came of a function, by its values alone: nothing of the learner's runs here.

    tried: the cases. expected, answers: for each the values of every call, the reference's and the
    learner's, which fit in type, shape and dtype. again: the learner's values on the first case, tried anew.
    """
    labels = tuple(case.label for case in tried)
    passed = tuple(agree(a, e) for a, e in zip(answers, expected, strict=True))
    if not agree(again, answers[0]):
        passed = (False,) * len(tried)
        return Outcome(name, passed, labels, t("check.keeps_state"), "refused", "check.keeps_state")
    if all(passed):
        return Outcome(name, passed, labels)
    parting = _parting(tried, answers, expected, passed)
    known = known_mistake(name, tried, answers)
    if known:
        text = t("check.mutant", mistake=known.text)
        return Outcome(name, passed, labels, text, "mutant", known.mistake, parting)
    return Outcome(name, passed, labels, _parting_text(parting), "parted", "", parting)


def refused(name, tried, refusal, wild=None) -> Outcome:
    """What came of a function whose values cannot be compared.

    wild: its values on all cases where they are NaN or infinite, else None: a known mistake may give the
    same ones in the same places.
    """
    labels, passed = tuple(case.label for case in tried), (False,) * len(tried)
    with np.errstate(all="ignore"):
        known = known_mistake(name, tried, wild) if wild else None
    if known:
        text = t("check.mutant", mistake=known.text)
        return Outcome(name, passed, labels, text, "mutant", known.mistake)
    return Outcome(name, passed, labels, str(refusal), "refused", refusal.key)


def known_mistake(name, tried, answers):
    """The known wrong version that gives these very answers on every case, or None."""
    return next((m for m, wrong in _mistakes(name, tuple(tried)) if all(map(agree, answers, wrong))), None)


@lru_cache(200)  # a grader tries the same cases on a whole class
def _mistakes(name, tried):
    """Every known wrong version with its values on these cases, but for those that raise on one."""
    found = []
    for mutant in mutants(name):
        with np.errstate(all="ignore"), suppress(Refusal):
            found.append((mutant, [run(mutant.function, case) for case in tried]))
    return found


def _values(function, tried):
    """The function's values on all cases, or None where beside the overflow something else is wrong."""
    with np.errstate(all="ignore"):
        try:
            return [run(function, case) for case in tried]
        except Refusal:
            return None


def agree(answer, expected) -> bool:
    """Whether the values of every call are the same numbers, but for rounding."""
    a, b = _table(answer), _table(expected)
    return a.shape == b.shape and np.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True)


def _table(values):
    """One row of numbers a call; rows of different lengths are filled up with NaN."""
    rows = [_flat(v) for v in values]
    table = np.full((len(rows), max(map(len, rows))), np.nan)
    for filled, row in zip(table, rows, strict=True):
        filled[: len(row)] = row
    return table


def _flat(value):
    if isinstance(value, (list, tuple)):
        return np.concatenate([_flat(x) for x in value])
    return np.ravel(value).astype(float)


def _parting(tried, answers, expected, passed):
    index = passed.index(False)
    got, want = _table(answers[index]), _table(expected[index])
    off = ~np.isclose(got, want, rtol=RTOL, atol=ATOL, equal_nan=True)
    step = int(np.argmax(off.any(axis=1)))
    column = int(np.nanargmax(np.abs(got[step] - want[step])))
    return Parting(tried[index], step, column, want, got)


def _parting_text(parting):
    """The first call at which both part, with both numbers and, if there is one, the factor between steps."""
    step, column = parting.step, parting.column
    text = t(
        "check.parted",
        call=step + 1,
        case=parting.case.label,
        expected=f"{parting.expected[step, column]:.6g}",
        got=f"{parting.got[step, column]:.6g}",
    )
    if parting.case.start is None:
        return text
    before = parting.case.start.ravel() if step == 0 else parting.expected[step - 1]
    right, own = parting.expected[step] - before, parting.got[step] - before
    if np.all(right != 0):
        factors = own / right
        if np.allclose(factors, factors[0], rtol=1e-4) and not np.isclose(factors[0], 1):
            text += " " + t("check.factor", factor=f"{factors[0]:.4g}")
    return text
