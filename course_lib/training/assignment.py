"""The assignment's data and scores: Hangul initial consonants, and what a trained net makes of them."""

import numpy as np
import torch

from course_lib.data.hangul import load_hangul
from course_lib.training.batched import Data, tensors, unit


def hangul_data(*, seed=None) -> Data:
    """Training and validation pictures for `fit`: (N, 1, 28, 28) uint8, labels 0 … 13.

    seed: of the distortion, as for `load_hangul`.
    """
    train, validation = load_hangul("train", seed=seed), load_hangul("validation", seed=seed)
    return Data(train.x[:, None], train.y, validation.x[:, None], validation.y)


@torch.inference_mode()
def predict(run, data, x, *, size=512):
    """Scores (n, classes) of pictures, as the loop feeds them to the net. float32 NumPy array.

    run: a Run; its model's present weights are used. data: what it was trained on, for mean and deviation.
    x: (n, C, H, W) uint8, or floating-point in [0, 1].
    """
    made, was = tensors(data), run.model.training
    run.model.eval()
    scores = []
    for part in torch.tensor(np.asarray(x)).split(size):
        with run.speed.precision():
            scores.append(run.model(run.speed.lay(made.standardized(unit(part)))).float())
    run.model.train(was)
    return torch.cat(scores).numpy()


def accuracy(run, data, x, y) -> float:
    """The share of pictures that the run's model labels rightly. y: (n,) labels."""
    return float((predict(run, data, x).argmax(1) == np.asarray(y)).mean())
