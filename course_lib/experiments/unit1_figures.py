"""Two comparisons of unit 1 that are looked at rather than judged, and the norms behind clipping."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from course_lib.algorithms.optim import adagrad, gd, momentum
from course_lib.algorithms.schedules import rising_momentum
from course_lib.data.words import bags_of_words
from course_lib.experiments.tuning import RATES, TUNING, settled
from course_lib.experiments.unit1 import DEEP, digits
from course_lib.training.small_nets import mlp, per_net, train

CONSTANT = (0.5, 0.9, 0.99)


@dataclass(frozen=True, eq=False)
class Curve:
    """rate: the tuned learning rate. losses: (epochs,), the mean training loss in each epoch, over seeds."""

    rate: float
    losses: np.ndarray


def raised_momentum(*, seeds=range(6), epochs=12) -> dict[str, Curve]:
    """Momentum raised from 0.5 to 0.99 in the course of training, against constant coefficients.

    Each chooses its rate among the same candidates on the tuning seeds. Digits, one hidden layer.
    Returns {"raised" or the constant: Curve}. Source: Sutskever et al. 2013, eq. 5 (the idea of raising μ).
    """
    steps = epochs * (len(digits()[1]) // 64)

    arms = {"raised": partial(rising_momentum, total=steps)} | {
        f"{value:g}": (lambda _, value=value: value) for value in CONSTANT
    }
    return {name: _curve(arm, seeds, epochs) for name, arm in arms.items()}


def _curve(coefficient, seeds, epochs, rates=RATES[3:]):
    everyone = (*TUNING[:4], *seeds)
    nets, lr = list(everyone) * len(rates), per_net(np.repeat(rates, len(everyone)))
    run = train(
        mlp([64, 32, 10], seeds=nets),
        *digits(),
        momentum,
        seeds=nets,
        settings=lambda step: {"lr": lr, "momentum": coefficient(step)},
        epochs=epochs,
    )
    by_epoch = settled(run.losses.reshape(epochs, -1, len(nets)).mean(1), np.log(10))
    by_epoch = by_epoch.reshape(epochs, len(rates), len(everyone))
    best = int(np.argmin(by_epoch[-1, :, :4].mean(1)))
    return Curve(float(rates[best]), by_epoch[:, best, 4:].mean(1))


@dataclass(frozen=True, eq=False)
class RareWords:
    """frequency: (groups,), share of texts that hold a word of the group, falling.

    learned: {rule: (groups,)}, mean weight of the group's words, positive in the true direction.
    """

    frequency: np.ndarray
    learned: dict[str, np.ndarray]


def rare_words(*, seeds=range(6), epochs=3, groups=12) -> RareWords:
    """How much gradient descent and AdaGrad learn about rare words, which tell as much as common ones.

    Softmax regression on bags of words whose true weights are all ±3; each rule at the rate that ends
    with the smallest training loss. groups: of equally many words, the commonest first.
    """
    parts = {rule.__name__: [_learned(rule, seed, epochs) for seed in seeds] for rule in (gd, adagrad)}
    often = np.mean([bags_of_words(rng=np.random.default_rng(seed))[0].mean(0) for seed in seeds], axis=0)
    order = np.argsort(-often)

    def grouped(per_word):
        return per_word[order].reshape(groups, -1).mean(1)

    return RareWords(grouped(often), {name: grouped(np.mean(each, axis=0)) for name, each in parts.items()})


def _learned(rule, seed, epochs):
    x, y, truth = bags_of_words(rng=np.random.default_rng(seed))
    nets = [seed] * len(RATES)
    settings = {"lr": per_net(RATES)}
    start = mlp([x.shape[1], 2], seeds=nets)
    run = train(start, x, y, rule, seeds=nets, settings=lambda _: settings, epochs=epochs)
    last_epoch = run.losses[-(len(y) // 64) :].mean(0)
    w = run.params[0][int(np.nanargmin(last_epoch))].numpy()  # (words, 2)
    return (w[:, 1] - w[:, 0]) * np.sign(truth)


def gradient_norms(*, seed=0, epochs=6) -> dict[str, np.ndarray]:
    """The gradient's norm at every step of three nets on the digits: {name: (steps,)}.

    No hidden layer; five; and one with the batch's losses summed, not averaged.
    """
    cases = {"linear": ([64, 10], 1.0), "deep": (DEEP, 1.0), "summed": ([64, 32, 10], 64.0)}
    norms = {}
    for name, (widths, scale) in cases.items():
        go = partial(
            train, mlp(widths, seeds=[seed]), *digits(), gd, seeds=[seed], epochs=epochs, scale=scale
        )
        settings = {"lr": 0.05 / scale}
        norms[name] = go(settings=lambda _, same=settings: same).norms[:, 0]
    return norms
