"""Unit 4's tasks whose answer is data: right values by simulation, and repairs that hold on fresh seeds."""

import numpy as np
import pytest

from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.units import unit4


def test_layer_norm_takes_a_mean_a_sample():
    x = np.random.default_rng(0).normal(size=(8, 16, 10, 10))
    assert unit4.layer_norm_means()[0] == x.mean(axis=(1, 2, 3)).size
    assert diagnose("layer_norm_means", 16).mistake == "batch"


def test_the_variance_after_dropout_is_that_of_a_simulation():
    rng = np.random.default_rng(0)
    x = rng.normal(1, 1, 1_000_000)
    dropped = x * (rng.random(x.size) >= 0.5) / 0.5
    right, mistakes = unit4.variance_after_dropout()
    assert right == pytest.approx(x.var() / dropped.var(), rel=0.01)
    for mistake, value in mistakes.items():
        outcome = diagnose("variance_after_dropout", value)
        assert not outcome.right and outcome.mistake == mistake and outcome.diagnosis


@pytest.mark.parametrize("option", ["batch", "instance", "weight"])
def test_every_other_norm_is_answered(option):
    outcome = diagnose("norm_for_batches_of_two", option)
    assert outcome.mistake == option and outcome.diagnosis


def judged(place, rate, lr, seeds):
    return unit4.dropout_and_norm({"place": place, "rate": rate, "lr": lr}, seeds=seeds)


def test_the_broken_settings_fail_and_are_named():
    outcome = diagnose("dropout_and_norm", {"place": "before_norm", "rate": 0.5, "lr": 0.003})
    assert not outcome.right and outcome.mistake == "strong_everywhere"


@pytest.mark.parametrize(
    ("place", "rate"), [("after_last_norm", 0.5), ("after_last_norm", 0.2), ("after_relu", 0.2)]
)
def test_sound_repairs_pass_on_fresh_seeds(place, rate):
    assert all(judged(place, rate, 0.003, (11, 12, 13)).passed.values())


@pytest.mark.parametrize("lr", [1e-4, 1.0])
def test_a_rate_out_of_range_is_named(lr):
    found = judged("after_last_norm", 0.5, lr, (0, 1))
    assert not all(found.passed.values()) and found.mistake == "learning_rate"
