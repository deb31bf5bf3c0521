"""Trains the backbone that the course ships: `python -m course_lib.training.make_backbone`, a few seconds.

It sees the digits 0 … 6 of the training split alone, moved by up to a pixel; no picture of a 7, 8 or 9 is
shown to it. (The pixels' mean and spread, by which `load_digits` scales, come from all training pictures,
without their labels.)
"""

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms import adam, one_cycle
from course_lib.data.digits import load_digits
from course_lib.training.bridge import TorchOptimizer
from course_lib.training.transfer import KNOWN, PATH, as_images, build_backbone, shifted

SEED, EPOCHS, BATCH, PEAK = 0, 15, 32, 3e-3


def make():
    """{parameter: float32 array} of the trained net."""
    data = load_digits()
    known = np.isin(data.y_train, KNOWN)
    x, y = data.x_train[known], torch.tensor(data.y_train[known])
    model, rng = build_backbone(seed=SEED), np.random.default_rng([SEED, 1])
    optimizer = TorchOptimizer(model.parameters(), adam)
    steps, step = len(y) // BATCH * EPOCHS, 0
    for _ in range(EPOCHS):
        for batch in rng.permutation(len(y))[: len(y) // BATCH * BATCH].reshape(-1, BATCH):
            optimizer.param_groups[0]["lr"] = one_cycle(step, total=steps, peak=PEAK)
            optimizer.zero_grad()
            F.cross_entropy(model(as_images(shifted(x[batch], rng=rng))), y[batch]).backward()
            optimizer.step()
            step += 1
    return {name: value.numpy() for name, value in model.state_dict().items()}


def main():
    """Write the file that `load_backbone` reads."""
    np.savez_compressed(PATH, **make())


if __name__ == "__main__":
    main()
