"""Unit 5's experiments: nets as their formulas say, and verdicts that turn round with the methods."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.algorithms.activations import sigmoid, sigmoid_backward, tanh
from course_lib.algorithms.rectifiers import elu, relu, relu_backward
from course_lib.data.digits import load_digits
from course_lib.experiments import claim, tuning, unit5, unit5_nets
from course_lib.experiments.verdict import verdict
from course_lib.training.small_nets import per_net

BRIEF = {"epochs": 1, "rates": unit5_nets.RATES[3:5]}


@pytest.fixture(autouse=True)
def _two_tuning_seeds(monkeypatch):
    for module in (tuning, unit5_nets):
        monkeypatch.setattr(module, "TUNING", (9001, 9002))


def test_he_keeps_relus_gradient_and_other_sizes_do_not():
    effects = unit5.relu_keeps_gradients(range(4))
    found = verdict(effects, margin=0.1)
    assert found.word == "depends"
    assert {c for c, f in found.findings.items() if f == "opposes"} == {
        f"{size}_{depth}" for size in ("small", "large") for depth in (10, 40)
    }
    # a layer passes on half of the variance: (σ²n/2)^(39/2)
    assert np.mean(effects["large_40"]) == pytest.approx(1 - 39 * np.log10(2**0.5), abs=0.6)


def test_a_sigmoid_in_relus_place_vanishes_everywhere():
    effects = unit5.relu_keeps_gradients(range(3), f=sigmoid, backward=sigmoid_backward)
    assert all(np.mean(effects[f"{size}_10"]) < -1 for size in ("small", "he", "large"))


def test_sigmoids_explode_where_wide_layers_meet_large_weights():
    effects = unit5.sigmoid_never_explodes(range(2))
    found = verdict(effects, margin=0.1).findings
    assert {c for c, f in found.items() if f == "opposes"} == {"one_500_10", "one_500_30"}
    exploding = unit5.growth(relu, relu_backward, 1.0, depth=10, width=50, seed=0)
    assert exploding > 1


def test_growth_is_that_of_autograd():
    rng = np.random.default_rng(3)
    ws = [0.3 * rng.standard_normal((20, 20), dtype=np.float32) for _ in range(4)]
    x, dy = rng.standard_normal((2, 32, 20), dtype=np.float32)
    # the chain from the first layer's output upwards
    first = torch.tanh(torch.tensor(x) @ torch.tensor(ws[0]).T).requires_grad_()
    out = first
    for w in ws[1:]:
        out = torch.tanh(out @ torch.tensor(w).T)
    (gradient,) = torch.autograd.grad(out, first, torch.tensor(dy))
    want = np.log10(gradient.square().mean().sqrt().item() / np.sqrt(np.mean(dy**2)))
    got = unit5.growth(tanh, lambda d, z: d * (1 - np.tanh(z) ** 2), 0.3, depth=4, width=20, seed=3)
    assert got == pytest.approx(want, abs=1e-4)


@pytest.mark.parametrize("f", [relu, tanh, partial(unit5.lifted, lift=0.5)])
def test_scaled_weights_keep_the_second_moment(f):
    params = unit5_nets.scaled([64, 500, 500, 10], [0], f)
    z = torch.randn(1, 200, 500, generator=torch.Generator().manual_seed(0))
    z = z / z.square().mean().sqrt()
    after = f(z / 1.0) @ params[2]
    assert after.square().mean().item() == pytest.approx(1, rel=0.1)
    assert params[4].std().item() == pytest.approx(500**-0.5, rel=0.1)


def test_nets_side_by_side_train_as_one_in_torch():
    data = load_digits()
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    seeds, lr = [4, 5], per_net([0.05, 0.1])
    start = unit5_nets.scaled([64, 8, 10], seeds, tanh)
    batches = list(unit5_nets.shuffled(x, y, seeds, 1))[:8]
    loss = lambda p, b: unit5_nets.cross_entropy(p, *b, tanh)  # noqa: E731
    params, losses = unit5_nets.descend(start, loss, batches, lr)
    own = [p[1].clone().requires_grad_() for p in start]
    optimizer = torch.optim.SGD(own, lr=0.1, momentum=0.9)
    for (bx, by), seen in zip(batches, losses, strict=True):
        h = torch.tanh(bx[1] @ own[0] + own[1]) @ own[2] + own[3]
        value = F.cross_entropy(h, by[1])
        assert seen[1] == pytest.approx(value.item(), rel=1e-4)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    for p, q in zip(params, own, strict=True):
        torch.testing.assert_close(p[1], q, rtol=1e-3, atol=1e-5)


def test_epochs_to_a_loss_lie_between_epochs():
    falling = np.log(10) * 0.1 ** np.arange(1, 4)[:, None]  # a tenth each epoch
    assert unit5.epochs_to(falling, goal=falling[1, 0])[0] == pytest.approx(2)
    assert unit5.epochs_to(falling, goal=np.sqrt(falling[0, 0] * falling[1, 0]))[0] == pytest.approx(1.5)
    assert unit5.epochs_to(falling, goal=1e-9)[0] == 3


def test_six_times_turns_round_with_the_methods():
    there = unit5.relu_six_times([0, 1], **BRIEF)
    back = unit5.relu_six_times([0, 1], ours=tanh, theirs=relu, **BRIEF)
    for name in there:
        assert back[name] == pytest.approx([-x for x in there[name]])


def test_the_best_activation_turns_round_with_the_methods():
    there = unit5.relu_is_best([0, 1], rivals={"elu": elu}, **BRIEF)
    back = unit5.relu_is_best([0, 1], ours=elu, rivals={"elu": relu}, **BRIEF)
    for name in there:
        assert back[name] == pytest.approx([-x for x in there[name]])


def test_no_gap_and_no_lift_are_elu_itself():
    x = torch.linspace(-3, 3, 101)
    assert torch.equal(unit5.gapped(x, gap=0.0), elu(x)) and torch.equal(unit5.lifted(x, lift=0.0), elu(x))
    jump = unit5.gapped(torch.tensor([-1e-6, 1e-6]), gap=1.0)
    assert (jump[1] - jump[0]).item() == pytest.approx(1, abs=1e-4)


def test_replacing_turns_round_with_the_losses():
    """The rival is the one with the smallest mean on the tuning seeds, at its best rate."""
    good, bad = np.full((2, 4), 0.1), np.full((2, 4), 1.0)
    assert unit5._replaced(lambda seeds: iter([bad, good, bad]), [0, 1]) == [1.0, 1.0]
    assert unit5._replaced(lambda seeds: iter([good, bad, bad]), [0, 1]) == [-1.0, -1.0]


def test_gates_start_equally_open():
    for gate, bias in (unit5.OPEN, *unit5.FREE, *unit5.CUT):
        assert gate(torch.tensor([bias]))[0].item() == pytest.approx(0.12, abs=0.002)


def test_a_closed_gate_remembers_and_an_open_one_forgets():
    params = unit5_nets.memory_net([0], -2.0)
    x = torch.randn(1, 3, unit5_nets.LENGTH)
    assert torch.equal(unit5_nets.remembered(params, x, torch.zeros_like), torch.zeros(1, 3))
    last = torch.tanh(x[:, :, -1:] @ params[0]) @ params[4]
    only = [params[0], torch.zeros_like(params[1]), *params[2:]]
    torch.testing.assert_close(unit5_nets.remembered(only, x, torch.ones_like), last[..., 0])


def test_sides_are_told_by_a_line_and_some_labels_are_wrong():
    x, y = unit5_nets.noisy_sides([0], 4000)
    wrong = ((x.sum(-1) > 0) != y).float().mean().item()
    assert wrong == pytest.approx(unit5_nets.NOISE, abs=0.02)
    assert unit5_nets.surprise(torch.full((1, 4000), 0.5), y).item() == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    "name",
    ["never_sigmoid", "relu_is_best", "relu_six_times", "elu_fast_by_continuity", "elu_fast_by_its_mean"],
)
def test_what_the_text_says_of_stored_results(name):
    found = claim(name).verdict
    told = {
        "never_sigmoid": {
            "hidden_6": "supports",
            "hidden_1": "nothing",
            "gate": "opposes",
            "output": "nothing",
        },
        "relu_is_best": {"sigmoid_6": "supports", "elu_6": "opposes", "selu_6": "opposes"},
        "relu_six_times": {"speed_1": "nothing", "speed_6": "nothing", "errors_6": "nothing"},
        "elu_fast_by_continuity": {"gap_0.1": "nothing", "gap_1": "supports"},
        "elu_fast_by_its_mean": {"lift_1": "supports", "lift_0.1": "nothing"},
    }[name]
    assert {c: found.findings[c] for c in told} == told


def test_moving_the_mean_costs_more_than_a_gap_of_the_same_size():
    lifted, gapped = claim("elu_fast_by_its_mean").verdict, claim("elu_fast_by_continuity").verdict
    assert lifted.intervals["lift_1"].low > gapped.intervals["gap_1"].high
