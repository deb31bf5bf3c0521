"""Cases of convolution, pooling and backpropagation by hand."""

import itertools

import numpy as np

from course_lib.algorithms import conv_output_size
from course_lib.assessment.cases import Case, makes_cases

CALLS = 4
# The plainest first; the others leave a rest at the edge, which the floor drops.
HOWS = (
    {"stride": 1, "padding": 0, "dilation": 1},
    {"stride": 2, "padding": 1, "dilation": 1},
    {"stride": 3, "padding": 2, "dilation": 2},
    {"stride": 2, "padding": 0, "dilation": 1},
)
POOLS = (
    {"size": 2, "stride": 2},
    {"size": 3, "stride": 2},
    {"size": 2, "stride": 1},
    {"size": 3, "stride": 3},
)
KERNELS = ((3, 3), (2, 3), (3, 2), (3, 3))


@makes_cases("conv_output_size")
def size_case(entry, rng, index):
    hyper = {"kernel": (3, 3, 2, 5)[index % 4], **HOWS[index % 4]}
    return Case(hyper, tuple((int(size),) for size in rng.integers(7, 12) + np.arange(12)))


@makes_cases("conv2d", "conv2d_backward")
def conv_case(entry, rng, index):
    how, kernel = HOWS[index % 4], KERNELS[index % 4]
    x, w, b = (2, 2, 6, 7), (3, 2, *kernel), (3,)
    dy = (2, 3, *(conv_output_size(size, kernel=k, **how) for size, k in zip(x[2:], kernel, strict=True)))
    shapes = (dy, x, w) if entry.name.endswith("backward") else (x, w, b)
    return Case(how, tuple(tuple(rng.normal(size=shape) for shape in shapes) for _ in range(CALLS)))


@makes_cases("pooling")
def pool_case(entry, rng, index):
    how, inputs = POOLS[index % 4], []
    for _ in range(CALLS):
        # Whole numbers, so that there are ties.
        x = rng.integers(0, 4, size=(2, 2, 7, 8)).astype(float)
        sizes = (conv_output_size(size, kernel=how["size"], stride=how["stride"]) for size in x.shape[2:])
        dy = rng.normal(size=(2, 2, *sizes))
        inputs.append((dy, x) if entry.name.endswith("backward") else (x,))
    return Case(how, tuple(inputs))


@makes_cases("forward_pass", "backward_pass", "net_gradients")
def net_case(entry, rng, index):
    widths = ((4, 5, 3), (3, 4, 2), (5, 5, 5, 5), (4, 6, 5, 3))[index % 4]
    inputs = []
    for _ in range(CALLS):
        pairs = itertools.pairwise(widths)
        params = [a for i, o in pairs for a in (rng.normal(size=(i, o)), 0.5 * rng.normal(size=o))]
        x, y = rng.normal(size=(6, widths[0])), np.eye(widths[-1])[rng.integers(widths[-1], size=6)]
        dz = rng.normal(size=(6, widths[-1]))
        inputs.append({"forward_pass": (x,), "backward_pass": (dz, x), "net_gradients": (x, y)}[entry.name])
        inputs[-1] += (params,)
    return Case({}, tuple(inputs))
