"""Refinements, convolution, backpropagation, embeddings and search: laws, purity, and what is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import algorithms as a
from course_lib.messages import LANGUAGES, speaking
from course_lib.registry import Range
from tests.algorithms.purity import check_pure

seeds = st.integers(0, 2**32 - 1)
alphas = st.floats(0.05, 10)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def rng(seed=0):
    return np.random.default_rng(seed)


def batch(seed, n=6, classes=4):
    return normal(seed, n, 2, 5, 6), np.eye(classes)[rng(seed).integers(classes, size=n)]


IMAGES, LABELS = batch(0)
PARAMS = (normal(1, 4, 5), normal(2, 5), normal(3, 5, 3), normal(4, 3))
VECTORS = normal(6, 7, 3)
PROBABILITIES = rng(1).dirichlet(np.ones(4), size=6)
CLASSES = np.array([0, 1, 2, 3, 0, 1])
PURE = {
    "mixup": lambda x, y: a.mixup(x, y, rng=rng()),
    "cutmix": lambda x, y: a.cutmix(x, y, rng=rng()),
    "label_smoothing": lambda x, y: a.label_smoothing(y),
    "label_smoothing_others": lambda x, y: a.label_smoothing_others(y),
    "stochastic_depth": lambda x, y: a.stochastic_depth(x, training=True, rng=rng()),
    "stochastic_depth, evaluation": lambda x, y: a.stochastic_depth(x, training=False, rng=rng()),
    "stochastic_depth_backward": lambda x, y: a.stochastic_depth_backward(x, x[:, :1, :1, :1]),
    "ema": lambda x, y: a.ema(x, a.ema(y[:, :1, None, None] * x)[1])[0],
    "swa": lambda x, y: a.swa(x, a.swa(2 * x)[1])[0],
    "accumulate": lambda x, y: a.accumulate(x, a.accumulate(x)[1])[0],
    "sam": lambda x, y: a.sam(x, lambda p: p**3)[0],
    "sam_gradient": lambda x, y: a.sam_gradient(x, lambda p: p**3),
    "im2col": lambda x, y: a.im2col(x, kernel=2, padding=1, stride=2),
    "col2im": lambda x, y: a.col2im(a.im2col(x, padding=1), shape=tuple(x.shape), padding=1),
    "conv2d": lambda x, y: a.conv2d(x, x[:3, :, :3, :2], y[0, :3], padding=1),
    "conv2d_backward": lambda x, y: a.conv2d_backward(x[:, :1], x, x[:1, :, :3, :3], padding=1),
    "max_pool2d": lambda x, y: a.max_pool2d(x),
    "max_pool2d_backward": lambda x, y: a.max_pool2d_backward(x[:, :, :2, :3], x),
    "avg_pool2d": lambda x, y: a.avg_pool2d(x),
    "avg_pool2d_backward": lambda x, y: a.avg_pool2d_backward(x[:, :, :2, :3], x),
}


@pytest.mark.parametrize("name", PURE)
def test_pictures_keep_dtype_library_and_inputs(name):
    check_pure(PURE[name], IMAGES, LABELS)


def test_the_others_keep_dtype_library_and_inputs():
    x, y = normal(7, 6, 4), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    check_pure(a.forward_pass, x, PARAMS)
    check_pure(a.backward_pass, y - 1 / 3, x, PARAMS)
    check_pure(lambda *args: a.net_gradients(*args)[1], x, y, PARAMS)
    check_pure(a.embed, np.array([[1, 2], [2, 2]]), VECTORS)
    check_pure(a.embed_backward, normal(8, 2, 3), np.array([1, 2]), VECTORS)
    check_pure(a.cosine_similarity, VECTORS[:2], VECTORS)
    check_pure(lambda q, v: a.nearest(q, v, k=3)[1], VECTORS[:2], VECTORS)
    check_pure(a.ppmi, np.abs(VECTORS))
    check_pure(lambda m: a.svd_embedding(m, dim=2), VECTORS)
    check_pure(lambda p, labels: a.reliability_bins(p, labels, bins=1), PROBABILITIES, CLASSES)


@pytest.mark.parametrize("library", [np.asarray, torch.tensor])
def test_numbers_come_back_as_python_numbers(library):
    logits, labels = library(normal(0, 8, 3)), library(rng().integers(3, size=8))
    assert type(a.fit_temperature(logits, labels)) is float
    assert type(a.expected_calibration_error(a.softmax(logits), labels)) is float
    assert type(a.survival_rate(1, layers=3)) is float
    indices, _ = a.nearest(library(VECTORS), library(VECTORS), k=2)
    assert "int64" in str(indices.dtype)


# --- laws ---


@given(seeds, alphas)
@pytest.mark.parametrize("mix", [a.mixup, a.cutmix])
def test_mixed_labels_are_distributions_and_everything_keeps_its_sum(mix, seed, alpha):
    x, y = batch(seed)
    mixed_x, mixed_y = mix(x, y, rng=rng(seed), alpha=alpha)
    np.testing.assert_allclose(mixed_y.sum(axis=1), 1)
    assert np.all(mixed_y >= 0)
    # every sample is once first and once second, so nothing is lost over the batch
    np.testing.assert_allclose(mixed_x.sum(axis=0), x.sum(axis=0), atol=1e-9)
    np.testing.assert_allclose(mixed_y.sum(axis=0), y.sum(axis=0), atol=1e-9)


@given(seeds, alphas)
def test_cutmix_labels_say_how_many_pixels_came_from_where(seed, alpha):
    n = 5
    x = np.broadcast_to(np.arange(n)[:, None, None, None], (n, 1, 6, 7)).astype(float)
    mixed, y = a.cutmix(x, np.eye(n), rng=rng(seed), alpha=alpha)
    for i in range(n):
        counts = np.bincount(mixed[i].astype(int).ravel(), minlength=n)
        np.testing.assert_allclose(y[i], counts / counts.sum(), atol=1e-12)


@given(st.integers(2, 12), st.floats(0, 0.99))
def test_both_smoothings_agree_at_the_rate_that_the_docstring_names(classes, eps):
    y = np.eye(classes)
    smooth = a.label_smoothing(y, eps=eps)
    np.testing.assert_allclose(smooth.sum(axis=1), 1)
    others = eps * (classes - 1) / classes
    np.testing.assert_allclose(a.label_smoothing_others(y, eps=others), smooth, atol=1e-12)


@given(seeds, st.floats(0, 0.9))
def test_stochastic_depth_keeps_the_mean(seed, rate):
    f = np.ones((4000, 1))
    y, mask = a.stochastic_depth(f, rate=rate, training=True, rng=rng(seed))
    # four standard deviations of the mean of Bernoulli / (1 − p), and a little for rates near 0
    assert abs(y.mean() - 1) < 5 * math.sqrt(rate / (1 - rate) / 4000) + 1e-9
    assert np.array_equal(a.stochastic_depth_backward(f, mask), y)


@given(seeds, st.floats(0, 0.999), st.integers(1, 20))
def test_averages_stay_between_the_smallest_and_the_largest(seed, decay, steps):
    points, states = normal(seed, steps, 3), [(), ()]
    for p in points:
        for i, rule in enumerate((lambda p, *s: a.ema(p, *s, decay=decay), a.swa)):
            average, *states[i] = rule(p, *states[i])
    for ((average, count),) in states:
        assert count == steps
        assert np.all(average <= points.max(axis=0) + 1e-12) and np.all(average >= points.min(axis=0) - 1e-12)


@given(seeds, st.floats(1e-3, 1.0))
def test_sam_looks_exactly_rho_away(seed, rho):
    asked = []

    def grad_fn(p):
        asked.append(p)
        return p**3 - 1

    a.sam(normal(seed, 2, 3), grad_fn, rho=rho)
    here, there = asked
    np.testing.assert_allclose(np.linalg.norm(there - here), rho, rtol=1e-9)


@given(seeds, st.floats(0.2, 5.0))
def test_the_fitted_temperature_of_scaled_logits_scales(seed, factor):
    z = normal(seed, 80, 4)
    labels = np.where(rng(seed).random(80) < 0.6, z.argmax(axis=1), rng(seed).integers(4, size=80))
    one = a.fit_temperature(z, labels, low=1e-3, high=1e3)
    if 1e-2 < one < 1e2:
        np.testing.assert_allclose(
            a.fit_temperature(factor * z, labels, low=1e-3, high=1e3), factor * one, rtol=1e-6
        )


@given(seeds, st.integers(1, 20))
def test_the_bins_hold_every_sample_and_the_error_is_below_one(seed, bins):
    p, labels = rng(seed).dirichlet(np.full(3, 0.5), size=30), rng(seed).integers(3, size=30)
    accuracy, confidence, count = a.reliability_bins(p, labels, bins=bins)
    assert count.sum() == 30
    np.testing.assert_allclose(np.nansum(accuracy * count), (p.argmax(axis=1) == labels).sum())
    error = a.expected_calibration_error(p, labels, bins=bins)
    assert 0 <= error <= 1
    np.testing.assert_allclose(error, np.nansum(count * np.abs(accuracy - confidence)) / 30)


hows = st.fixed_dictionaries(
    {"stride": st.integers(1, 3), "padding": st.integers(0, 2), "dilation": st.integers(1, 2)}
)


@given(seeds, hows, st.integers(1, 3))
def test_col2im_is_the_transpose_of_im2col(seed, how, kernel):
    """⟨im2col(x), c⟩ = ⟨x, col2im(c)⟩ for all x and c."""
    x = normal(seed, 1, 2, 6, 7)
    columns = a.im2col(x, kernel=kernel, **how)
    c = normal(seed + 1, *columns.shape)
    back = a.col2im(c, shape=x.shape, kernel=kernel, **how)
    np.testing.assert_allclose((columns * c).sum(), (x * back).sum(), atol=1e-9)


@given(seeds, hows)
def test_convolution_is_linear_and_moves_with_the_picture(seed, how):
    x, w = normal(seed, 1, 2, 8, 8), normal(seed + 1, 2, 2, 3, 3)
    np.testing.assert_allclose(a.conv2d(3 * x, w, **how), 3 * a.conv2d(x, w, **how), atol=1e-9)
    moved = a.conv2d(np.roll(x, 1, axis=3), w)
    np.testing.assert_allclose(moved[..., 1:], a.conv2d(x, w)[..., :-1], atol=1e-9)


@given(seeds)
def test_pooling_backward_keeps_the_sum_where_patches_do_not_overlap(seed):
    x, dy = normal(seed, 2, 2, 6, 8), normal(seed + 1, 2, 2, 3, 4)
    for backward in (a.max_pool2d_backward, a.avg_pool2d_backward):
        np.testing.assert_allclose(backward(dy, x).sum(), dy.sum(), atol=1e-9)
    assert np.all(a.max_pool2d(x) >= a.avg_pool2d(x))


@given(seeds)
def test_a_step_against_the_gradient_by_hand_lowers_the_loss(seed):
    x, y = normal(seed, 6, 4), np.eye(3)[rng(seed).integers(3, size=6)]
    params = [normal(seed + i, *p.shape) for i, p in enumerate(PARAMS)]
    loss, gradients = a.net_gradients(x, y, params)
    stepped = [p - 1e-5 * g for p, g in zip(params, gradients, strict=True)]
    assert a.net_gradients(x, y, stepped)[0] <= loss


@given(seeds, st.floats(0.1, 10))
def test_neighbours_do_not_depend_on_length(seed, factor):
    vectors = normal(seed, 8, 3)
    index, similarity = a.nearest(vectors, vectors, k=8)
    assert index[:, 0].tolist() == list(range(8))
    assert np.all(np.abs(similarity) <= 1 + 1e-12) and np.all(np.diff(similarity, axis=1) <= 0)
    np.testing.assert_allclose(a.nearest(factor * vectors, vectors, k=8)[1], similarity, atol=1e-12)


@given(st.integers(2, 40), st.integers(2, 8), seeds)
def test_every_sample_is_validated_once(n, k, seed):
    if k > n:
        n = k
    folds = a.k_fold(n=n, k=k, rng=rng(seed))
    assert sorted(np.concatenate([validation for _, validation in folds])) == list(range(n))
    sizes = [len(validation) for _, validation in folds]
    assert max(sizes) - min(sizes) <= 1
    assert all(not set(training) & set(validation) for training, validation in folds)


SPACE = {"lr": Range(1e-4, 1.0, "log"), "momentum": Range(0.5, 0.99, "one_minus"), "rate": Range(0.0, 0.8)}


@given(seeds, st.integers(1, 9))
def test_candidates_lie_in_the_space(seed, count):
    for candidate in a.draw_candidates(SPACE, count=count, rng=rng(seed)):
        assert list(candidate) == list(SPACE)
        for name, value in candidate.items():
            assert type(value) is float and SPACE[name].low <= value <= SPACE[name].high
        a.at_edge(candidate, space=SPACE)


@given(st.integers(1, 100), st.integers(2, 5))
def test_hyperband_gives_nobody_more_than_the_most_and_each_bracket_about_as_much(most, eta):
    brackets = a.hyperband_brackets(most=most, eta=eta)
    for rounds in brackets:
        counts, budgets = zip(*rounds, strict=True)
        assert list(counts) == sorted(counts, reverse=True) and list(budgets) == sorted(budgets)
        assert budgets[-1] == most and counts[-1] >= 1 and budgets[0] >= 1
        assert sum(n * r for n, r in rounds) <= most * (len(brackets) + 1) * (len(rounds))


# --- what is refused ---

NAN = np.array([[0.5, np.nan]])
REFUSED = [
    (lambda: a.mixup(IMAGES, LABELS[:3], rng=rng()), ValueError, r"mixup: .*\(6, 2, 5, 6\).*\(3, 4\)"),
    (lambda: a.mixup(IMAGES, 2 * LABELS, rng=rng()), ValueError, r"mixup: .*y.*2.*one_hot"),
    (lambda: a.mixup(IMAGES[:1], NAN, rng=rng()), ValueError, r"mixup: .*y.*nan"),
    (lambda: a.mixup(IMAGES[:0], LABELS[:0], rng=rng()), ValueError, r"mixup: y.*\(0, 4\)"),
    (lambda: a.mixup(IMAGES, CLASSES, rng=rng()), TypeError, r"mixup: y.*int64"),
    (lambda: a.cutmix(IMAGES[:, 0], LABELS, rng=rng()), ValueError, r"cutmix: x.*\(6, 5, 6\).*\[:, None\]"),
    (lambda: a.cutmix(IMAGES, LABELS[0], rng=rng()), ValueError, r"cutmix: y.*\(4,\)"),
    (lambda: a.label_smoothing(-LABELS), ValueError, r"label_smoothing: .*y.*-1"),
    (lambda: a.label_smoothing(LABELS, eps=1), ValueError, r"label_smoothing: eps.*eps=0.1"),
    (lambda: a.label_smoothing_others(np.ones((2, 1))), ValueError, r"label_smoothing_others: .*\(2, 1\)"),
    (lambda: a.stochastic_depth(IMAGES[:0], training=True, rng=rng()), ValueError, r"stochastic_depth: f"),
    (lambda: a.stochastic_depth_backward(IMAGES, IMAGES[:2]), ValueError, r"mask.*\(6, 1, 1, 1\).*\(2, 2"),
    (lambda: a.stochastic_depth_backward(np.eye(4), np.ones(4)), ValueError, r"mask.*dy.*\(4, 1\).*\(4,\)"),
    (lambda: a.survival_rate(5, layers=4), ValueError, r"survival_rate: .*layer=5.*layers=4"),
    (lambda: a.survival_rate(1, layers=4, last=1.5), ValueError, r"survival_rate: .*last=1.5"),
    (lambda: a.ema(VECTORS, a.ema(VECTORS.T)[1]), ValueError, r"ema: .*\(7, 3\).*\(3, 7\)"),
    (lambda: a.swa([1.0]), TypeError, r"swa: p.*list"),
    (lambda: a.accumulate(VECTORS, every=0), ValueError, r"accumulate: every.*0"),
    (lambda: a.sam(VECTORS, lambda p: p[0]), ValueError, r"sam: .*\(7, 3\).*\(3,\)"),
    (lambda: a.fit_temperature(VECTORS, CLASSES), ValueError, r"fit_temperature: "),
    (lambda: a.fit_temperature(NAN, CLASSES[:1]), ValueError, r"fit_temperature: logits.*isfinite"),
    (lambda: a.fit_temperature(VECTORS[:2], CLASSES[:2], low=3, high=2), ValueError, r"low=3.*high=2.*=20"),
    (lambda: a.expected_calibration_error(VECTORS, CLASSES), ValueError, r"expected_calibration_error: .*p"),
    (lambda: a.expected_calibration_error(PROBABILITIES, CLASSES[:2]), ValueError, r"\(6, 4\).*\(2,\)"),
    (lambda: a.reliability_bins(PROBABILITIES, CLASSES + 1), ValueError, r"reliability_bins: .*3.*1.*4"),
    (lambda: a.conv_output_size(3, kernel=5), ValueError, r"conv_output_size: .*5.*3"),
    (lambda: a.conv_output_size(4.5), ValueError, r"conv_output_size: size.*4.5"),
    (lambda: a.im2col(IMAGES, kernel=(2, 0)), ValueError, r"im2col: kernel.*0"),
    (lambda: a.im2col(IMAGES, kernel=7), ValueError, r"im2col: .*7.*5"),
    (lambda: a.im2col(IMAGES, kernel=(3, 3, 3)), ValueError, r"im2col: kernel.*\(3, 3, 3\).*kernel=3"),
    (lambda: a.col2im(VECTORS[None], shape=(1, 4, 4)), ValueError, r"col2im: shape.*\(1, 4, 4\).*x\.shape"),
    (lambda: a.col2im(VECTORS[None], shape=(1, 1, 4, 4)), ValueError, r"col2im: .*\(1, 9, 4\).*\(1, 7, 3\)"),
    (lambda: a.conv2d(IMAGES, IMAGES[:, :1]), ValueError, r"conv2d: .*\(6, 2, 5, 6\).*\(6, 1, 5, 6\)"),
    (lambda: a.conv2d(IMAGES, IMAGES, np.ones(2)), ValueError, r"conv2d: b.*\(6,\).*\(2,\)"),
    (lambda: a.conv2d(VECTORS, IMAGES), ValueError, r"conv2d: x.*\(7, 3\)"),
    (lambda: a.conv2d_backward(IMAGES, IMAGES, IMAGES), ValueError, r"conv2d_backward: dy.*\(6, 6, 1, 1\)"),
    (lambda: a.max_pool2d(IMAGES, size=6), ValueError, r"max_pool2d: .*6.*5"),
    (lambda: a.avg_pool2d(IMAGES.astype(int)), TypeError, r"avg_pool2d: x.*int64"),
    (lambda: a.max_pool2d_backward(IMAGES, IMAGES), ValueError, r"max_pool2d_backward: dy.*\(6, 2, 2, 3\)"),
    (lambda: a.forward_pass(normal(0, 2, 3), list(PARAMS)), ValueError, r"forward_pass: params.*3.*\(4, 5\)"),
    (lambda: a.forward_pass(normal(0, 2, 4), list(PARAMS[:3])), ValueError, r"forward_pass: params"),
    (lambda: a.forward_pass(normal(0, 2, 4), []), ValueError, r"forward_pass: params"),
    (lambda: a.forward_pass(np.eye(2), [np.eye(2), np.array(0.0)]), ValueError, r"forward_pass: .*\(\)"),
    (lambda: a.forward_pass(normal(0, 0, 4), list(PARAMS)), ValueError, r"forward_pass: x.*\(0, 4\)"),
    (lambda: a.backward_pass(normal(0, 2, 2), normal(0, 2, 4), list(PARAMS)), ValueError, r"_pass: dz"),
    (lambda: a.net_gradients(normal(0, 2, 4), np.eye(3), list(PARAMS)), ValueError, r"net_g.*\(2, 3\)"),
    (lambda: a.embed(np.array([7]), VECTORS), ValueError, r"embed: .*6.*7"),
    (lambda: a.embed(np.array([0.5]), VECTORS), TypeError, r"embed: .*float64"),
    (lambda: a.embed_backward(VECTORS, np.array([1]), VECTORS), ValueError, r"embed_backward: dy.*\(1, 3\)"),
    (lambda: a.cosine_similarity(VECTORS, VECTORS.T), ValueError, r"cosine_similarity: .*\(7, 3\).*\(3, 7\)"),
    (lambda: a.nearest(VECTORS[0], VECTORS), ValueError, r"nearest: query.*\(3,\)"),
    (lambda: a.nearest(VECTORS, VECTORS, k=8), ValueError, r"nearest: k.*7.*8"),
    (lambda: a.nearest(NAN, NAN, k=1), ValueError, r"nearest: query.*isfinite"),
    (lambda: a.cooccurrence([np.array([0, 3])], vocabulary=3), ValueError, r"cooccurrence: .*2.*0.*3"),
    (lambda: a.ppmi(-np.eye(2)), ValueError, r"ppmi: counts.*cooccurrence"),
    (lambda: a.ppmi(np.zeros((2, 2))), ValueError, r"ppmi: counts.*cooccurrence"),
    (lambda: a.svd_embedding(VECTORS, dim=4), ValueError, r"svd_embedding: dim.*3.*4"),
    (lambda: a.grid({"lr": 0.1}), TypeError, r"grid: .*'lr': 0.1.*Range"),
    (lambda: a.draw_candidates({}, rng=rng()), TypeError, r"draw_candidates: .*Range"),
    (lambda: a.at_edge({"lr": 0.1}, space=SPACE), ValueError, r"at_edge: .*\['lr'\].*margin=0.1"),
    (lambda: a.at_edge({"lr": 2.0}, space={"lr": SPACE["lr"]}), ValueError, r"at_edge: lr.*0.0001.*2.0"),
    (lambda: a.at_edge({"lr": np.nan}, space={"lr": SPACE["lr"]}), ValueError, r"at_edge: lr.*nan"),
    (lambda: a.k_fold(n=3, k=4, rng=rng()), ValueError, r"k_fold: .*n=3.*k=4.*k=3"),
]  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_what_does_not_fit_is_said(call, error, message, lang):
    with speaking(lang), pytest.raises(error) as refusal:
        call()
    if lang == "en":
        refusal.match(message)
    else:
        assert any("가" <= letter <= "힣" for letter in str(refusal.value))
