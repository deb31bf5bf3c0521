"""Cases of activations: inputs of either sign, from near 0 out to where a naive exponential overflows."""

import numpy as np

from course_lib.assessment.cases import Case, draw_hyper, makes_cases

SPREADS = (0.1, 1.0, 3.0, 10.0, 100.0, 1e4)
SHAPES = ((4, 3), (6, 2), (3, 5), (2, 4))


@makes_cases("activation", "activation backward")
def activation_case(entry, rng, index):
    shape = SHAPES[index % 4]
    inputs = []
    for spread in SPREADS:
        x = spread * rng.normal(size=shape)
        x[0, 0] = 0.0 if spread == 1.0 else x[0, 0]  # the corner
        arrays = (rng.normal(size=shape), x) if entry.kind == "activation backward" else (x,)
        if entry.traits.get("learned"):
            arrays += (rng.uniform(-0.2, 1.5, size=(1, shape[1])[index % 2]),)
        inputs.append(arrays)
    hyper = draw_hyper(entry, rng, index)
    if "slope" in hyper and index == 1:
        hyper["slope"] = 1.5  # steeper below 0 than above: max(αx, x) fails here alone
    return Case(hyper, tuple(inputs))


@makes_cases("maxout", "maxout backward")
def maxout_case(entry, rng, index):
    n, inside, units = ((4, 3, 2), (3, 2, 5), (6, 1, 1), (2, 4, 3))[index % 4]
    pieces = (2, 3, 2, 4)[index % 4]
    inputs = []
    for _ in range(6):
        arrays = [rng.normal(size=s) for s in ((n, inside), (pieces, inside, units), (pieces, units))]
        if entry.kind == "maxout backward":
            arrays.insert(0, rng.normal(size=(n, units)))
        inputs.append(tuple(arrays))
    return Case({}, tuple(inputs))


@makes_cases("dead_units")
def dead_units_case(entry, rng, index):
    inputs = []
    for share in np.linspace(0.3, 1.0, 8):
        slopes = np.where(rng.random((6, 12)) < share, 0.0, rng.normal(size=(6, 12)))
        slopes[:, :3] *= 1e-3  # nearly dead
        slopes[:, 3] = 0.0
        slopes[:, 4] = -1.0
        slopes[:, 5] = [1.0, -1.0] * 3
        inputs.append((slopes,))
    return Case(draw_hyper(entry, rng, index), tuple(inputs))


@makes_cases("weight_gradients")
def weight_gradients_case(entry, rng, index):
    n, inside = ((5, 3), (4, 2), (1, 4), (6, 1))[index % 4]
    return Case({}, tuple((rng.normal(size=n), rng.normal(size=(n, inside))) for _ in range(4)))
