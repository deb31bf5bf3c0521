"""Cases of initializations: dense and convolution shapes, wide and tall."""

import inspect

from course_lib.assessment.cases import Case, draw_hyper, makes_cases

DENSE = ((6, 4), (4, 9), (5, 5))
KERNELS = ((3, 2, 3, 3), (8, 2, 1, 2), (2, 4, 5))


@makes_cases("initialization", "fans", "fan_in_bias")
def init_case(entry, rng, index):
    parameters = inspect.signature(entry.function).parameters
    hyper = draw_hyper(entry, rng, index)
    if entry.name not in ("orthogonal", "identity_init"):
        # the task is the rule with its own gain
        hyper.pop("gain", None)
    if "mode" in parameters:
        hyper["mode"] = ("fan_in", "fan_out")[index % 2]
    if "value" in parameters:
        hyper["value"] = float(f"{rng.normal():.3g}")
    if "rng" in parameters:
        hyper["rng"] = int(rng.integers(2**31))
    width = int(rng.integers(2, 12))
    return Case(hyper, tuple((shape,) for shape in (*DENSE, *KERNELS, (width, 7))))


@makes_cases("prior_bias")
def prior_case(entry, rng, index):
    return Case({}, tuple((rng.integers(1, 500, size=k).astype(float),) for k in (2, 3, 10)))
