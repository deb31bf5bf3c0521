"""Trainings with one seeded fault each, for a diagnosis lab: the curves are real, a small net learns digits.

    curves = train_with("rate_too_high", seed=3)          or: fault = draw_fault(rng=rng)

What a fault looks like and what helps stands in the messages: `FAULTS[name].text("signs")`.
"""

import itertools
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
    noise: σ of what is added to the pictures once and for all. The rest does what its name says.
    """

    lr: float = 0.02
    hidden: tuple[int, ...] = (64, 64)
    gain: float = 1.0
    hidden_bias: float = 0.0
    batch_norm: bool = False
    dropout: float = 0.0
    samples: int = 900
    noise: float = 0.3
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


def draw_fault(*, rng, healthy=True):
    """One of the faults at random, for a lab: the learner sees the curves and names it.

    rng: NumPy Generator. healthy: whether a healthy run may come up. Returns a Fault.
    """
    names = [name for name in FAULTS if healthy or name != "healthy"]
    return FAULTS[names[rng.integers(len(names))]]


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
    rng = np.random.default_rng(seed)
    train, val, test = _data(recipe, rng)
    torch_seed = torch.Generator().manual_seed(seed)
    model, epochs, steps = _net(recipe, rng, torch_seed), [], []
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.lr, momentum=0.9)
    first = _measure(model, *train, training=False)[0]
    for _ in range(recipe.epochs):
        order = rng.permutation(len(train[1])) if recipe.shuffle else np.arange(len(train[1]))
        model.train()
        for batch in torch.from_numpy(order).split(recipe.batch_size):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(train[0][batch]), train[1][batch])
            loss.backward()
            optimizer.step()
            norm = sum(p.grad.square().sum() for p in model.parameters()) ** 0.5
            steps.append([loss.item(), float(norm)])
        parts = [_measure(model, *part, training=recipe.evaluate_in_training_mode) for part in (train, val)]
        epochs.append([*parts[0], *parts[1], _dead_share(model, train[0])])
    test_accuracy = _measure(model, *test, training=False)[1]
    arrays = (*np.array(epochs).T, *np.array(steps).T)
    for array in arrays:
        array.setflags(write=False)
    return Curves(*arrays, first, test_accuracy, recipe)


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
    return [(torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in pairs]


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
            layers += [nn.ReLU()]
            layers += [_Dropout(recipe.dropout, generator)] if recipe.dropout else []
    return nn.Sequential(*layers)


@torch.no_grad()
def _measure(model, x, y, *, training):
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
        if isinstance(layer, nn.ReLU):
            dead.append((x == 0).all(0))
    return float(torch.cat(dead).double().mean())
