"""Unit 7, Practice: numbers predicted by hand, and a fine-tuning to repair. Texts: messages/unit7.toml."""

import math
from functools import cache

import numpy as np

from course_lib.algorithms.conv import conv_output_size
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task
from course_lib.data.digits import load_digits

NEW = (7, 8, 9)  # digits that the backbone never saw
SHOTS, STEPS = 10, 100  # pictures of each, and steps
ENOUGH = 0.82  # mean accuracy on those digits
SMALL_RATE, LARGE_RATE = 5e-4, 0.05  # what is diagnosed as too small, and as too large for the backbone


@number_task
def side_after_two():
    """The side of a 30-pixel picture after a convolution (5, stride 2, padding 2) and a pooling (3, 2)."""
    side, kernel, stride, padding, pool = 30, 5, 2, 2, 3
    first = conv_output_size(side, kernel=kernel, stride=stride, padding=padding)
    mistakes = {
        "padding_once": (((side + padding - kernel) // stride + 1) - pool) // stride + 1,
        "rounded_up": math.ceil((math.ceil((side + 2 * padding - kernel) / stride) + 1 - pool) / stride) + 1,
        "no_plus_one": ((side + 2 * padding - kernel) // stride - pool) // stride,
        "pooling_forgotten": first,
    }
    return conv_output_size(first, kernel=pool, stride=stride), mistakes


@number_task
def conv_parameters():
    """Numbers to learn in a convolution from 3 to 8 channels with 3 × 3 kernels and biases."""
    channels, out, kernel = 3, 8, 3
    weights = out * channels * kernel**2
    mistakes = {
        "biases_forgotten": weights,
        "one_input_channel": out * (kernel**2 + 1),
        "one_output_channel": channels * kernel**2 + 1,
        "biases_per_weight": 2 * weights,
    }
    return weights + out, mistakes


@number_task
def first_loss_of_25():
    """The first cross-entropy of a sound net with 25 classes."""
    classes = 25
    mistakes = {
        "of_ten": math.log(10),
        "base_two": math.log2(classes),
        "base_ten": math.log10(classes),
        "probability": 1 / classes,
        "wrong_share": 1 - 1 / classes,
    }
    return math.log(classes), mistakes


@number_task
def halving_epochs():
    """Epochs of successive halving: 27, 9, 3 and 1 candidates on 1, 3, 9 and 27 epochs, each time anew."""
    rounds = ((27, 1), (9, 3), (3, 9), (1, 27))
    mistakes = {
        "budgets_alone": sum(budget for _, budget in rounds),
        "all_to_the_end": 27 * 27,
        "one_round": 27,
        "continued": 27 + 9 * 2 + 3 * 6 + 1 * 18,  # as much as without the last round
    }
    return sum(n * budget for n, budget in rounds), mistakes


@choice_task
def best_at_the_edge():
    """What to do when the best of twenty rates drawn from 0.001 to 0.1 is 0.093."""
    return "widen", ["accept", "narrow", "linear"]


# --- a fine-tuning to repair ------------------------------------------------------------------------------


@repair_task(backbone=("random", "pretrained"), learns=("head", "everything"), lr=(1e-5, 10.0))
def ruined_backbone(settings, seeds=range(5)):
    """Digits 7, 8 and 9 from ten pictures each: the rate ruins what the backbone has learned."""
    learned = float(np.mean([tuned(**settings, seed=seed) for seed in seeds])) > ENOUGH
    return Repair({"learns": learned}, "" if learned else _mistake(**settings))


def tuned(backbone, learns, lr, seed):
    """Accuracy on new digits after SGD with momentum 0.9 on all 30 pictures at once."""
    import torch  # late: it takes a second to load
    from torch.nn import functional as F

    from course_lib.training.transfer import build_backbone, freeze, load_backbone, replace_head

    (x, y), held = _new_digits(seed)
    model = load_backbone() if backbone == "pretrained" else build_backbone(seed=seed)
    model = replace_head(model, len(NEW), seed=seed)
    if learns == "head":
        freeze(model.features)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr, momentum=0.9)
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return float((model(held[0]).argmax(1) == held[1]).float().mean())


@cache
def _new_digits(seed):
    """(x, y) of ten training pictures a class, and of all validation pictures, moved about."""
    import torch

    from course_lib.training.transfer import as_images, shifted

    data, rng = load_digits(), np.random.default_rng(seed)
    pool = rng.permutation(np.flatnonzero(np.isin(data.y_train, NEW)))
    few = np.concatenate([pool[data.y_train[pool] == digit][:SHOTS] for digit in NEW])
    held = np.flatnonzero(np.isin(data.y_val, NEW))
    pairs = ((data.x_train[few], data.y_train[few]), (data.x_val[held], data.y_val[held]))
    return [(as_images(shifted(x, rng=rng)), torch.tensor(y - NEW[0])) for x, y in pairs]


def _mistake(backbone, learns, lr):
    """The likeliest cause of a failure, the gravest first."""
    if lr < SMALL_RATE:
        return "rate_too_small"
    if backbone == "random":
        return "from_scratch"
    return "rate_too_large" if lr > LARGE_RATE else ""
