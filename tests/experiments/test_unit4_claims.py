"""Unit 4's experiments turn round with their data, and the nets behind them do what torch's do."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms.optim import adam, gd
from course_lib.experiments import claim, unit4
from course_lib.experiments.verdict import verdict
from course_lib.training import norm_nets
from course_lib.training.norm_nets import Net, deep, restated, score, start, train, walk

MADE = (np.random.default_rng(0).normal(2, 3, (96, 5)).astype(np.float32), np.arange(96) % 3)


def small(**how):
    return deep(8, depth=2, inputs=5, classes=3, **how)


def torch_twin(net, params, index):
    """The same net in torch, with the parameters of one of the nets."""
    layers, params = [], iter(params)
    for op in net.ops:
        if op == "linear":
            w, b = next(params)[index], next(params)[index, 0]
            layer = nn.Linear(*w.shape)
            layer.weight.data, layer.bias.data = w.T.clone(), b.clone()
        elif op in ("batch", "layer"):
            gamma, beta = next(params)[index, 0], next(params)[index, 0]
            layer = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}[op](len(gamma))
            layer.weight.data, layer.bias.data = gamma.clone(), beta.clone()
        else:
            layer = nn.ReLU()
        layers.append(layer)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_training_is_torchs_own(norm, place):
    """Ten epochs of SGD on the same mini-batches: the same weights, and the same running statistics."""
    net, seeds = small(**{place: (norm,)}), [3, 4]
    params, _ = start(net, seeds=seeds)
    twin = torch_twin(net, params, 1)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    x, y = torch.tensor(MADE[0]), torch.tensor(MADE[1])
    for batch in norm_nets.batches(96, seeds, epochs=10, batch_size=32):
        optimizer.zero_grad()
        nn.functional.cross_entropy(twin(x[batch[1]]), y[batch[1]]).backward()
        optimizer.step()
    run = train(net, *MADE, gd, seeds=seeds, settings={"lr": 0.1}, epochs=10, batch_size=32)
    twin.eval()
    ours = walk(net, run.params, run.state, x, training=False)[0][-1][1]
    torch.testing.assert_close(ours, twin(x), rtol=1e-3, atol=1e-3)


def test_a_net_depends_on_its_own_seed_alone():
    net, how = small(before=("batch",)), {"settings": {"lr": 0.1}, "epochs": 2, "batch_size": 32}
    alone, together = (train(net, *MADE, gd, seeds=s, **how) for s in ([7], [5, 7]))
    np.testing.assert_allclose(alone.losses[:, 0], together.losses[:, 1], rtol=1e-4)


def test_fewer_images_are_drawn_once_and_differ_by_seed():
    rows = list(norm_nets.batches(96, [0, 1], epochs=3, batch_size=10, images=20))
    assert len(rows) == 6
    for net in (0, 1):
        assert len({int(i) for batch in rows for i in batch[net]}) <= 20
    assert not torch.equal(rows[0][0], rows[0][1])


def test_noise_moves_every_unit_alike_over_the_batch_and_only_in_training():
    net = Net(("jitter",), (5,), jitter=0.5)
    x = torch.randn(2, 40, 5)
    (y,), _ = walk(net, [], [], x, training=True, rng=np.random.default_rng(0))
    slope = (y[:, 1:] - y[:, :1]) / (x[:, 1:] - x[:, :1])
    assert (slope.std(1) < 1e-2).all() and 0.4 < slope.min() < slope.max() < 1.6
    assert torch.equal(walk(net, [], [], x, training=False)[0][0], x)


def test_restated_statistics_are_those_of_a_pass_without_dropout():
    net = small(before=("dropout", "batch"), rate=0.5)
    run = train(net, *MADE, gd, seeds=[0, 1], settings={"lr": 0.1}, epochs=3, batch_size=32)
    again = restated(net, run, MADE[0])
    x = torch.tensor(MADE[0]) @ run.params[0] + run.params[1]
    mean, var = again.state[0]
    torch.testing.assert_close(mean.reshape(2, 8), x.mean(1), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(var.reshape(2, 8), x.var(1), rtol=1e-3, atol=1e-3)


# --- the experiments --------------------------------------------------------------------------------------


def test_noise_that_is_none_costs_none_of_the_gain():
    effects = unit4.norm_removes_shift(range(2), depths=(6,), epochs=1, noises={"none": 0.0})
    assert effects["none_6"] == pytest.approx([0.0, 0.0], abs=0.02)


def test_noise_without_limit_costs_all_of_it():
    """The experiment can support the claim: noise that drowns the signal leaves nothing of the gain."""
    effects = unit4.norm_removes_shift(range(2), depths=(6,), epochs=3, noises={"huge": 5.0})
    assert min(effects["huge_6"]) > 0.8


def test_before_and_after_turn_round(monkeypatch):
    there = unit4.norm_before_activation(range(2), depths=(3,), epochs=1)

    def swapped(hidden, *, before=(), after=(), **more):
        return deep(hidden, before=after, after=before, **more)

    monkeypatch.setattr(unit4, "deep", swapped)
    back = unit4.norm_before_activation(range(2), depths=(3,), epochs=1)
    for name in there:
        assert back[name] == pytest.approx([-x for x in there[name]])


def test_hes_own_initialization_leaves_all_of_the_room():
    effects = unit4.norm_makes_init_unimportant(range(2), starts={"he": norm_nets.he_std}, epochs=1)
    assert effects["he_same"] == pytest.approx([unit4.FACTOR] * 2)
    assert effects["he_tuned"] == pytest.approx([unit4.FACTOR] * 2)


def test_dropout_of_rate_zero_costs_nothing_and_shifts_nothing():
    how = {"images": 100, "epochs": 2}
    assert set(unit4.never_dropout_with_norm(range(2), cases=((0.0, 3),), **how)) == {
        "before_0_3",
        "after_0_3",
        "last_0_3",
    }
    for values in unit4.never_dropout_with_norm(range(2), cases=((0.0, 3),), **how).values():
        assert values == [0.0, 0.0]


def test_a_needless_dropout_leaves_the_whole_tolerance():
    effects = unit4.norm_makes_dropout_needless(range(2), amounts={100: 2}, rates=(0.0,))
    assert effects["images_100"] == pytest.approx([unit4.NEEDLESS] * 2)


def test_what_the_unit_says_of_its_claims():
    words = {name: claim(name).verdict for name in ("norm_removes_shift", "never_dropout_with_norm")}
    shift = words["norm_removes_shift"].findings
    assert shift["mild_6"] == shift["mild_10"] == "nothing"
    dropout = words["never_dropout_with_norm"]
    assert dropout.word == "depends"
    regained = claim("variance_shift_is_the_harm").verdict
    for place in ("before", "after"):
        lost = dropout.intervals[f"{place}_40_6"].mean
        assert lost > 20 and regained.intervals[f"{place}_40_6"].mean > 0.6 * lost
        assert -2 < dropout.intervals[f"{place}_20_6"].mean < -0.8
    assert claim("norm_makes_dropout_needless").verdict.word == "depends"
    assert verdict(claim("norm_before_activation").effects, margin=0.1).word == "fails"


def test_strong_dropout_ruins_a_deep_net_without_a_norm_as_well():
    """The control that the unit quotes: from 93% to below 40%."""
    how = {"rates": (0.003,), **unit4.FEW}
    plain = unit4.accuracy(deep(48, depth=6), range(3), **how).mean()
    dropped = unit4.accuracy(deep(48, depth=6, after=("dropout",), rate=0.4), range(3), **how).mean()
    assert plain > 90 and dropped < 45


def test_scores_leave_dropout_and_noise_out():
    net = small(before=("batch", "jitter"), after=("dropout",), rate=0.9, jitter=1.0)
    run = train(net, *MADE, adam, seeds=[0, 1], settings={"lr": 0.01}, epochs=1, batch_size=32)
    first, again = (score(net, run, *MADE) for _ in range(2))
    np.testing.assert_array_equal(first, again)
