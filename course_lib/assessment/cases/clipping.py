"""Cases of gradient clipping: gradients far below the limit and far above it."""

import inspect

import numpy as np

from course_lib.assessment.cases import Case, draw_hyper, makes_cases


@makes_cases("clipping")
def clipping_case(entry, rng, index):
    together = "gs" in inspect.signature(entry.function).parameters
    inputs = []
    for scale in np.geomspace(0.01, 100, 25):
        arrays = [scale * rng.normal(size=shape) for shape in ((3,), (2, 2), (1,))]
        inputs.append((arrays,) if together else (arrays[index % 3],))
    return Case(draw_hyper(entry, rng, index), tuple(inputs))
