"""Unit 7's experiments turn round with their methods, and their parts agree with theory."""

import numpy as np
import pytest
import torch

from course_lib.algorithms import draw_candidates, grid
from course_lib.data.digits import load_digits
from course_lib.experiments import claim, claims, unit7
from course_lib.experiments.verdict import verdict
from course_lib.registry import Range
from course_lib.training.transfer import KNOWN


def test_claim_26_is_here():
    assert "random_beats_grid" in {c.name for c in claims() if c.number == 26}


# --- search -----------------------------------------------------------------------------------------------


def test_random_search_wins_where_one_matters_and_loses_where_all_do():
    found = verdict(unit7.random_beats_grid(range(10)), margin=0.05)
    assert found.word == "depends"
    assert {c for c, f in found.findings.items() if f == "opposes"} == {"two_of_2", "four_of_4"}


def test_grid_and_random_turn_round(monkeypatch):
    cases = {"one": (2, 1, "inside")}
    there = unit7.random_beats_grid(range(10), cases)["one"]
    rng = np.random.default_rng(0)
    # nine random points in the grid's place, and the grid's in theirs
    monkeypatch.setattr(unit7, "grid", lambda space, count: draw_candidates(space, count=count**2, rng=rng))
    centres = {str(i): Range(1 / 6, 5 / 6) for i in range(2)}
    monkeypatch.setattr(unit7, "draw_candidates", lambda space, count, rng: grid(centres, count=3))
    back = unit7.random_beats_grid(range(10), cases)["one"]
    assert np.mean(there) > 0.4 and np.mean(back) < -0.2


def test_the_scale_turns_round_with_the_scales():
    spans = {"wide": (1e-4, 100.0)}
    there = unit7.linear_scale_is_as_good(range(3), spans, trials=3)["wide"]
    back = unit7.linear_scale_is_as_good(range(3), spans, trials=3, scales=("log", "linear"))["wide"]
    assert back == pytest.approx([2 * unit7.AS_GOOD - x for x in there])


def test_the_good_rates_are_where_the_text_says():
    rates = [0.1, 0.3, 0.6, 0.9, 1.2, 3.2]
    found = unit7.losses_at(np.repeat(rates, 6), [*range(6)] * 6).reshape(6, 6).mean(1)
    assert (found[1:5] < 0.35).all() and found[0] > 0.5 and found[5] > 2
    # the shares of the range that the text names
    assert (1.2 - 0.3) / 100 < 0.01 and np.log10(1.2 / 0.3) / 6 == pytest.approx(0.1, abs=0.005)


def test_equal_seeds_give_equal_losses_and_others_differ_as_the_text_says():
    same = unit7.losses_at([1.0, 1.0], [3, 3])
    assert same[0] == same[1]
    spread = unit7.losses_at([1.0] * 8, range(8))
    assert 1.6 < spread.max() / spread.min() < 2.5


# --- the size of updates ----------------------------------------------------------------------------------


def shrinking(p, g, *, lr, share=1e-3):
    """An update whose ratio is known: a share of the weights."""
    return (p * (1 - share),)


def test_a_known_ratio_is_measured_and_judged():
    _, ratios = unit7.ratio_run([0, 1], (0.1,), epochs=1, rule=shrinking)
    assert ratios.shape == (22, 2, 1, 2)
    np.testing.assert_allclose(ratios, 1e-3, rtol=1e-3)
    effects = unit7.updates_of_a_thousandth([0, 1], {"a": {"epochs": 1, "rule": shrinking}})
    assert effects["a"] == pytest.approx([unit7.WITHIN] * 2, abs=1e-3)

    def large(p, g, *, lr):
        return shrinking(p, g, lr=lr, share=0.1)

    effects = unit7.updates_of_a_thousandth([0, 1], {"a": {"epochs": 1, "rule": large}})
    assert effects["a"] == pytest.approx([unit7.WITHIN - 2] * 2, abs=1e-3)


# --- early abandon ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_abandoning_turns_round_with_the_order(monkeypatch, sign):
    first = np.arange(1.0, 8.0)[:, None].repeat(3, axis=1)
    made = np.stack([10 + first, *[sign * first] * 20])
    monkeypatch.setattr(unit7, "candidate_losses", lambda kind, seeds, epochs: made)
    effects = unit7.slow_start_ends_badly(range(3), {"rate": (1,)})
    assert effects["rate_1"] == pytest.approx([sign] * 3)


def test_rank_correlations_are_spearmans():
    from scipy.stats import spearmanr

    a, b = np.random.default_rng(0).standard_normal((2, 7, 4))
    want = [spearmanr(a[:, i], b[:, i]).statistic for i in range(4)]
    assert unit7.rank_correlations(a, b) == pytest.approx(want)


def test_candidates_without_dropout_are_trained_alike():
    rates, drops = np.array([0.02, 0.02]), np.array([0.0, 0.5])
    first = unit7.new_losses(rates, drops, [0, 0], 2)
    again = unit7.new_losses(rates, 0 * drops, [0, 0], 2)
    np.testing.assert_allclose(first[:, 0], again[:, 0], rtol=1e-5)
    np.testing.assert_allclose(again[:, 0], again[:, 1], rtol=1e-5)
    assert abs(first[-1, 1] - first[-1, 0]) > 1e-3


# --- transfer ---------------------------------------------------------------------------------------------


def test_new_digits_are_new_and_nothing_is_judged_that_was_learned():
    assert not set(unit7.NEW) & set(KNOWN)
    x, y, _, y_new = unit7.new_digits(3, 5)
    assert x.shape == (15, 1, 8, 8) and sorted(y.tolist()) == [0] * 5 + [1] * 5 + [2] * 5
    assert set(y_new.tolist()) == {0, 1, 2} and len(y_new) > 150
    # what is judged does not depend on how many pictures there are to learn from
    most = unit7.new_digits(3, max(unit7.SIZES))
    assert len(most[0]) == 300 and torch.equal(most[3], y_new)
    digits = load_digits()
    assert len(y_new) + 300 == sum(np.isin(part, unit7.NEW).sum() for part in (digits.y_train, digits.y_val))


def test_untrained_heads_guess_and_trained_ones_do_not():
    assert unit7.transferred("frozen", 0, 20, 0.01, steps=0) < 0.65
    assert unit7.transferred("frozen", 0, 20, 0.01) > 0.75
    assert unit7.transferred("frozen", 0, 5, 0.01) == unit7.transferred("frozen", 0, 5, 0.01)


@pytest.mark.parametrize(("ours", "gain"), [(0.9, 10.0), (0.7, -10.0)])
def test_transfer_turns_round_with_the_accuracies(monkeypatch, ours, gain):
    monkeypatch.setattr(unit7, "transferred", lambda arm, seed, size, lr: 0.8 if arm == "scratch" else ours)
    effects = unit7.pretrained_always_helps(range(2), sizes=(5,))
    assert effects == {"frozen_5": pytest.approx([gain] * 2), "tuned_5": pytest.approx([gain] * 2)}


# --- what the unit says of stored results -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "updates_of_a_thousandth",
            {"gd_10": "opposes", "gd_40": "supports", "falling": "supports", "adam": "opposes"},
        ),
        (
            "slow_start_ends_badly",
            {"rate_1": "supports", "dropout_1": "opposes", "dropout_5": "nothing", "dropout_20": "supports"},
        ),
        (
            "pretrained_always_helps",
            {"frozen_5": "supports", "tuned_5": "supports", "frozen_100": "opposes", "tuned_100": "supports"},
        ),
    ],
)
def test_what_the_text_says_of_stored_results(name, told):
    found = claim(name).verdict
    assert found.word == "depends"
    assert {c: found.findings[c] for c in told} == told


def test_the_usual_updates_are_as_large_as_the_text_says():
    """1% of the weights in 220 steps, 0.2 to 0.4% in the three trainings of 880: off by that from 0.001."""
    off = {c: unit7.WITHIN - i.mean for c, i in claim("updates_of_a_thousandth").verdict.intervals.items()}
    usual = {c: 10 ** (x - 3) for c, x in off.items()}
    assert usual["gd_10"] == pytest.approx(0.01, rel=0.1)
    assert all(0.0015 < usual[c] < 0.0045 for c in ("gd_40", "batch_16", "falling"))
