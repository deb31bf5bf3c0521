"""Cases of learning-rate schedules: every step of a short training, and a few beyond its end."""

import inspect
from functools import partial

import numpy as np

from course_lib.assessment.calling import falling
from course_lib.assessment.cases import Case, draw_hyper, makes_cases


@makes_cases("schedule", "momentum schedule")
def schedule_case(entry, rng, index):
    parameters = inspect.signature(entry.function).parameters
    total = int(rng.integers(20, 60))
    fixed = {"total": total} if "total" in parameters else {}
    if "floor" in parameters and index:
        fixed["floor"] = float(f"{rng.uniform(1e-4, 1e-3):.3g}")
    if "then" in parameters:
        peak = float(f"{rng.uniform(0.05, 0.5):.3g}")
        fixed |= {"steps": int(rng.integers(3, 10)), "then": partial(falling, peak=peak, total=total)}
    return Case(draw_hyper(entry, rng, index, **fixed), tuple((step,) for step in range(total + 10)))


@makes_cases("plateau schedule")
def plateau_case(entry, rng, index):
    falls = np.concatenate([np.geomspace(1, 0.3, 12), np.full(30, 0.3), np.geomspace(0.3, 0.2, 8)])
    losses = falls * (1 + 0.02 * rng.normal(size=falls.size) * (index > 0))
    hyper = draw_hyper(entry, rng, index, patience=int(rng.integers(1, 6)))
    return Case(hyper, tuple((float(x),) for x in losses), carries_state=True)
