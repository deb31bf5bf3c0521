"""What a recipe is given from outside, one refinement at a time: averages of weights, SAM, stochastic depth.

`fit` knows nothing of them: an `Averager` watches, SAM is an update rule that asks for `grad_fn`, and
stochastic depth is part of the model.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import nn

from course_lib.algorithms import adamw, ema, sam_gradient, stochastic_depth, survival_rate, swa
from course_lib.training import plugins
from course_lib.training.batched import tensors, unit
from course_lib.training.bridge import TorchOptimizer
from course_lib.training.histories import Watcher


class Averager(Watcher):
    """Averages of the weights that a run passes through; the run itself stays as it is.

        averager = Averager(last=5)
        run = fit(averager.watched(recipe), data, watchers=(averager,))

    ema: moving average over all steps. tail: plain mean after each of the `last` epochs. Both are vectors of
    all weights, None before the first. decay: of the EMA.
    """

    def __init__(self, *, decay=0.995, last=5):
        self.decay, self.last = decay, last
        self.ema = self.tail = None
        self._model, self._epochs, self._states = None, 0, {"ema": (), "tail": ()}

    def watched(self, recipe):
        """The same recipe, whose model this averager gets to know."""

        def build_optimizer(model):
            self._model = model
            return plugins.build_optimizer(recipe.build_optimizer, model)

        return replace(recipe, build_optimizer=build_optimizer)

    def on_start(self, history, *, steps, done, epochs):
        self._epochs = epochs

    def on_step(self, history):
        self.ema = self._taken("ema", partial(ema, decay=self.decay))

    def on_epoch(self, history):
        if history.epochs > self._epochs - self.last:
            self.tail = self._taken("tail", swa)

    def _taken(self, name, rule):
        average, *self._states[name] = rule(weights(self._model), *self._states[name])
        return average


@torch.no_grad()
def weights(model):
    """All parameters as one vector, a copy."""
    return torch.cat([p.reshape(-1) for p in model.parameters()])


@torch.no_grad()
def put(model, vector, data, *, size=512):
    """Give the model these weights, and batch norms the statistics that belong to them, in place.

    data: what it was trained on; one pass over its training pictures makes the statistics anew.
    Source: Izmailov et al. 2018, arXiv:1803.05407, Algorithm 1.
    """
    params = list(model.parameters())
    for p, part in zip(params, vector.split([p.numel() for p in params]), strict=True):
        p.copy_(part.view(p.shape))
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    was, made = model.training, tensors(data)
    model.train()
    for x in made.x_train.split(size):
        model(made.standardized(unit(x)))
    model.train(was)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def sam_adamw(p, grad_fn, state=(0.0, 0.0, 0), *, lr=0.01, weight_decay=0.05, rho=0.05):
    """AdamW with SAM's gradient in the gradient's place. Source: Foret et al. 2021, arXiv:2010.01412."""
    return adamw(p, sam_gradient(p, grad_fn, rho=rho), state, lr=lr, weight_decay=weight_decay)


def build_sam(model):
    """AdamW with SAM, at the reference's rate and weight decay."""
    return TorchOptimizer(model.parameters(), sam_adamw)


class Residual(nn.Module):
    """y = x + branch(x); in training each sample skips the branch with probability `rate`."""

    def __init__(self, branch, rate):
        super().__init__()
        self.branch, self.rate = branch, rate
        # torch is seeded by the run, and so this is
        self.rng = np.random.default_rng(int(torch.randint(2**31, ())))

    def forward(self, x):
        branch, _ = stochastic_depth(self.branch(x), rate=self.rate, training=self.training, rng=self.rng)
        return x + branch


def residual(build_model, *, last=1.0):
    """`build_model` with a residual connection around each convolution that keeps the number of channels.

    It spans the convolution and its batch norm; the activation follows. last: the survival of the last
    branch, 1 for residual connections alone.
    """

    def build(channels, classes):
        layers = list(build_model(channels, classes))
        places = [i for i, layer in enumerate(layers) if _keeps_channels(layer)]
        for number, i in reversed(list(enumerate(places, start=1))):
            rate = 1 - survival_rate(number, layers=len(places), last=last)
            layers[i : i + 2] = [Residual(nn.Sequential(*layers[i : i + 2]), rate)]
        return nn.Sequential(*layers)

    return build


def _keeps_channels(layer):
    return isinstance(layer, nn.Conv2d) and layer.in_channels == layer.out_channels
