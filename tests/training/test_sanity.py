"""Every check passes where all is well, and speaks up where it is not."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms import net_gradients
from course_lib.messages import LANGUAGES, speaking
from course_lib.training.sanity import Finding, first_loss, gradient_check, overfit_tiny, update_ratios


def make_net(scale=0.1):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 5))
    with torch.no_grad():
        model[-1].weight.mul_(scale)
    return model


def make_data(n=20):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 8, generator=generator), torch.randint(5, (n,), generator=generator)


def test_first_loss():
    finding = first_loss(make_net(), *make_data(), classes=5)
    assert finding.ok and abs(finding.measured - math.log(5)) < 0.1
    large = first_loss(make_net(scale=100), *make_data(), classes=5)
    assert not large.ok and "sure of wrong answers" in large.text
    low = first_loss(make_net(), *make_data(), classes=10)
    assert not low.ok and "trained" in low.text


def test_overfit_tiny_leaves_the_model_alone():
    model = make_net()
    before = [p.clone() for p in model.parameters()]
    assert overfit_tiny(model, *make_data()).ok
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))
    assert model.training


def test_overfit_tiny_finds_a_net_that_cannot_learn():
    class Cut(nn.Module):
        """Loses its input, a bug that looks like a hard problem."""

        def __init__(self):
            super().__init__()
            self.inner = make_net()

        def forward(self, x):
            return self.inner(x * 0)

    finding = overfit_tiny(Cut(), *make_data())
    assert not finding.ok and "by heart" in finding.text


def net(seed=0):
    rng = np.random.default_rng(seed)
    params = [rng.standard_normal(shape) for shape in ((6, 5), (5,), (5, 3), (3,))]
    return rng.standard_normal((7, 6)), np.eye(3)[rng.integers(3, size=7)], params


def test_gradient_check():
    x, y, params = net()
    gradients = net_gradients(x, y, params)[1]

    def loss(params):
        return net_gradients(x, y, params)[0]

    assert gradient_check(loss, params, gradients, rng=np.random.default_rng(0)).ok
    gradients[1] = gradients[1] * 1.01
    wrong = gradient_check(loss, params, gradients, rng=np.random.default_rng(0))
    assert not wrong.ok and wrong.measured > 1e-4
    with pytest.raises(ValueError, match=r"^gradient_check: .*\(6, 5\)"):
        gradient_check(loss, params, gradients[:2], rng=np.random.default_rng(0))


@pytest.mark.parametrize(("lr", "side"), [(1e-2, "ok"), (100.0, "high"), (1e-6, "low")])
def test_update_ratios(lr, side):
    model, (x, y) = make_net(scale=1.0), make_data()

    def step():
        nn.functional.cross_entropy(model(x), y).backward()
        torch.optim.SGD(model.parameters(), lr=lr).step()

    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    findings = update_ratios(model, step)
    assert [f.part for f in findings] == ["0.weight", "3.weight"]
    for finding in findings:
        weight = dict(model.named_parameters())[finding.part].detach()
        change = torch.linalg.norm(weight - before[finding.part]) / torch.linalg.norm(before[finding.part])
        assert finding.measured == pytest.approx(float(change))
        assert finding.ok == (side == "ok") and finding.part in finding.text
        assert (finding.measured > finding.high) == (side == "high")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("check", ["first_loss", "overfit_tiny", "gradient_check", "update_ratio"])
def test_every_outcome_has_its_text(check, lang):
    with speaking(lang):
        texts = {Finding(check, value, 1.0, 2.0, "w").text for value in (0.5, 1.5, 3.0)}
        assert len(texts) == 3
        nan = Finding(check, math.nan, 1.0, 2.0, "w")
        assert not nan.ok and "nan" in nan.text
