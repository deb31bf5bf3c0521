"""The assignment's data and scores, and what is told from all combinations of strategies."""

import itertools
import math

import numpy as np
import pytest
import torch

from course_lib.data.hangul import load_hangul
from course_lib.training.assignment import accuracy, hangul_data, predict
from course_lib.training.combinations import Combinations
from course_lib.training.fit import Recipe, fit
from tests.training.made import DATA, small_cnn


@pytest.fixture(scope="module")
def run():
    return fit(Recipe(build_model=small_cnn, batch_size=20), DATA, epochs=2, watchers=())


def test_hangul_data_are_the_two_public_splits_with_a_channel():
    data, train, held_back = hangul_data(), load_hangul("train"), load_hangul("validation")
    assert data.x_train.shape == (len(train.x), 1, 28, 28) and data.x_train.dtype == np.uint8
    np.testing.assert_array_equal(data.x_val[:, 0], held_back.x)
    np.testing.assert_array_equal(data.y_val, held_back.y)
    assert not np.array_equal(hangul_data(seed=1).x_train, data.x_train)


def test_scores_are_those_that_the_loop_validated_with(run):
    assert accuracy(run, DATA, DATA.x_val, DATA.y_val) == run.history.val_accuracy[-1]
    scores = predict(run, DATA, DATA.x_val)
    assert scores.shape == (60, 4) and scores.dtype == np.float32


def test_scores_do_not_depend_on_how_pictures_are_grouped_and_given(run):
    whole = predict(run, DATA, DATA.x_val)
    np.testing.assert_allclose(predict(run, DATA, DATA.x_val, size=7), whole, atol=1e-5)
    np.testing.assert_allclose(predict(run, DATA, DATA.x_val / 255), whole, atol=1e-4)


def test_a_model_keeps_its_mode_and_its_statistics(run):
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    for mode in (True, False):
        run.model.train(mode)
        predict(run, DATA, DATA.x_val)
        assert run.model.training is mode
    assert all(torch.equal(before[name], value) for name, value in run.model.state_dict().items())


KINDS = ("a", "b", "c")


def combinations(value, seeds=(0, 1)):
    """Both splits from a function of the flags (three numbers) and the seed."""
    flags = ["".join(f) for f in itertools.product("01", repeat=3)]
    return Combinations(KINDS, {f: {"test": [value(*map(int, f), seed) for seed in seeds]} for f in flags})


def test_what_a_kind_brings_is_told_in_every_setting():
    found = combinations(lambda a, b, c, seed: 0.5 + 0.2 * a - 0.1 * a * b + 0.05 * c)
    brought = found.brought("a", "test")
    assert set(brought) == {"000", "001", "010", "011"}
    assert brought["000"] == pytest.approx(0.2) and brought["011"] == pytest.approx(0.1)
    assert found.brought("b", "test")["100"] == pytest.approx(-0.1)


def test_order_and_goal():
    found = combinations(lambda a, b, c, seed: 0.5 + 0.2 * a + 0.1 * b + 0.05 * c)
    assert found.ordered("test")[0] == "111" and found.ordered("test")[-1] == "000"
    assert found.reaching(0.75, "test") == ["111", "110", "101"]
    assert found.reaching(0.9, "test") == []


def test_the_spread_is_that_of_seeds_and_not_of_combinations():
    found = combinations(lambda a, b, c, seed: 0.5 + 0.2 * a + 0.02 * seed * (1 + c))
    spreads = found.spreads("test")
    assert spreads["010"] == pytest.approx(0.02 / math.sqrt(2))
    assert spreads["111"] == pytest.approx(0.04 / math.sqrt(2))
    assert math.isnan(combinations(lambda a, b, c, seed: 0.5, seeds=(0,)).spreads("test")["000"])
