"""Unit 0's tasks: right answers pass, every known mistake is named, a run can be repaired in several ways."""

import numpy as np
import pytest

from course_lib.algorithms import standardize_fit
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.units import unit0
from course_lib.messages import LANGUAGES, catalogue

NUMBERS = ("iterations_trained", "slope_ratio", "weight_gradient")
GOOD = {"loss": "cross_entropy", "preprocessing": "fit_on_training", "lr": 0.5}


def test_the_right_numbers():
    assert unit0.iterations_trained()[0] == 160
    assert unit0.slope_ratio()[0] == pytest.approx(9.524, abs=1e-3)
    assert unit0.weight_gradient()[0] == 24


@pytest.mark.parametrize("name", NUMBERS)
def test_every_mistaken_number_is_named_and_they_all_differ(name):
    right, mistakes = getattr(unit0, name)()
    assert diagnose(name, right).right
    for mistake, value in mistakes.items():
        outcome = diagnose(name, value)
        assert not outcome.right and outcome.mistake == mistake and outcome.diagnosis


def test_the_gradient_is_that_of_a_finite_difference():
    def loss(w1):
        return 0.5 * (-3 * max(0.0, w1 * 2) - 1) ** 2

    assert unit0.weight_gradient()[0] == pytest.approx((loss(0.5 + 1e-6) - loss(0.5 - 1e-6)) / 2e-6)


def test_only_patients_never_seen_tell():
    assert diagnose("split_for_patients", "by_patient").right
    for option in ("by_picture", "first_pictures"):
        assert diagnose("split_for_patients", option).mistake == option


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        ({"loss": "accuracy", "preprocessing": "each_split_alone", "lr": 0.001}, "accuracy"),
        ({"preprocessing": "none"}, "none"),
        ({"preprocessing": "each_split_alone"}, "each_split_alone"),
        ({"lr": 1e-4}, "slow"),
    ],
)
def test_what_is_still_broken_is_named(changed, mistake):
    outcome = diagnose("mend_first_run", GOOD | changed)
    assert not outcome.right and outcome.mistake == mistake and outcome.diagnosis


@pytest.mark.parametrize("settings", [GOOD, GOOD | {"lr": 2.0}, GOOD | {"loss": "squared_error", "lr": 3.0}])
def test_more_than_one_repair_passes_and_with_a_margin_on_fresh_seeds(settings):
    assert diagnose("mend_first_run", settings).right
    fresh = [unit0.mend_first_run(settings, seeds=range(s, s + 3)) for s in (10, 13, 16)]
    assert all(all(repair.passed.values()) for repair in fresh)
    assert np.mean([unit0._first_run(seed, **settings)[1] for seed in range(10, 19)]) > 0.92


@pytest.mark.parametrize("preprocessing", ["none", "each_split_alone"])
@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy"])
@pytest.mark.parametrize("lr", [0.1, 10.0])
def test_no_setting_without_training_statistics_passes(loss, preprocessing, lr):
    settings = {"loss": loss, "preprocessing": preprocessing, "lr": lr}
    assert not diagnose("mend_first_run", settings).right


def test_the_slope_of_squared_error_is_the_derivative():
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((3, 10)), np.array([1, 5, 9])

    def loss(scores):
        p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        return 0.5 * np.sum((p - np.eye(10)[y]) ** 2) / 3

    step = np.zeros_like(z)
    step[1, 4] = 1e-6
    expected = (loss(z + step) - loss(z - step)) / 2e-6
    assert unit0._slope("squared_error", z, y)[1, 4] == pytest.approx(expected, rel=1e-5)


def test_the_bugs_of_the_exercise_are_named():
    assert diagnose("center", lambda x, stats: x / stats[0]).mistake == "divides"

    def own_statistics(x, stats):
        mean, std = standardize_fit(x)
        return (x - mean) / std

    assert diagnose("standardize", own_statistics).mistake == "own_statistics"


def test_every_diagnosis_has_its_text_in_both_languages():
    keys = [key for key in catalogue() if key.startswith(tuple(f"number.{n}." for n in NUMBERS))]
    assert len(keys) == sum(len(getattr(unit0, name)()[1]) for name in NUMBERS)
    for key in [*keys, "repair.mend_first_run.trains", "repair.mend_first_run.new_data"]:
        assert all(catalogue()[key][lang] for lang in LANGUAGES)
