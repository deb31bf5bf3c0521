"""Unit 5, Activations."""

import numpy as np

from course_lib.algorithms.inits import he_normal, normal_init, xavier_normal
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task
from course_lib.data.digits import load_digits

HIDDEN, WIDTH, EPOCHS, BATCH = 8, 32, 6, 64
ENOUGH = 0.75  # accuracy on the validation digits
SMALL_RATE, LARGE_RATE = 5e-3, 0.06  # what is diagnosed as too small, and too large


@number_task
def sigmoid_chain():
    """The derivative through six sigmoid units in a row, each with weight 2 and z = 0."""
    layers, weight, slope, value = 6, 2.0, 0.25, 0.5
    mistakes = {
        "weights_forgotten": slope**layers,
        "value_for_slope": (weight * value) ** layers,
        "one_layer": weight * slope,
        "added": layers * weight * slope,
        "slopes_forgotten": weight**layers,
    }
    return (weight * slope) ** layers, mistakes


@number_task
def relu_pieces():
    """How many straight pieces can a net of one input and one hidden layer of five ReLUs have at most?"""
    units = 5
    return units + 1, {"corners": units, "doubled": 2**units, "two_each": 2 * units}


@choice_task
def what_relu_is():
    """Which word describes ReLU as a function?"""
    return "piecewise_linear", ["linear", "smooth", "discontinuous"]


def _weights(shape, initialization, rng):
    if initialization == "normal_001":
        return normal_init(shape, std=0.01, rng=rng)
    return {"xavier_normal": xavier_normal, "he_normal": he_normal}[initialization](shape, rng=rng)


def _trained(activation, initialization, lr, seed):
    """Accuracy on the validation digits after training eight hidden layers with momentum 0.9."""
    import torch  # late: it takes a second to load
    from torch.nn import functional as F

    data, rng = load_digits(), np.random.default_rng(seed)
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    widths = [64, *[WIDTH] * HIDDEN, 10]
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    ws = [torch.tensor(_weights(shape, initialization, rng)).float().requires_grad_() for shape in shapes]
    bs = [torch.zeros(out, requires_grad=True) for out, _ in shapes]
    optimizer = torch.optim.SGD([*ws, *bs], lr=lr, momentum=0.9)

    def scores(x):
        for w, b in zip(ws[:-1], bs[:-1], strict=True):
            x = getattr(F, activation)(F.linear(x, w, b))
        return F.linear(x, ws[-1], bs[-1])

    for _ in range(EPOCHS):
        for batch in torch.from_numpy(rng.permutation(len(y))).split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(scores(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        right = scores(torch.tensor(data.x_val)).argmax(1) == torch.tensor(data.y_val)
    return float(right.float().mean())


@repair_task(
    activation=("sigmoid", "tanh", "relu", "leaky_relu"),
    initialization=("normal_001", "xavier_normal", "he_normal"),
    lr=(1e-5, 10.0),
)
def deep_stack(settings, seeds=(0, 1, 2)):
    """Eight hidden layers that stay at chance: choose activation, initialization and rate that learn."""
    accuracy = [_trained(**settings, seed=seed) for seed in seeds]
    passed = {f"seed_{k}": value > ENOUGH for k, value in enumerate(accuracy)}
    return Repair(passed, "" if all(passed.values()) else _mistake(**settings))


def _mistake(activation, initialization, lr):
    """The likeliest cause of a failure, the gravest first."""
    if activation == "sigmoid":
        return "sigmoid"
    if initialization == "normal_001":
        return "small_weights"
    if lr > LARGE_RATE:
        return "rate_too_large"
    return "rate_too_small" if lr < SMALL_RATE else ""
