"""What unit 7 shows that has to be trained first: runs by rate, update ratios, a search, features."""

from dataclasses import dataclass

import numpy as np
import torch

from course_lib.algorithms import draw_candidates, gd, pca, pca_fit
from course_lib.data.digits import load_digits
from course_lib.experiments.unit7 import (
    losses_at,
    new_digits,
    new_losses,
    ratio_run,
)
from course_lib.registry import Range
from course_lib.training.search import successive_halving
from course_lib.training.small_nets import mlp, per_net, score, train
from course_lib.training.transfer import load_backbone

STEPPED = tuple(10 ** (k / 4) for k in range(-12, 4))  # 0.001 … 5.6, four a decade


@dataclass(frozen=True, eq=False)
class RateRuns:
    """rates: (k,). train, val: (epochs + 1, k), losses before training and after every epoch."""

    rates: tuple[float, ...]
    train: np.ndarray
    val: np.ndarray


def rate_runs(*, rates=STEPPED, epochs=15, seed=0) -> RateRuns:
    """One net after another that differs from the others in its learning rate alone."""
    data, nets, lr = load_digits(), [seed] * len(rates), per_net(rates)
    params, rows = mlp([64, 32, 10], seeds=nets), []
    for epoch in range(epochs + 1):
        rows.append(
            [score(params, *part)[0] for part in ((data.x_train, data.y_train), (data.x_val, data.y_val))]
        )
        seeds = [seed + 1000 * epoch] * len(rates)
        params = train(
            params, data.x_train, data.y_train, gd, seeds=seeds, settings=lambda _: {"lr": lr}, epochs=1
        ).params
    losses = np.nan_to_num(np.array(rows), nan=np.inf)
    return RateRuns(tuple(rates), losses[:, 0], losses[:, 1])


@dataclass(frozen=True, eq=False)
class RatioRuns:
    """rates: (k,). val: (k,), last losses. ratios: (steps, layers, k), ‖Δw‖ over ‖w‖."""

    rates: tuple[float, ...]
    val: np.ndarray
    ratios: np.ndarray


def ratio_runs(*, rates=STEPPED[:-1], epochs=10) -> RatioRuns:
    """The update ratio of every layer at every step, of a net with two hidden layers."""
    losses, ratios = ratio_run([0], rates, epochs=epochs, widths=(64, 64, 64, 10))
    return RatioRuns(tuple(rates), losses[:, 0], ratios[..., 0])


@dataclass(frozen=True, eq=False)
class RateLosses:
    """rates, losses: (k,), the validation loss that short trainings reach at each rate."""

    rates: np.ndarray
    losses: np.ndarray


def rate_losses(*, low=1e-4, high=100.0, per_decade=8, seeds=range(4)) -> RateLosses:
    """The landscape of a search for the learning rate, a mean over some nets."""
    count = round(np.log10(high / low) * per_decade) + 1
    rates = np.geomspace(low, high, count)
    found = losses_at(np.repeat(rates, len(seeds)), [*seeds] * count)
    return RateLosses(rates, found.reshape(count, len(seeds)).mean(1))


def batches(*, count=10) -> list[tuple[np.ndarray, np.ndarray]]:
    """A mini-batch as it should be, with its labels moved by one, and with the pictures' pixels mixed up."""
    data = load_digits()
    x, y = data.x_train[:count], data.y_train[:count]
    pictures, mixed = (a.reshape(count, 8, 8) for a in (x, x.T))
    return [(pictures, y), (pictures, np.roll(y, 1)), (mixed, y)]


# --- successive halving -----------------------------------------------------------------------------------

MOST, KEPT = 27, 3  # epochs of a full run; one in three goes on
FIRST = (1, 2, 3, 4, 6, 9, 13, 20, 27)  # epochs before the first are dropped
SPACE = {"lr": Range(3e-4, 0.1, "log"), "dropout": Range(0.0, 0.6)}


@dataclass(frozen=True, eq=False)
class Halvings:
    """losses: (epochs, candidates), of full runs. stops: {first look: (candidates,)}, epochs that each ran.

    chosen: {first look: the candidate found}.
    """

    losses: np.ndarray
    stops: dict[int, np.ndarray]
    chosen: dict[int, int]


def halvings(*, seed=0, most=MOST, first=FIRST) -> Halvings:
    """27 candidates run in full once, and what successive halving would have made of them."""
    candidates = draw_candidates(SPACE, count=most, rng=np.random.default_rng(seed))
    rates, drops = (np.array([candidate[name] for candidate in candidates]) for name in SPACE)
    losses = new_losses(rates, drops, [seed] * most, most)
    # the best epoch so far counts, as with early stopping
    best = np.minimum.accumulate(losses, axis=0)
    found = {look: _halved(best, rounds_from(look, most)) for look in first}
    return Halvings(losses, {k: v[0] for k, v in found.items()}, {k: v[1] for k, v in found.items()})


def rounds_from(look, most=MOST, kept=KEPT):
    """[(candidates, epochs), …]: all for `look` epochs, then a third for three times as long, to the end."""
    rounds, count, budget = [], most, look
    while budget < most:
        rounds.append((count, budget))
        count, budget = max(1, count // kept), budget * kept
    return [*rounds, (count, most)]


def _halved(best, rounds):
    """How long each candidate ran, (candidates,), and which one was found. best: (epochs, candidates)."""
    trials = successive_halving(
        lambda i, budget: best[budget - 1, i], list(range(best.shape[1])), rounds=rounds
    )
    stops = np.zeros(best.shape[1], dtype=int)
    for trial in trials:
        stops[trial.candidate] = trial.budget
    full = [trial for trial in trials if trial.budget == len(best)]
    return stops, min(full, key=lambda trial: trial.loss).candidate


# --- features ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Stages:
    """points: {stage: (n, 2)}, pictures of unseen digits as the backbone's layers see them. labels: (n,).

    right: {stage: mean accuracy in percent} of the nearest class mean, from a few labelled pictures.
    """

    points: dict[str, np.ndarray]
    labels: np.ndarray
    right: dict[str, float]


SHOWN = ("pixels", "act1", "act2", "pool2", "act3", "pool3")


def stages(*, seeds=range(8), labelled=5) -> Stages:
    """The new digits, layer by layer, by the two directions in which they differ most.

    seeds: of the labelled pictures; the points are those of the first.
    """
    runs = []
    for seed in seeds:
        x, y, x_new, y_new = new_digits(seed, labelled)
        runs.append((_seen(x), y.numpy(), _seen(x_new), y_new.numpy()))
    right = {
        name: float(np.mean([100 * _nearest_mean(a[name], y, b[name], y_new) for a, y, b, y_new in runs]))
        for name in SHOWN
    }
    _, _, first, labels = runs[0]
    points = {name: pca(rows, pca_fit(rows), k=2) for name, rows in first.items()}
    return Stages(points, labels, right)


@torch.no_grad()
def _seen(x):
    """{stage: (n, features)}, rows of length 1: what counts is the direction, not the contrast."""
    found = {"pixels": x}
    for name, layer in load_backbone().features.named_children():
        x = layer(x)
        found[name] = x
    rows = {name: found[name].flatten(1).double().numpy() for name in SHOWN}
    return {name: a / np.linalg.norm(a, axis=1, keepdims=True) for name, a in rows.items()}


def _nearest_mean(x, y, x_new, y_new):
    means = np.stack([x[y == label].mean(0) for label in range(3)])
    distances = ((x_new[:, None] - means) ** 2).sum(-1)
    return np.mean(distances.argmin(1) == y_new)
