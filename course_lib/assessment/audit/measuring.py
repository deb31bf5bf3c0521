"""The measuring part: it runs the recipe's functions, and gives numbers and nothing else."""

import math
import warnings
from functools import partial

from course_lib.assessment.audit import hidden, initial, regular, updates
from course_lib.assessment.audit.bench import Bench
from course_lib.training import chance, speed

LENGTH = 300  # of an error's text


def measure(recipe, data=None, *, seed=0) -> dict:
    """Measurements of a recipe: {part: {name: float or list}}, fit for JSON but for NaN and infinities.

    A part that fails is {"error": text}. recipe, data, seed: as for `audit`. On one thread; the generators
    of chance are as before afterwards.
    """
    with chance.untouched(), speed.using_threads(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bench, failure = _attempt(lambda: Bench(recipe, data, seed))
        if bench is None:
            return {"setting": failure}
        return {"setting": {"steps": float(bench.steps)}, **_parts(bench)}


PARTS = {
    "initialization": initial.initialization,
    "normalization": hidden.normalization,
    "noise": regular.noise,
    "penalty": regular.penalty,
    "augmentation": regular.augmentation,
    "smoothing": regular.smoothing,
    "rates": updates.rates,
}


def _parts(bench):
    """Every part's numbers, or its error."""
    out = {name: _numbers(partial(part, bench)) for name, part in PARTS.items()}
    # the optimizer at the run's mean rate, or at its own where the schedule fails
    mean = out["rates"].get("mean", math.nan)
    course, failure = _attempt(lambda: updates.Course(bench, mean if mean > 0 else 1.0))
    if course is None:
        return {**out, "update": failure, "decay": failure}
    return {
        **out,
        "update": _numbers(lambda: updates.update(course)),
        "decay": _numbers(lambda: updates.decay(course, bench.steps)),
    }


def _attempt(work):
    """(what the work gives, {}), or (None, {"error": text})."""
    try:
        return work(), {}
    # whatever a learner's code raises, exit() included, is a finding
    except (Exception, SystemExit) as error:
        return None, {"error": f"{type(error).__name__}: {error}"[:LENGTH]}


def _numbers(work):
    numbers, failure = _attempt(work)
    return failure if numbers is None else numbers
