"""`trace` follows every rule over every problem, and says what does not fit."""

import inspect
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from course_lib import registry
from course_lib.algorithms import (
    adam,
    gd,
    logistic_regression,
    muon,
    newton,
    noisy_quadratic,
    quadratic,
    rosenbrock,
    sgd,
    trace,
)
from course_lib.messages import LANGUAGES, speaking

RULES = [
    e for e in registry.entries("optimizer") + registry.entries("second order") if e.traits.get("ndim") != 2
]


def made(entry):
    needs_rng = "rng" in inspect.signature(entry.function).parameters
    return entry.function(**({"rng": np.random.default_rng(0)} if needs_rng else {}))


@pytest.mark.parametrize("problem", [made(e) for e in registry.entries("problem")], ids=lambda p: p.name)
@pytest.mark.parametrize(
    "rule", [e for e in RULES if not e.traits.get("draws_batches")], ids=lambda e: e.name
)
def test_follows_every_rule_over_every_problem_without_a_warning(rule, problem):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = trace(rule.function, problem, steps=15, **({} if rule.kind == "second order" else {"lr": 0.3}))
    end = path.diverged or 16
    assert path.points.shape == (16, 2) and path.values.shape == (16,)
    assert np.all(np.isfinite(path.points[:end])) and np.all(np.isnan(path.points[end:]))
    np.testing.assert_array_equal(path.points[0], problem.start)
    np.testing.assert_allclose(path.values[:end], [problem.f(p) for p in path.points[:end]])


def test_sgd_draws_from_the_problems_samples():
    problem = logistic_regression(samples=60, rng=np.random.default_rng(0))
    paths = [
        trace(rule, problem, steps=40, rng=np.random.default_rng(1), **hyper)
        for rule, hyper in (
            (sgd, {"batch_size": 10, "lr": 0.5}),
            (partial(sgd, batch_size=10, lr=0.5), {}),
            (partial(sgd, n=60, batch_size=10), {"lr": 0.5}),
        )
    ]
    for other in paths[1:]:
        np.testing.assert_array_equal(paths[0].points, other.points)
    assert paths[0].values[-1] < paths[0].values[0]
    whole = trace(sgd, problem, steps=10, batch_size=60, rng=np.random.default_rng(0), lr=0.5)
    np.testing.assert_allclose(whole.points, trace(gd, problem, steps=10, lr=0.5).points, rtol=1e-12)


def test_a_path_repeats_with_its_seed():
    paths = [
        trace(gd, noisy_quadratic(rng=np.random.default_rng(seed)), steps=5).points for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(paths[0], paths[1])
    assert not np.array_equal(paths[0], paths[2])


def test_a_point_that_overflows_at_once_is_divergence_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = trace(gd, rosenbrock(), steps=5, lr=1e305)
    assert path.diverged == 1 and np.isnan(path.values[1:]).all() and np.isfinite(path.values[0])


def test_the_start_can_be_chosen_and_stays_as_it_was():
    start = [1, 2]
    path = trace(adam, quadratic(), steps=3, start=start)
    np.testing.assert_array_equal(path.points[0], [1.0, 2.0])
    assert start == [1, 2]
    problem = quadratic()
    before = problem.start.copy()
    trace(adam, problem, steps=3)
    np.testing.assert_array_equal(problem.start, before)


def test_no_steps_is_the_start_alone():
    path = trace(gd, quadratic(), steps=0)
    assert path.points.shape == (1, 2) and path.diverged is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_does_not_fit_is_said(lang):
    problem = quadratic()
    with speaking(lang):
        with pytest.raises(ValueError, match=r"^trace: sgd.*quadratic.*logistic_regression\(rng=rng\)"):
            trace(sgd, problem, batch_size=2, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match=r"^trace: sgd.*quadratic"):
            trace(partial(sgd, batch_size=2), problem, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match=r"^muon: .*\(2,\).*adamw"):
            trace(muon, problem)
        with pytest.raises(ValueError, match=r"^quadratic: .*numerical_hessian"):
            trace(newton, replace(problem, hess=None))
        with pytest.raises(ValueError, match=r"^quadratic: .*numerical_hessian"):
            replace(problem, hess=None).curvature  # noqa: B018
        for start in ([1.0], [1.0, np.nan], [[1.0, 2.0]]):
            with pytest.raises(ValueError, match=r"^trace: start.*problem\.start"):
                trace(gd, problem, start=start)
        with pytest.raises(
            ValueError, match=r"^trace: .*second_is_gradient.*gradient.*def second_is_gradient"
        ):

            def second_is_gradient(p, gradient):
                return p, ()

            trace(second_is_gradient, problem)
        with pytest.raises(ValueError, match=r"^trace: .*grad_fn"):
            trace(lambda p: p, problem)
