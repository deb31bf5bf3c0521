"""Laws that hold whatever the numbers are."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import algorithms, registry
from course_lib.algorithms import (
    adam,
    adamw,
    clip_by_global_norm,
    clip_by_value,
    gd,
    lion,
    logistic_regression,
    muon,
    newton_schulz,
    quadratic,
    trace,
    warmup,
)

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 8)
fractions = st.floats(0.0, 0.999)


def normal(seed, *shape):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 3)


def full_rank(seed, rows, columns):
    """A matrix with singular values between 1 and 10, in random directions, of any size."""
    rng = np.random.default_rng(seed)
    u, _, vt = np.linalg.svd(rng.standard_normal((rows, columns)), full_matrices=False)
    values = rng.uniform(1, 10, min(rows, columns))
    return 10.0 ** rng.uniform(-3, 3) * (u * values) @ vt


@given(seeds, sizes, sizes)
def test_newton_schulz_brings_singular_values_near_one(seed, rows, columns):
    values = np.linalg.svd(newton_schulz(full_rank(seed, rows, columns)), compute_uv=False)
    assert np.all((values > 0.6) & (values < 1.3))


@given(seeds, sizes, sizes)
def test_a_muon_step_has_about_the_same_length_in_every_direction(seed, rows, columns):
    p = np.zeros((rows, columns))
    step, _ = muon(p, full_rank(seed, rows, columns), lr=0.1)
    values = np.linalg.svd(step, compute_uv=False) / (0.1 * math.sqrt(max(1, rows / columns)))
    assert np.all((values > 0.6) & (values < 1.3))


@given(seeds, st.floats(1e-3, 1e3))
def test_clipping_by_norm_bounds_the_length_and_keeps_the_direction(seed, limit):
    gs = [normal(seed, 3), normal(seed, 2, 2)]
    whole, clipped = (
        np.concatenate([g.reshape(-1) for g in list_])
        for list_ in (gs, clip_by_global_norm(gs, max_norm=limit))
    )
    length = np.linalg.norm(whole)
    assert np.linalg.norm(clipped) <= min(limit, length) * (1 + 1e-12)
    np.testing.assert_allclose(clipped / np.linalg.norm(clipped), whole / length, rtol=1e-12)
    if length <= limit:
        assert np.array_equal(clipped, whole)


@given(seeds, st.floats(1e-3, 1e3))
def test_clipping_by_value_bounds_every_coordinate(seed, limit):
    g = normal(seed, 5)
    clipped = clip_by_value(g, limit=limit)
    assert np.all(np.abs(clipped) <= limit)
    assert np.array_equal(clipped[np.abs(g) <= limit], g[np.abs(g) <= limit])


SCHEDULES = {
    "constant": st.just({}),
    "step_decay": st.fixed_dictionaries({"every": st.integers(1, 50), "factor": fractions}),
    "inverse_time": st.fixed_dictionaries({"decay": st.floats(0, 10)}),
    "exponential": st.fixed_dictionaries({"factor": fractions}),
    "cosine": st.fixed_dictionaries({"total": st.integers(1, 300)}),
    "one_cycle": st.fixed_dictionaries(
        {
            "total": st.integers(2, 300),
            "rise": st.floats(0.01, 0.99),
            "start_factor": st.floats(1, 1e3),
            "end_factor": st.floats(1, 1e5),
        }
    ),
}


def test_every_schedule_has_its_law():
    assert {e.name for e in registry.entries("schedule")} == set(SCHEDULES) | {"warmup"}


@given(st.data(), st.floats(1e-6, 10), st.integers(0, 400), st.integers(0, 50))
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_between_zero_and_the_peak(name, data, peak, step, steps):
    then = partial(registry.get(name).function, peak=peak, **data.draw(SCHEDULES[name]))
    for rate in (then(step), warmup(step, steps=steps, then=then)):
        assert type(rate) is float and 0 <= rate <= peak * (1 + 1e-12)


@pytest.mark.parametrize("rise", [0.1, 0.01])
def test_one_cycle_with_no_step_to_rise_starts_at_the_peak(rise):
    rates = [algorithms.one_cycle(step, total=10, peak=1.0, rise=rise) for step in range(10)]
    assert rates[0] == 1.0 and rates == sorted(rates, reverse=True)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 100), st.integers(0, 200))
def test_cosine_stays_above_its_floor(a, b, total, step):
    floor, peak = sorted((a, b))
    rate = algorithms.cosine(step, total=total, peak=peak, floor=floor)
    assert floor - 1e-12 <= rate <= peak + 1e-12


@given(st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=60), st.integers(0, 5))
def test_reduce_on_plateau_never_rises(losses, patience):
    state, last = (), 1.0
    for loss in losses:
        lr, *state = algorithms.reduce_on_plateau(loss, *state, peak=1.0, factor=0.5, patience=patience)
        assert lr in (last, last / 2)
        last = lr


@given(seeds, fractions, fractions, st.integers(1, 30))
def test_adams_steps_are_bounded_whatever_the_gradients(seed, beta1, beta2, steps):
    """|m̂_t|/√v̂_t ≤ (1−β₁)/√(1−β₂) · √Σ_{j<t}(β₁²/β₂)ʲ · √(1−β₂ᵗ)/(1−β₁ᵗ), by Cauchy and Schwarz."""
    beta2 = max(beta2, 0.01)
    p, state, lr = normal(seed, 4), (), 0.1
    for t in range(1, steps + 1):
        q, *state = adam(p, normal(seed + t, 4), *state, lr=lr, beta1=beta1, beta2=beta2)
        spread = math.sqrt(sum((beta1**2 / beta2) ** j for j in range(t)))
        bound = (1 - beta1) / math.sqrt(1 - beta2) * spread * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        assert np.all(np.abs(q - p) <= lr * bound * (1 + 1e-9) + 1e-12 * np.abs(p))
        p = q


@given(seeds, st.floats(1e-6, 1.0))
def test_adams_first_step_is_lr_whatever_the_size_of_the_gradient(seed, lr):
    g = normal(seed, 4)
    step, _ = adam(np.zeros(4), g, lr=lr, eps=0.0)
    np.testing.assert_allclose(step, -lr * np.sign(g), rtol=1e-12)


@given(seeds, st.floats(0, 1), st.floats(0, 1))
def test_adamws_decay_does_not_depend_on_the_gradient(seed, lr, decay):
    """AdamW minus Adam is −α λ θ, whatever the gradient."""
    p, g = normal(seed, 4), normal(seed + 1, 4)
    difference = adamw(p, g, lr=lr, weight_decay=decay)[0] - adam(p, g, lr=lr)[0]
    np.testing.assert_allclose(difference, -lr * decay * p, rtol=1e-9, atol=1e-12 * (lr + np.abs(p).max()))


@given(seeds, st.floats(1e-6, 1.0))
def test_lion_moves_every_coordinate_by_lr(seed, lr):
    p, state = np.zeros(4), ()
    for t in range(5):
        q, *state = lion(p, normal(seed + t, 4), *state, lr=lr)
        np.testing.assert_allclose(np.abs(q - p), lr, rtol=1e-9)
        p = q


@given(st.floats(1.0, 1000.0), st.floats(0.0, 360.0))
def test_turning_a_quadratic_keeps_its_eigenvalues(condition, angle):
    problem = quadratic(condition=condition, angle=angle)
    values, vectors = np.linalg.eigh(problem.hess(problem.start))
    np.testing.assert_allclose(values, [1.0, condition], rtol=1e-9)
    np.testing.assert_allclose(problem.curvature, condition, rtol=1e-9)
    if condition > 1.01:
        # the flat axis points along `angle`
        along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
        np.testing.assert_allclose(abs(vectors[:, 0] @ along), 1.0, rtol=1e-6)


@given(st.floats(1.0, 100.0), st.floats(0.0, 90.0), st.floats(0.02, 0.5))
def test_gradient_descent_is_stable_exactly_below_two_over_the_curvature(condition, angle, margin):
    problem = quadratic(condition=condition, angle=angle)
    below, above = (
        trace(gd, problem, steps=60, lr=k * 2 / problem.curvature) for k in (1 - margin, 1 + margin)
    )
    assert below.values[-1] < below.values[0]
    assert above.diverged is not None or above.values[-1] > above.values[30]


MADE = [
    *(
        e.function
        for e in registry.entries("problem")
        if e.name not in ("noisy_quadratic", "logistic_regression")
    ),
    partial(algorithms.noisy_quadratic, rng=np.random.default_rng(0)),
    partial(logistic_regression, rng=np.random.default_rng(0)),
]


@given(st.floats(0, 2 * math.pi), st.floats(1e-3, 0.1))
@pytest.mark.parametrize("problem", [make() for make in MADE], ids=lambda p: p.name)
def test_nothing_around_a_minimum_is_lower(problem, direction, distance):
    around = problem.minima + distance * np.array([math.cos(direction), math.sin(direction)])
    assert np.all(problem.f(around) > problem.f(problem.minima))


@given(seeds, st.integers(2, 30))
def test_logistic_regression_has_a_minimum_for_any_draw(seed, samples):
    """Even where a line separates the clouds, and the loss alone would send the weights to infinity."""
    problem = logistic_regression(samples=samples, rng=np.random.default_rng(seed))
    assert np.linalg.norm(problem.grad(problem.minima[0])) < 1e-12
