"""A verdict follows from the effects alone, and turns round with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from course_lib.experiments.verdict import finding, interval, verdict

NUMBER = st.floats(-100, 100).map(lambda x: round(x, 3))
RUNS = st.lists(NUMBER, min_size=2, max_size=12)
CONDITIONS = st.dictionaries(st.sampled_from("abcd"), RUNS, min_size=1)
MARGIN = st.floats(0, 10)

UP, DOWN, FLAT, WIDE = [1.0, 1.1, 0.9], [-1.0, -1.1, -0.9], [0.01, -0.01, 0.0], [-3.0, 3.0, 1.0]


def negated(effects):
    return {name: [-x for x in values] for name, values in effects.items()}


@pytest.mark.parametrize(
    ("effects", "word"),
    [
        ({"a": UP}, "holds"),
        ({"a": UP, "b": UP}, "holds"),
        ({"a": DOWN}, "fails"),
        ({"a": FLAT}, "fails"),
        ({"a": DOWN, "b": FLAT}, "fails"),
        ({"a": UP, "b": DOWN}, "depends"),
        ({"a": UP, "b": FLAT}, "depends"),
        ({"a": UP, "b": FLAT, "c": WIDE}, "depends"),
        ({"a": WIDE}, "unclear"),
        ({"a": UP, "b": WIDE}, "unclear"),
        ({"a": DOWN, "b": WIDE}, "unclear"),
    ],
)
def test_the_word_follows_from_what_the_conditions_show(effects, word):
    assert verdict(effects, margin=0.1).word == word


def test_the_interval_is_students_t():
    x = np.random.default_rng(0).standard_normal(9)
    low, high = stats.t.interval(0.95, len(x) - 1, loc=x.mean(), scale=stats.sem(x))
    ours = interval(x)
    assert (ours.mean, ours.count) == (pytest.approx(x.mean()), 9)
    assert (ours.low, ours.high) == (pytest.approx(low), pytest.approx(high))


@given(CONDITIONS, MARGIN)
def test_reversed_data_reverse_every_finding(effects, margin):
    before, after = verdict(effects, margin=margin), verdict(negated(effects), margin=margin)
    for name, found in before.findings.items():
        if found == "supports":
            assert after.findings[name] == "opposes"
        if found == "opposes":
            assert after.findings[name] == "supports"
    assert not (before.word == after.word == "holds")
    if before.word == "holds":
        assert after.word == "fails"


@given(CONDITIONS, MARGIN)
def test_a_wider_margin_never_finds_more(effects, margin):
    narrow, wide = verdict(effects, margin=margin), verdict(effects, margin=margin + 1)
    for name in effects:
        assert not (wide.findings[name] == "supports" != narrow.findings[name])


@given(CONDITIONS)
def test_the_order_of_conditions_and_runs_does_not_matter(effects):
    shuffled = {name: effects[name][::-1] for name in reversed(effects)}
    assert verdict(effects).findings == pytest.approx(verdict(shuffled).findings)
    assert verdict(effects).word == verdict(shuffled).word


def test_few_runs_are_less_certain_than_many():
    runs = [0.5, 1.5, -0.2, 1.2]
    assert finding(interval(runs), 0.1) == "unclear"
    assert finding(interval(runs * 8), 0.1) == "supports"


@pytest.mark.parametrize("runs", [[], [1.0], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0]]])
def test_effects_that_give_no_interval_are_refused(runs):
    with pytest.raises(ValueError, match="at least 2 finite numbers"):
        interval(runs)


@pytest.mark.parametrize(("effects", "margin"), [({}, 0.1), ({"a": UP}, -0.1)])
def test_no_condition_or_a_negative_margin_is_refused(effects, margin):
    with pytest.raises(ValueError, match="margin"):
        verdict(effects, margin=margin)
