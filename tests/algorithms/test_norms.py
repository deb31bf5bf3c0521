"""What all normalizations promise: pure, dtype kept, NumPy = PyTorch, their laws, errors that help."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import algorithms, registry
from course_lib.algorithms import (
    batch_norm,
    batch_norm_backward,
    group_norm,
    group_norm_backward,
    instance_norm,
    layer_norm,
    layer_norm_backward,
    norm_axes,
    norm_sets,
    normalize_over,
    normalize_over_backward,
    rms_norm,
    weight_norm,
    weight_norm_backward,
)
from course_lib.assessment.diagnose import diagnose
from course_lib.messages import LANGUAGES, speaking

TO = {"numpy": np.asarray, "torch": lambda a: torch.tensor(np.asarray(a))}
SHAPE = (4, 6, 3, 2)
FORWARD = registry.entries("normalization") + registry.entries("weight normalization")
seeds = st.integers(0, 2**32 - 1)


def images(seed, shape=SHAPE):
    rng = np.random.default_rng(seed)
    return rng.normal(rng.normal(), 10.0 ** rng.uniform(-1, 2), shape)


def situations():
    """(name, arrays, keywords) for every function, batch norm in training and at inference."""
    rng = np.random.default_rng(0)
    x, dy = images(0), rng.standard_normal(SHAPE)
    c, chw = rng.uniform(0.5, 2, (2, 6)), rng.uniform(0.5, 2, (2, *SHAPE[1:]))
    state = (rng.standard_normal((1, 6, 1, 1)), rng.uniform(0.5, 2, (1, 6, 1, 1)))
    for training in (True, False):
        yield "batch_norm", (x, *c, state), {"training": training}
        yield "batch_norm", (x, *c), {"training": training}
        yield "batch_norm_backward", (dy, x, c[0], state), {"training": training}
    for over, parameters in (("sample", chw), ("channels", c), ("last", c[:, :2])):
        yield "layer_norm", (x, *parameters), {"over": over}
        yield "layer_norm_backward", (dy, x, parameters[0]), {"over": over}
        yield "rms_norm", (x, parameters[0]), {"over": over}
        yield "rms_norm_backward", (dy, x, parameters[0]), {"over": over}
    yield "instance_norm", (x, *c), {}
    yield "instance_norm_backward", (dy, x, c[0]), {}
    yield "group_norm", (x, *c), {"groups": 3}
    yield "group_norm_backward", (dy, x, c[0]), {"groups": 3}
    yield "normalize_over", (x,), {"axes": (0, 2)}
    yield "normalize_over_backward", (dy, x), {"axes": (0, 2)}
    yield "weight_norm", (x, c[0][:4]), {}
    yield "weight_norm_backward", (dy, x, c[0][:4]), {}


def flat(value):
    """Every array inside a value; the numbers of a bare state are none."""
    if isinstance(value, tuple):
        return [a for part in value for a in flat(part)]
    return [] if isinstance(value, float) else [value]


def converted(value, to):
    return tuple(converted(v, to) for v in value) if isinstance(value, tuple) else to(value)


def test_every_function_is_tried():
    kinds = (
        "normalization",
        "normalization backward",
        "weight normalization",
        "weight normalization backward",
    )
    assert {name for name, *_ in situations()} >= {e.name for kind in kinds for e in registry.entries(kind)}


@pytest.mark.parametrize("entry", FORWARD, ids=lambda e: e.name)
def test_each_has_its_backward_pass(entry):
    assert f"{entry.name}_backward" in algorithms.__all__


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-12)])
@pytest.mark.parametrize(("name", "arrays", "hyper"), list(situations()))
def test_pure_keeps_dtype_and_numpy_is_torch(name, arrays, hyper, dtype, tolerance):
    results = {}
    for library in TO:
        given_ = converted(arrays, lambda a, to=TO[library]: to(np.asarray(a, dtype=dtype)))
        before = copy.deepcopy(given_)
        result = flat(registry.get(name).function(*given_, **hyper))
        for array, kept in zip(flat(given_), flat(before), strict=True):
            assert np.array_equal(np.asarray(array), np.asarray(kept))
        for array in result:
            assert type(array) is type(given_[0]) and array.dtype == given_[0].dtype
        results[library] = result
    for a, b in zip(*results.values(), strict=True):
        scale = np.abs(a).max()
        np.testing.assert_allclose(a / scale, b / scale, rtol=tolerance, atol=tolerance)


ONE, NONE = np.ones(6), np.zeros(6)


@given(seeds)
def test_what_comes_out_has_mean_0_and_variance_1(seed):
    """Each on its axes; the variance is σ²/(σ² + ε), just below 1."""
    x = images(seed)
    feature_ones = np.ones(SHAPE[1:])
    for norm, y in {
        "batch": batch_norm(x, ONE, NONE, training=True)[0],
        "layer": layer_norm(x, feature_ones, 0 * feature_ones),
        "instance": instance_norm(x, ONE, NONE),
    }.items():
        axes = norm_axes(norm)
        np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-10)
        var = x.var(axis=axes)
        np.testing.assert_allclose(y.var(axis=axes), var / (var + 1e-5), rtol=1e-8)
    rms = rms_norm(x, feature_ones)
    square = (x**2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose((rms**2).mean(axis=(1, 2, 3)), square / (square + 1e-5), rtol=1e-8)


@given(seeds, st.floats(0.1, 100), st.floats(-100, 100))
def test_scale_and_shift_of_the_input_do_not_matter(seed, scale, shift):
    """Up to ε; RMS norm does not forgive a shift."""
    x = images(seed)
    feature_ones = np.ones(SHAPE[1:])
    for norm in (
        lambda x: batch_norm(x, ONE, NONE, training=True, eps=1e-12)[0],
        lambda x: layer_norm(x, feature_ones, 0 * feature_ones, eps=1e-12),
        lambda x: instance_norm(x, ONE, NONE, eps=1e-12),
        lambda x: group_norm(x, ONE, NONE, groups=2, eps=1e-12),
    ):
        np.testing.assert_allclose(norm(scale * x + shift), norm(x), atol=1e-6)
    rms = lambda x: rms_norm(x, feature_ones, eps=1e-12)  # noqa: E731
    np.testing.assert_allclose(rms(scale * x), rms(x), atol=1e-6)


@given(seeds)
def test_group_norm_lies_between_layer_and_instance_norm(seed):
    x = images(seed)
    feature_ones = np.ones(SHAPE[1:])
    np.testing.assert_allclose(
        group_norm(x, ONE, NONE, groups=1), layer_norm(x, feature_ones, 0 * feature_ones), atol=1e-12
    )
    np.testing.assert_allclose(group_norm(x, ONE, NONE, groups=6), instance_norm(x, ONE, NONE), atol=1e-12)


@given(seeds, st.sampled_from([(0, 2, 3), (1, 2, 3), (2, 3), (1,)]))
def test_a_gradient_cannot_move_the_mean_or_the_length(seed, axes):
    """dx sums to 0 over the axes, and has no part along x̂ but what ε leaves."""
    x = images(seed)
    dy = np.random.default_rng(seed).standard_normal(SHAPE)
    dx = normalize_over_backward(dy, x, axes=axes, eps=1e-12)
    size = np.abs(dx).max()
    np.testing.assert_allclose(dx.sum(axis=axes) / size, 0, atol=1e-9)
    along = (dx * normalize_over(x, axes=axes, eps=1e-12)).sum(axis=axes)
    np.testing.assert_allclose(along / size, 0, atol=1e-6)


@given(seeds)
def test_a_sample_alone_or_in_company(seed):
    """All but batch norm in training give a sample the same answer whatever else is in the batch."""
    x = images(seed)
    feature_ones = np.ones(SHAPE[1:])
    for norm in (
        lambda x: layer_norm(x, feature_ones, 0 * feature_ones),
        lambda x: instance_norm(x, ONE, NONE),
        lambda x: group_norm(x, ONE, NONE, groups=3),
        lambda x: rms_norm(x, feature_ones),
        lambda x: batch_norm(x, ONE, NONE, training=False)[0],
    ):
        np.testing.assert_allclose(norm(x)[:1], norm(x[:1]), atol=1e-12)
    together, _ = batch_norm(x, ONE, NONE, training=True)
    alone, _ = batch_norm(x[:1], ONE, NONE, training=True)
    assert not np.allclose(together[:1], alone, atol=1e-3)


@given(seeds)
def test_running_statistics_settle_at_those_of_the_data(seed):
    """Fed one batch again and again; inference then gives what training gave, up to m/(m − 1)."""
    x, state = images(seed), ()
    for _ in range(200):
        y, *state = batch_norm(x, ONE, NONE, *state, training=True, momentum=0.2)
    mean, var = state[0]
    np.testing.assert_allclose(mean.ravel(), x.mean(axis=(0, 2, 3)), rtol=1e-8)
    np.testing.assert_allclose(var.ravel(), x.var(axis=(0, 2, 3), ddof=1), rtol=1e-8)
    inference, _ = batch_norm(x, ONE, NONE, *state, training=False)
    np.testing.assert_allclose(inference, y * np.sqrt(23 / 24), rtol=1e-3, atol=1e-6)


@given(seeds, st.floats(0.01, 100))
def test_weight_norm_keeps_only_the_direction_of_v(seed, scale):
    rng = np.random.default_rng(seed)
    v, g = rng.standard_normal((3, 5)), rng.standard_normal(3)
    w = weight_norm(v, g)
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), np.abs(g))
    np.testing.assert_allclose(weight_norm(scale * v, g), w, rtol=1e-12)
    dv, _ = weight_norm_backward(rng.standard_normal((3, 5)), v, g)
    np.testing.assert_allclose((dv * v).sum(axis=1), 0, atol=1e-12)


@given(st.tuples(*[st.integers(1, 3)] * 4), st.integers(1, 3))
def test_sets_hold_what_shares_a_mean(sizes, per_group):
    n, groups, h, w = sizes
    shape = (n, groups * per_group, h, w)
    sets = norm_sets(shape, norm="group", groups=groups)
    assert np.all(np.bincount(sets.ravel()) == per_group * h * w) and sets.max() == n * groups - 1
    # the cells of a set have mean 0 after the norm
    y = group_norm(images(0, shape), np.ones(shape[1]), np.zeros(shape[1]), groups=groups)
    np.testing.assert_allclose(np.bincount(sets.ravel(), weights=y.ravel()), 0, atol=1e-9)


def test_nan_stays_among_those_that_share_its_statistics():
    x = images(0)
    x[1, 2, 0, 0] = np.nan
    sets = norm_sets(SHAPE, norm="group", groups=3)
    nan = np.isnan(group_norm(x, ONE, NONE, groups=3))
    np.testing.assert_array_equal(nan, sets == sets[1, 2, 0, 0])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_does_not_fit_is_said(lang):
    x, one = images(0), np.ones(6)
    with speaking(lang):
        with pytest.raises(TypeError, match=r"^batch_norm: x.*int64.*x\.astype\(float\)"):
            batch_norm(np.ones((3, 2), dtype=int), np.ones(2), np.ones(2), training=True)
        with pytest.raises(TypeError, match=r"^layer_norm: gamma.*list.*np\.array"):
            layer_norm(x, [1.0], one)
        with pytest.raises(ValueError, match=r"^batch_norm: .*\(1, 6\).*training=False"):
            batch_norm(np.ones((1, 6)), one, one, training=True)
        with pytest.raises(ValueError, match=r"^batch_norm_backward: .*\(1, 6\)"):
            batch_norm_backward(np.ones((1, 6)), np.ones((1, 6)), one, training=True)
        with pytest.raises(ValueError, match=r"^instance_norm: .*\(2, 6, 1\)"):
            instance_norm(np.ones((2, 6, 1)), one, one)
        with pytest.raises(ValueError, match=r"^instance_norm: x.*\(N, C, H, …\).*\(2, 6\)"):
            instance_norm(np.ones((2, 6)), one, one)
        for empty in (np.ones((0, 6)), np.ones(6)):
            with pytest.raises(ValueError, match=r"^batch_norm: x.*x\[None\]"):
                batch_norm(empty, one, one, training=False)
        for arg in ("gamma", "beta"):
            parameters = {"gamma": one, "beta": one, arg: np.ones(5)}
            with pytest.raises(ValueError, match=rf"^group_norm: {arg}.*\(6,\).*\(5,\).*np\.ones\(\(6,\)\)"):
                group_norm(x, *parameters.values(), groups=2)
        with pytest.raises(ValueError, match=r"^layer_norm: gamma.*\(6, 3, 2\).*\(6,\)"):
            layer_norm(x, one, one)
        with pytest.raises(
            ValueError, match=r"^batch_norm: .*state.*\(1, 6, 1, 1\).*\(6,\).*reshape\(1, 6, 1, 1\)"
        ):
            batch_norm(x, one, one, (one, one), training=False)
        for norm in (group_norm, lambda x, g, b, groups: group_norm_backward(x, x, g, groups=groups)):
            with pytest.raises(ValueError, match=r"^group_norm.*: groups.* 6.* 4.*1, 2, 3, 6"):
                norm(x, one, one, groups=4)
        for refused in (
            lambda: layer_norm(x, one, one, over="height"),
            lambda: layer_norm_backward(x, x, one, over="height"),
            lambda: rms_norm(x, one, over="height"),
            lambda: norm_axes("layer", over="height"),
        ):
            with pytest.raises(ValueError, match=r'^[a-z_]+: over.*\'height\'.*over="sample"'):
                refused()
        with pytest.raises(ValueError, match=r"^norm_axes: .*batch, layer, instance.*'power'"):
            norm_axes("power")
        with pytest.raises(ValueError, match=r"^norm_axes: ndim.*3.* 2.*ndim=4"):
            norm_axes("instance", ndim=2)
        with pytest.raises(ValueError, match=r"^layer_norm_backward: dy.*\(4, 6, 3, 2\).*\(6, 3, 2\)"):
            layer_norm_backward(x[0], x, one)
        with pytest.raises(ValueError, match=r"^weight_norm: .*he_normal"):
            weight_norm(np.array([[1.0, 2.0], [0.0, 0.0]]), np.ones(2))
        with pytest.raises(ValueError, match=r"^weight_norm: v.*\(3,\)"):
            weight_norm(np.ones(3), np.ones(3))
        with pytest.raises(ValueError, match=r"^weight_norm: g.*\(2,\).*\(3,\)"):
            weight_norm(np.ones((2, 3)), np.ones(3))
        with pytest.raises(ValueError, match=r"^weight_norm_backward: dw.*\(2, 3\).*\(3, 2\)"):
            weight_norm_backward(np.ones((3, 2)), np.ones((2, 3)), np.ones(2))


def test_check_refuses_running_statistics_of_the_wrong_axes():
    def over_channels(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
        mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
        if training:
            state = (0.9 * state[0] + 0.1 * mean, 0.9 * state[1] + 0.1 * var)
        return (x - mean) / np.sqrt(var + eps), state

    assert diagnose("batch_norm", over_channels).mistake == "check.shape"
