"""Comparing methods fairly: the same candidates for each, chosen on some seeds, compared on others.

Every method runs at every candidate rate. Runs on the tuning seeds choose its rate; only runs on fresh
seeds are compared, so that a method that was lucky while tuning gains nothing by it.
"""

import numpy as np

from course_lib.training.small_nets import mlp, per_net, score, train

RATES = tuple(10 ** (k / 2) for k in range(-8, 3))  # 0.0001 … 10, two a decade
TUNING = (9001, 9002, 9003, 9004)  # seeds that choose the rates and are never compared
# A loss beyond WORST, or one that is not finite, has diverged; one below SOLVED is as good as zero.
WORST, SOLVED = 1e3, 1e-12


def settled(losses):
    """Final losses fit for a logarithm: diverged ones become WORST, vanishing ones SOLVED."""
    return np.clip(np.nan_to_num(losses, nan=WORST, posinf=WORST), SOLVED, WORST)


def tuned(losses):
    """The losses of the fresh seeds at the rate that was best on the tuning seeds.

    losses: (rates, tuning seeds + fresh seeds), settled. Returns (index of the rate, (fresh seeds,), (tuning
    seeds,)); the best is the one with the smallest geometric mean.
    """
    choosing, fresh = losses[:, : len(TUNING)], losses[:, len(TUNING) :]
    best = int(np.argmin(np.log(choosing).mean(1)))
    return best, fresh[best], choosing[best]


def decades(a, b):
    """By how many powers of ten b is below a, for each seed: positive where b has the smaller loss."""
    return [float(x) for x in np.log10(a) - np.log10(b)]


def descend(rule, problem, starts, *, rates=RATES, steps=200, **hyper):
    """Final heights above the minimum, (rates, starts), of a rule run from every start at every rate.

    problem: Problem; noise in its gradient is drawn afresh for each run. starts: (k, d).
    """
    p = np.broadcast_to(starts, (len(rates), *starts.shape))
    lr, state = np.array(rates)[:, None, None], ()
    # Some rates are too large: what overflows on the way is settled at the end.
    with np.errstate(all="ignore"):
        for _ in range(steps):
            p, *state = rule(p, problem.grad(p), *state, lr=lr, **hyper)
        return settled(problem.f(p) - problem.f(problem.minima[0]))


def fit(rule, widths, data, seeds, *, rates=RATES, epochs=10, schedule=None, gain=1.0, **hyper):
    """Final training losses, (rates, seeds), of small nets trained with a rule at every rate.

    data: (x, y). schedule(step): what the rate is multiplied by, 1 if None. hyper: the rule's other
    hyperparameters, a number or a function of the step.
    """
    nets = list(seeds) * len(rates)
    lr = per_net(np.repeat(rates, len(seeds)))

    def settings(step):
        own = {name: value(step) if callable(value) else value for name, value in hyper.items()}
        return {"lr": lr * (schedule(step) if schedule else 1.0), **own}

    start = mlp(widths, seeds=nets, gain=gain)
    run = train(start, *data, rule, seeds=nets, settings=settings, epochs=epochs)
    return settled(score(run.params, *data)[0]).reshape(len(rates), len(seeds))
