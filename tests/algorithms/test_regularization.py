"""Penalties, decay, dropout, early stopping, ensembles: pure, both libraries, their laws, their refusals."""

import copy
import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import algorithms as a
from course_lib.messages import LANGUAGES, speaking

seeds = st.integers(0, 2**32 - 1)
rates = st.floats(0.0, 0.95)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def generator():
    return np.random.default_rng(7)


def softmax_scores(z, axis=-1):
    e = np.exp(z)
    return e / e.sum(axis=axis, keepdims=True)


W, V = normal(0, 4, 5), normal(1, 4, 5)
PROBS = softmax_scores(normal(2, 3, 6, 4))
LABELS = np.random.default_rng(3).integers(0, 4, (3, 6))
SHARES = np.array([0.5, 1.0, 2.0])
# function → its arrays and its keywords
CALLS = {
    a.l2_norm: ((W,), {}),
    a.l1_penalty: ((W,), {}),
    a.l1_gradient: ((W,), {}),
    a.l2_penalty: ((W,), {}),
    a.l2_gradient: ((W,), {}),
    a.elastic_net_penalty: ((W,), {}),
    a.elastic_net_gradient: ((W,), {}),
    a.proximal_l1: ((W,), {"threshold": 0.5}),
    a.proximal_gradient_l1: ((W, V), {}),
    a.coupled_weight_decay: ((W, V), {"rule": a.adam}),
    a.decoupled_weight_decay: ((W, V), {"rule": a.adam}),
    a.max_norm: ((W,), {"limit": 1.0}),
    a.dropout: ((W,), {"training": True}),
    a.vanilla_dropout: ((W,), {"training": False}),
    a.spatial_dropout: ((normal(4, 2, 3, 4, 4),), {"training": True}),
    a.dropout_backward: ((W, V), {}),
    a.average_probabilities: ((PROBS, SHARES), {}),
}


def flat(value):
    """The floating-point arrays of a result, state left out."""
    return [v for v in (value if isinstance(value, tuple) else (value,)) if not isinstance(v, tuple)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__name__)
def test_pure_both_libraries_and_dtype_kept(function, dtype):
    arrays, hyper = CALLS[function]
    results = {}
    for library, to in (("numpy", np.asarray), ("torch", torch.tensor)):
        given_ = [to(x.astype(dtype)) for x in arrays]
        kept = copy.deepcopy(given_)
        draws = {"rng": generator()} if "training" in hyper else {}
        results[library] = flat(function(*given_, **hyper, **draws))
        for array, before in zip(given_, kept, strict=True):
            assert np.array_equal(np.asarray(array), np.asarray(before))
        for value in results[library]:
            assert value.dtype == given_[0].dtype and (library == "numpy") == isinstance(
                value, (np.ndarray, np.generic)
            )
            assert all(value is not array for array in given_)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    for ours, theirs in zip(results["numpy"], results["torch"], strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=tolerance, atol=tolerance)


def test_votes_agree_in_both_libraries():
    labels, probs, shares = map(torch.tensor, (LABELS, PROBS, SHARES))
    assert np.array_equal(a.hard_vote(LABELS, classes=4), a.hard_vote(labels, classes=4).numpy())
    ours, theirs = a.weighted_vote(LABELS, SHARES, classes=4), a.weighted_vote(labels, shares, classes=4)
    assert np.array_equal(ours, theirs.numpy())
    assert np.array_equal(a.soft_vote(PROBS, SHARES), a.soft_vote(probs, shares).numpy())


# --- laws ---


@given(seeds, st.floats(1e-3, 1e3))
def test_penalties_scale_as_they_should(seed, scale):
    w = normal(seed, 6)
    np.testing.assert_allclose(a.l2_norm(scale * w), scale * a.l2_norm(w), rtol=1e-9)
    np.testing.assert_allclose(a.l1_penalty(scale * w), scale * a.l1_penalty(w), rtol=1e-9)
    np.testing.assert_allclose(a.l2_penalty(scale * w), scale**2 * a.l2_penalty(w), rtol=1e-9)
    np.testing.assert_allclose(a.l2_penalty(w, strength=2.0), a.l2_norm(w) ** 2, rtol=1e-9)


@given(seeds, st.floats(0, 1), st.floats(0, 10))
def test_the_elastic_net_lies_between_its_ends(seed, mix, strength):
    w = normal(seed, 6)
    for net, l1, l2 in (
        (a.elastic_net_penalty, a.l1_penalty, a.l2_penalty),
        (a.elastic_net_gradient, a.l1_gradient, a.l2_gradient),
    ):
        want = mix * l1(w, strength=strength) + (1 - mix) * l2(w, strength=strength)
        np.testing.assert_allclose(net(w, strength=strength, mix=mix), want, rtol=1e-9, atol=1e-12)


@given(seeds, st.floats(0, 5))
def test_the_proximal_step_shrinks_and_brings_no_two_points_apart(seed, threshold):
    u, w = normal(seed, 6), normal(seed + 1, 6)
    p, q = a.proximal_l1(u, threshold=threshold), a.proximal_l1(w, threshold=threshold)
    assert np.all(np.abs(p) <= np.abs(u)) and np.all(p * u >= 0)
    assert np.all(p[np.abs(u) <= threshold] == 0)
    assert np.linalg.norm(p - q) <= np.linalg.norm(u - w) * (1 + 1e-12)


def test_only_the_proximal_step_gives_exact_zeros():
    """Of the three ways to train with L1 and L2, on weights that the data hardly need."""
    wanted = np.array([1.0, 0.005, -0.003, 0.0])
    ends = {}
    for name in ("proximal", "subgradient", "l2"):
        w = np.full(4, 0.5)
        for _ in range(300):
            g = w - wanted
            if name == "proximal":
                w = a.proximal_gradient_l1(w, g, lr=0.1, strength=0.05)
            else:
                penalty = a.l1_gradient if name == "subgradient" else a.l2_gradient
                w = a.gd(w, g + penalty(w, strength=0.05), lr=0.1)[0]
        ends[name] = int(np.sum(w == 0))
    assert ends == {"proximal": 3, "subgradient": 0, "l2": 0}


@given(seeds, st.floats(0, 1), st.floats(0, 1))
def test_both_decays_are_one_for_gradient_descent_only(seed, lr, decay):
    p, g = normal(seed, 4), normal(seed + 1, 4)
    hyper = {"lr": lr, "weight_decay": decay}
    both = [f(p, g, rule=a.gd, **hyper)[0] for f in (a.coupled_weight_decay, a.decoupled_weight_decay)]
    np.testing.assert_allclose(*both, rtol=1e-9, atol=1e-12)
    adamw = a.adamw(p, g, **hyper)[0]
    np.testing.assert_allclose(a.decoupled_weight_decay(p, g, rule=a.adam, **hyper)[0], adamw, rtol=1e-12)


def test_for_adam_the_coupled_decay_spares_weights_with_large_gradients():
    """Two weights, alike but for the size of their noise: coupled decay hardly reaches the second."""
    shrunk = {}
    for decayed in (a.coupled_weight_decay, a.decoupled_weight_decay):
        p, state, rng = np.ones(2), (), np.random.default_rng(0)
        for _ in range(400):
            g = np.array([0.01, 10.0]) * rng.choice([-1.0, 1.0])
            p, *state = decayed(p, g, *state, rule=a.adam, lr=1e-3, weight_decay=0.5)
        shrunk[decayed] = p
    assert np.ptp(shrunk[a.decoupled_weight_decay]) < 0.01
    assert shrunk[a.coupled_weight_decay][0] < 0.8 < shrunk[a.coupled_weight_decay][1]


@given(seeds, st.floats(0.01, 10))
def test_max_norm_bounds_each_unit_and_keeps_its_direction(seed, limit):
    w = normal(seed, 4, 3, 2)
    for axis in range(3):
        got = np.moveaxis(a.max_norm(w, limit=limit, units_axis=axis), axis, 0).reshape(w.shape[axis], -1)
        before = np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)
        lengths = np.linalg.norm(before, axis=1)
        np.testing.assert_allclose(np.linalg.norm(got, axis=1), np.minimum(lengths, limit), rtol=1e-9)
        np.testing.assert_allclose(
            got * lengths[:, None], before * np.minimum(lengths, limit)[:, None], rtol=1e-9
        )


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5))
def test_a_penalty_raises_the_loss(ws):
    w = np.array([*ws, 1.0])
    rises, losses = a.rises_with_regularization(lambda lam: a.regularized_loss(1.5, [w, w], strength=lam))
    assert rises and losses[0] == 1.5


@given(seeds, rates)
def test_dropouts_agree_where_they_drop_and_what_they_expect(seed, rate):
    x = normal(seed, 5, 6)
    runs = {}
    for layer in (a.dropout, a.vanilla_dropout):
        y, mask = layer(x, rate=rate, training=True, rng=np.random.default_rng(seed))
        assert np.array_equal(y, x * mask)
        assert np.array_equal(a.dropout_backward(x, mask), y)
        runs[layer] = y
    np.testing.assert_allclose(runs[a.vanilla_dropout], (1 - rate) * runs[a.dropout], rtol=1e-9, atol=1e-12)
    inverted, _ = a.dropout(x, rate=rate, training=False, rng=None)
    vanilla, _ = a.vanilla_dropout(x, rate=rate, training=False, rng=None)
    assert np.array_equal(inverted, x) and inverted is not x
    np.testing.assert_allclose(vanilla, (1 - rate) * x, rtol=1e-12)


@pytest.mark.parametrize("layer", [a.dropout, a.vanilla_dropout, a.spatial_dropout], ids=lambda f: f.__name__)
def test_evaluation_gives_what_training_gives_on_average(layer):
    x, rng = normal(0, 2, 3, 4), generator()
    mean = sum(layer(x, rate=0.4, training=True, rng=rng)[0] for _ in range(20_000)) / 20_000
    np.testing.assert_allclose(mean, layer(x, rate=0.4, training=False, rng=rng)[0], atol=0.05)


def test_spatial_dropout_takes_whole_maps():
    y, _ = a.spatial_dropout(np.ones((20, 30, 4, 5)), rate=0.3, training=True, rng=generator())
    maps = y.reshape(600, -1)
    assert np.all(maps == maps[:, :1])
    assert abs((maps[:, 0] == 0).mean() - 0.3) < 0.06


def test_dropout_is_an_ensemble():
    """Of a linear layer the mean over masks is the pass without dropout; of a deep net nearly."""
    x, w = normal(1, 4, 10), normal(2, 10, 3)

    def predict(x, *, rng):
        return a.dropout(x, rate=0.2, training=True, rng=rng)[0] @ w

    few, many = (a.dropout_ensemble(predict, x, members=m, rng=generator()) for m in (5, 5000))
    assert np.abs(many - x @ w).max() < 0.15 < np.abs(few - x @ w).max()


@given(st.lists(st.floats(0, 10) | st.just(math.nan), min_size=1, max_size=40), st.integers(1, 6))
def test_early_stopping_waits_for_its_patience_and_knows_the_best(losses, patience):
    state, since, best = (), 0, math.inf
    for loss in losses:
        stop, *state = a.early_stopping(loss, *state, patience=patience)
        since, best = (0, loss) if loss < best else (since + 1, best)
        assert stop == (since >= patience)
        assert state[0][0] == best and state[0][2] - state[0][1] == since


def test_early_stopping_takes_losses_of_any_library():
    for loss in (1.0, np.float32(1.0), np.array(1.0), torch.tensor(1.0)):
        assert a.early_stopping(loss) == (False, (1.0, 1, 1))


@given(seeds, st.integers(1, 6), st.integers(2, 5))
def test_voters_have_no_order_and_equal_weights_are_none(seed, members, classes):
    rng = np.random.default_rng(seed)
    labels, probs = rng.integers(0, classes, (members, 9)), rng.dirichlet(np.ones(classes), (members, 9))
    shares, order = rng.uniform(0.1, 1, members), rng.permutation(members)
    vote = partial(a.hard_vote, classes=classes)
    assert np.array_equal(vote(labels), vote(labels[order]))
    assert np.array_equal(vote(labels), a.weighted_vote(labels, np.full(members, 0.25), classes=classes))
    mean = a.average_probabilities(probs, shares)
    np.testing.assert_allclose(mean, a.average_probabilities(probs[order], shares[order]), rtol=1e-9)
    np.testing.assert_allclose(mean.sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(mean, a.average_probabilities(probs, 7 * shares), rtol=1e-9)
    assert np.array_equal(a.soft_vote(probs[:1]), probs[0].argmax(axis=1))


def test_a_majority_of_weak_members_is_strong():
    """Eleven members, each right in 70% of cases on its own: the majority is right in about 92%."""
    rng = generator()
    truth = rng.integers(0, 2, 5000)
    labels = np.where(rng.random((11, 5000)) < 0.7, truth, 1 - truth)
    assert abs((a.hard_vote(labels, classes=2) == truth).mean() - 0.922) < 0.02


def test_bags_leave_a_third_out():
    indices = a.bootstrap_indices(n=2000, members=5, rng=generator())
    unseen = a.out_of_bag(indices)
    assert np.all(np.abs(unseen.mean(axis=1) - math.exp(-1)) < 0.03)
    for row, out in zip(indices, unseen, strict=True):
        assert not out[row].any()


def test_a_wide_margin_bears_more_noise():
    rng = generator()
    labels = rng.integers(0, 2, 2000)
    curves = []
    for margin in (0.3, 2.0):
        x = (2.0 * labels - 1)[:, None] * margin
        predict = lambda z: np.concatenate([-z, z], axis=1)  # noqa: E731
        curves.append(a.accuracy_under_noise(predict, x, labels, sigmas=(0, 0.5, 1), rng=generator()))
    narrow, wide = curves
    assert narrow[0] == wide[0] == 1 and np.all(narrow[1:] < wide[1:] - 0.1) and np.all(np.diff(narrow) < 0)


# --- refusals ---

NOISE = a.accuracy_under_noise
WRONG = [
    (lambda: a.max_norm(np.ones(3)), r"^max_norm: w.*\(3,\).*units_axis=0"),
    (lambda: a.max_norm(W, units_axis=2), r"^max_norm: w.*units_axis=2.*units_axis=0"),
    (lambda: a.elastic_net_penalty(W, mix=1.2), r"^elastic_net_penalty: mix.*1\.2.*mix=0\.5"),
    (lambda: a.regularized_loss(1.0, []), r"^regularized_loss: ws.*list.*\[w1, w2\]"),
    (lambda: a.regularized_loss(1.0, W), r"^regularized_loss: ws.*ndarray.*\[w1, w2\]"),
    (lambda: a.rises_with_regularization(abs, strengths=(1, 0)), r"strengths.*\(1, 0\).*strengths=\(0, 1e-3"),
    (lambda: a.spatial_dropout(W, training=True, rng=None), r"^spatial_dropout: x.*\(4, 5\).*dropout"),
    (lambda: a.dropout(W, rate=1, training=True, rng=None), r"^dropout: rate.*1.*rate=0\.5"),
    (lambda: a.hard_vote(PROBS[0], classes=4), r"^hard_vote: labels.*float64.*soft_vote"),
    (lambda: a.hard_vote(LABELS, classes=3), r"^hard_vote: labels.* 3.*0…3.*classes"),
    (lambda: a.hard_vote(LABELS[:0], classes=4), r"^hard_vote: labels.*\(0, 6\)"),
    (lambda: a.hard_vote([[1, 2]], classes=4), r"^hard_vote: labels.*list"),
    (lambda: a.hard_vote(LABELS, classes=0), r"^hard_vote: classes.*classes=1"),
    (lambda: a.weighted_vote(LABELS, SHARES[:2], classes=4), r"^weighted_vote: weights.*\[0\.5, 1\.0\]"),
    (lambda: a.weighted_vote(LABELS, 0 * SHARES, classes=4), r"^weighted_vote: weights.*\[0\.0, 0"),
    (lambda: a.soft_vote(PROBS, np.full(3, np.nan)), r"^soft_vote: weights.*nan"),
    (lambda: a.soft_vote(3 * PROBS), r"^soft_vote: probs.*softmax"),
    (lambda: a.soft_vote(PROBS * np.nan), r"^soft_vote: probs.*nan.*softmax"),
    (lambda: a.average_probabilities(PROBS[0]), r"^average_probabilities: probs.*\(6, 4\)"),
    (lambda: a.bootstrap_indices(n=0, rng=None), r"^bootstrap_indices: n.*0.*n=1"),
    (lambda: a.out_of_bag(np.array([[0, 5]])), r"^out_of_bag: indices.*bootstrap_indices"),
    (lambda: a.out_of_bag(np.array([[0.5, 1.0]])), r"^out_of_bag: indices.*float64"),
    (lambda: a.accuracy_under_noise(abs, W, np.ones(3), rng=None), r"^accuracy.*: x.*\(4, 5\), \(3,\)"),
    (lambda: a.accuracy_under_noise(abs, W[:0], np.ones(0), rng=None), r"^accuracy.*: x.*\(0, 5\)"),
    (lambda: NOISE(abs, W, np.ones(4), sigmas=(-1,), rng=None), r"sigmas.*\[-1\.0\].*sigmas="),
]  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("call", "pattern"), WRONG, ids=lambda x: x if isinstance(x, str) else "")
def test_what_does_not_fit_is_refused_with_a_remedy(call, pattern, lang):
    with speaking(lang), pytest.raises(ValueError, match=pattern):
        call()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__name__)
def test_integers_and_lists_are_refused(function, lang):
    arrays, hyper = CALLS[function]
    draws = {"rng": generator()} if "training" in hyper else {}
    with speaking(lang):
        with pytest.raises(TypeError, match=rf"^{function.__name__}: .*int64.*astype\(float\)"):
            function(np.ones(arrays[0].shape, dtype=int), *arrays[1:], **hyper, **draws)
        with pytest.raises(TypeError, match=rf"^{function.__name__}: .*list.*np\.array"):
            function([1.0, 2.0], *arrays[1:], **hyper, **draws)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_shapes_rules_and_losses_are_looked_at(lang):
    with speaking(lang):
        for call in (
            lambda: a.proximal_gradient_l1(W, V[:2]),
            lambda: a.coupled_weight_decay(W, V[:2], rule=a.gd),
            lambda: a.dropout_backward(W, V[:2]),
        ):
            with pytest.raises(ValueError, match=r"\(4, 5\).*\(2, 5\)"):
                call()
        with pytest.raises(TypeError, match=r"^decoupled_weight_decay: rule.*str.*rule=adam"):
            a.decoupled_weight_decay(W, V, rule="adam")
        for loss in ("0.5", None, np.ones(2)):
            with pytest.raises(TypeError, match=r"^early_stopping: loss.*float\(loss\)"):
                a.early_stopping(loss)
        with pytest.raises(TypeError, match=r"^soft_vote: weights.*list.*np\.array"):
            a.soft_vote(PROBS, [1.0, 2.0, 3.0])
