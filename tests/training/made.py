"""A small net and a small data set for the tests of the training loop."""

import numpy as np
from torch import nn

from course_lib.training.batched import Data


def small_cnn(channels, classes):
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(4 * 9, classes),
    )


def made_data(n=200, classes=4, seed=0):
    """Noise with a bright row that tells the class: 8×8 pictures that a small net learns in a few epochs."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    x = rng.integers(100, size=(n, 1, 8, 8), dtype=np.uint8)
    x[np.arange(n), 0, 2 * y] += 150
    return Data(x[:-60], y[:-60], x[-60:], y[-60:])


DATA = made_data()
