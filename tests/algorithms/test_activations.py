"""Activations and units: pure, dtype and device kept, stable far out, refusals, and laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import registry
from course_lib.algorithms import (
    dead_units,
    elu,
    gelu,
    gelu_tanh,
    leaky_relu,
    log_softmax,
    maxout,
    maxout_backward,
    prelu,
    relu,
    relu_backward,
    selu,
    sigmoid,
    sigmoid_backward,
    silu,
    softmax,
    softmax_backward,
    softplus,
    tanh,
    tanh_backward,
)
from course_lib.messages import LANGUAGES, speaking
from tests.algorithms.purity import check_pure

VALUES = registry.entries("activation")
BACKWARD = registry.entries("activation backward")
FAR = np.array([[-1e4, -100.0, -1.0, 0.0], [1.0, 100.0, 1e4, 1e-8]])


def inputs(entry, x):
    """What the function is fed: dy before x in a backward pass, the learned slopes after it."""
    dy = (np.linspace(-1, 2, x.size, dtype=x.dtype).reshape(x.shape),) if entry in BACKWARD else ()
    return (
        (*dy, x, np.array([0.2, 0.5, 1.2, 0.0], dtype=x.dtype)) if entry.traits.get("learned") else (*dy, x)
    )


def test_each_activation_has_its_backward_pass():
    assert {e.name for e in BACKWARD} == {f"{e.name}_backward" for e in VALUES}


@pytest.mark.parametrize("entry", VALUES + BACKWARD, ids=lambda e: e.name)
def test_pure_in_both_libraries_and_dtypes(entry):
    check_pure(entry.function, *inputs(entry, np.linspace(-4, 4, 24).reshape(6, 4)))


def test_maxout_and_the_probe_are_pure():
    rng = np.random.default_rng(0)
    shapes = (5, 2), (5, 3), (4, 3, 2), (4, 2)
    check_pure(maxout_backward, *(rng.standard_normal(s) for s in shapes))
    check_pure(maxout, *(rng.standard_normal(s) for s in shapes[1:]))
    slopes = np.maximum(rng.standard_normal((3, 8)), 0)
    for to in (np.asarray, torch.tensor):
        assert np.array_equal(np.asarray(dead_units(to(slopes))), (slopes == 0).all(axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("entry", VALUES + BACKWARD, ids=lambda e: e.name)
def test_nothing_overflows_far_out(entry, dtype):
    """At ±1e4 every value is finite, and NumPy sees no overflow and no invalid step on the way."""
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        results = entry.function(*inputs(entry, FAR.astype(dtype)))
    for result in results if isinstance(results, tuple) else (results,):
        assert np.all(np.isfinite(result))


@pytest.mark.parametrize("entry", VALUES + BACKWARD, ids=lambda e: e.name)
def test_stays_on_its_device(entry):
    """torch's "meta" device holds no numbers: what touches another device, or looks at a number, fails."""
    fed = [torch.tensor(a).to("meta") for a in inputs(entry, FAR)]
    results = entry.function(*fed)
    for result in results if isinstance(results, tuple) else (results,):
        assert result.device.type == "meta"


def test_maxout_stays_on_its_device():
    shapes = (5, 2), (5, 3), (4, 3, 2), (4, 2)
    fed = [torch.zeros(s, device="meta") for s in shapes]
    assert {r.device.type for r in maxout_backward(*fed)} == {"meta"}


@pytest.mark.parametrize("entry", VALUES, ids=lambda e: e.name)
def test_nan_stays_visible(entry):
    x = np.array([[1.0, np.nan, 2.0, -1.0]])
    assert np.isnan(entry.function(*inputs(entry, x))[0, 1])


@pytest.mark.parametrize("entry", VALUES, ids=lambda e: e.name)
def test_torch_differentiates_through_it_like_the_backward_pass(entry):
    """As an activation inside a torch model, autograd agrees with the hand-written backward pass."""
    x = np.linspace(-4, 4, 24).reshape(6, 4)
    backward = registry.get(f"{entry.name}_backward")
    dy, *_ = inputs(backward, x)
    _, *rest = inputs(entry, x)
    given_x = torch.tensor(x, requires_grad=True)
    entry.function(given_x, *map(torch.tensor, rest)).backward(torch.tensor(dy))
    want = backward.function(dy, x, *rest)
    np.testing.assert_allclose(given_x.grad, want[0] if rest else want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("entry", VALUES + BACKWARD, ids=lambda e: e.name)
def test_integers_lists_and_other_shapes_are_refused(entry, lang):
    fed = inputs(entry, FAR)
    at = 1 if entry in BACKWARD else 0
    with speaking(lang):
        with pytest.raises(TypeError, match=rf"^{entry.name}: x.*int64.*x\.astype\(float\)"):
            entry.function(*fed[:at], FAR.astype(int), *fed[at + 1 :])
        with pytest.raises(TypeError, match=rf"^{entry.name}: x.*list.*np\.array"):
            entry.function(*fed[:at], FAR.tolist(), *fed[at + 1 :])
        if at:
            with pytest.raises(ValueError, match=rf"^{entry.name}: dy.*\(2,\).*\(2, 4\)"):
                entry.function(np.ones(2), *fed[1:])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_shapes_that_do_not_fit_are_refused(lang):
    x, w, b = np.ones((2, 3)), np.ones((4, 3, 5)), np.ones((4, 5))
    with speaking(lang):
        for function in (softmax, log_softmax):
            with pytest.raises(ValueError, match=rf"^{function.__name__}: x.*\(3, 0\)"):
                function(np.ones((3, 0)))
        for slope in (np.ones(2), np.ones((1, 3))):
            with pytest.raises(ValueError, match=r"^prelu: slope.*\(2, 3\).*np\.full"):
                prelu(x, slope)
        for bad in ((x, w[:, :2], b), (x, w, b[:3]), (x, w[0], b), (x[0], w, b)):
            with pytest.raises(ValueError, match=r"^maxout: x.*np\.stack"):
                maxout(*bad)
        with pytest.raises(ValueError, match=r"^maxout: w.*\(0, 3, 5\)"):
            maxout(x, w[:0], b[:0])
        with pytest.raises(ValueError, match=r"^maxout_backward: dy.*\(2, 5\).*\(2, 4\)"):
            maxout_backward(np.ones((2, 4)), x, w, b)
        with pytest.raises(ValueError, match=r"^dead_units: slopes.*\(3,\).*relu_backward"):
            dead_units(np.ones(3))
        with pytest.raises(ValueError, match=r"^dead_units: slopes.*\(0, 3\)"):
            dead_units(np.ones((0, 3)))


# --- laws ---

numbers = arrays(np.float64, (3, 4), elements=st.floats(-50, 50))
far_numbers = arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4))
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@given(far_numbers)
def test_sigmoid_is_symmetric_about_a_half_and_tanh_is_a_sigmoid(x):
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1.0, rtol=1e-12)
    np.testing.assert_allclose(tanh(x), 2 * sigmoid(2 * x) - 1, atol=1e-12)


@given(far_numbers)
def test_slopes_of_sigmoid_and_tanh_are_bounded(x):
    one = np.ones_like(x)
    for slope, top in ((sigmoid_backward(one, x), 0.25), (tanh_backward(one, x), 1.0)):
        assert np.all((slope >= 0) & (slope <= top))


@given(numbers)
def test_each_minus_its_mirror_is_x(x):
    """f(x) − f(−x) = x for ReLU, for softplus, and for x times a gate that is symmetric about a half."""
    for function in (relu, softplus, silu, gelu, gelu_tanh):
        np.testing.assert_allclose(function(x) - function(-x), x, **CLOSE)


@given(far_numbers, st.floats(0, 3))
def test_leaky_relu_scales_and_is_a_maximum_only_up_to_slope_one(x, slope):
    y = leaky_relu(x, slope=slope)
    np.testing.assert_allclose(leaky_relu(2.5 * x, slope=slope), 2.5 * y, **CLOSE)
    np.testing.assert_array_equal(y, (np.maximum if slope <= 1 else np.minimum)(slope * x, x))
    np.testing.assert_array_equal(prelu(x, np.array([slope])), y)


@given(far_numbers)
def test_relu_is_idempotent_and_the_limit_of_its_kin(x):
    y = relu(x)
    np.testing.assert_array_equal(relu(y), y)
    np.testing.assert_array_equal(leaky_relu(x, slope=0.0), y)
    np.testing.assert_array_equal(elu(x, alpha=0.0), y)
    assert np.all((softplus(x, beta=100.0) >= y) & (softplus(x, beta=100.0) <= y + math.log(2) / 100 + 1e-12))


@given(st.floats(-6, 6))
def test_the_tanh_approximation_is_near_gelu_but_not_it(x):
    assert abs(gelu(np.array([x]))[0] - gelu_tanh(np.array([x]))[0]) < 5e-4


def test_the_tanh_approximation_differs():
    x = np.linspace(-4, 4, 801)
    assert np.abs(gelu(x) - gelu_tanh(x)).max() > 4e-4


def test_selu_keeps_mean_zero_and_variance_one():
    """∫ f(z) φ(z) dz = 0 and ∫ f(z)² φ(z) dz = 1, by a fine sum over the normal density."""
    z = np.linspace(-12, 12, 240_001)
    weight = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    assert abs((selu(z) * weight).sum()) < 1e-8
    assert abs((selu(z) ** 2 * weight).sum() - 1) < 1e-8


@given(far_numbers, st.floats(0.05, 100), st.floats(-1e3, 1e3))
def test_softmax_is_a_distribution_that_no_shift_changes(x, temperature, shift):
    p = softmax(x, temperature=temperature)
    assert np.all((p >= 0) & (p <= 1))
    np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(softmax(x + shift, temperature=temperature), p, rtol=1e-7, atol=1e-9)


@given(numbers, st.floats(0.1, 10), st.floats(1.1, 10))
def test_heat_lowers_the_highest_probability(x, temperature, factor):
    cold, hot = (softmax(x, temperature=T).max(axis=-1) for T in (temperature, temperature * factor))
    assert np.all(hot <= cold + 1e-12)


@given(numbers)
def test_log_softmax_is_the_logarithm_of_softmax(x):
    p = softmax(x)
    np.testing.assert_allclose(np.exp(log_softmax(x)), p, **CLOSE)
    assert np.all(log_softmax(x) <= 0)


@given(numbers, numbers)
def test_softmaxs_gradient_sums_to_zero(dy, x):
    """Raising all scores together changes nothing."""
    np.testing.assert_allclose(softmax_backward(dy, x).sum(axis=-1), 0.0, atol=1e-10)


@given(st.integers(0, 2**32 - 1))
def test_maxout_of_a_line_and_zero_is_relu_and_of_a_line_and_its_negative_the_absolute_value(seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
    line = x @ w + b
    np.testing.assert_allclose(maxout(x, np.stack([w, 0 * w]), np.stack([b, 0 * b])), relu(line))
    np.testing.assert_allclose(maxout(x, np.stack([w, -w]), np.stack([b, -b])), np.abs(line))


def test_the_probe_finds_dead_relu_units_and_saturated_sigmoid_units():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 5)) + np.array([0, -50, 50, 0, -50])
    one = np.ones_like(x)
    assert dead_units(relu_backward(one, x)).tolist() == [False, True, False, False, True]
    saturated = dead_units(sigmoid_backward(one, x), tolerance=1e-3)
    assert saturated.tolist() == [False, True, True, False, True]
