"""A recipe: the functions that a learner writes, each with a plain default, so that one is changed at a time.

recipe = Recipe(build_model=my_model, initialize="he_normal", schedule=partial(one_cycle, peak=0.1))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

Part = Callable | str


def plain_cnn(channels, classes):
    """Six 3×3 convolutions, 16-16-32-32-64-64, with ReLU; pooling after each pair; a linear layer."""
    blocks, width = [], channels
    for wider in (16, 32, 64):
        for inputs in (width, wider):
            blocks += [nn.Conv2d(inputs, wider, 3, padding=1), nn.ReLU()]
        blocks.append(nn.MaxPool2d(2))
        width = wider
    # (N, 64, 3, 3) whatever the picture's size; for 28 × 28 this changes nothing
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * width, classes))


def torch_default(model):
    """PyTorch's own initial weights: what `build_model` made stays."""


def plain_sgd(model):
    """Mini-batch gradient descent with rate 0.05 and nothing else."""
    return torch.optim.SGD(model.parameters(), lr=0.05)


def plain_cross_entropy(scores, y):
    """Cross-entropy; y holds labels (N,), or distributions (N, classes) where `augment` mixes."""
    return F.cross_entropy(scores, y)


def no_augment(x, y):
    """Every picture as it is."""
    return x, y


@dataclass(frozen=True)
class Recipe:
    """Everything that a training is made of.

    build_model(channels, classes) → a module that takes pictures (N, channels, H, W), standardized by the
    training pictures' mean and deviation, and gives scores (N, classes).
    initialize(model): changes the weights in place. Or one of the library's initializations, by name or as a
    function: it fills every weight with two or more axes, and the biases beside them with zeros.
    build_optimizer(model) → a torch optimizer. Or an update rule of the library.
    schedule(step, total) → the learning rate of step 0 … total − 1; None leaves the optimizer's own. Or a
    schedule of the library, whose total and, if it is not given, peak (the optimizer's rate) are filled in.
    Parameter groups keep the ratio of their rates.
    loss(scores, y) → a number to make small; with a third argument called `model` for penalties. Or a loss
    or a label smoothing of the library.
    augment(x, y) → (x, y): pictures in [0, 1], (N, C, H, W), and labels (N,) or distributions (N, classes);
    never more pictures than came in. Or one of the library's image augmentations and mixings, or a sequence.
    batch_size: pictures a step; the batches of an epoch differ by one at most.

    A function of yours that has a parameter called `rng` is given a NumPy Generator there; torch's own
    random numbers are seeded as well.
    """

    build_model: Callable = plain_cnn
    initialize: Part = torch_default
    build_optimizer: Part = plain_sgd
    schedule: Part | None = None
    loss: Part = plain_cross_entropy
    augment: Part | Sequence[Part] = no_augment
    batch_size: int = 32
