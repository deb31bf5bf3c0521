"""Searches find what is there and stop early whom they should, and so does Optuna by its adapter."""

import math

import numpy as np
import pytest

from course_lib.algorithms import at_edge, draw_candidates, hyperband_brackets
from course_lib.registry import Range
from course_lib.training import search
from course_lib.training.search import (
    Trial,
    best_of,
    cross_validate,
    grid_search,
    hyperband,
    random_search,
    successive_halving,
)

SPACE = {"lr": Range(1e-4, 1.0, "log"), "momentum": Range(0.0, 0.99, "one_minus")}


def bowl(candidate):
    """Best at lr = 0.01; momentum hardly matters."""
    return (math.log10(candidate["lr"]) + 2) ** 2 + 1e-3 * candidate["momentum"]


def test_grid_and_random_search_score_every_candidate():
    trials = grid_search(bowl, SPACE, count=3)
    assert len(trials) == 9 and all(trial.loss == bowl(trial.candidate) for trial in trials)
    assert best_of(trials).candidate == {"lr": pytest.approx(1e-2), "momentum": 0.0}
    trials = random_search(bowl, SPACE, trials=9, rng=np.random.default_rng(0))
    assert [t.candidate for t in trials] == draw_candidates(SPACE, count=9, rng=np.random.default_rng(0))
    assert len({t.candidate["lr"] for t in trials}) == 9


def test_random_search_wins_where_one_hyperparameter_matters():
    """Among nine trials a grid has three learning rates: off its points random search comes nearer."""

    def narrow(candidate):
        return abs(math.log10(candidate["lr"]) + 2.9)

    grid_loss = best_of(grid_search(narrow, SPACE, count=3)).loss
    losses = [
        best_of(random_search(narrow, SPACE, trials=9, rng=np.random.default_rng(s))).loss for s in range(50)
    ]
    assert np.median(losses) < grid_loss / 2


def test_a_best_value_at_the_edge_is_noticed():
    best = best_of(grid_search(lambda c: -c["lr"], SPACE))
    assert at_edge(best.candidate, space=SPACE)["lr"] == "high"


def test_a_diverged_trial_loses():
    trials = [Trial({"lr": 1.0}, search._loss(math.nan)), Trial({"lr": 0.1}, 3.0)]
    assert best_of(trials).candidate == {"lr": 0.1}
    with pytest.raises(ValueError, match=r"all 1 trials"):
        best_of(trials[:1])


def curve(candidate, budget):
    """A loss that falls with the budget towards the candidate's own bottom."""
    return bowl(candidate) + 5 / budget


def test_successive_halving_goes_on_with_the_best():
    candidates = [{"lr": 10.0**-k, "momentum": 0.0} for k in (0, 1, 2, 3, 4)] * 2
    trials = successive_halving(curve, candidates, rounds=[(9, 1), (3, 3), (1, 9)])
    assert [(t.budget) for t in trials] == [1] * 9 + [3] * 3 + [9]
    assert sorted(t.candidate["lr"] for t in trials[9:12]) == pytest.approx([0.01, 0.01, 0.1])
    assert best_of(trials).candidate["lr"] == 0.01 and best_of(trials).budget == 9


def test_best_of_does_not_compare_budgets():
    """A short run that was lucky is no match for one that ran to the end."""
    assert best_of([Trial({"lr": 1.0}, 0.1, 1), Trial({"lr": 0.1}, 0.5, 9)]).budget == 9


def test_hyperband_runs_its_brackets():
    asked = []

    def objective(candidate, budget):
        asked.append(budget)
        return curve(candidate, budget)

    trials = hyperband(objective, SPACE, most=9, eta=3, rng=np.random.default_rng(0))
    planned = [b for rounds in hyperband_brackets(most=9, eta=3) for n, b in rounds for _ in range(n)]
    assert asked == planned == [t.budget for t in trials]
    assert abs(math.log10(best_of(trials).candidate["lr"]) + 2) < 1


def test_cross_validation_uses_each_fold_once():
    data, seen = np.arange(10.0), []

    def score(training, validation):
        seen.extend(validation)
        return np.mean((data[validation] - data[training].mean()) ** 2)

    scores = cross_validate(score, n=10, k=5, rng=np.random.default_rng(0))
    assert scores.shape == (5,) and sorted(seen) == list(range(10))
    # of a mean of 8 points, with variance 110/12: about (1 + 1/8) of it
    assert 6 < scores.mean() < 16


def test_without_optuna_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ImportError, match=r"course-lib\[optional\].*random_search"):
        search.optuna_search(bowl, SPACE, trials=1)


def test_optuna_finds_the_bowl_and_stays_in_the_space():
    trials = search.optuna_search(bowl, SPACE, trials=25, seed=0)
    assert len(trials) == 25
    for trial in trials:
        assert all(SPACE[n].low - 1e-9 <= v <= SPACE[n].high + 1e-9 for n, v in trial.candidate.items())
    assert abs(math.log10(best_of(trials).candidate["lr"]) + 2) < 0.3
    again = search.optuna_search(bowl, SPACE, trials=25, seed=0)
    assert [t.candidate for t in trials] == [t.candidate for t in again]


def test_optuna_survives_a_diverged_trial():
    trials = search.optuna_search(lambda c: math.nan if c["lr"] > 0.1 else bowl(c), SPACE, trials=12)
    assert any(math.isinf(t.loss) for t in trials) and math.isfinite(best_of(trials).loss)
