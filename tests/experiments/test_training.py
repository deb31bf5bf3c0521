"""The data, the nets trained side by side, fair tuning, and the learning-rate range test."""

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms.clipping import clip_by_global_norm
from course_lib.algorithms.optim import adam, gd, momentum, nesterov
from course_lib.algorithms.problems import quadratic
from course_lib.algorithms.schedules import cosine
from course_lib.data.digits import load_digits
from course_lib.data.words import bags_of_words
from course_lib.experiments import tuning, unit1_figures
from course_lib.messages import LANGUAGES, speaking
from course_lib.training.range_test import digits_net, range_test
from course_lib.training.small_nets import losses, mlp, outputs, per_net, score, train
from course_lib.viz import training_figures


@pytest.fixture
def toy():
    """Forty samples of two features in two classes, (x, y)."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 40)
    return (rng.standard_normal((40, 2)) + 2 * y[:, None]).astype(np.float32), y


def fixed(**settings):
    return lambda step: settings


def test_digits_are_split_once_and_scaled_by_the_training_part():
    d = load_digits()
    assert d.x_train.shape == (1437, 64) and d.x_val.shape == (360, 64) and d.x_train.dtype == np.float32
    assert set(d.y_train) == set(d.y_val) == set(range(10))
    spread = d.x_train.std(0)
    np.testing.assert_allclose(d.x_train.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(spread[spread > 0], 1, atol=1e-3)
    assert abs(d.x_val.mean(0)).max() > 0.01  # scaled by other pictures than its own
    assert load_digits() is d
    with pytest.raises(ValueError, match="read-only"):
        d.x_train[0] = 1


def test_words_are_sparse_seeded_and_learnable():
    x, y, w = bags_of_words(rng=np.random.default_rng(1))
    again, _, _ = bags_of_words(rng=np.random.default_rng(1))
    np.testing.assert_array_equal(x, again)
    assert set(np.unique(x)) == {0, 1} and set(np.abs(w)) == {3.0} and set(y) == {0, 1}
    assert x[:, 0].mean() == pytest.approx(0.5, abs=0.08) and x[:, -1].mean() < 0.03
    assert np.mean(((x - x.mean(0)) @ w > 0) == y) > 0.85


def test_a_net_in_the_stack_is_torchs_net(toy):
    x, y = (torch.tensor(a) for a in toy)
    params = mlp([2, 5, 3], seeds=[7, 8])
    for i in range(2):
        w1, b1, w2, b2 = (p[i] for p in params)
        logits = nn.functional.linear(torch.relu(nn.functional.linear(x, w1.T, b1[0])), w2.T, b2[0])
        torch.testing.assert_close(outputs(params, x)[i], logits)
        torch.testing.assert_close(losses(params, x, y)[i], nn.functional.cross_entropy(logits, y))
    one = mlp([2, 5, 3], seeds=[8])
    assert all(torch.equal(a[0], b[1]) for a, b in zip(one, params, strict=True))


def test_training_in_the_stack_is_training_alone(toy):
    go = partial(train, epochs=3, batch_size=8)
    seeds = [1, 2]
    both = go(mlp([2, 6, 2], seeds=seeds), *toy, adam, seeds=seeds, settings=fixed(lr=per_net([0.01, 0.05])))
    alone = go(mlp([2, 6, 2], seeds=[2]), *toy, adam, seeds=[2], settings=fixed(lr=0.05))
    np.testing.assert_allclose(both.losses[:, 1], alone.losses[:, 0], rtol=1e-5)
    assert both.losses.shape == (15, 2)


def test_the_norm_and_the_step_are_torchs(toy):
    x, y = toy
    start = mlp([2, 4, 2], seeds=[0])
    run = train(
        start, x, y, momentum, seeds=[0], settings=fixed(lr=0.1, momentum=0.9), epochs=4, batch_size=40
    )
    leaves = [p.clone().requires_grad_() for p in start]
    optimizer = torch.optim.SGD(leaves, lr=0.1, momentum=0.9)
    for step in range(4):
        optimizer.zero_grad()
        losses(leaves, torch.tensor(x), torch.tensor(y)).sum().backward()
        norm = torch.cat([p.grad.flatten() for p in leaves]).norm()
        assert run.norms[step, 0] == pytest.approx(norm.item(), rel=1e-5)
        optimizer.step()
    for ours, theirs in zip(run.params, leaves, strict=True):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-6)


def test_a_diverging_net_leaves_the_others_alone_and_the_start_stays(toy):
    start = mlp([2, 6, 2], seeds=[3, 3])
    before = [p.clone() for p in start]
    run = train(
        start, *toy, gd, seeds=[3, 3], settings=fixed(lr=per_net([0.1, 1e30])), epochs=2, batch_size=8
    )
    loss, accuracy = score(run.params, *toy)
    assert np.isfinite(loss[0]) and not np.isfinite(loss[1]) and accuracy[0] > 0.7
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in zip(start, before, strict=True))


def test_scaling_the_loss_and_the_rate_cancels_but_for_clipping(toy):
    go = partial(train, mlp([2, 6, 2], seeds=[0]), *toy, gd, seeds=[0], epochs=2, batch_size=8)
    plain, scaled = go(settings=fixed(lr=0.1)), go(settings=fixed(lr=0.001), scale=100.0)
    np.testing.assert_allclose(plain.losses, scaled.losses, rtol=1e-4)
    np.testing.assert_allclose(100 * plain.norms, scaled.norms, rtol=1e-3)
    clip = partial(clip_by_global_norm, max_norm=0.1)
    clipped = go(settings=fixed(lr=0.001), scale=100.0, change=clip)
    assert clipped.losses[-1] > plain.losses[-1]


def test_a_rule_that_asks_for_more_than_the_gradient_is_refused(toy):
    with pytest.raises(ValueError, match="nesterov"):
        train(mlp([2, 2], seeds=[0]), *toy, nesterov, seeds=[0], settings=fixed(lr=0.1), epochs=1)


def test_tuning_chooses_on_its_own_seeds_and_compares_the_fresh_ones():
    k = len(tuning.TUNING)
    steady, lucky = [0.5] * k + [0.4, 0.6], [1e-12] + [2.0] * (k - 1) + [1e-12, 1e-12]
    chosen = tuning.tuned(np.array([lucky, steady]))
    assert chosen.rate == 1 and chosen.mean == 0.5
    np.testing.assert_array_equal(chosen.fresh, [0.4, 0.6])
    assert tuning.decades([10.0, 1.0], [1.0, 10.0]) == [1.0, -1.0]


def test_failed_runs_count_no_more_than_no_training():
    settled = tuning.settled(np.array([np.nan, np.inf, 7.0, 0.5, 0.0]), 2.0)
    np.testing.assert_array_equal(settled, [2.0, 2.0, 2.0, 0.5, tuning.SOLVED])


def test_descending_at_many_rates_is_descending_at_each():
    bowl = quadratic(condition=10)
    start = np.array([[1.0, 1.0], [2.0, -1.0]])
    heights = tuning.descend(gd, bowl, start, rates=(0.05, 0.1, 5.0), steps=10)
    # each coordinate is multiplied by 1 − η λ at each step
    for row, lr in zip(heights, (0.05, 0.1), strict=False):
        end = start * np.array([1 - lr, 1 - 10 * lr]) ** 10
        np.testing.assert_allclose(row, bowl.f(end), rtol=1e-9)
    np.testing.assert_allclose(heights[2], bowl.f(start))  # 5.0 diverges: no better than the start


def test_schedules_act_on_every_rate(toy):
    run = partial(tuning.fit, gd, [2, 2], toy, [0], rates=[0.5], epochs=2)
    # 40 samples are no batch of 64: with data of 128 there are two steps an epoch
    data = (np.tile(toy[0], (4, 1))[:128], np.tile(toy[1], 4)[:128])
    run = partial(tuning.fit, gd, [2, 2], data, [0], rates=[0.5], epochs=2)
    assert run() < run(schedule=partial(cosine, peak=1.0, total=4)) < run(schedule=lambda step: 0.0)


@pytest.fixture(scope="module")
def tested():
    """A range test of the digits' net; the net keeps its weights."""
    d, net = load_digits(), digits_net()
    before = [p.clone() for p in net.parameters()]
    result = range_test(net, d.x_train, d.y_train)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), before, strict=True))
    assert all(p.grad is None for p in net.parameters())
    return result


def test_the_range_test_finds_where_the_digits_net_learns_and_breaks(tested):
    assert tested.blew_up and len(tested.rates) == len(tested.losses) < 100
    assert 0.3 < tested.rates[-1] < 10
    best = tested.steepest()
    assert 0.01 < tested.rates[best] < tested.rates[-1] / 2
    np.testing.assert_allclose(np.diff(np.log(tested.rates)), np.log(1e6) / 99)


def test_the_range_test_is_the_same_again_and_another_with_another_seed(tested):
    d = load_digits()
    again = range_test(digits_net(), d.x_train, d.y_train)
    np.testing.assert_array_equal(again.losses, tested.losses)
    other = range_test(digits_net(), d.x_train, d.y_train, seed=1)
    assert other.losses[0] != tested.losses[0]


def test_the_range_test_trains_as_the_rule_says(toy):
    x, y = toy
    net = nn.Linear(2, 2)
    test = range_test(net, x, y, low=1e-3, high=1e-1, steps=3, batch_size=40)
    params = [p.detach().clone().requires_grad_() for p in net.parameters()]
    for rate, loss in zip((1e-3, 1e-2, 1e-1), test.losses, strict=True):
        value = nn.functional.cross_entropy(nn.functional.linear(torch.tensor(x), *params), torch.tensor(y))
        assert loss == pytest.approx(value.item(), rel=1e-5)
        gradients = torch.autograd.grad(value, params)
        params = [(p - rate * g).detach().requires_grad_() for p, g in zip(params, gradients, strict=True)]
    assert not test.blew_up and test.rates == pytest.approx([1e-3, 1e-2, 1e-1])


def test_a_loss_that_is_not_finite_ends_the_range_test(toy):
    test = range_test(nn.Linear(2, 2), *toy, loss=lambda out, y: out.sum() * float("nan"), steps=5)
    assert test.blew_up and len(test.losses) == 1 and test.steepest() is None


def test_smoothing_starts_at_the_first_loss(tested):
    assert tested.smooth()[0] == pytest.approx(tested.losses[0])
    np.testing.assert_allclose(tested.smooth(0.0), tested.losses)


@pytest.mark.parametrize(
    "bad", [{"low": 0.0}, {"low": 2.0, "high": 1.0}, {"high": np.inf}, {"steps": 1}, {"steps": 2.5}]
)
def test_the_range_test_refuses_what_is_no_range(toy, bad):
    with pytest.raises(ValueError, match="range_test"):
        range_test(nn.Linear(2, 2), *toy, **bad)


def test_adagrad_learns_rare_words_where_gradient_descent_does_not():
    words = unit1_figures.rare_words(seeds=range(2))
    assert np.all(np.diff(words.frequency) <= 0)
    share = {name: learned[-3:].mean() / learned[0] for name, learned in words.learned.items()}
    assert share["adagrad"] > 0.8 > 0.6 > share["gd"]


def test_momentum_is_raised_to_its_end_and_tuned():
    curves = unit1_figures.raised_momentum(seeds=range(2), epochs=2)
    assert set(curves) == {"raised", "0.5", "0.9", "0.99"}
    assert all(c.losses.shape == (2,) and c.losses[1] < c.losses[0] < 2.5 for c in curves.values())
    assert curves["0.99"].rate < curves["0.5"].rate


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pictures_have_every_glyph_and_the_same_bytes_again(lang, tested, caplog):
    norms = unit1_figures.gradient_norms(epochs=1)
    curves = unit1_figures.raised_momentum(seeds=range(2), epochs=2)
    words = unit1_figures.rare_words(seeds=range(2))
    draw = {
        "range": lambda: training_figures.range_test_picture(tested),
        "norms": lambda: training_figures.norms_picture(norms),
        "raised": lambda: training_figures.raised_momentum_picture(curves),
        "rare": lambda: training_figures.rare_words_picture(words, titles={"gd": "GD", "adagrad": "AdaGrad"}),
    }
    with speaking(lang), warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, make in draw.items():
            assert make().png == make().png, name
            assert make().alt
        assert f"{tested.rates[-1]:.2g}" in draw["range"]().alt
    assert not caplog.records
