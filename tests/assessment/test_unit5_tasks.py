"""Unit 5's tasks: the answers agree with what the formulas give, and the deep stack can be repaired."""

import numpy as np
import pytest
import torch

from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.units import unit5


def test_the_chain_is_that_of_autograd():
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    h = x
    for _ in range(6):
        z = 2 * h
        h = torch.sigmoid(z - z.detach())  # a bias that keeps z at 0
    (slope,) = torch.autograd.grad(h, x)
    assert unit5.sigmoid_chain()[0] == pytest.approx(slope.item())


def test_five_corners_make_six_pieces():
    x = np.linspace(-1, 6, 701)
    y = sum((-1) ** k * np.maximum(x - k, 0) for k in range(5))
    corners = np.count_nonzero(np.abs(np.diff(y, 2)) > 1e-9)
    assert unit5.relu_pieces()[0] == corners + 1 == 6


BROKEN = {"activation": "sigmoid", "initialization": "xavier_normal", "lr": 0.1}


def test_the_given_settings_stay_at_chance_with_a_reason():
    found = diagnose("deep_stack", BROKEN)
    assert not any(found.passed) and found.mistake == "sigmoid"
    assert max(unit5._trained(**BROKEN, seed=s) for s in (0, 1)) < 0.2


@pytest.mark.parametrize(
    ("activation", "initialization", "lr"),
    [("tanh", "xavier_normal", 0.03), ("relu", "he_normal", 0.02), ("leaky_relu", "he_normal", 0.03)],
)
def test_several_sound_repairs_pass(activation, initialization, lr):
    settings = {"activation": activation, "initialization": initialization, "lr": lr}
    assert diagnose("deep_stack", settings).right
    fresh = unit5._trained(**settings, seed=17)
    assert fresh > unit5.ENOUGH + 0.05


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"initialization": "normal_001"}, "small_weights"),
        ({"lr": 1.0}, "rate_too_large"),
        ({"lr": 1e-4}, "rate_too_small"),
    ],
)
def test_other_failures_are_named(change, mistake):
    settings = {"activation": "relu", "initialization": "he_normal", "lr": 0.03} | change
    assert diagnose("deep_stack", settings).mistake == mistake
