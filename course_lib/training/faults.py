"""Trainings with one seeded fault each, for a diagnosis lab: the curves are real, a small net learns digits.

    curves = train_with("rate_too_high", seed=3)          or: fault = varied("rate_too_high", rng=rng)

What a fault looks like and what helps stands in the messages: `FAULTS[name].text("signs")`.
"""

import copy
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from course_lib.data.digits import load_digits
from course_lib.messages import t


@dataclass(frozen=True)
class Recipe:
    """Everything that a training is made of; the defaults are a healthy one.

    gain: of He's initial weights, a tenth of it in the last layer. hidden_bias: what hidden biases start at.
    noise: σ of what is added to the pictures once and for all. offset: what is added to every pixel.
    clip_norm: the gradient's largest norm. The rest does what its name says.
    """

    lr: float = 0.02
    hidden: tuple[int, ...] = (64, 64)
    gain: float = 1.0
    hidden_bias: float = 0.0
    activation: str = "relu"
    batch_norm: bool = False
    dropout: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = math.inf
    samples: int = 900
    noise: float = 0.3
    offset: float = 0.0
    epochs: int = 15
    batch_size: int = 30
    shuffle: bool = True
    sorted_by_class: bool = False
    shuffled_labels: bool = False
    leak: bool = False
    evaluate_in_training_mode: bool = False
    frozen_statistics: bool = False


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: its name, and the recipe that makes it go wrong."""

    name: str
    recipe: Recipe

    def text(self, part: str) -> str:
        """ "title", "signs" (what the curves show) or "remedy", in the current language."""
        return t(f"fault.{self.name}_{part}")


HEALTHY = Recipe()
FAULTS = {
    name: Fault(name, replace(HEALTHY, **changes))
    for name, changes in {
        "healthy": {},
        "rate_too_high": {"lr": 1.0},
        "rate_too_low": {"lr": 1e-5},
        "dead_units": {"hidden_bias": -10.0},
        "leak_between_splits": {"leak": True, "noise": 2.5, "samples": 200, "epochs": 40},
        "labels_shuffled": {"shuffled_labels": True, "epochs": 30},
        "no_shuffling": {"shuffle": False, "sorted_by_class": True},
        "eval_mode_forgotten": {"dropout": 0.6, "evaluate_in_training_mode": True},
        "norm_statistics_frozen": {"batch_norm": True, "frozen_statistics": True, "gain": 6.0},
        "overfitting": {"samples": 100, "noise": 1.5, "hidden": (256, 256), "epochs": 40, "lr": 0.005},
        "underfitting": {"hidden": (2,)},
        "bad_initialization": {"hidden": (64,) * 6, "gain": 0.01},
        "exploding_gradient": {"hidden": (64,) * 6, "gain": 4.0},
    }.items()
}


@dataclass(frozen=True, eq=False)
class Curves:
    """What a training leaves behind, in arrays of one number an epoch, or one a step.

    train_loss, train_accuracy, val_loss, val_accuracy (epochs,): at the end of each epoch, as the learner's
    code measures them. dead_share (epochs,): hidden units that are 0 for every training picture.
    step_loss, step_norm (steps,): each mini-batch's loss and gradient norm. first_loss: before any step.
    test_accuracy: in the end, on pictures that nobody touched, evaluated as it should be.
    """

    train_loss: np.ndarray
    train_accuracy: np.ndarray
    val_loss: np.ndarray
    val_accuracy: np.ndarray
    dead_share: np.ndarray
    step_loss: np.ndarray
    step_norm: np.ndarray
    first_loss: float
    test_accuracy: float
    recipe: Recipe = field(repr=False)


def varied(name: str, *, rng) -> Fault:
    """The fault in another strength, in another net: its signs hold, its numbers differ. rng: Generator.

    All run for equally many epochs, so that the length of a curve says nothing about its cause.
    """
    changes = {part: draw(rng) for part, draw in (_USUAL | _VARIED[name]).items()}
    return Fault(name, replace(FAULTS[name].recipe, **changes))


def _between(low, high):
    return lambda rng: float(rng.uniform(low, high))


def _ratio(low, high):
    return lambda rng: float(low * (high / low) ** rng.random())


def _one_of(*options):
    return lambda rng: options[rng.integers(len(options))]


def _layers(*depths, widths=(48, 64, 80)):
    return lambda rng: (_one_of(*widths)(rng),) * _one_of(*depths)(rng)


_USUAL: dict[str, Callable] = {
    "lr": _ratio(0.012, 0.03),
    "hidden": _layers(2, 3),
    "noise": _between(0.2, 0.4),
    "samples": _one_of(700, 800, 900),
    "batch_size": _one_of(25, 30),
    "epochs": _one_of(20),
}
_VARIED: dict[str, dict[str, Callable]] = {
    "healthy": {},
    "rate_too_high": {"lr": _ratio(0.8, 1.6)},
    "rate_too_low": {
        "lr": _ratio(3e-6, 2e-5),
        "hidden": _layers(2, 3, 5),
        "batch_norm": _one_of(False, True),
    },
    "dead_units": {"hidden_bias": _between(-14, -9), "hidden": _layers(2, 3, 5)},
    "leak_between_splits": {
        "noise": _between(1.8, 2.2),
        "samples": _one_of(250, 300, 350),
        "batch_norm": _one_of(False, True),
    },
    "labels_shuffled": {
        "samples": _one_of(400, 500, 600),
        "lr": _ratio(0.02, 0.03),
        "hidden": _layers(2),
        "batch_norm": _one_of(False, True),
    },
    "no_shuffling": {"lr": _ratio(0.035, 0.045), "samples": _one_of(900), "hidden": _layers(2)},
    "eval_mode_forgotten": {
        "dropout": _between(0.6, 0.65),
        "lr": _ratio(0.01, 0.015),
        "hidden": _layers(2, widths=(64, 80)),
    },
    "norm_statistics_frozen": {"gain": _one_of(1.0), "offset": _between(2, 4), "hidden": _layers(2)},
    "overfitting": {
        "samples": _one_of(80, 100, 120),
        "noise": _between(1.2, 1.5),
        "lr": _ratio(0.015, 0.025),
        "hidden": _layers(2, widths=(128, 192, 256)),
    },
    "underfitting": {"hidden": _one_of((1,), (2,), (2, 2))},
    "bad_initialization": {"hidden": _layers(4, 5, 6), "gain": _ratio(0.01, 0.05)},
    "exploding_gradient": {"hidden": _layers(4, 5, 6), "gain": _between(4, 6)},
}


@cache
def train_with(fault: str, seed: int = 0) -> Curves:
    """Train with one fault and keep the curves; equal seeds give equal curves. Under a second.

    fault: a name in FAULTS. Raises KeyError, with the names, for another. The result is shared: read only.
    """
    if fault not in FAULTS:
        raise KeyError(t("fault.unknown", got=repr(fault), names=", ".join(FAULTS)))
    return train_recipe(FAULTS[fault].recipe, seed)


def train_recipe(recipe: Recipe, seed: int = 0) -> Curves:
    """Train as the recipe says, with SGD and momentum 0.9. Returns Curves."""
    return train_run(recipe, seed).curves


@dataclass(frozen=True, eq=False)
class Run:
    """A training and what it was made of, for those who look closer.

    start, model: the net before and after, torch modules. train, val: (x, y) as tensors. ratios: (steps,
    layers), ‖Δw‖/‖w‖ of each layer's weights at each of the first steps. orders: two epochs' sample numbers.
    """

    curves: Curves
    start: nn.Module
    model: nn.Module
    train: tuple
    val: tuple
    ratios: np.ndarray
    orders: tuple


def train_run(recipe: Recipe, seed: int = 0) -> Run:
    """Train as the recipe says, with SGD and momentum 0.9, and keep nets and data as well."""
    rng = np.random.default_rng(seed)
    train, val, test = _data(recipe, rng)
    torch_seed = torch.Generator().manual_seed(seed)
    model, epochs, steps = _net(recipe, rng, torch_seed), [], []
    start, ratios, orders = copy.deepcopy(model), [], []
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay
    )
    first = measure(model, *train, training=False)[0]
    for _ in range(recipe.epochs):
        orders.append(rng.permutation(len(train[1])) if recipe.shuffle else np.arange(len(train[1])))
        model.train()
        for batch in torch.from_numpy(orders[-1]).split(recipe.batch_size):
            before = _weights(model) if len(steps) < WATCHED else None
            steps.append(_step(model, optimizer, train[0][batch], train[1][batch], recipe.clip_norm))
            ratios += [] if before is None else [_ratios(before, _weights(model))]
        parts = [measure(model, *part, training=recipe.evaluate_in_training_mode) for part in (train, val)]
        epochs.append([*parts[0], *parts[1], _dead_share(model, train[0])])
    arrays = (*np.array(epochs).T, *np.array(steps).T)
    for array in arrays:
        array.setflags(write=False)
    curves = Curves(*arrays, first, measure(model, *test, training=False)[1], recipe)
    return Run(curves, start, model, train, val, np.array(ratios), tuple(orders[:2]))


WATCHED = 20  # the first steps, whose updates are measured


def _step(model, optimizer, x, y, clip_norm):
    """One step on a mini-batch; returns its loss and gradient norm."""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    norm = float(sum(p.grad.square().sum() for p in model.parameters()) ** 0.5)
    if norm > clip_norm:
        for p in model.parameters():
            p.grad.mul_(clip_norm / norm)
    optimizer.step()
    return loss.item(), norm


def _weights(model):
    return [layer.weight.detach().clone() for layer in model if isinstance(layer, nn.Linear)]


def _ratios(before, after):
    return [float((b - a).norm() / a.norm()) for a, b in zip(before, after, strict=True)]


def _data(recipe, rng):
    """(x, y) for training, validation and test, as tensors; a leak trains on the validation pictures too."""
    digits = load_digits()
    order = rng.permutation(len(digits.y_train))
    picked, held = order[: recipe.samples], order[recipe.samples : recipe.samples + 300]
    x = digits.x_train + recipe.noise * rng.standard_normal(digits.x_train.shape)
    x_test = digits.x_val + recipe.noise * rng.standard_normal(digits.x_val.shape)
    if recipe.leak:
        picked = np.concatenate([picked, held])
    if recipe.sorted_by_class:
        picked = picked[np.argsort(digits.y_train[picked], kind="stable")]
    y = digits.y_train[picked]
    if recipe.shuffled_labels:
        y = rng.permutation(y)
    pairs = ((x[picked], y), (x[held], digits.y_train[held]), (x_test, digits.y_val))
    return [(torch.tensor(x + recipe.offset, dtype=torch.float32), torch.tensor(y)) for x, y in pairs]


class _Dropout(nn.Module):
    """Dropout that draws from a generator of its own, so that a run repeats."""

    def __init__(self, rate, generator):
        super().__init__()
        self.rate, self.generator = rate, generator

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self.generator) >= self.rate
        return x * kept / (1 - self.rate)


ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU}


def _net(recipe, rng, generator):
    layers, sizes = [], (64, *recipe.hidden, 10)
    for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        # skip_init leaves torch's own random numbers alone
        linear, last = skip_init(nn.Linear, n_in, n_out), i == len(recipe.hidden)
        # a small last layer starts with a loss of about ln 10
        gain = recipe.gain * (0.1 if last else 1.0)
        weights = gain * (2 / n_in) ** 0.5 * rng.standard_normal((n_out, n_in))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights))
            linear.bias.fill_(0.0 if last else recipe.hidden_bias)
        layers.append(linear)
        if not last:
            # with momentum 0 the running statistics stay at mean 0 and variance 1
            norm = nn.BatchNorm1d(n_out, momentum=0.0 if recipe.frozen_statistics else 0.1)
            layers += [norm] if recipe.batch_norm else []
            layers += [ACTIVATIONS[recipe.activation]()]
            layers += [_Dropout(recipe.dropout, generator)] if recipe.dropout else []
    return nn.Sequential(*layers)


@torch.no_grad()
def measure(model, x, y, *, training):
    """Mean loss and accuracy, in training or in evaluation mode."""
    model.train(training)
    scores = model(x)
    return float(F.cross_entropy(scores, y)), float((scores.argmax(1) == y).double().mean())


@torch.no_grad()
def _dead_share(model, x):
    """The share of hidden units that are 0 on every picture."""
    model.eval()
    dead = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, tuple(ACTIVATIONS.values())):
            dead.append((x == 0).all(0))
    return float(torch.cat(dead).double().mean())
