"""What all initializations promise: repeatable, shaped as asked, of the right size, errors that help."""

import inspect
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import registry
from course_lib.algorithms import (
    constant_init,
    fan_in_bias,
    fans,
    gain_of,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    measured_gain,
    orthogonal,
    prior_bias,
    xavier_normal,
    xavier_uniform,
)
from course_lib.assessment.diagnose import diagnose
from course_lib.messages import LANGUAGES, speaking

RULES = registry.entries("initialization")
RANDOM = [e for e in RULES if "rng" in inspect.signature(e.function).parameters]
BY_FANS = [
    e
    for e in [*RULES, registry.get("fan_in_bias"), registry.get("fans")]
    if e.name not in ("zeros_init", "constant_init", "normal_init", "uniform_init")
]
sizes = st.integers(1, 9)
seeds = st.integers(0, 2**32 - 1)
gains = st.floats(0.1, 10)


def call(entry, shape, seed=0):
    hyper = (
        {"rng": np.random.default_rng(seed)} if "rng" in inspect.signature(entry.function).parameters else {}
    )
    return entry.function(shape, **hyper, **({"value": 0.5} if entry.name == "constant_init" else {}))


@pytest.mark.parametrize("entry", RULES, ids=lambda e: e.name)
def test_shape_dtype_and_torch_parameters(entry):
    """float64 arrays of the shape asked for, given as tuple, list or torch.Size; they fill a parameter."""
    for shape in [(3, 5), (5, 3), (4, 2, 3, 3), (1, 1)]:
        w = call(entry, shape)
        assert isinstance(w, np.ndarray) and w.shape == shape and w.dtype == np.float64
        parameter = torch.nn.Parameter(torch.full(shape, 9.0))
        np.testing.assert_array_equal(call(entry, parameter.shape), w)
        np.testing.assert_array_equal(call(entry, list(shape)), w)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(w))
        assert parameter.dtype == torch.float32
        np.testing.assert_allclose(parameter.detach(), w, rtol=1e-6)


@pytest.mark.parametrize("entry", RANDOM, ids=lambda e: e.name)
def test_the_generator_decides(entry):
    np.testing.assert_array_equal(call(entry, (4, 3), seed=1), call(entry, (4, 3), seed=1))
    assert not np.array_equal(call(entry, (4, 3), seed=1), call(entry, (4, 3), seed=2))


@given(sizes, sizes, sizes, seeds, gains)
def test_orthogonal_keeps_lengths(out, into, field, seed, gain):
    w = orthogonal((out, into, field), rng=np.random.default_rng(seed), gain=gain).reshape(out, -1)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, gain**2 * np.eye(len(small)), atol=1e-12 * gain**2)


@given(sizes, sizes, sizes, seeds, gains)
def test_rules_are_one_rule_with_other_gains(out, into, field, seed, gain):
    """He with gain 1 is LeCun; He is Xavier where both fans agree; the gain multiplies."""
    shape = (out, into, field)

    def draw(rule, shape=shape, **hyper):
        return rule(shape, rng=np.random.default_rng(seed), **hyper)

    same = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)  # noqa: E731
    for he, lecun, xavier in (
        (he_normal, lecun_normal, xavier_normal),
        (he_uniform, lecun_uniform, xavier_uniform),
    ):
        same(draw(he, gain=1.0), draw(lecun))
        same(draw(he, gain=gain), gain * draw(lecun))
        same(draw(xavier, gain=gain), gain * draw(xavier))
        same(draw(he, (into, into), gain=gain), draw(xavier, (into, into), gain=gain))
        same(draw(he, (out, into), mode="fan_out"), draw(he, (out, into)) * math.sqrt(into / out))


@given(sizes, sizes, st.lists(sizes, max_size=3))
def test_turning_a_shape_swaps_the_fans(out, into, kernel):
    assert fans((out, into, *kernel)) == fans((into, out, *kernel))[::-1]
    fan_in, _ = fans((out, into, *kernel))
    assert fan_in == math.prod((into, *kernel))


@given(seeds, st.integers(1, 50))
def test_uniform_draws_stay_within_their_bound(seed, width):
    w = he_uniform((50, width), rng=np.random.default_rng(seed))
    assert np.abs(w).max() <= math.sqrt(6 / width) * (1 + 1e-12)
    b = fan_in_bias((50, width), rng=np.random.default_rng(seed))
    assert b.shape == (50,) and np.abs(b).max() <= width**-0.5


def test_he_keeps_a_deep_relu_net_alive_and_lecun_does_not():
    rng = np.random.default_rng(0)
    signal = {}
    for rule in (he_normal, lecun_normal):
        h = rng.standard_normal((200, 200))
        for _ in range(20):
            h = np.maximum(h @ rule((200, 200), rng=rng).T, 0)
        signal[rule] = np.mean(h**2)
    assert 0.2 < signal[he_normal] < 5  # stays about 1
    assert signal[lecun_normal] < 1e-4  # about 2⁻²⁰


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=9))
def test_prior_bias_gives_probabilities(counts):
    np.testing.assert_allclose(np.exp(prior_bias(counts)).sum(), 1.0)


@given(st.floats(0, 1))
def test_the_gain_of_leaky_relu_is_the_measured_one(slope):
    measured = measured_gain(lambda z: np.where(z > 0, z, slope * z))
    assert math.isclose(gain_of("leaky_relu", slope=slope), measured, rel_tol=1e-9)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_does_not_fit_is_said(lang):
    rng = np.random.default_rng(0)
    with speaking(lang):
        for entry in RULES:
            for bad in (3, (0, 2), (2.0, 2), "ab", (3, -1), None):
                with pytest.raises(ValueError, match=rf"^{entry.name}: shape.*\(10, 784\)"):
                    call(entry, bad)
        for entry in BY_FANS:
            with pytest.raises(ValueError, match=rf"^{entry.name}: shape.*\(5,\).*zeros_init"):
                call(entry, (5,))
        for entry in RANDOM:
            with pytest.raises(TypeError, match=rf"^{entry.name}: rng.* 7.*default_rng\(0\)"):
                entry.function((3, 2), rng=7)
        for rule in (he_normal, he_uniform):
            with pytest.raises(ValueError, match=r'^he_.*: mode.*\'both\'.*mode="fan_in"'):
                rule((3, 2), rng=rng, mode="both")
        with pytest.raises(ValueError, match=r"^gain_of: .*leaky_relu.*'gelu'.*measured_gain"):
            gain_of("gelu")
        for bad in (np.zeros_like, lambda z: z / 0.0):
            with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"^measured_gain: .*(0|nan)"):
                measured_gain(bad)
        for bad in ([1, 0], [], [[1, 2]], [1, math.nan]):
            with pytest.raises(ValueError, match=r"^prior_bias: counts.* 1[ 을]"):
                prior_bias(bad)
        for bad in (math.nan, math.inf, "a word", None):
            with pytest.raises(ValueError, match=r"^constant_init: value.*value=0\.01"):
                constant_init((2, 2), value=bad)


def test_check_refuses_a_wide_matrix_turned_the_wrong_way():
    def forgets_to_turn_back(shape, *, rng, gain=1.0):
        a = rng.standard_normal((shape[0], math.prod(shape[1:])))
        q, r = np.linalg.qr(a.T if a.shape[0] < a.shape[1] else a)
        return gain * q * np.sign(np.diag(r))

    assert diagnose("orthogonal", forgets_to_turn_back).mistake == "check.shape"
