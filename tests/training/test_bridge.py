"""The bridge: each rule drives a model exactly as it drives arrays, and as torch's own optimizer does."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import registry
from course_lib.algorithms import adam, adamw, cosine, gd, lbfgs, muon, nesterov, newton, sgd
from course_lib.messages import speaking
from course_lib.training import bridge
from course_lib.training.bridge import TorchOptimizer

GRADIENT_RULES = [
    e.name
    for e in registry.entries("optimizer")
    if not e.needs_grad_fn and not e.traits.get("draws_batches") and "ndim" not in e.traits
]


def make_model(dtype=torch.float64):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)).to(dtype)


def make_data(dtype=torch.float64):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(32, 5, generator=generator, dtype=dtype)
    return x, torch.randint(3, (32,), generator=generator)


def closure_for(model, optimizer, data=None):
    x, y = data or make_data()

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    return closure


def run(optimizer, model, steps=20):
    closure = closure_for(model, optimizer)
    for _ in range(steps):
        closure()
        optimizer.step()


def assert_same(one, other, **tolerance):
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, **tolerance)


@pytest.mark.parametrize("name", GRADIENT_RULES)
@pytest.mark.parametrize("bucket", [3, 40, 131_072])
def test_it_does_to_a_model_what_the_rule_does_to_arrays(name, bucket, monkeypatch):
    """Buckets smaller than a parameter, than the model, and larger: always the same numbers."""
    monkeypatch.setattr(bridge, "BUCKET", bucket)
    rule = registry.get(name).function
    model, twin = make_model(), make_model()
    run(TorchOptimizer(model.parameters(), rule, lr=0.05), model)
    states = [()] * 4
    for _ in range(20):
        twin.zero_grad()
        x, y = make_data()
        nn.functional.cross_entropy(twin(x), y).backward()
        for i, p in enumerate(twin.parameters()):
            new, *states[i] = rule(p.detach().numpy(), p.grad.numpy(), *states[i], lr=0.05)
            p.data = torch.from_numpy(np.asarray(new))
    assert_same(model, twin, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("rule", "hyper", "theirs"),
    [
        (adam, {"lr": 0.01}, lambda p: torch.optim.Adam(p, lr=0.01)),
        (adamw, {"lr": 0.01, "weight_decay": 0.1}, lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
        (gd, {"lr": 0.5}, lambda p: torch.optim.SGD(p, lr=0.5)),
    ],
)
def test_it_equals_torch_s_own_optimizer(rule, hyper, theirs):
    model, twin = make_model(), make_model()
    run(TorchOptimizer(model.parameters(), rule, **hyper), model, 30)
    run(theirs(twin.parameters()), twin, 30)
    assert_same(model, twin, rtol=1e-9, atol=1e-11)


def test_groups_have_their_own_hyperparameters_and_rules():
    model, twin = make_model(), make_model()
    ours = TorchOptimizer(
        [{"params": model[0].parameters(), "lr": 0.3}, {"params": model[2].parameters(), "rule": adam}],
        gd,
        lr=0.01,
    )
    theirs = [torch.optim.SGD(twin[0].parameters(), lr=0.3), torch.optim.Adam(twin[2].parameters(), lr=0.01)]
    for _ in range(20):
        closure_for(model, ours)()
        ours.step()
        closure_for(twin, twin)()
        for optimizer in theirs:
            optimizer.step()
    assert_same(model, twin, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [*GRADIENT_RULES, "nesterov"])
@pytest.mark.parametrize("bucket", [3, 131_072])
def test_state_dict_round_trip_goes_on_as_if_nothing_happened(name, bucket, monkeypatch, tmp_path):
    monkeypatch.setattr(bridge, "BUCKET", bucket)
    rule = registry.get(name).function
    model = make_model()
    optimizer = TorchOptimizer(model.parameters(), rule, lr=0.02)
    for _ in range(7):
        optimizer.step(closure_for(model, optimizer))
    copied = copy.deepcopy(model)
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    resumed = TorchOptimizer(copied.parameters(), rule, lr=0.5)
    resumed.load_state_dict(torch.load(tmp_path / "optimizer.pt"))
    for _ in range(7):
        optimizer.step(closure_for(model, optimizer))
        resumed.step(closure_for(copied, resumed))
    assert_same(model, copied, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("bucket", [3, 131_072])
def test_the_saved_state_has_one_entry_a_parameter_in_its_shape(bucket, monkeypatch):
    monkeypatch.setattr(bridge, "BUCKET", bucket)
    model = make_model()
    optimizer = TorchOptimizer(model.parameters(), adam, lr=0.02)
    run(optimizer, model, 3)
    saved = optimizer.state_dict()["state"]
    for index, p in enumerate(model.parameters()):
        m, v, t = saved[index]["rule_state"]
        assert m.shape == v.shape == p.shape
        assert t == 3


def test_torch_s_schedulers_work_on_it():
    model, twin = make_model(), make_model()
    ours, theirs = (
        TorchOptimizer(model.parameters(), adam, lr=0.1),
        torch.optim.Adam(twin.parameters(), lr=0.1),
    )
    cosines = [torch.optim.lr_scheduler.CosineAnnealingLR(o, 20) for o in (ours, theirs)]
    for _ in range(20):
        run(ours, model, 1)
        run(theirs, twin, 1)
        for scheduler in cosines:
            scheduler.step()
    assert_same(model, twin, rtol=1e-9, atol=1e-11)


def test_one_cycle_scheduler_without_momentum_cycling():
    optimizer = TorchOptimizer(make_model().parameters(), adam, lr=0.1)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10, cycle_momentum=False)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] > 0.1 / 25


def test_our_schedule_through_lambda_lr():
    model = make_model()
    optimizer = TorchOptimizer(model.parameters(), gd, lr=1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: cosine(k, total=10, peak=0.5))
    rates = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        run(optimizer, model, 1)
        scheduler.step()
    np.testing.assert_allclose(rates, [cosine(k, total=10, peak=0.5) for k in range(10)])


def test_nesterov_moves_the_whole_model_and_rates_may_differ_by_group():
    """At a constant rate torch's nesterov parameter is our look-ahead point θ + μ v."""
    model, twin = make_model(), make_model()
    ours = TorchOptimizer(
        [{"params": model[0].parameters(), "lr": 0.2}, {"params": model[2].parameters(), "lr": 0.05}],
        nesterov,
    )
    theirs = torch.optim.SGD(
        [{"params": twin[0].parameters(), "lr": 0.2}, {"params": twin[2].parameters(), "lr": 0.05}],
        momentum=0.9,
        nesterov=True,
    )
    for _ in range(20):
        ours.step(closure_for(model, ours))
        theirs.step(closure_for(twin, theirs))
    velocity = ours.state[next(model.parameters())]["rule_state"][0]
    ahead = torch.cat([p.detach().reshape(-1) for p in model.parameters()]) + 0.9 * velocity
    torch.testing.assert_close(
        ahead, torch.cat([p.detach().reshape(-1) for p in twin.parameters()]), rtol=1e-9, atol=1e-11
    )


def test_muon_on_matrices_and_convolutions_with_adamw_for_the_rest():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.Flatten(), nn.Linear(6 * 9, 4)).double()
    matrices = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim == 1]
    optimizer = TorchOptimizer(
        [{"params": matrices, "rule": muon, "lr": 0.05}, {"params": rest}], adamw, lr=0.01
    )
    x, y = torch.randn(20, 1, 5, 5, dtype=torch.float64), torch.randint(4, (20,))
    kernel = model[0].weight.detach().clone()
    closure = closure_for(model, optimizer, (x, y))
    first = closure()
    optimizer.step()
    expected, _ = muon(kernel.reshape(6, -1), model[0].weight.grad.reshape(6, -1), lr=0.05)
    torch.testing.assert_close(model[0].weight.detach(), expected.reshape(kernel.shape))
    for _ in range(20):
        last = closure()
        optimizer.step()
    assert last < 0.5 * first


def test_lbfgs_needs_few_steps_where_gradient_descent_needs_many():
    model, twin = make_model(), make_model()
    second = TorchOptimizer(model.parameters(), lbfgs)
    first = TorchOptimizer(twin.parameters(), gd, lr=0.1)
    for _ in range(15):
        loss = second.step(closure_for(model, second))
    run(first, twin, 15)
    assert loss.item() < 0.7 * closure_for(twin, first)().item()


def test_channels_last_float32_and_a_frozen_part_that_joins_later():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(36, 3)).to(
        memory_format=torch.channels_last
    )
    twin = copy.deepcopy(model)
    ours, theirs = (
        TorchOptimizer(model.parameters(), adam, lr=0.01),
        torch.optim.Adam(twin.parameters(), lr=0.01),
    )
    x, y = torch.randn(8, 2, 5, 5).to(memory_format=torch.channels_last), torch.randint(3, (8,))
    for step in range(12):
        for net, optimizer in ((model, ours), (twin, theirs)):
            net[0].requires_grad_(step >= 6)
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
    assert_same(model, twin, rtol=1e-4, atol=1e-6)
    assert model[0].weight.dtype == torch.float32


def test_a_learner_s_own_rule_runs_and_is_not_taken_for_the_registered_one():
    def adam(p, g, state=(), *, lr=0.1):
        return p - lr * g, state

    model, twin = make_model(), make_model()
    run(TorchOptimizer(model.parameters(), adam, lr=0.1), model)
    run(TorchOptimizer(twin.parameters(), gd, lr=0.1), twin)
    assert_same(model, twin, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda p: TorchOptimizer([], gd), "model.parameters()"),
        (lambda p: TorchOptimizer(p, gd, learning_rate=1), "lr"),
        (lambda p: TorchOptimizer(p, sgd, lr=0.1), "gd"),
        (lambda p: TorchOptimizer(p, newton), "hess_fn"),
        (lambda p: TorchOptimizer(p, nesterov).step(), "closure"),
    ],
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_errors_say_what_to_do(make, part, lang):
    with speaking(lang), pytest.raises(ValueError, match="TorchOptimizer: ") as error:
        make(make_model().parameters())
    assert part in str(error.value)


def test_a_closure_is_called_and_its_loss_returned():
    model = make_model()
    optimizer = TorchOptimizer(model.parameters(), gd, lr=0.1)
    loss = optimizer.step(closure_for(model, optimizer))
    expected = closure_for(make_model(), optimizer)()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
