"""What is said of running and searching trainings, each as an experiment. Texts: messages/unit7.toml."""

import numpy as np
import torch
from scipy.stats import rankdata
from torch.nn import functional as F

from course_lib.algorithms import adam, draw_candidates, gd, grid, one_cycle
from course_lib.data.digits import load_digits
from course_lib.experiments.statements import states
from course_lib.experiments.tuning import TUNING
from course_lib.registry import Range
from course_lib.training import soft_nets
from course_lib.training.small_nets import mlp, per_net, score, train
from course_lib.training.transfer import (
    as_images,
    build_backbone,
    freeze,
    load_backbone,
    replace_head,
    shifted,
)

GUESS = float(np.log(10))  # the loss of a net that has learned nothing

# --- 26: random against grid search -----------------------------------------------------------------------

TOGETHER = 40  # landscapes whose mean makes one effect
# (hyperparameters, how many of them matter, where the grid's values stand)
LANDSCAPES = {
    "one_of_2": (2, 1, "inside"),
    "two_of_2": (2, 2, "inside"),
    "two_of_2_ends": (2, 2, "ends"),
    "one_of_4": (4, 1, "inside"),
    "four_of_4": (4, 4, "inside"),
}


@states(26, seeds=range(40), margin=0.05)
def random_beats_grid(seeds, landscapes=LANDSCAPES, count=3):
    """Powers of ten by which random search ends lower than a grid of as many trials, on bowls in a cube."""
    return {
        name: [float(np.mean(_advantages(seed, *case, count))) for seed in seeds]
        for name, case in landscapes.items()
    }


def _advantages(seed, size, matter, place, count):
    """log10(best of the grid) − log10(best of the random candidates), (TOGETHER,)."""
    rng = np.random.default_rng([seed, size, matter])
    weights = (np.arange(size) < matter) * 1.0
    edge = 0.5 / count if place == "inside" else 0.0
    fixed = _points(grid(_cube(size, edge), count=count))
    gains = []
    for _ in range(TOGETHER):
        best = rng.random(size)
        drawn = _points(draw_candidates(_cube(size), count=len(fixed), rng=rng))
        heights = [(weights * (points - best) ** 2).sum(1).min() for points in (fixed, drawn)]
        gains.append(np.log10(heights[0] / heights[1]))
    return gains


def _cube(size, edge=0.0):
    return {str(i): Range(edge, 1 - edge) for i in range(size)}


def _points(candidates):
    return np.array([list(candidate.values()) for candidate in candidates])


# --- the scale of a search: not in the notes, but often done ----------------------------------------------

SPANS = {"narrow": (0.3, 1.5), "top": (1e-4, 1.0), "wide": (1e-4, 100.0)}
AS_GOOD = 0.1  # powers of ten of the loss that count as no difference


@states(26, seeds=range(16))
def linear_scale_is_as_good(seeds, spans=SPANS, trials=8, scales=("linear", "log")):
    """0.1 less the powers of ten by which the best of 8 rates is worse if drawn on a linear scale."""
    effects = {}
    for name, ends in spans.items():
        linear, log = (best_drawn(seeds, Range(*ends, scale), trials) for scale in scales)
        effects[name] = [float(AS_GOOD - x) for x in np.log10(linear / log)]
    return effects


def best_drawn(seeds, span, trials):
    """The smallest validation loss among rates drawn at random from a Range, (seeds,)."""
    rates = [
        candidate["lr"]
        for seed in seeds
        for candidate in draw_candidates({"lr": span}, count=trials, rng=np.random.default_rng([seed, 5]))
    ]
    found = losses_at(rates, [seed for seed in seeds for _ in range(trials)])
    return found.reshape(len(seeds), trials).min(1)


def losses_at(rates, seeds, *, epochs=3):
    """Validation losses of small nets on the digits, (nets,), each at its own rate; at most a guess's."""
    data, lr = load_digits(), per_net(rates)
    start = mlp([64, 16, 10], seeds=seeds)
    run = train(
        start, data.x_train, data.y_train, gd, seeds=seeds, settings=lambda _: {"lr": lr}, epochs=epochs
    )
    loss = score(run.params, data.x_val, data.y_val)[0]
    return np.minimum(np.nan_to_num(loss, nan=np.inf), GUESS)


# --- the size of updates (a rule of thumb of the notes) ---------------------------------------------------

RATES = tuple(10 ** (k / 2) for k in range(-8, 3))  # two a decade
RULE_OF_THUMB, WITHIN = 1e-3, 0.5  # and how many powers of ten off it may be
RUNS = {
    "gd_10": {"epochs": 10},
    "gd_40": {"epochs": 40},
    "batch_16": {"epochs": 10, "batch_size": 16},
    "adam": {"epochs": 10, "rule": adam},
    "falling": {"epochs": 40, "falling": True},
}


@states(26, seeds=range(8), stored=True, quick={"seeds": range(2), "runs": {"gd_10": {"epochs": 2}}})
def updates_of_a_thousandth(seeds, runs=RUNS, watch=iter):
    """Half a power of ten less the distance of the usual update ratio from 0.001, at the best rate."""
    effects = {}
    for name in watch(list(runs)):
        losses, _ = ratio_run(TUNING[:4], RATES, **runs[name])
        best = RATES[int(np.argmin(losses.mean(1)))]
        _, ratios = ratio_run(seeds, (best,), **runs[name])
        usual = np.log10(np.median(ratios, axis=0)).mean(0)[0]  # (seeds,)
        effects[name] = [float(x) for x in WITHIN - np.abs(usual - np.log10(RULE_OF_THUMB))]
    return effects


def ratio_run(seeds, rates, *, epochs, rule=gd, widths=(64, 32, 10), batch_size=64, falling=False):
    """Train nets at every rate: validation losses (rates, seeds), ratios (steps, layers, rates, seeds).

    A ratio is ‖Δw‖ / ‖w‖ of one weight matrix in one step. falling: whether the rate follows one-cycle.
    """
    data, nets, seen = load_digits(), list(seeds) * len(rates), []
    lr = per_net(np.repeat(rates, len(seeds)))
    total = epochs * (len(data.y_train) // batch_size)

    def settings(step):
        return {"lr": lr * (one_cycle(step, total=total, peak=1.0) if falling else 1.0)}

    def recorded(p, g, *state, **hyper):
        after, *state = rule(p, g, *state, **hyper)
        if p.shape[1] > 1:  # a matrix, no bias
            seen.append(_length(after - p) / _length(p))
        return after, *state

    run = train(
        mlp(list(widths), seeds=nets),
        data.x_train,
        data.y_train,
        recorded,
        seeds=nets,
        settings=settings,
        epochs=epochs,
        batch_size=batch_size,
    )
    loss = np.nan_to_num(score(run.params, data.x_val, data.y_val)[0], nan=np.inf)
    shape = (len(rates), len(seeds))
    ratios = torch.stack(seen).numpy().reshape(total, len(widths) - 1, *shape)
    return np.minimum(loss, GUESS).reshape(shape), ratios


def _length(matrices):
    return matrices.square().sum((1, 2)).sqrt()


# --- early abandon (advice of the notes) ------------------------------------------------------------------

LEARNING = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
DROPPED = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
LOOKS = {"rate": (1, 5), "dropout": (1, 5, 20)}
EPOCHS = 40


@states(26, seeds=range(12), margin=0.3, stored=True, quick={"seeds": range(2), "epochs": 21})
def slow_start_ends_badly(seeds, looks=LOOKS, epochs=EPOCHS, watch=iter):
    """Rank correlation of candidates' validation losses after a few epochs and at their best epoch."""
    effects = {}
    for kind in watch(list(looks)):
        losses = candidate_losses(kind, seeds, epochs)
        for look in looks[kind]:
            effects[f"{kind}_{look}"] = rank_correlations(losses[look - 1], losses.min(0))
    return effects


def candidate_losses(kind, seeds, epochs=EPOCHS):
    """Losses on new pictures after every epoch, (epochs, candidates, seeds).

    kind: "rate", nets that differ in the learning rate, or "dropout", in the share of pixels dropped.
    """
    values = LEARNING if kind == "rate" else DROPPED
    own = np.repeat(values, len(seeds))
    rates, drops = (own, 0 * own) if kind == "rate" else (0 * own + 0.02, own)
    return new_losses(rates, drops, [*seeds] * len(values), epochs).reshape(epochs, len(values), len(seeds))


def new_losses(rates, drops, nets, epochs):
    """Losses on new pictures after every epoch, (epochs, nets): each learns 500 noisy digits.

    rates, drops: a net's learning rate and its share of pixels dropped. nets: a seed each.
    """
    few = soft_nets.few_digits(500, seeds=nets, noise=1.0)
    y, lr, drop = soft_nets.one_hot(few.y), per_net(rates), per_net(drops)
    generator = torch.Generator().manual_seed(0)

    def dropped(a, b, rngs):
        kept = torch.rand(a.shape, generator=generator) >= drop
        return a * kept / (1 - drop), b

    params, found = mlp([64, 64, 10], seeds=nets), []
    for epoch in range(epochs):
        # other batches in every epoch
        seeds = [seed + 1000 * epoch for seed in nets]
        params = soft_nets.train(
            params, few.x, y, seeds=seeds, rate=lambda _: lr, epochs=1, batch_size=25, mix=dropped
        )
        found.append(soft_nets.loss_of(soft_nets.answers(params, few.x_new), few.y_new).numpy())
    return np.nan_to_num(np.array(found), nan=np.inf)


def rank_correlations(a, b):
    """Spearman's, down the columns of two arrays (candidates, seeds)."""
    ranks = [rankdata(array, axis=0) - (len(array) + 1) / 2 for array in (a, b)]
    lengths = [np.sqrt((r * r).sum(0)) for r in ranks]
    return [float(x) for x in (ranks[0] * ranks[1]).sum(0) / np.maximum(lengths[0] * lengths[1], 1e-12)]


# --- transfer learning (advice of the notes) --------------------------------------------------------------

NEW = (7, 8, 9)  # what the shipped backbone has never seen
SIZES = (5, 20, 100)  # labelled pictures of each new class
# rates tried, from below the best one to above it
ARMS = {
    "frozen": (0.003, 0.01, 0.03, 0.1),
    "tuned": (0.001, 0.003, 0.01, 0.03),
    "scratch": (0.001, 0.003, 0.01),
}


@states(
    26,
    seeds=range(24),
    margin=0.5,
    stored=True,
    quick={"seeds": range(2), "sizes": (5,), "arms": {name: rates[1:2] for name, rates in ARMS.items()}},
)
def pretrained_always_helps(seeds, sizes=SIZES, arms=ARMS, watch=iter):
    """Points of accuracy that a backbone of other classes gains over training from scratch."""
    effects = {}
    for size in watch(sizes):
        right = {arm: _at_best_rate(arm, seeds, size, rates) for arm, rates in arms.items()}
        for arm in ("frozen", "tuned"):
            effects[f"{arm}_{size}"] = [float(100 * x) for x in right[arm] - right["scratch"]]
    return effects


def _at_best_rate(arm, seeds, size, rates):
    """Accuracy of the seeds, (seeds,), at the rate with the largest mean on three tuning seeds."""
    means = [np.mean([transferred(arm, seed, size, lr) for seed in TUNING[:3]]) for lr in rates]
    lr = rates[int(np.argmax(means))] if len(rates) > 1 else rates[0]
    return np.array([transferred(arm, seed, size, lr) for seed in seeds])


def new_digits(seed, size):
    """`size` shifted pictures of each new class to learn from, and all others to judge by: x, y, x′, y′.

    x: (n, 1, 8, 8). y: 0, 1, 2. To judge by: the validation split, and what is left of the training split.
    """
    data, rng = load_digits(), np.random.default_rng([seed, 7])
    orders = [rng.permutation(np.flatnonzero(data.y_train == label)) for label in NEW]
    own = np.concatenate([order[:size] for order in orders])
    left = np.concatenate([order[max(SIZES) :] for order in orders])
    held = np.isin(data.y_val, NEW)
    x = shifted(data.x_train[own], rng=rng)
    x_new = shifted(np.concatenate([data.x_val[held], data.x_train[left]]), rng=rng)
    y_new = np.concatenate([data.y_val[held], data.y_train[left]])
    return as_images(x), torch.tensor(data.y_train[own] - 7), as_images(x_new), torch.tensor(y_new - 7)


def transferred(arm, seed, size, lr, *, steps=100, batch_size=16):
    """Accuracy in [0, 1] on new pictures of the new classes, after training with Adam.

    arm: "frozen", a new head on the backbone's features; "tuned", the backbone learns on; "scratch".
    """
    x, y, x_new, y_new = new_digits(seed, size)
    model = build_backbone(3, seed=seed) if arm == "scratch" else replace_head(load_backbone(), 3, seed=seed)
    if arm == "frozen":
        # features that do not change are computed once
        features, model = freeze(model.features), model.head
        x, x_new = features(x), features(x_new)
    optimizer, rng = torch.optim.Adam(model.parameters(), lr=lr), np.random.default_rng([seed, 8])
    for _ in range(steps):
        batch = torch.from_numpy(rng.permutation(len(y))[:batch_size])
        optimizer.zero_grad()
        F.cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        return float((model(x_new).argmax(1) == y_new).double().mean())
