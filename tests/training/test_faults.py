"""Every fault shows the signs that its text describes, on seeds that nobody picked for it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.messages import LANGUAGES, speaking
from course_lib.training.faults import FAULTS, HEALTHY, train_recipe, train_run, train_with, varied
from course_lib.training.probes import examined
from course_lib.training.transfer import load_backbone, replace_head
from course_lib.training.treatments import cured, treated

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


def test_another_name_is_refused_with_the_names_that_there_are():
    with pytest.raises(KeyError, match=r"'typo'.*rate_too_high"):
        train_with("typo")


# --- varied faults, probes, treatments --------------------------------------------------------------------


def far_off(curves):
    """Whether a run ends nowhere near where a healthy one does."""
    return not curves.val_accuracy[-1] > 0.85


VARIED_SIGNS = {
    "healthy": SIGNS["healthy"],
    "rate_too_high": SIGNS["rate_too_high"],
    "rate_too_low": SIGNS["rate_too_low"],
    "dead_units": SIGNS["dead_units"],
    "leak_between_splits": SIGNS["leak_between_splits"],
    "labels_shuffled": SIGNS["labels_shuffled"],
    "no_shuffling": lambda c: far_off(c) and c.step_loss[-90:].std() > 0.5,
    "eval_mode_forgotten": SIGNS["eval_mode_forgotten"],
    "norm_statistics_frozen": SIGNS["norm_statistics_frozen"],
    "overfitting": SIGNS["overfitting"],
    "underfitting": SIGNS["underfitting"],
    "bad_initialization": SIGNS["bad_initialization"],
    "exploding_gradient": lambda c: c.first_loss > 100 and far_off(c),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_in_every_strength_the_fault_shows(fault):
    """Three strengths and nets that nobody picked, and no other fault's."""
    for seed in (21, 22, 23):
        recipe = varied(fault, rng=np.random.default_rng(seed)).recipe
        assert VARIED_SIGNS[fault](train_recipe(recipe, seed)), (fault, seed)


def test_varied_recipes_differ_and_repeat():
    one, two, other = (varied("dead_units", rng=np.random.default_rng(s)) for s in (5, 5, 6))
    assert one == two != other and one.name == "dead_units"


@pytest.mark.parametrize("fault", ["healthy", "norm_statistics_frozen", "eval_mode_forgotten"])
def test_a_run_keeps_what_its_curves_came_from(fault):
    recipe = replace(varied(fault, rng=np.random.default_rng(3)).recipe, epochs=3)
    run = train_run(recipe, 7)
    np.testing.assert_array_equal(run.curves.val_loss, train_recipe(recipe, 7).val_loss)
    x, y = run.val
    with torch.no_grad():
        right = (run.model.train(recipe.evaluate_in_training_mode)(x).argmax(1) == y).double().mean()
    if fault != "eval_mode_forgotten":  # there the measurement itself is random
        assert float(right) == run.curves.val_accuracy[-1]
    # ‖Δw‖/‖w‖ of the very first step: SGD's first update is lr · g
    assert run.ratios.shape == (20, len(recipe.hidden) + 1) and (run.ratios > 0).all()


def test_probes_leave_the_run_alone_and_repeat():
    run = train_run(replace(FAULTS["norm_statistics_frozen"].recipe, epochs=2), 3)
    kept = {name: value.clone() for name, value in run.model.state_dict().items()}
    one, two = examined(run), examined(run)
    for name, parts in one.items():
        for part, value in parts.items():
            np.testing.assert_array_equal(value, two[name][part])
    assert all(torch.equal(value, kept[name]) for name, value in run.model.state_dict().items())


def test_probes_measure_what_they_say():
    run = train_run(replace(HEALTHY, epochs=2, hidden_bias=-10.0), 3)
    found = examined(run)
    assert found["first_loss"]["expected"] == pytest.approx(LN10)
    z = run.train[0] @ run.start[0].weight.T + run.start[0].bias
    assert found["dead_units"]["start"][0] == float((z <= 0).all(0).double().mean()) > 0.5
    assert found["split_overlap"]["shared"] == 0 and found["split_overlap"]["total"] == 300
    assert found["batch_order"]["counts"].sum(-1) == pytest.approx(30)
    leak = examined(train_run(replace(FAULTS["leak_between_splits"].recipe, epochs=2), 3))
    assert leak["split_overlap"]["shared"] == 300
    images = found["label_check"]["images"]
    assert images.min() >= 0 and images.max() <= 1 and images.std() > 0.2


CHANGES = [
    ({"lr_times": 10.0}, {"lr": 0.2}),
    ({"initialization": "lecun_normal"}, {"gain": 0.5**0.5}),
    ({"hidden_units": 8}, {"hidden": (8, 8)}),
    ({"samples_times": 10}, {"samples": 1137}),
    ({"clip_norm": 0.5}, {"clip_norm": 0.5}),
]


@pytest.mark.parametrize(("fix", "changed"), CHANGES, ids=[next(iter(fix)) for fix, _ in CHANGES])
def test_a_treatment_changes_what_it_says_and_nothing_else(fix, changed):
    assert treated(HEALTHY, fix) == replace(HEALTHY, **changed)


def test_clipping_bounds_the_step():
    recipe = replace(HEALTHY, epochs=1, clip_norm=1e-3)
    clipped, plain = train_run(recipe, 1), train_run(replace(recipe, clip_norm=math.inf), 1)
    assert clipped.curves.step_norm[0] == plain.curves.step_norm[0] > 1e-3
    assert (clipped.ratios[0] < plain.ratios[0] / 100).all()


def test_a_healthy_run_needs_no_cure_and_a_sick_one_does():
    healthy, sick = train_with("healthy", 1), train_with("underfitting", 1)
    assert all(cured("underfitting", sick, healthy).values())
    assert not all(cured("underfitting", sick, sick).values())
