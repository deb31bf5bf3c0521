"""Every fault shows the signs that its text describes, on seeds that nobody picked for it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.messages import LANGUAGES, speaking
from course_lib.training.faults import FAULTS, HEALTHY, draw_fault, train_recipe, train_with
from course_lib.training.transfer import load_backbone, replace_head

SEEDS = (11, 12)
LN10 = math.log(10)


def stuck(c):
    return np.all(np.abs(c.train_loss - LN10) < 0.15) and c.val_accuracy[-1] < 0.25


SIGNS = {
    "healthy": lambda c: (
        abs(c.first_loss - LN10) < 0.1 and c.val_accuracy[-1] > 0.85 and c.test_accuracy > 0.85
    ),
    "rate_too_high": lambda c: not c.train_loss.min() < c.first_loss - 0.2 and c.val_accuracy[-1] < 0.3,
    "rate_too_low": lambda c: 0 < c.first_loss - c.train_loss[-1] < 0.3 and c.dead_share[-1] < 0.1,
    "dead_units": lambda c: stuck(c) and c.dead_share[-1] > 0.6,
    "leak_between_splits": lambda c: c.val_accuracy[-1] > 0.9 and c.test_accuracy < 0.6,
    "labels_shuffled": lambda c: (
        c.train_accuracy[-1] > 0.8 and c.val_accuracy[-1] < 0.25 and c.val_loss[-1] > 3
    ),
    "no_shuffling": lambda c: c.step_loss[-150:].std() > 5 * train_with("healthy").step_loss[-150:].std(),
    "eval_mode_forgotten": lambda c: c.val_accuracy[-1] < c.test_accuracy - 0.1,
    "norm_statistics_frozen": lambda c: c.step_loss[-30:].mean() < 0.3 and c.train_loss[-1] > 1,
    "overfitting": lambda c: (
        c.train_accuracy[-1] > 0.98 and c.val_accuracy[-1] < 0.7 and c.val_loss[-1] > c.val_loss.min() + 0.05
    ),
    "underfitting": lambda c: c.train_accuracy[-1] < 0.75 and c.train_accuracy[-1] - c.val_accuracy[-1] < 0.2,
    "bad_initialization": lambda c: stuck(c) and c.dead_share[-1] < 0.6,
    "exploding_gradient": lambda c: c.step_norm[0] > 1000 and math.isnan(c.step_loss[-1]),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_shows(fault, seed):
    assert SIGNS[fault](train_with(fault, seed))


@pytest.mark.parametrize("fault", [f for f in FAULTS if f != "healthy"])
def test_a_healthy_run_does_not_show_it(fault):
    assert not SIGNS[fault](train_with("healthy", 0))


def test_curves_repeat_with_their_seed():
    recipe = FAULTS["eval_mode_forgotten"].recipe
    one, two, other = (train_recipe(recipe, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.step_loss, two.step_loss)
    np.testing.assert_array_equal(one.val_loss, two.val_loss)
    assert not np.array_equal(one.val_loss, other.val_loss)


def test_torchs_own_random_numbers_are_left_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    train_recipe(replace(FAULTS["eval_mode_forgotten"].recipe, epochs=1), 0)
    replace_head(load_backbone(), 3, seed=0)
    assert torch.equal(before, torch.get_rng_state())


def test_shapes():
    curves = train_recipe(HEALTHY, 5)
    epochs, steps = HEALTHY.epochs, HEALTHY.epochs * HEALTHY.samples // HEALTHY.batch_size
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "dead_share"):
        assert getattr(curves, name).shape == (epochs,)
    assert curves.step_loss.shape == curves.step_norm.shape == (steps,)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_says_what_it_is(lang):
    with speaking(lang):
        titles = {fault.text("title") for fault in FAULTS.values()}
        assert len(titles) == len(FAULTS) == 13
        for fault in FAULTS.values():
            assert fault.text("signs") and fault.text("remedy")


def test_a_drawn_fault_is_one_of_them():
    drawn = {draw_fault(rng=np.random.default_rng(seed), healthy=False).name for seed in range(200)}
    assert drawn == set(FAULTS) - {"healthy"}
    with pytest.raises(KeyError, match=r"'typo'.*rate_too_high"):
        train_with("typo")
