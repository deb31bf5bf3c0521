"""Measures how a recipe begins: its first loss, and whether it can learn a handful of pictures by heart."""

import torch

from course_lib.assessment.audit.bench import Bench
from course_lib.training import chance
from course_lib.training.sanity import first_loss, overfit_tiny

TINY, STEPS = 20, (50, 200)  # pictures to learn by heart; how many steps that may take, fewer first
TOLERANCE, ENOUGH = 0.3, 0.05  # of the first loss about ln(classes); the last loss of the tiny set


def measure_beginning(recipe, data=None, *, seed=0) -> dict:
    """{"first_loss": of fresh weights, "tiny": the last loss on a tiny set, "classes"}, all numbers.

    recipe, data, seed: as for `audit`. Raises whatever the recipe's functions raise.
    """
    with chance.untouched():
        bench = Bench(recipe, data, seed)
        x, classes = bench.data.standardized(bench.x), bench.data.classes
        model = _settled(bench.model(), x)
        start = first_loss(model, x, bench.y, classes=classes, tolerance=TOLERANCE)
        for steps in STEPS:
            tiny = overfit_tiny(model, x[:TINY], bench.y[:TINY], steps=steps, enough=ENOUGH)
            if tiny.ok:
                break
    return {"first_loss": start.measured, "tiny": tiny.measured, "classes": classes}


@torch.no_grad()
def _settled(model, x, passes=30):
    """The model with running statistics, if it keeps any, of these pictures: the fresh ones fit no data."""
    for _ in range(passes):
        model(x)
    return model
