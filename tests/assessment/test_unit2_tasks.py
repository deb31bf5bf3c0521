"""Unit 2's tasks: the right number against a loop, and the training that is repaired."""

import pytest

from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.units import unit2

BROKEN = {"weight_decay": 0.0, "dropout": 0.0, "steps": 250}


def test_what_is_left_is_what_a_loop_leaves():
    weight = 1.0
    for _ in range(100):
        weight -= 0.1 * 0.05 * weight
    assert diagnose("weight_left", weight).right


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        (BROKEN, "overfits"),
        (BROKEN | {"dropout": 0.3}, "overfits"),
        (BROKEN | {"weight_decay": 15.0}, "held_back"),
        (BROKEN | {"steps": 5}, "held_back"),
        (BROKEN | {"weight_decay": 3.0}, ""),
        (BROKEN | {"steps": 40}, ""),
        (BROKEN | {"weight_decay": 3.0, "dropout": 0.5}, ""),
    ],
    ids=str,
)
def test_several_repairs_pass_and_each_failure_is_named(settings, mistake):
    outcome = diagnose("overfitting_net", settings)
    assert (outcome.right, outcome.mistake) == (not mistake, mistake)


def test_the_solution_holds_on_fresh_seeds():
    assert all(unit2.overfitting_net(BROKEN | {"weight_decay": 3.0}, seeds=(10, 11, 12, 13)).passed.values())


def test_an_augmentation_that_does_not_suit_is_answered():
    assert diagnose("augmentation_for_hangul", "small_affine").right
    assert "문" in diagnose("augmentation_for_hangul", "half_turn").diagnosis
