"""Unit 3's experiments: each turns round with its methods, and key numbers are those of the theory."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.algorithms import (
    constant_init,
    he_normal,
    lecun_normal,
    normal_init,
    orthogonal,
    xavier_normal,
)
from course_lib.experiments import claims, unit3
from course_lib.experiments.verdict import verdict
from course_lib.training import deep_nets

UNIT = {
    1: {"he_is_two_over_root"},
    2: {"xavier_root_is_the_variance", "xavier_is_one_over_root"},
    3: {"random_weights_are_alike"},
    11: {"never_orthogonal_in_feedforward"},
    12: {"orthogonal_never_explodes"},
    24: {"large_variance_makes_gradients_vanish"},
}


def test_all_claims_of_the_unit_are_here():
    known = {(c.number, c.name) for c in claims()}
    assert {(number, name) for number, names in UNIT.items() for name in names} <= known


def test_he_turns_round_with_the_formulas():
    there = unit3.he_is_two_over_root(range(3), written=(2.0,))["2_at_100"]
    two = partial(unit3.of_fan_in, factor=2.0)
    back = unit3.he_is_two_over_root(range(3), right=two, written=(2**0.5,))["1.41421_at_100"]
    assert back == pytest.approx([-x for x in there], rel=1e-6)
    assert np.mean(there) == pytest.approx(-1, abs=0.15)  # one doubling a layer


def test_xavier_turns_round_with_the_rules_and_saturates_where_it_seems_to_win():
    there = unit3.xavier_root_is_the_variance(range(2))
    back = unit3.xavier_root_is_the_variance(range(2), right=unit3.root_as_variance, other=xavier_normal)
    for name, values in there.items():
        assert back[name] == pytest.approx([-x for x in values])
    assert there["linear_even"][0] < -3 and there["tanh_narrowing"][0] > 0
    # what the text says of the narrowing tanh net: most units are near ±1
    w, x = unit3.root_as_variance((480, 960), rng=np.random.default_rng(0)), np.random.default_rng(1)
    assert np.mean(np.abs(np.tanh(x.standard_normal((100, 960)) @ w.T)) > 0.9) > 0.6


def test_a_rule_is_the_same_as_itself_and_glorots_shares_the_mismatch():
    same = unit3.xavier_is_one_over_root(range(2), one=xavier_normal)
    assert verdict(same).word == "holds"
    found = verdict(unit3.xavier_is_one_over_root(range(4))).findings
    assert found == {"even": "supports", "narrowing": "opposes", "widening": "opposes"}
    assert unit3.drift(lecun_normal, unit3.SHAPES["narrowing"], "linear", 0) == pytest.approx(1, abs=0.1)
    halved = unit3.drift(xavier_normal, unit3.SHAPES["narrowing"], "linear", 0)
    assert halved == pytest.approx(np.log2(3 / 2), abs=0.1)


def test_equal_weights_are_found_to_be_alike():
    rules = {"small": lambda shape, rng: constant_init(shape, value=0.1)}
    assert unit3.random_weights_are_alike(range(2), rules=rules)["small"] == pytest.approx(
        [0.5, 0.5], abs=1e-4
    )


def test_orthogonal_turns_round_with_the_methods():
    small = {"kinds": ("relu_2",), "steps": 5}
    there = unit3.never_orthogonal_in_feedforward(range(2), **small)
    back = unit3.never_orthogonal_in_feedforward(range(2), ours=unit3.gaussian, other=orthogonal, **small)
    assert back["relu_2"] == pytest.approx([-x for x in there["relu_2"]])


def test_lengths_are_kept_exactly_by_square_orthogonal_linear_nets_alone():
    effects = unit3.orthogonal_never_explodes(range(2))
    assert effects["linear"] == pytest.approx([1, 1], abs=1e-3)
    # half of the mean square is lost in every second layer, or in each
    assert effects["uneven"] == pytest.approx([1 - 25 * np.log10(2) / 2] * 2, abs=0.4)
    assert effects["relu"] == pytest.approx([1 - 49 * np.log10(2) / 2] * 2, abs=1)
    random = unit3.orthogonal_never_explodes(
        range(2), rule=lambda shape, rng, gain: normal_init(shape, rng=rng, std=0.05)
    )
    assert all(x < 0 for values in random.values() for x in values)


def test_a_small_variance_does_make_gradients_vanish():
    large = unit3.large_variance_makes_gradients_vanish(range(2))
    small = unit3.large_variance_makes_gradients_vanish(range(2), std=0.01)
    assert verdict(small, margin=1.0).word == "holds"
    assert np.mean(large["tanh_500"]) == pytest.approx(-4.9, abs=0.5)
    assert np.mean(large["sigmoid_20"]) > 1 > abs(np.mean(large["sigmoid_100"]))


def test_deep_nets_train_apart_and_late_takes_the_median():
    x = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)

    def go(seeds, lr):
        params = deep_nets.started([4, 8, 2], he_normal, seeds=seeds)
        return deep_nets.descend(params, x, y, torch.tanh, seeds=seeds, lr=lr, steps=40, batch_size=20)[1]

    both, alone = go([3, 4], [0.5, 1e6]), go([3], [0.5])
    np.testing.assert_allclose(both[:, 0], alone[:, 0], rtol=1e-4)
    assert alone[-10:].mean() < alone[:10].mean()
    spiky = np.full((40, 1), 0.5)
    spiky[-1] = 9.0
    assert deep_nets.late(spiky) == [0.5]
