"""Tasks whose answers are not plain arrays: truth values, pairs with a mask, labels."""

import numpy as np
import pytest

from course_lib import algorithms as right
from course_lib.assessment.diagnose import diagnose


def stopping(answer):
    """Early stopping as a learner may write it, with the answer's type changed."""

    def early_stopping(loss, state=(np.inf, 0), *, patience=5, min_delta=0.0):
        best, bad = state
        best, bad = (loss, 0) if loss < best - min_delta else (best, bad + 1)
        return answer(bad >= patience), (best, bad)

    return early_stopping


@pytest.mark.parametrize("answer", [bool, np.bool_], ids=lambda f: f.__name__)
def test_a_truth_value_of_either_kind_and_a_state_of_ones_own_pass(answer):
    assert diagnose("early_stopping", stopping(answer)).right


@pytest.mark.parametrize("answer", [int, float, str, np.array], ids=lambda f: f.__name__)
def test_anything_else_is_refused_as_no_truth_value(answer):
    outcome = diagnose("early_stopping", stopping(answer))
    assert (outcome.kind, outcome.mistake) == ("refused", "check.not_truth")
    assert "`True` or `False`" in outcome.diagnosis


def test_dropout_without_its_mask_is_refused():
    outcome = diagnose(
        "dropout",
        lambda x, *, rate=0.5, training, rng: right.dropout(x, rate=rate, training=training, rng=rng)[0],
    )
    assert (outcome.kind, outcome.mistake) == ("refused", "check.not_sequence")


def test_counting_votes_by_hand_passes():
    def hard_vote(labels, *, classes):
        return np.array([np.bincount(column, minlength=classes).argmax() for column in labels.T])

    assert diagnose("hard_vote", hard_vote).right


def test_a_dropout_that_divides_by_nothing_is_named():
    outcome = diagnose("vanilla_dropout", right.dropout)
    assert (outcome.kind, outcome.mistake) == ("mutant", "inverted")
