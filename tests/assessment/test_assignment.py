"""The assignment's checks: they fail in one line, with a diagnosis in words, and for the right reason."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.algorithms import normal_init
from course_lib.assessment import assignment
from course_lib.assessment.assignment import check_accuracy, check_one_batch, check_strategy
from course_lib.assessment.audit import KINDS, Audit, Evidence, Finding
from course_lib.assessment.check import CheckFailed, Verdict
from course_lib.messages import LANGUAGES, speaking
from course_lib.training.fit import Recipe, fit
from tests.training.made import DATA, small_cnn


def messages(failure):
    """The one line that a notebook shows of a failure, and the diagnosis."""
    (line,) = failure.value._render_traceback_()
    return line, failure.value.outcome.diagnosis


def normalized(channels, classes):
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, classes)
    )


OWN = Recipe(build_model=normalized, schedule="cosine")


def test_a_sound_start_passes_and_shows_both_numbers():
    verdict = check_one_batch(OWN, DATA)
    assert isinstance(verdict, Verdict) and verdict.outcome.passed == (True, True, True)
    assert "The first loss, 1." in repr(verdict) and "learned the few samples by heart" in repr(verdict)


def test_the_first_loss_is_that_of_the_first_step_though_running_statistics_are_fresh():
    """Batch norm in evaluation mode would use the mean 0 and variance 1 that it was born with."""

    def build(channels, classes):
        model = normalized(channels, classes)
        with torch.no_grad():
            model[0].weight.mul_(30)
        return model

    assert check_one_batch(replace(OWN, build_model=build), DATA).outcome.right


def test_the_plain_recipe_earns_nothing():
    with pytest.raises(CheckFailed) as failure:
        check_one_batch(Recipe(), DATA)
    line, said = messages(failure)
    assert failure.value.outcome.passed == (True, True, False)
    assert "not passed" in line and "given defaults" in said and "first loss" not in said


def test_too_large_a_start_is_told():
    with pytest.raises(CheckFailed) as failure:
        check_one_batch(replace(OWN, initialize=partial(normal_init, std=1.0)), DATA)
    assert "is above the expected range" in messages(failure)[1]
    assert failure.value.outcome.passed[0] is False


def test_a_net_that_cannot_learn_is_told():
    with pytest.raises(CheckFailed) as failure:
        check_one_batch(replace(OWN, initialize="zeros_init"), DATA)
    assert failure.value.outcome.passed == (True, False, True)
    assert "cannot even learn a few samples" in messages(failure)[1]


def test_a_check_leaves_the_generators_of_chance_as_they_were():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    check_one_batch(OWN, DATA)
    assert torch.equal(torch.rand(3), expected)


def found(*present):
    """An audit with these kinds found."""
    return Audit(
        tuple(Finding(kind, (Evidence("norm", kind in present, "norm_none", NUMBERS),)) for kind in KINDS)
    )


NUMBERS = {"acting": "0", "probed": "6", "response": "1", "train": "1", "eval": "1"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_passes_where_the_audit_has_found_it(kind):
    assert check_strategy(found(kind), kind).outcome.right
    others = [other for other in KINDS if other != kind]
    with pytest.raises(CheckFailed) as failure:
        check_strategy(found(*others), kind)
    line, said = messages(failure)
    assert f"Strategy audit: {kind}: not passed" in line and "- " in said


def test_other_arguments_are_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"audit\(recipe, data\).*dict"):
        check_strategy({}, "normalization")
    with pytest.raises(ValueError, match=r"initialization.*'norm'"):
        check_strategy(found(), "norm")
    with pytest.raises(TypeError, match=r"fit\(recipe, data\).*float"):
        check_accuracy(0.99)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(assignment, "hangul_data", lambda: DATA)


def trained(epochs=6, **parts):
    return fit(
        Recipe(**{"build_model": small_cnn, "initialize": "he_normal", **parts}),
        DATA,
        epochs=epochs,
        watchers=(),
    )


def test_enough_accuracy_passes_and_says_how_a_class_is_graded(small):
    run = trained(batch_size=10)
    verdict = check_accuracy(run)
    reached = f"{run.history.val_accuracy[-1]:.1%}"
    assert reached in repr(verdict) and "new seeds" in repr(verdict) and "nobody has seen" in repr(verdict)


def test_what_counts_is_the_net_and_not_what_the_history_says(small):
    run = trained(epochs=1)
    run.history.val_accuracy[-1] = 0.99
    with torch.no_grad():
        for p in run.model.parameters():
            p.zero_()
    with pytest.raises(CheckFailed):
        check_accuracy(run)


def test_better_weights_of_an_earlier_epoch_count_once_they_are_used(small):
    run = trained(batch_size=10)
    with torch.no_grad():
        for p in run.model.parameters():
            p.zero_()
    with pytest.raises(CheckFailed) as failure:
        check_accuracy(run)
    assert "use_best()" in messages(failure)[1]
    run.use_best()
    assert check_accuracy(run).outcome.right


@pytest.mark.parametrize(
    ("train", "validation", "stopped", "said"),
    [
        (0.99, 0.6, "", "does not generalize"),
        (0.5, 0.45, "", "not even learned the training images"),
        (0.88, 0.79, "", "If the curve still rises"),
        (0.5, 0.45, "interrupted", "Only 2 of 6 epochs are done"),
    ],
)
def test_the_diagnosis_follows_the_history(small, monkeypatch, train, validation, stopped, said):
    run = trained(epochs=2)
    run.epochs, run.stopped = 6 if stopped else 2, stopped
    run.history.train_accuracy[-1], run.history.val_accuracy[:] = train, [0.2, validation]
    monkeypatch.setattr(assignment, "accuracy", lambda *args: validation)
    for lang in LANGUAGES:
        with speaking(lang), pytest.raises(CheckFailed) as failure:
            check_accuracy(run)
        line, diagnosis = messages(failure)
        assert f"{validation:.1%}" in diagnosis and "\n" not in line
    assert said in diagnosis


def test_a_training_that_diverged_passes_on_its_own_diagnosis(small):
    run = trained(epochs=1, build_optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=1e30))
    with pytest.raises(CheckFailed) as failure:
        check_accuracy(run)
    assert "no longer finite" in messages(failure)[1] and "0.0%" in failure.value.outcome.labels[0]


def test_an_interrupt_before_the_first_epoch_is_no_error(small):
    run = trained(epochs=1)
    run.history.val_accuracy.clear()
    with pytest.raises(CheckFailed, match="No epoch is complete"):
        check_accuracy(run)


def test_accuracy_is_that_on_the_pictures_of_the_assignment(small, monkeypatch):
    run = trained(batch_size=10)
    other = DATA._replace(y_val=(np.asarray(DATA.y_val) + 1) % 4)
    monkeypatch.setattr(assignment, "hangul_data", lambda: other)
    with pytest.raises(CheckFailed):
        check_accuracy(run)
