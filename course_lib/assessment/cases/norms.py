"""Cases of normalizations: dense features, sequences and images that are far from mean 0 and variance 1."""

import inspect

import numpy as np

from course_lib.assessment.cases import Case, draw_hyper, makes_cases

IMAGES = ((4, 6, 3, 2), (3, 6, 5), (2, 6, 2, 3))
DENSE = (5, 6)


@makes_cases("normalization", "normalization backward", "normalize_over")
def norm_case(entry, rng, index):
    parameters = inspect.signature(entry.function).parameters
    hyper = draw_hyper(entry, rng, index)
    # large enough to show where it stands, small enough to leave the statistics their part
    hyper["eps"] = (1e-5, 0.01, 0.1, 1e-4)[index % 4]
    if "training" in parameters:
        hyper["training"] = index % 2 == 0
    if "groups" in parameters:
        hyper["groups"] = (2, 3, 1, 6)[index % 4]
    over = ("sample", "channels", "last")[index % 3]
    if "over" in parameters:
        hyper["over"] = over
    dense = () if "instance" in entry.name or "axes" in parameters else (DENSE,)
    if "axes" in parameters:
        hyper["axes"] = ((1, 2), (0, 2), (2,), (1,))[index % 4]
    inputs = []
    for shape in (*dense, *IMAGES):
        # a level and a scale for each sample and channel
        x = rng.uniform(0.3, 3, (*shape[:2], *[1] * (len(shape) - 2))) * rng.normal(size=shape)
        x = x + rng.normal(size=(*shape[:2], *[1] * (len(shape) - 2)))
        features = {"sample": shape[1:], "channels": shape[1:2], "last": shape[-1:]}[over]
        size = features if "over" in parameters else shape[1:2]
        arrays = {
            "dy": rng.normal(size=shape),
            "x": x,
            "gamma": rng.uniform(0.5, 2, size),
            "beta": rng.normal(size=size),
            "state": _running(rng, shape),
        }
        inputs.append(tuple(arrays[name] for name in parameters if name in arrays))
    return Case(hyper, tuple(inputs))


def _running(rng, shape):
    """Running statistics as an earlier call would have returned them."""
    one = (1, shape[1], *[1] * (len(shape) - 2))
    return rng.normal(size=one), rng.uniform(0.5, 2, one)


@makes_cases("weight normalization", "weight normalization backward")
def weight_case(entry, rng, index):
    inputs = []
    for shape in ((4, 3), (2, 7), (3, 2, 3, 3), (5, 2, 2)):
        arrays = {
            "dw": rng.normal(size=shape),
            "v": np.exp(rng.normal()) * rng.normal(size=shape),
            "g": rng.uniform(0.5, 2, shape[0]),
        }
        inputs.append(tuple(arrays[name] for name in inspect.signature(entry.function).parameters))
    return Case({}, tuple(inputs))
