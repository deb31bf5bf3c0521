"""Hyperparameter search: somebody scores a candidate, and these decide which to try and for how long.

`objective(candidate)` is a loss to be made small, or `objective(candidate, budget)` where candidates are
stopped early; a candidate is {name: float}. Candidates and budgets come from `course_lib.algorithms.search`.
"""

import math
from dataclasses import dataclass

import numpy as np

from course_lib.algorithms import draw_candidates, grid, hyperband_brackets, k_fold
from course_lib.messages import t


@dataclass(frozen=True)
class Trial:
    """One candidate and its loss; NaN counts as infinite. budget: what it ran on, where budgets differ."""

    candidate: dict
    loss: float
    budget: float | None = None


def best_of(trials):
    """The trial with the smallest loss, of those with the largest budget. Raises ValueError if all failed."""
    full = max(trial.budget or 0 for trial in trials)
    best = min((trial for trial in trials if (trial.budget or 0) == full), key=lambda trial: trial.loss)
    if math.isinf(best.loss):
        raise ValueError(t("search.all_failed", count=len(trials)))
    return best


def grid_search(objective, space, *, count=3):
    """Score every combination of `count` values a hyperparameter. Returns the trials, in the grid's order."""
    return [Trial(candidate, _loss(objective(candidate))) for candidate in grid(space, count=count)]


def random_search(objective, space, *, trials=9, rng):
    """Score candidates drawn at random, each hyperparameter on its own scale. Returns the trials.

    With as many trials it tries more different values of each hyperparameter than a grid: which helps where
    few of them matter, and where all matter alike it does not. Source: Bergstra & Bengio 2012, JMLR 13.
    """
    candidates = draw_candidates(space, count=trials, rng=rng)
    return [Trial(candidate, _loss(objective(candidate))) for candidate in candidates]


def successive_halving(objective, candidates, *, rounds):
    """Run all candidates shortly, go on with the best ones for longer, and so on.

    objective(candidate, budget): the loss after a budget, from the start. rounds: [(how many, budget), …], a
    bracket of `hyperband_brackets`; of the candidates the first `how many` run in the first round.
    Returns the trials of all rounds. Source: Jamieson & Talwalkar 2016, arXiv:1502.07943.
    """
    trials, left = [], list(candidates)
    for count, budget in rounds:
        left = left[:count]
        scored = [Trial(candidate, _loss(objective(candidate, budget)), budget) for candidate in left]
        trials += scored
        # the best first; of equal ones the earlier
        left = [trial.candidate for trial in sorted(scored, key=lambda trial: trial.loss)]
    return trials


def hyperband(objective, space, *, most=27, eta=3, rng):
    """Successive halving in several brackets, from many short runs to few long ones.

    Nobody knows beforehand how early a good candidate shows; the brackets try all mixtures.
    Returns the trials of all brackets. Source: Li et al. 2018, JMLR 18(185), Algorithm 1.
    """
    trials = []
    for rounds in hyperband_brackets(most=most, eta=eta):
        candidates = draw_candidates(space, count=rounds[0][0], rng=rng)
        trials += successive_halving(objective, candidates, rounds=rounds)
    return trials


def cross_validate(score, *, n, k=5, rng):
    """The score on each of k folds: score(training indices, validation indices) → number.

    What learns from data, scaling included, belongs inside `score` and sees the training part only.
    Returns a NumPy array (k,); its mean is the estimate, its spread says how far to trust it.
    """
    return np.array(
        [float(score(training, validation)) for training, validation in k_fold(n=n, k=k, rng=rng)]
    )


def optuna_search(objective, space, *, trials=20, seed=0):
    """The same with a real tool: Optuna's TPE, which learns from the trials where to look next.

    Optional: `pip install "course-lib[optional]"`. A "one_minus" range is searched as log of 1 − value.
    Returns the trials in order. Raises ImportError, with the remedy, where Optuna is not installed.
    Source: Akiba et al. 2019, arXiv:1907.10902; Bergstra et al. 2011 (TPE).
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError(t("search.no_optuna")) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study, done = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed)), []
    for _ in range(trials):
        asked = study.ask()
        candidate = {name: _suggest(asked, name, span) for name, span in space.items()}
        done.append(Trial(candidate, _loss(objective(candidate))))
        # a diverged run is told as a large finite loss: Optuna refuses infinity
        study.tell(asked, min(done[-1].loss, 1e30))
    return done


def _suggest(asked, name, span):
    if span.scale == "one_minus":
        return 1 - asked.suggest_float(name, 1 - span.high, 1 - span.low, log=True)
    return asked.suggest_float(name, span.low, span.high, log=span.scale == "log")


def _loss(value):
    loss = float(value)
    return math.inf if math.isnan(loss) else loss
