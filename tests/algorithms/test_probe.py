"""The probe: pure, dtype kept, NumPy = PyTorch, what the course says of deep stacks, errors that help."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.algorithms import he_normal, normal_init, orthogonal, probe, xavier_normal
from course_lib.messages import LANGUAGES, speaking


def relu(z):
    return z * (z > 0)


def relu_slope(z):
    return z * 0 + (z > 0)


def tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def stack(rule, layers=10, width=60, samples=80, **hyper):
    rng = np.random.default_rng(0)
    weights = [rule((width, width), rng=rng, **hyper) for _ in range(layers)]
    return rng.standard_normal((samples, width)), weights, rng.standard_normal((samples, width))


def same(a, b, tolerance):
    for name in ("mean", "std", "zeros", "edges"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=tolerance, atol=tolerance)
    assert np.abs(a.counts - b.counts).max() <= 2  # a number on an edge may round to either side


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_numpy_and_torch_agree_and_inputs_stay(dtype, tolerance):
    x, weights, dy = stack(he_normal, layers=4, width=9)
    given_ = [np.asarray(a, dtype=dtype) for a in (x, *weights, dy)]
    kept = [a.copy() for a in given_]
    seen = []

    def watched(z):
        seen.append(z.dtype)
        return relu(z)

    ours = probe(given_[0], given_[1:-1], given_[-1], f=watched, df=relu_slope, bins=8)
    assert set(seen) == {np.dtype(dtype)}
    theirs = [torch.tensor(a) for a in given_]
    theirs = probe(theirs[0], theirs[1:-1], theirs[-1], f=relu, df=relu_slope, bins=8)
    for a, b in zip(ours, theirs, strict=True):
        same(a, b, tolerance)
    for a, b in zip(given_, kept, strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 20), st.integers(1, 12))
def test_histograms_count_everything(layers, width, samples, bins):
    x, weights, dy = stack(he_normal, layers, width, samples)
    for moments in probe(x, weights, dy, f=relu, df=relu_slope, bins=bins):
        assert moments.counts.shape == (layers, bins) and moments.edges.shape == (layers, bins + 1)
        assert np.all(moments.counts.sum(axis=1) == samples * width)
        assert np.all(np.diff(moments.edges, axis=1) > 0)
        assert len(moments.mean) == len(moments.std) == len(moments.zeros) == layers


def test_initializations_differ_as_the_course_says():
    """ReLU: He keeps both signals, N(0, 0.01²) loses them, N(0, 1) explodes; tanh: N(0, 1) saturates."""
    for rule, hyper, low, high in (
        (he_normal, {}, 0.3, 3),
        (normal_init, {"std": 0.01}, 0, 1e-8),
        (normal_init, {"std": 1.0}, 1e5, np.inf),
    ):
        for moments, last in zip(probe(*stack(rule, **hyper), f=relu, df=relu_slope), (-1, 0), strict=True):
            size = np.hypot(moments.mean, moments.std)[last]
            assert low <= size <= high
    up, down = probe(*stack(normal_init, std=1.0), f=np.tanh, df=tanh_slope)
    assert np.all(up.std > 0.9), "saturated"
    assert down.std[0] > 100 * down.std[-1], "saturated is not vanished"
    up, _ = probe(*stack(xavier_normal, gain=5 / 3), f=np.tanh, df=tanh_slope)
    assert np.all((up.std > 0.5) & (up.std < 0.8))
    up, _ = probe(*stack(orthogonal), f=lambda z: z, df=np.ones_like)
    np.testing.assert_allclose(np.ptp(np.hypot(up.mean, up.std)), 0, atol=1e-12)


def test_dead_units_and_overflow_are_numbers_not_errors():
    x, weights, dy = stack(he_normal, layers=3, width=5)
    up, down = probe(np.abs(x), [-np.abs(w) for w in weights], dy, f=relu, df=relu_slope)
    np.testing.assert_array_equal(up.zeros, 1.0)
    np.testing.assert_array_equal(down.zeros, [1.0, 1.0, 0.0])
    x, weights, dy = stack(normal_init, layers=40, width=50, std=1e10)
    up, _ = probe(x, weights, dy, f=relu, df=relu_slope, bins=4)
    assert np.isfinite(up.std[0]) and not np.isfinite(up.std[-1])
    assert up.counts[-1].sum() == 0 and np.all(np.isnan(up.edges[-1]))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_does_not_fit_is_said(lang):
    x, weights, dy = stack(he_normal, layers=2, width=4, samples=3)
    call = {"f": relu, "df": relu_slope}
    with speaking(lang):
        for bad in (x[0], x[:0]):
            with pytest.raises(ValueError, match=r"^probe: x.*x\[None\]"):
                probe(bad, weights, dy, **call)
        with pytest.raises(ValueError, match=r"^probe: x.*(0 layers|층 0개)"):
            probe(x, [], dy, **call)
        with pytest.raises(ValueError, match=r"^probe: weights\[1\].*4\).*\(4, 3\)"):
            probe(x, [weights[0], weights[1][:, :3]], dy, **call)
        with pytest.raises(ValueError, match=r"^probe: dy.*\(3, 4\).*\(2, 4\)"):
            probe(x, weights, dy[:2], **call)
        with pytest.raises(TypeError, match=r"^probe: weights\[0\].*int64"):
            probe(x, [weights[0].astype(int)], dy, **call)
        with pytest.raises(ValueError, match=r"^probe: bins.*-1.*bins=0"):
            probe(x, weights, dy, **call, bins=-1)
