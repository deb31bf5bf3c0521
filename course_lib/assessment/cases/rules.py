"""Cases of update rules: gradients that change sign and scale, fed step by step."""

from functools import partial

from course_lib.assessment.calling import linear_gradient
from course_lib.assessment.cases import Case, draw_hyper, makes_cases

STEPS = 25


@makes_cases("optimizer")
def rule_case(entry, rng, index):
    matrix = entry.traits.get("ndim") == 2
    shape = ((4, 3), (3, 5), (4, 4), (2, 6))[index % 4] if matrix else ((3,), (2, 3), (1,), (5,))[index % 4]
    hyper = draw_hyper(entry, rng, index)
    if "eps" in entry.defaults and index == 1:
        hyper["eps"] = 0.01  # large enough to show where it stands
    start = rng.normal(size=shape)
    # Gradients that change sign and scale, as real ones do.
    scale = 10.0 ** rng.uniform(-1, 1, size=(STEPS, *([1] * len(shape))))
    gradients = scale * (rng.normal(size=shape) + rng.normal(size=(STEPS, *shape)))
    if entry.needs_grad_fn:
        curvature = rng.uniform(0.2, 2.0, size=shape)
        inputs = tuple((partial(linear_gradient, curvature, g),) for g in gradients)
    else:
        inputs = tuple((g,) for g in gradients)
    return Case(hyper, inputs, start, carries_state=True)
