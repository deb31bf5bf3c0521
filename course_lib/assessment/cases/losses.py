"""Cases of losses: errors of every size, logits from doubtful to very sure, labels and soft targets."""

import numpy as np

from course_lib.assessment.cases import Case, draw_hyper, makes_cases

CALLS = 12
SHAPES = ((4, 3), (6, 2), (3, 5), (8, 4))


@makes_cases("loss", "loss backward")
def loss_case(entry, rng, index):
    make = {
        "binary_cross_entropy": _yes_or_no,
        "cross_entropy": _labels if index % 2 == 0 else _soft_targets,
    }.get(entry.name.removesuffix("_backward"), _numbers)
    inputs = []
    for spread in np.geomspace(0.1, 300, CALLS):
        pair = make(rng, SHAPES[index % 4], spread)
        inputs.append((float(f"{rng.uniform(0.2, 2):.3g}"), *pair) if entry.kind == "loss backward" else pair)
    return Case(draw_hyper(entry, rng, index), tuple(inputs))


@makes_cases("accuracy")
def accuracy_case(entry, rng, index):
    return Case({}, tuple(_labels(rng, SHAPES[index % 4], 1.0) for _ in range(CALLS)))


@makes_cases("one_hot")
def one_hot_case(entry, rng, index):
    classes = int(rng.integers(3, 8))
    shape = ((5,), (8,), (2, 3), (4,))[index % 4]
    return Case({"classes": classes}, tuple((rng.integers(0, classes, shape),) for _ in range(CALLS)))


def _numbers(rng, shape, spread):
    return spread * rng.normal(size=shape), rng.normal(size=shape)


def _yes_or_no(rng, shape, spread):
    target = rng.integers(0, 2, shape).astype(float)
    return spread * rng.normal(size=shape), np.where(rng.random(shape) < 0.3, rng.random(shape), target)


def _labels(rng, shape, spread):
    return spread * rng.normal(size=shape), rng.integers(0, shape[1], shape[0])


def _soft_targets(rng, shape, spread):
    return spread * rng.normal(size=shape), rng.dirichlet(np.ones(shape[1]), shape[0])
