"""Comparing methods fairly: the same candidates for each, chosen on some seeds, compared on others.

Every method runs at every candidate rate. Runs on the tuning seeds choose its rate; only runs on fresh
seeds are compared, so that a method that was lucky while tuning gains nothing by it.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.training.small_nets import mlp, per_net, score, train

RATES = tuple(10 ** (k / 2) for k in range(-8, 3))  # 0.0001 … 10, two a decade
WIDE = tuple(10.0**k for k in range(-12, 6))  # one a decade, for rules of another scale
TUNING = tuple(range(9001, 9009))  # seeds that choose the rates and are never compared
SOLVED = 1e-12  # a loss below this is as good as zero


def settled(losses, worst):
    """Final losses fit for a logarithm: none is zero, and a run that failed counts no more than `worst`.

    worst: the loss without any training, so that one diverged run does not outweigh all others.
    """
    return np.clip(np.nan_to_num(losses, nan=np.inf), SOLVED, worst)


@dataclass(frozen=True, eq=False)
class Tuned:
    """rate: index of the chosen rate. fresh: (fresh seeds,), losses to compare. mean: of the tuning seeds."""

    rate: int
    fresh: np.ndarray
    mean: float


def tuned(losses):
    """The losses of the fresh seeds at the rate that was best on the tuning seeds.

    losses: (rates, tuning seeds + fresh seeds), settled. The best rate has the smallest mean: a geometric
    mean would fall for a rate that fails on most seeds and is perfect on one.
    """
    choosing, fresh = losses[:, : len(TUNING)], losses[:, len(TUNING) :]
    best = int(np.argmin(choosing.mean(1)))
    return Tuned(best, fresh[best], float(choosing[best].mean()))


def decades(a, b):
    """By how many powers of ten b is below a, for each seed: positive where b has the smaller loss."""
    return [float(x) for x in np.log10(a) - np.log10(b)]


def descend(rule, problem, starts, *, rates=RATES, steps=200):
    """Final heights above the minimum, (rates, starts), of a rule run from every start at every rate.

    problem: Problem without noise. starts: (k, d).
    """
    p = np.broadcast_to(starts, (len(rates), *starts.shape))
    lr, state = np.array(rates)[:, None, None], ()
    lowest = problem.f(problem.minima[0])
    # Some rates are too large: what overflows on the way is settled at the end.
    with np.errstate(all="ignore"):
        for _ in range(steps):
            p, *state = rule(p, problem.grad(p), *state, lr=lr)
        heights = problem.f(p) - lowest
    return settled(heights, problem.f(starts) - lowest)


def fit(rule, widths, data, seeds, *, rates=RATES, epochs=10, schedule=None):
    """Final training losses, (rates, seeds), of small nets trained with a rule at every rate.

    data: (x, y). schedule(step): what the rate is multiplied by, 1 if None.
    """
    nets = list(seeds) * len(rates)
    lr = per_net(np.repeat(rates, len(seeds)))

    def settings(step):
        return {"lr": lr * (schedule(step) if schedule else 1.0)}

    run = train(mlp(widths, seeds=nets), *data, rule, seeds=nets, settings=settings, epochs=epochs)
    final = score(run.params, *data)[0].reshape(len(rates), len(seeds))
    return settled(final, np.log(widths[-1]))  # ln(classes): a guess
