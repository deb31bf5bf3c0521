"""Norm layers of the course against torch's: values, gradients, running statistics, state."""

import pytest
import torch
from torch import nn

from course_lib.algorithms import batch_norm, he_normal, layer_norm
from course_lib.training.norm_modules import PARAMETERS, Norm

CHANNELS = 6


class ChannelsLast(nn.Module):
    """A torch norm over the last axis, applied to the channels of each position."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


PAIRS = {
    "batch_norm": (Norm("batch_norm", CHANNELS), nn.BatchNorm2d(CHANNELS)),
    "instance_norm": (Norm("instance_norm", CHANNELS), nn.InstanceNorm2d(CHANNELS, affine=True)),
    "group_norm": (Norm("group_norm", CHANNELS, groups=3), nn.GroupNorm(3, CHANNELS)),
    "layer_norm": (Norm("layer_norm", CHANNELS), ChannelsLast(nn.LayerNorm(CHANNELS))),
    "rms_norm": (Norm("rms_norm", CHANNELS, eps=1e-5), ChannelsLast(nn.RMSNorm(CHANNELS, eps=1e-5))),
}


def pictures(seed=0):
    torch.manual_seed(seed)
    return torch.randn(5, CHANNELS, 4, 3) * 2 + torch.arange(CHANNELS)[:, None, None]


def prepared(name):
    """Both layers with the same scale and shift, which are not 1 and 0."""
    ours, theirs = PAIRS[name]
    torch.manual_seed(3)
    gamma, beta = torch.rand(CHANNELS) + 0.5, torch.randn(CHANNELS)
    inner = getattr(theirs, "norm", theirs)
    with torch.no_grad():
        ours.gamma.copy_(gamma)
        inner.weight.copy_(gamma)
        if ours.beta is not None:
            ours.beta.copy_(beta)
            inner.bias.copy_(beta)
    return ours.train(), theirs.train()


def test_every_rule_is_compared():
    assert set(PAIRS) == set(PARAMETERS)


@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_equal_torchs(name):
    ours, theirs = prepared(name)
    results = []
    for layer in (ours, theirs):
        layer.zero_grad()
        x = pictures().requires_grad_()
        y = layer(x)
        (y * torch.linspace(-1, 1, y.numel()).view(y.shape)).sum().backward()
        results.append([y.detach(), x.grad, *(p.grad for p in layer.parameters())])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=2e-4, atol=2e-5)


def test_batch_norm_keeps_torchs_running_statistics_and_uses_them_in_evaluation():
    ours, theirs = Norm("batch_norm", CHANNELS), nn.BatchNorm2d(CHANNELS)
    for seed in range(4):
        ours(pictures(seed)), theirs(pictures(seed))
    torch.testing.assert_close(ours.mean, theirs.running_mean)
    torch.testing.assert_close(ours.variance, theirs.running_var)
    x, before = pictures(9), ours.mean.clone()
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-4, atol=1e-5)
    assert torch.equal(ours.mean, before)


@pytest.mark.parametrize("name", PAIRS)
def test_evaluation_differs_from_training_for_batch_norm_alone(name):
    ours, _ = prepared(name)
    x = pictures()
    same = torch.allclose(ours.train()(x), ours.eval()(x), atol=1e-4)
    assert same == (name != "batch_norm")


def test_a_state_dict_carries_everything_to_a_new_layer():
    trained = Norm(batch_norm, CHANNELS)
    with torch.no_grad():
        trained.gamma.fill_(2.0)
    trained(pictures())
    fresh = Norm(batch_norm, CHANNELS)
    assert not torch.equal(fresh.eval()(pictures(1)), trained.eval()(pictures(1)))
    fresh.load_state_dict(trained.state_dict())
    assert set(trained.state_dict()) == {"gamma", "beta", "mean", "variance"}
    assert torch.equal(fresh.eval()(pictures(1)), trained.eval()(pictures(1)))


@pytest.mark.parametrize("size", [(5, CHANNELS), (5, CHANNELS, 7)])
def test_batch_norm_takes_inputs_without_two_spatial_axes(size):
    torch.manual_seed(0)
    x = torch.randn(*size)
    torch.testing.assert_close(
        Norm("batch_norm", CHANNELS)(x), nn.BatchNorm1d(CHANNELS)(x), rtol=1e-4, atol=1e-5
    )


def test_layer_norm_over_a_whole_sample_may_be_chosen():
    x = pictures()
    with torch.no_grad():
        y = Norm(layer_norm, CHANNELS, over="channels")(x)
    torch.testing.assert_close(y.mean(1), torch.zeros(5, 4, 3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("rule", ["he_normal", he_normal, "weight_norm", len])
def test_what_is_no_such_norm_is_refused(rule):
    with pytest.raises((ValueError, KeyError), match="batch_norm"):
        Norm(rule, CHANNELS)


def test_a_printed_model_names_the_rule_and_its_settings():
    assert "group_norm, 6, groups=2" in repr(Norm("group_norm", 6, groups=2))


def test_bfloat16_inputs_are_normalized_in_float32():
    y = Norm("layer_norm", CHANNELS)(pictures().to(torch.bfloat16))
    assert y.dtype == torch.float32
