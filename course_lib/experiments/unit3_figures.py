"""What unit 3 draws beside its claims: one deep net from several starting points."""

import math
from functools import partial

import numpy as np
import torch

from course_lib.algorithms.inits import he_normal, lecun_normal, normal_init
from course_lib.data.digits import load_digits
from course_lib.training.deep_nets import descend, late, started

RATES = (0.01, 0.03, 0.1)
SEEDS = (0, 1, 2)
STARTS = {
    "small": partial(normal_init, std=0.01),
    "large": partial(normal_init, std=1.0),
    "lecun": lecun_normal,
    "he": he_normal,
}


def starting_points(*, steps=150, smooth=10) -> dict[str, np.ndarray]:
    """Losses of a net with ten hidden ReLU layers of 64 units on the digits: {start: (steps − smooth + 1,)}.

    Each start at the best of three learning rates; the median of three seeds, as a running mean. NaN where
    it diverges at every rate.
    """
    split, curves = load_digits(), {}
    seeds, rates = list(SEEDS) * len(RATES), np.repeat(RATES, len(SEEDS))
    for name, rule in STARTS.items():
        params = started([64] * 11 + [10], rule, seeds=seeds)
        data = split.x_train, split.y_train
        _, record = descend(params, *data, torch.relu, seeds=seeds, lr=rates, steps=steps)
        came_to = np.nan_to_num(late(record), nan=math.inf).reshape(len(RATES), -1).max(1)
        best = np.median(record.reshape(steps, len(RATES), -1)[:, int(np.argmin(came_to))], axis=1)
        curves[name] = np.convolve(best, np.ones(smooth) / smooth, mode="valid")
    return curves
