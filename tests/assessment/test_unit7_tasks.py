"""Unit 7's tasks: sizes and losses agree with PyTorch, and the ruined backbone can be repaired."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms import hyperband_brackets
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.units import unit7
from course_lib.messages import LANGUAGES, speaking


def test_the_side_is_that_of_torch():
    net = nn.Sequential(nn.Conv2d(1, 1, 5, stride=2, padding=2), nn.MaxPool2d(3, stride=2))
    assert net(torch.zeros(1, 1, 30, 30)).shape[-1] == unit7.side_after_two()[0] == 7


def test_the_parameters_are_those_of_torch():
    assert sum(p.numel() for p in nn.Conv2d(3, 8, 3).parameters()) == unit7.conv_parameters()[0]


def test_the_first_loss_is_that_of_equal_scores():
    loss = nn.functional.cross_entropy(torch.zeros(1, 25), torch.tensor([3]))
    assert unit7.first_loss_of_25()[0] == pytest.approx(float(loss))


def test_the_rounds_are_those_of_hyperband():
    rounds = hyperband_brackets(most=27, eta=3)[0]
    assert unit7.halving_epochs()[0] == sum(n * budget for n, budget in rounds) == 108


NUMBERS = ("side_after_two", "conv_parameters", "first_loss_of_25", "halving_epochs")


@pytest.mark.parametrize("task", NUMBERS)
def test_every_misconception_leads_elsewhere_and_is_named(task):
    value, mistakes = getattr(unit7, task)()
    assert len({round(x, 6) for x in (value, *mistakes.values())}) == len(mistakes) + 1
    for lang in LANGUAGES:
        with speaking(lang):
            assert diagnose(task, value).right
            for mistake, given in mistakes.items():
                found = diagnose(task, given)
                assert (found.kind, found.mistake) == ("mutant", mistake) and found.diagnosis


@pytest.mark.parametrize("option", ["accept", "narrow", "linear"])
def test_at_the_edge_one_widens(option):
    assert diagnose("best_at_the_edge", "widen").right
    assert diagnose("best_at_the_edge", option).mistake == option


BROKEN = {"backbone": "pretrained", "learns": "everything", "lr": 0.3}


def test_the_given_settings_fail_with_a_reason():
    found = diagnose("ruined_backbone", BROKEN)
    assert not any(found.passed) and found.mistake == "rate_too_large"
    assert unit7.tuned(**BROKEN, seed=0) < 0.45


SOUND = [
    {"learns": "everything", "lr": 0.015},
    {"learns": "everything", "lr": 0.005},
    {"learns": "head", "lr": 0.01},
]


@pytest.mark.parametrize("change", SOUND)
def test_several_sound_repairs_pass_also_on_fresh_seeds(change):
    settings = BROKEN | change
    assert diagnose("ruined_backbone", settings).right
    assert np.mean([unit7.tuned(**settings, seed=s) for s in range(50, 55)]) > unit7.ENOUGH


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"backbone": "random", "lr": 0.01}, "from_scratch"),
        ({"learns": "head", "lr": 1e-4}, "rate_too_small"),
        ({"lr": 0.1}, "rate_too_large"),
    ],
)
def test_other_failures_are_named(change, mistake):
    assert diagnose("ruined_backbone", BROKEN | change).mistake == mistake
