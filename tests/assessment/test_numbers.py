"""Number tasks: the right value, known misconceptions by name, and everything else with a hint."""

import itertools

import numpy as np
import pytest

from course_lib.algorithms import gd, trace
from course_lib.algorithms.problems import Problem
from course_lib.assessment import CheckFailed, check
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.numbers import RTOL, NumberTask
from course_lib.assessment.units import answer_tasks
from course_lib.messages import catalogue

TASKS = {name: task for name, task in answer_tasks().items() if isinstance(task, NumberTask)}
MISTAKES = [(task, mistake) for task in TASKS.values() for mistake in task.mistakes]


@pytest.mark.parametrize("name", TASKS)
def test_the_right_number_passes(name):
    assert check(name, TASKS[name].value).outcome.right


@pytest.mark.parametrize(("task", "mistake"), MISTAKES, ids=lambda x: x if isinstance(x, str) else x.name)
def test_a_misconception_is_named(task, mistake):
    outcome = diagnose(task.name, task.mistakes[mistake])
    assert (outcome.kind, outcome.mistake) == ("mutant", mistake)


def test_each_misconception_has_its_text():
    texts = {key for key in catalogue() if key.startswith("number.")}
    assert texts == {f"number.{task.name}.{mistake}" for task, mistake in MISTAKES}


@pytest.mark.parametrize("name", TASKS)
def test_no_misconception_is_within_the_tolerance_of_another_answer(name):
    values = sorted([TASKS[name].value, *TASKS[name].mistakes.values()])
    assert all(b - a > RTOL * (abs(a) + abs(b)) for a, b in itertools.pairwise(values))


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (..., "check.no_number"),
        (None, "check.no_number"),
        ("1/3", "check.want_number"),
        (float("nan"), "check.want_number"),
        (True, "check.want_number"),
    ],
)
def test_what_is_no_number_is_refused(answer, key):
    assert diagnose("divergence_threshold", answer).mistake == key
    with pytest.raises(CheckFailed):
        check("divergence_threshold", answer)


def test_other_values_get_a_direction():
    assert "too large" in diagnose("divergence_threshold", 100.0).diagnosis
    assert "too small" in diagnose("divergence_threshold", 0.01).diagnosis


def test_the_threshold_is_where_gradient_descent_turns():
    """The right value, held against runs: it converges just below and diverges just above."""
    a = np.array([[5.0, 2.0], [2.0, 2.0]])
    problem = Problem(
        "given",
        lambda x: 0.5 * np.sum(x @ a * x, -1),
        lambda x: x @ a,
        np.zeros((1, 2)),
        ((-4, 4), (-4, 4)),
        np.array([1.0, 1.0]),
    )
    threshold = TASKS["divergence_threshold"].value
    below = trace(gd, problem, steps=4000, lr=threshold * 0.995)
    above = trace(gd, problem, steps=4000, lr=threshold * 1.005)
    assert np.abs(below.points[-1]).max() < 1e-3
    assert above.diverged
