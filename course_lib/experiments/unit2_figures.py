"""What unit 2 shows rather than judges: paths of L1, an overfitting run, ensembles, robustness to noise."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms.dropout import dropout_rates
from course_lib.algorithms.ensembles import (
    bootstrap_indices,
    dropout_ensemble,
    hard_vote,
    out_of_bag,
    soft_vote,
    weighted_vote,
)
from course_lib.algorithms.optim import adam
from course_lib.algorithms.robustness import accuracy_under_noise
from course_lib.algorithms.weight_decay import decoupled_weight_decay
from course_lib.data.digits import load_digits
from course_lib.data.hangul import LEVELS, load_bank
from course_lib.experiments.unit2 import WAYS, l1_path, sparse_problems, squared
from course_lib.messages import t
from course_lib.training.dropout_nets import probabilities, train_on_rows
from course_lib.training.small_nets import mlp, outputs

L1_STRENGTHS = (0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)


@dataclass(frozen=True, eq=False)
class L1Paths:
    """strengths: λ of each path. truth: (inputs,). paths: {way: (strengths, steps + 1, inputs)}."""

    strengths: tuple[float, ...]
    truth: np.ndarray
    paths: dict[str, np.ndarray]


def l1_paths(*, seed=1, steps=100, strengths=L1_STRENGTHS) -> L1Paths:
    """Weights by step, from zero, of one regression with an L1 penalty: subgradient and proximal steps."""
    x, y, truth = sparse_problems([seed])
    paths = {
        name: np.stack(
            [l1_path(x, y, squared, **WAYS[name], steps=steps, strength=s)[:, 0] for s in strengths]
        )
        for name in ("subgradient", "proximal")
    }
    return L1Paths(tuple(strengths), truth[0], paths)


# --- early stopping ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Overfitting:
    """train, val: (checks + 1,), mean cross-entropy. accuracy: of the validation digits. every: steps."""

    train: np.ndarray
    val: np.ndarray
    accuracy: np.ndarray
    every: int


def overfitting_run(*, samples=100, seed=0, checks=40, every=10, wrong=0.3) -> Overfitting:
    """A net trained on few digits, some of them with a wrong label, for far too long.

    wrong: share of the training labels that are drawn at random.
    """
    data, rng = load_digits(), np.random.default_rng(seed)
    rows = rng.permutation(len(data.y_train))[None, :samples]
    labels = data.y_train.copy()
    labels[rows[0, : int(wrong * samples)]] = rng.integers(0, 10, int(wrong * samples))
    record = []

    def look(step, params):
        if step % every == 0:
            record.append(
                [
                    *_loss_and_accuracy(params, data.x_train[rows[0]], labels[rows[0]]),
                    *_loss_and_accuracy(params, data.x_val, data.y_val),
                ]
            )

    train_on_rows(
        mlp([64, 64, 10], seeds=[seed]),
        data.x_train,
        labels,
        adam,
        rows=rows,
        settings={"lr": 2e-3},
        steps=checks * every,
        rng=rng,
        look=look,
    )
    train, _, val, accuracy = np.array(record).T
    return Overfitting(train, val, accuracy, every)


@torch.no_grad()
def _loss_and_accuracy(params, x, y):
    logits, y = outputs(params, torch.tensor(x))[0], torch.tensor(y)
    return float(F.cross_entropy(logits, y)), float((logits.argmax(-1) == y).float().mean())


# --- ensembles --------------------------------------------------------------------------------------------

MEMBERS = (1, 2, 4, 8, 16)
ENSEMBLES = ("bagging_hard", "bagging_weighted", "bagging_soft", "starts_soft", "dropout_passes")


@dataclass(frozen=True, eq=False)
class Ensembles:
    """Accuracies on unseen digits. members: (k,), how many decide together. by_members: {name: (k,)}.

    single: mean of the single nets. dropout_off: one pass of the dropout net with all of its units.
    seen: share of the training digits in a bootstrap sample. samples: training digits.
    """

    members: tuple[int, ...]
    by_members: dict[str, np.ndarray]
    single: float
    dropout_off: float
    seen: float
    samples: int


def ensembles(*, samples=150, members=MEMBERS, repeats=3, steps=120, width=32) -> Ensembles:
    """Bagging with three votes, an ensemble of starts, and dropout's thinned nets, on few digits.

    Everything is the mean over `repeats` draws of the training digits.
    """
    found = [_one_repeat(seed, samples, members, steps, width) for seed in range(repeats)]
    curves = {name: np.mean([each[name] for each in found], axis=0) for name in ENSEMBLES}
    means = {key: float(np.mean([each[key] for each in found])) for key in ("single", "dropout_off", "seen")}
    return Ensembles(tuple(members), curves, **means, samples=samples)


def _one_repeat(seed, samples, members, steps, width):
    data, rng = load_digits(), np.random.default_rng(seed)
    order = rng.permutation(len(data.y_train))
    own, unseen = order[:samples], order[samples:]
    x, y = data.x_train[unseen], data.y_train[unseen]
    most = max(members)
    drawn = bootstrap_indices(n=samples, members=most, rng=rng)
    fit = partial(train_on_rows, x=data.x_train, y=data.y_train, rule=adam, settings={"lr": 5e-3}, rng=rng)
    start = mlp([64, width, 10], seeds=range(most))
    bagged = fit(start, rows=own[drawn], steps=steps)
    plain = fit(start, rows=np.tile(own, (most, 1)), steps=steps)
    rates = dropout_rates(layers=2)
    thinned = fit([p[:1] for p in start], rows=own[None], steps=2 * steps, rates=rates)
    probs, same = probabilities(bagged, x), probabilities(plain, x)
    weights = _votes_for(bagged, data, own, out_of_bag(drawn))
    passes = partial(_pass, thinned, rates=rates)
    return {
        "bagging_hard": _curve(lambda m: hard_vote(probs[:m].argmax(-1), classes=10), members, y),
        "bagging_weighted": _curve(
            lambda m: weighted_vote(probs[:m].argmax(-1), weights[:m], classes=10), members, y
        ),
        "bagging_soft": _curve(lambda m: soft_vote(probs[:m]), members, y),
        "starts_soft": _curve(lambda m: soft_vote(same[:m]), members, y),
        "dropout_passes": _curve(
            lambda m: dropout_ensemble(passes, x, members=m, rng=np.random.default_rng(seed)).argmax(-1),
            members,
            y,
        ),
        "single": np.mean(same.argmax(-1) == y),
        "dropout_off": np.mean(probabilities(thinned, x)[0].argmax(-1) == y),
        "seen": np.mean(~out_of_bag(drawn)),
    }


def _pass(params, x, *, rates, rng):
    return probabilities(params, x, rates=rates, rng=rng)[0]


def _curve(vote, members, y):
    return [np.mean(vote(m) == y) for m in members]


def _votes_for(params, data, own, unseen):
    """ln(a / (1 − a)) of each member (Kuncheva 2014, §4.4), a: its accuracy on digits it has not seen.

    One right and one wrong answer are added, so that neither 0 nor 1 comes up.
    """
    right = probabilities(params, data.x_train[own]).argmax(-1) == data.y_train[own]  # (members, samples)
    accuracy = (np.sum(right & unseen, axis=1) + 1) / (unseen.sum(1) + 2)
    return np.log(accuracy / (1 - accuracy)).clip(0.01)


# --- noise in the test data -------------------------------------------------------------------------------

SIGMAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, eq=False)
class Robustness:
    """sigmas: (k,), of the test noise, in standard deviations of a pixel. accuracy: {training: (k,)}."""

    sigmas: np.ndarray
    accuracy: dict[str, np.ndarray]


def robustness(*, seeds=range(4), samples=400, steps=300, sigmas=SIGMAS) -> Robustness:
    """Validation accuracy under noise of nets trained plainly, with decay, with dropout, with noise."""
    data, rules = load_digits(), {"decay": partial(_decayed_adam, weight_decay=1.0)}
    ways = {"plain": {}, "decay": {}, "dropout": {"rates": dropout_rates(layers=2)}, "noise": {"sigma": 0.75}}
    rows = np.tile(np.arange(samples), (len(seeds), 1))
    accuracy = {}
    for name, way in ways.items():
        params = train_on_rows(
            mlp([64, 64, 10], seeds=seeds),
            data.x_train,
            data.y_train,
            rules.get(name, adam),
            rows=rows,
            settings={"lr": 3e-3},
            steps=steps,
            rng=np.random.default_rng(0),
            **way,
        )
        accuracy[name] = np.mean(
            [_under_noise(params, net, data, sigmas) for net in range(len(seeds))], axis=0
        )
    return Robustness(np.array(sigmas), accuracy)


def _decayed_adam(p, g, state=(), *, lr, weight_decay):
    return decoupled_weight_decay(p, g, state, rule=adam, lr=lr, weight_decay=weight_decay)


def _under_noise(params, net, data, sigmas):
    own = [p[net : net + 1] for p in params]
    return accuracy_under_noise(
        lambda x: probabilities(own, x)[0],
        data.x_val,
        data.y_val,
        sigmas=sigmas,
        rng=np.random.default_rng(net),
    )


# --- glyphs -----------------------------------------------------------------------------------------------


def glyphs(syllables) -> np.ndarray:
    """An undistorted glyph of each syllable, (n, 40, 40) in [0, 1], the first in the bank.

    Raises ValueError for a syllable that the bank does not hold.
    """
    bank = load_bank()
    places = [np.flatnonzero(bank.codes == ord(syllable)) for syllable in syllables]
    for syllable, found in zip(syllables, places, strict=True):
        if not len(found):
            raise ValueError(t("viz.turning.no_glyph", got=syllable))
    return bank.glyphs[[found[0] for found in places]] / (LEVELS - 1)
