"""What can be asked of a training that went wrong: each probe measures one thing of a `Run`, as arrays.

    found = PROBES["dead_units"](train_run(recipe, seed))

Nothing here says what is wrong: that is to be read from the numbers.
"""

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.data.digits import as_pixels
from course_lib.training.faults import ACTIVATIONS, Run, measure

CLASSES = 10
TINY, TINY_STEPS = 20, 200  # samples to learn by heart, and in how many steps
SHOWN = 10  # pictures shown with their labels
EPOCHS = 3  # whose mini-batch losses are shown
PROBES: dict[str, Callable[[Run], dict]] = {}


def probe(function):
    """Enter a probe under the function's name."""
    PROBES[function.__name__] = function
    return function


@probe
def first_loss(run):
    """loss: before the first step, on the training data. expected: ln 10, where all classes are alike."""
    return {"loss": run.curves.first_loss, "expected": math.log(CLASSES)}


@probe
def gradient_norms(run):
    """norms (layers,): of the first gradient, for each layer's weights."""
    model = copy.deepcopy(run.start).train()
    F.cross_entropy(model(run.train[0]), run.train[1]).backward()
    return {"norms": [float(layer.weight.grad.norm()) for layer in model if isinstance(layer, nn.Linear)]}


@probe
def update_ratio(run):
    """ratios (layers,): ‖Δw‖/‖w‖ of each layer's weights, the median of the first 20 finite steps."""
    return {"ratios": np.nanmedian(np.where(np.isfinite(run.ratios), run.ratios, np.nan), axis=0)}


@probe
def dead_units(run):
    """start, end (layers,): the share of units that are 0 for every training picture."""
    return {"start": _dead(run.start, run.train[0]), "end": _dead(run.model, run.train[0])}


@probe
def activation_std(run):
    """std (layers,): of the hidden layers' outputs before the first step."""
    model, x = copy.deepcopy(run.start).train(), run.train[0]
    return {"std": [float(h.std()) for h in _hidden(model, x)]}


@probe
def tiny_set(run):
    """losses (200,): the same net learns 20 training pictures by heart, at the same rate, or does not."""
    model = copy.deepcopy(run.start).train()
    rate, (x, y) = run.curves.recipe.lr, (part[:TINY] for part in run.train)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9), []
    for _ in range(TINY_STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses}


@probe
def label_check(run):
    """images (10, 64) with labels (10,); agreement: how often a picture's nearest one has its label."""
    x, y = (part.numpy() for part in run.train)
    apart = _apart(x)
    np.fill_diagonal(apart, np.inf)
    places = np.linspace(0, len(y) - 1, SHOWN).astype(int)
    return {
        "images": as_pixels(x[places] - run.curves.recipe.offset),
        "labels": y[places],
        "agreement": float((y[apart.argmin(1)] == y).mean()),
    }


@probe
def split_overlap(run):
    """shared: how many validation pictures are among the training pictures. total: of how many."""
    seen = {row.tobytes() for row in run.train[0].numpy()}
    held = run.val[0].numpy()
    return {"shared": sum(row.tobytes() in seen for row in held), "total": len(held)}


@probe
def eval_twice(run):
    """accuracy, loss (2,): the same net scored twice on the validation pictures, as this code does it."""
    mode = run.curves.recipe.evaluate_in_training_mode
    model = copy.deepcopy(run.model)
    twice = [measure(model, *run.val, training=mode) for _ in range(2)]
    return {"loss": [loss for loss, _ in twice], "accuracy": [accuracy for _, accuracy in twice]}


@probe
def batch_order(run):
    """counts (2, batches, 10): classes in the first mini-batches of two epochs. same: equal orders?"""
    y, size = run.train[1].numpy(), run.curves.recipe.batch_size
    batches = min(len(y) // size, 8)
    counts = [
        [np.bincount(y[order[i * size : (i + 1) * size]], minlength=CLASSES) for i in range(batches)]
        for order in run.orders
    ]
    return {"counts": counts, "same": float(np.array_equal(*run.orders))}


@probe
def step_loss(run):
    """losses (steps,): of every mini-batch of the last 3 epochs. per_epoch: steps in one. epoch_end: the
    training loss measured after the last of them."""
    curves = run.curves
    per_epoch = len(curves.step_loss) // len(curves.train_loss)
    last = curves.step_loss[-EPOCHS * per_epoch :]
    return {"losses": last, "per_epoch": per_epoch, "epoch_end": curves.train_loss[-1]}


@probe
def norm_statistics(run):
    """off (layers,): how far running means are from the data's own, in standard deviations; () without."""
    model, off, h = copy.deepcopy(run.model).eval(), [], run.train[0]
    with torch.no_grad():
        for layer in model:
            if isinstance(layer, nn.BatchNorm1d):
                mean, std = h.mean(0), h.std(0) + layer.eps
                off.append(float(((layer.running_mean - mean) / std).abs().median()))
                h = layer.weight * (h - mean) / std + layer.bias  # what the next layer has seen in training
            else:
                h = layer(h)
    return {"off": off}


@probe
def fresh_data(run):
    """fresh: accuracy on untouched pictures, in evaluation mode. reported: the last validation's."""
    return {"fresh": run.curves.test_accuracy, "reported": run.curves.val_accuracy[-1]}


def examined(run: Run) -> dict[str, dict[str, np.ndarray]]:
    """What every probe finds: {probe: {name: float64 array}}."""
    return {
        name: {part: np.asarray(value, dtype=float) for part, value in function(run).items()}
        for name, function in PROBES.items()
    }


def _apart(x):
    """Squared distances between all pairs, (n, n)."""
    squares = (x**2).sum(1)
    return squares[:, None] + squares[None, :] - 2 * x @ x.T


@torch.no_grad()
def _hidden(model, x):
    """The outputs of the hidden layers, one after another."""
    found = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, tuple(ACTIVATIONS.values())):
            found.append(x)
    return found


def _dead(model, x):
    return [float((h == 0).all(0).double().mean()) for h in _hidden(copy.deepcopy(model).eval(), x)]
