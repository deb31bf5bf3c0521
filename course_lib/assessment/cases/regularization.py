"""Cases of penalties, weight decay, dropout, early stopping, voting, and of image augmentation."""

import inspect
from functools import partial

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.cases import Case, draw_hyper, makes_cases

CALLS = 8
SHAPES = ((6,), (3, 5), (4, 2, 3), (2, 3, 2, 2))


def _weights(rng, shape):
    # Weights far below a threshold and far above it, with an exact zero among them.
    w = rng.normal(size=shape) * 10.0 ** rng.uniform(-2, 1)
    w.reshape(-1)[0] = 0.0
    return w


@makes_cases("regularization")
def penalty_case(entry, rng, index):
    hyper = draw_hyper(entry, rng, index)
    if index == 0 and "strength" in hyper:
        hyper["strength"] = 0.1  # large enough to be seen beside other terms
    names = [p for p in inspect.signature(entry.function).parameters if p not in hyper]
    inputs = []
    for call in range(CALLS):
        shape = SHAPES[(index + call) % 4]
        made = {
            "w": _weights(rng, shape),
            "p": _weights(rng, shape),
            "g": rng.normal(size=shape),
            "loss": float(f"{rng.uniform(0.1, 3):.4g}"),
            "ws": [_weights(rng, SHAPES[1]), _weights(rng, SHAPES[index % 4])],
        }
        inputs.append(tuple(made[name] for name in names if name in made))
    return Case(hyper, tuple(inputs))


@makes_cases("max_norm")
def max_norm_case(entry, rng, index):
    axis = (0, 1, 0, 1)[index]
    hyper = draw_hyper(entry, rng, index, units_axis=axis)
    lengths = hyper["limit"] * np.geomspace(0.1, 10, CALLS)
    shapes = ((4, 6), (5, 3), (3, 2, 3, 3), (2, 4, 3))
    return Case(hyper, tuple((length * rng.normal(size=shapes[index]) / 2,) for length in lengths))


@makes_cases("weight decay")
def decay_case(entry, rng, index):
    rules = (
        partial(right.gd),
        partial(right.adam),
        partial(right.momentum, momentum=0.8),
        partial(right.rmsprop),
    )
    hyper = draw_hyper(entry, rng, index, rule=rules[index], lr=0.1)
    hyper["weight_decay"] = float(f"{rng.uniform(0.05, 0.5):.3g}")
    shape = ((3,), (2, 3), (4,), (1,))[index]
    return Case(
        hyper, tuple((rng.normal(size=shape),) for _ in range(25)), rng.normal(size=shape), carries_state=True
    )


@makes_cases("dropout")
def dropout_case(entry, rng, index):
    hyper = draw_hyper(entry, rng, index)
    if entry.name == "dropout_rates":
        return Case({"layers": (3, 1, 4, 6)[index], **hyper}, ((),))
    if entry.name == "dropout_backward":
        masks = (rng.choice([0.0, 2.0], (5, 6)) for _ in range(CALLS))
        return Case({}, tuple((rng.normal(size=(5, 6)), mask) for mask in masks))
    hyper["rate"] = (0.5, 0.2, 0.4, 0.7)[index]
    shape = ((4, 6), (3, 8), (10,), (2, 5, 2))[index]
    if entry.name == "spatial_dropout":
        shape = ((3, 4, 3, 3), (2, 6, 5), (4, 3, 2, 2), (2, 8, 4))[index]
    hyper |= {"training": index != 2, "rng": int(rng.integers(2**31))}
    return Case(hyper, tuple((rng.normal(size=shape),) for _ in range(CALLS)))


@makes_cases("early stopping")
def stopping_case(entry, rng, index):
    patience, delta = ((5, 0.0), (1, 0.0), (3, 0.125), (2, 0.03125))[index]
    # A noisy fall, in steps of 1/64 so that ties come up and differences are exact.
    falling = 2 * np.exp(-np.arange(40) / 6) + rng.normal(size=40) * 0.2
    # At the end it ties with its best, again and again.
    losses = np.round(64 * np.concatenate([falling, np.full(10, falling.min())])) / 64
    return Case(
        {"patience": patience, "min_delta": delta}, tuple((float(x),) for x in losses), carries_state=True
    )


@makes_cases("hard_vote", "weighted_vote", "average_probabilities", "soft_vote")
def vote_case(entry, rng, index):
    members, classes = ((3, 3), (4, 3), (5, 10), (2, 4))[index]
    parameters = inspect.signature(entry.function).parameters
    inputs = []
    for _ in range(CALLS):
        made = {
            "labels": rng.integers(0, classes, (members, 12)),
            "probs": rng.dirichlet(np.full(classes, 0.5), (members, 12)),
            "weights": rng.uniform(0.2, 3.0, members),
        }
        inputs.append(tuple(made[name] for name in parameters if name in made))
    return Case({"classes": classes} if "classes" in parameters else {}, tuple(inputs))


@makes_cases("bootstrap_indices", "out_of_bag")
def bagging_case(entry, rng, index):
    n, members = ((10, 4), (30, 3), (7, 8), (12, 2))[index]
    if entry.name == "out_of_bag":
        return Case({}, tuple((rng.integers(0, n, (members, n)),) for _ in range(3)))
    return Case({"n": n, "members": members, "rng": int(rng.integers(2**31))}, ((),) * 3)


# Augmentations with no draw, or one whose order the docstring fixes.
@makes_cases(
    *("flip", "pad", "crop", "resize", "rotate", "brightness", "contrast", "saturation"),
    *("gaussian_noise", "gaussian_blur", "cutout"),
)
def picture_case(entry, rng, index):
    shape = ((4, 3, 8, 6), (3, 3, 7, 7), (2, 3, 6, 9), (5, 3, 8, 8))[index]
    dtype = (np.float64, np.uint8, np.float64, np.uint8)[index]
    hyper = {
        "flip": {"direction": ("horizontal", "vertical")[index % 2]},
        "pad": {"pixels": index + 1, "mode": ("constant", "reflect", "edge", "constant")[index]},
        "crop": {"size": (4, 3), "top": index % 2, "left": 2},
        "resize": {"size": ((12, 9), (4, 5), (6, 4), (16, 16))[index]},
        "rotate": {"degrees": (30.0, 90.0, -20.0, -45.0)[index]},
        "gaussian_noise": {"sigma": (0.1, 0.3, 0.5, 0.2)[index]},
        "gaussian_blur": {"sigma": (1.0, 0.5, 1.7, 0.8)[index]},
        "cutout": {"size": (4, 5, 3, 6)[index]},
    }.get(entry.name, {"factor": (1.5, 1.8, 0.4, 1.3)[index]})
    if "rng" in inspect.signature(entry.function).parameters:
        hyper["rng"] = int(rng.integers(2**31))
    # More bright pixels than dark ones, so that values beyond white come up.
    batches = (rng.random(shape) ** 0.5 for _ in range(3))
    return Case(hyper, tuple(((255 * x).astype(dtype) if dtype is np.uint8 else x,) for x in batches))
