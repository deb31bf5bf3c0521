"""Unit 2's experiments: they turn round with the methods, and their parts agree with theory."""

import json

import numpy as np
import pytest
import torch

from course_lib.algorithms.regularizers import proximal_gradient_l1
from course_lib.algorithms.weight_decay import coupled_weight_decay
from course_lib.experiments import claims, unit2, unit2_figures, unit2_fonts
from course_lib.experiments.verdict import verdict
from course_lib.training.dropout_nets import dropped, train_on_rows
from course_lib.training.fit import Data
from course_lib.training.small_nets import mlp, outputs


def test_the_claims_of_unit_2_are_here():
    assert {c.number for c in claims()} >= {6, 7, 8, 30, 37}


@pytest.mark.parametrize("loss", [unit2.squared, unit2.logistic])
def test_gradients_agree_with_differences(loss):
    x, y, _ = unit2.sparse_problems([0, 1], samples=20, inputs=4, useful=2)
    w, step = np.random.default_rng(0).standard_normal((2, 4)), 1e-6
    for i in range(4):
        e = step * np.eye(4)[i]
        slope = (loss(x, y, w + e)[0] - loss(x, y, w - e)[0]) / (2 * step)
        np.testing.assert_allclose(loss(x, y, w)[1][:, i], slope, rtol=1e-5, atol=1e-9)


def test_above_the_largest_strength_all_weights_stay_at_zero():
    x, y, _ = unit2.sparse_problems([0])
    top = unit2.usual_strength(x, y, unit2.squared) / unit2.SHARE
    way = {"step": proximal_gradient_l1, "steps": 50}
    assert not unit2.l1_path(x, y, unit2.squared, **way, strength=1.01 * top).any()
    assert unit2.l1_path(x, y, unit2.squared, **way, strength=0.99 * top)[-1].any()


def test_l1_claims_depend_on_the_step_alone():
    ways = {"a": unit2.WAYS["proximal"]}
    assert verdict(unit2.l1_defeats_gradients(range(4), ways=ways), margin=1.0).word == "fails"
    assert verdict(unit2.l1_makes_exact_zeros(range(4), ways=ways), margin=10.0).word == "holds"
    ways = {"a": unit2.WAYS["subgradient"]}
    assert verdict(unit2.l1_makes_exact_zeros(range(4), ways=ways), margin=10.0).word == "fails"


def test_outliers_turn_round_with_the_fits():
    there = unit2.l1_penalty_resists_outliers(range(3), {"loss": (unit2.absolute_loss, unit2.ridge)})
    back = unit2.l1_penalty_resists_outliers(range(3), {"loss": (unit2.ridge, unit2.absolute_loss)})
    for name, gains in there.items():
        assert back[name] == pytest.approx([-x for x in gains])


def test_the_fits_are_minima():
    x, _, (clean, hit) = unit2.outlier_problems([0], useful=3, samples=60, inputs=5)
    for fit, slope in (
        (unit2.ridge, lambda w, s: unit2.squared(x, hit, w)[1] + s * w),
        (unit2.l1_penalized, lambda w, s: unit2.squared(x, hit, w)[1] + s * np.sign(w)),
    ):
        for w, s in zip(fit(x, hit), unit2.STRENGTHS, strict=True):
            at = slope(w, s)[w != 0]
            np.testing.assert_allclose(at, 0, atol=1e-4)
    # least absolute deviations go through as many points as there are inputs
    off = np.abs(hit - np.einsum("sni,si->sn", x, unit2.absolute_loss(x, hit)[0]))
    assert (off < 0.02).sum() >= 4
    assert np.abs(clean - hit).max() == pytest.approx(unit2.FAR)


def test_both_decays_are_one_for_gradient_descent_and_part_for_adam():
    pairs = {name: unit2.PAIRS[name] for name in ("gd", "adam")}
    effects = unit2.l2_is_weight_decay(range(2), epochs=1, pairs=pairs)
    assert min(effects["gd"]) > 2 and max(effects["adam"]) < 0
    same = unit2._decayed(coupled_weight_decay, unit2.gd)
    p, g = np.ones(2), np.array([1.0, -1.0])
    np.testing.assert_allclose(same(p, g, lr=0.1, weight_decay=0.5)[0], p - 0.1 * (g + 0.5 * p))


def test_without_decay_nothing_changes_and_strong_decay_lowers_norms():
    assert unit2.decay_prevents_explosion(range(2), decays=(0.0,), epochs=1)["rate_0"] == [0.0, 0.0]
    assert (unit2._largest_norms(1.0, 1e6, 0.0, [0], 1) == unit2.EXPLODED).all()


def test_dropout_points_turn_round_with_the_rates(monkeypatch):
    there = unit2._points_lost(20, 8, range(2), steps=5)
    rates = iter([None, [0.2, 0.5]])
    monkeypatch.setattr(
        unit2, "train_on_rows", lambda *a, rates=None, **k: train_on_rows(*a, rates=_other(rates), **k)
    )
    back = unit2._points_lost(20, 8, range(2), steps=5)
    assert next(rates) is None and back == pytest.approx([-x for x in there])


def _other(rates):
    return [0.2, 0.5] if rates is None else None


# --- dropout_nets -----------------------------------------------------------------------------------------


def test_nets_see_their_own_rows_and_leave_each_other_alone():
    x = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)
    y = np.arange(40) % 3
    rows = np.stack([np.arange(20), np.arange(20, 40)])
    start = mlp([6, 8, 3], seeds=[0, 1])
    before = [p.clone() for p in start]
    go = {"settings": {"lr": 0.1}, "steps": 5}
    both = train_on_rows(start, x, y, unit2.gd, rows=rows, rng=np.random.default_rng(0), **go)
    # the second net's own samples changed: the first stays as it was
    x2 = x.copy()
    x2[20:] += 1
    again = train_on_rows(start, x2, y, unit2.gd, rows=rows, rng=np.random.default_rng(0), **go)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(both, again, strict=True))
    assert not torch.equal(both[0][1], again[0][1])
    assert all(map(torch.equal, start, before))


def test_dropped_outputs_average_to_the_outputs_of_a_linear_net():
    params = mlp([6, 3], seeds=[0])
    params[0] += torch.randn(params[0].shape, generator=torch.Generator().manual_seed(0))
    x = torch.ones(20_000, 6)
    mean = dropped(params, x, rates=[0.5], rng=np.random.default_rng(0)).mean(1)
    torch.testing.assert_close(mean, outputs(params, x[:1])[:, 0], atol=0.05, rtol=0)
    assert torch.equal(dropped(params, x, rng=None), outputs(params, x))


# --- figures and fonts ------------------------------------------------------------------------------------


def test_ensembles_are_counted_alike():
    found = unit2_figures.ensembles(samples=40, members=(1, 3), repeats=1, steps=5, width=8)
    assert {name: len(v) for name, v in found.by_members.items()} == dict.fromkeys(unit2_figures.ENSEMBLES, 2)
    # one member decides alone, whatever the vote
    first = [found.by_members[f"bagging_{vote}"][0] for vote in ("hard", "weighted", "soft")]
    assert len(set(first)) == 1
    assert 0.4 < found.seen < 0.85


def test_the_fonts_study_measures_stores_and_knows_when_it_is_stale(tmp_path, monkeypatch):
    data = unit2_fonts.hangul(train=64, validation=32)
    assert isinstance(data, Data) and data.x_train.shape == (64, 1, 28, 28)
    everything = unit2_fonts.recipes()["all"]
    monkeypatch.setattr(unit2_fonts, "recipes", lambda: {"plain": everything})
    assert unit2_fonts.is_stale(tmp_path)
    unit2_fonts.record(seeds=(0, 1), epochs=1, progress=False, root=tmp_path, data=data)
    found = unit2_fonts.fonts_gap(tmp_path)
    assert (found.seeds, found.epochs, found.outdated, found.small) == (2, 1, False, True)
    assert unit2_fonts.is_stale(tmp_path)  # not made with the full settings
    assert (found.gain("plain").mean, found.narrowed("plain").mean) == (0, 0)
    stored = json.loads(unit2_fonts.path_of(tmp_path).read_text())
    full = stored | {"seeds": list(unit2_fonts.FULL["seeds"]), "epochs": unit2_fonts.FULL["epochs"]}
    unit2_fonts.path_of(tmp_path).write_text(json.dumps(full))
    assert not unit2_fonts.is_stale(tmp_path)


def test_accuracies_are_counted_in_evaluation_mode():
    data = unit2_fonts.hangul(train=64, validation=32)
    recipe = unit2_fonts.recipes()["dropout"]
    first = unit2_fonts.trained_accuracies(recipe, data, seed=0, epochs=1)
    assert first == unit2_fonts.trained_accuracies(recipe, data, seed=0, epochs=1)
    assert all(0 <= x <= 100 for x in first)


def test_the_recipes_differ_in_regularization_alone():
    made = unit2_fonts.recipes()
    assert {r.schedule for r in made.values()} == {made["plain"].schedule}
    assert {r.initialize for r in made.values()} == {"he_normal"}
    assert made["all"].augment is made["augment"].augment
    assert made["decay"].build_optimizer.keywords["lr"] == made["plain"].build_optimizer.keywords["lr"]
