"""Unit 3's tasks: right values held against runs, and a repair that is judged by what it does."""

import numpy as np
import pytest

from course_lib.algorithms import he_uniform, normal_init
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.units import answer_task
from course_lib.assessment.units.unit3 import twelve_silent_layers

BROKEN = {"initialization": "small_normal", "gain": 1.0, "lr": 0.1}
SOLUTION = {"initialization": "he_normal", "gain": 1.0, "lr": 0.05}
ANOTHER = {"initialization": "orthogonal", "gain": 1.4, "lr": 0.08}


def test_ten_linear_layers_do_what_the_number_says():
    rng = np.random.default_rng(0)
    h = rng.standard_normal((50, 400))
    for _ in range(10):
        h = h @ normal_init((400, 400), rng=rng, std=0.1)
    assert answer_task("ten_linear_layers").value == pytest.approx(1024)
    assert h.std() == pytest.approx(1024, rel=0.25)


def test_the_bound_is_the_one_of_the_rule():
    drawn = np.abs(he_uniform((50, 150), rng=np.random.default_rng(0)))
    bound = answer_task("he_uniform_bound").value
    assert 0.99 * bound < drawn.max() <= bound


def test_two_repairs_pass_also_on_fresh_seeds():
    for settings in (SOLUTION, ANOTHER):
        assert diagnose("twelve_silent_layers", settings).right
        assert all(twelve_silent_layers(settings, seeds=range(10, 14)).passed.values())


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({}, "vanishes"),
        ({"lr": 10.0}, "vanishes"),
        ({"initialization": "zeros"}, "alike"),
        ({"initialization": "unit_normal"}, "explodes"),
        ({"initialization": "xavier_normal"}, "vanishes"),
        ({"initialization": "he_normal", "lr": 0.001}, "rate_too_small"),
        ({"initialization": "he_normal", "lr": 5.0}, "rate_too_large"),
    ],
)
def test_settings_that_do_not_help_are_told_why(change, mistake):
    outcome = diagnose("twelve_silent_layers", BROKEN | change)
    assert (outcome.kind, outcome.mistake) == ("mutant", mistake)
    assert not outcome.right
