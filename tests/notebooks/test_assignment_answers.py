"""What the assignment's model answers say of the stored 16 combinations is what these say."""

import math

import numpy as np
import pytest

from course_lib.data.hangul import CONSONANTS
from course_lib.experiments.assignment import combinations

FOUND = combinations()
pytestmark = pytest.mark.skipif(FOUND is None, reason="no stored result: course experiment assignment")


def lost(kind):
    """The validation accuracy that the whole recipe loses without a kind."""
    place = FOUND.kinds.index(kind)
    return FOUND.brought(kind, "validation")["1" * place + "0" + "1" * (3 - place)]


def test_the_plain_net_underfits():
    assert np.mean(FOUND.runs["0000"]["train"]) < 0.6
    assert np.mean(FOUND.runs["0000"]["validation"]) <= 0.6


def test_optimization_is_the_largest_loss_then_regularization():
    order = sorted(FOUND.kinds, key=lost, reverse=True)
    assert order[:2] == ["optimization", "regularization"]


def test_initialization_makes_a_difference_no_larger_than_a_few_seeds_spread():
    spread = np.median(list(FOUND.spreads("validation").values()))
    assert abs(lost("initialization")) < 3 * spread


def test_initialization_and_normalization_stand_in_for_each_other():
    assert FOUND.mean("0011", "test") < 0.2
    assert FOUND.mean("1011", "test") >= 0.8 and FOUND.mean("0111", "test") >= 0.8


def test_drops_add_up_to_less_than_what_is_lost_together():
    together = FOUND.mean("1111", "validation") - FOUND.mean("0000", "validation")
    assert sum(map(lost, FOUND.kinds)) < together


def test_the_reference_hardly_overfits():
    whole = FOUND.runs["1111"]
    assert max(whole["train"]) < 0.98
    assert np.mean(whole["train"]) - np.mean(whole["validation"]) < 0.1


def test_label_smoothing_leaves_a_loss_of_055():
    smoothing, classes = 0.1, len(CONSONANTS)
    rest = smoothing / classes
    right = 1 - smoothing + rest
    floor = -right * math.log(right) - (classes - 1) * rest * math.log(rest)
    assert floor == pytest.approx(0.55, abs=0.005)
