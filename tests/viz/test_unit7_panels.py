"""Unit 7's panels: what they compute agrees with theory and the text; every slider changes what is seen."""

import itertools
from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.algorithms import conv_output_size
from course_lib.data.digits import load_digits
from course_lib.experiments import unit7_figures as made
from course_lib.messages import speaking
from course_lib.training.faults import FAULTS, train_with
from course_lib.viz import widgets
from course_lib.viz.panels import running, searching, sliding

rate_runs, ratio_runs, rate_losses = cache(made.rate_runs), cache(made.ratio_runs), cache(made.rate_losses)
halvings, stages = cache(made.halvings), cache(made.stages)

FRAMES = {
    "rates": lambda: widgets.rates_panel(rate_runs()),
    "ratios": lambda: widgets.ratios_panel(ratio_runs()),
    "grid": widgets.grid_panel,
    "edge": lambda: widgets.edge_panel(rate_losses()),
    "halving": lambda: widgets.halving_panel(halvings()),
}
OTHERS = {
    "batch": lambda: widgets.batch_picture(made.batches()),
    "gallery": lambda: widgets.gallery_picture(FAULTS, train_with, ["healthy"] * 6),
    "faults": lambda: widgets.faults_panel(FAULTS, train_with),
    "convolution": widgets.convolution_panel,
    "stages": lambda: widgets.stages_panel(stages()),
}


@cache
def shown(name, lang):
    with speaking(lang):
        return (FRAMES | OTHERS)[name]()


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_picture_and_sentence(name):
    pictures = shown(name, "ko").pictures
    assert len({picture.png for picture in pictures}) == len(pictures) >= 9
    assert len({picture.alt for picture in pictures}) == len(pictures)


@pytest.mark.parametrize("name", [*FRAMES, *OTHERS])
def test_each_language_has_its_own_words_and_a_stored_picture(name, caplog):
    alts = set()
    for lang in ("ko", "en"):
        bundle = shown(name, lang)._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert data["image/png"]
        alts.add(data["text/plain"])
    assert len(alts) == 2
    assert not caplog.records


# --- what goes in -----------------------------------------------------------------------------------------


def test_two_of_the_three_batches_are_wrong():
    digits = load_digits()
    (a, labels), (b, moved), (c, same) = made.batches()
    np.testing.assert_array_equal(a.reshape(10, 64), digits.x_train[:10])
    np.testing.assert_array_equal(labels, digits.y_train[:10])
    np.testing.assert_array_equal(a, b)
    # the quiz: the first picture of B is a 4 and is labelled 1
    assert (labels[0], moved[0]) == (4, 1)
    np.testing.assert_array_equal(labels, same)
    assert a.shape == c.shape and np.abs(a - c).max() > 1
    assert sorted(c.ravel()) == sorted(a.ravel())


# --- curves -----------------------------------------------------------------------------------------------


def test_losses_by_rate_are_as_the_text_says():
    runs = rate_runs()
    end = {round(rate, 3): (runs.train[-1, i], runs.val[-1, i]) for i, rate in enumerate(runs.rates)}
    assert end[0.001][0] > 2 and end[0.006][0] > 1
    assert all(val < 0.4 for rate, (_, val) in end.items() if 0.03 < rate <= 1)
    assert not np.isfinite(end[3.162][0])
    assert runs.rates[int(np.argmin(runs.val[-1]))] == pytest.approx(1.778, abs=0.001)
    verdicts = [running.verdict(runs.val[:, i], runs.train[:, i]) for i in range(len(runs.rates))]
    assert [word for word, _ in itertools.groupby(verdicts)] == ["slow", "fits", "flew"]


def test_update_ratios_are_as_the_text_says():
    runs = ratio_runs()
    median = {round(rate, 3): np.median(runs.ratios[..., i], axis=0) for i, rate in enumerate(runs.rates)}
    place = [round(rate, 3) for rate in runs.rates].index(0.1)
    fall = runs.ratios[0, :, place] / runs.ratios[-20:, :, place].mean(0)
    assert ((fall > 6) & (fall < 15)).all()
    assert ((median[1.0] / median[0.01] > 1.5) & (median[1.0] / median[0.01] < 6)).all()
    assert (median[0.001] > running.BAND[0]).all() and runs.val[0] > 2
    assert (median[1.778] > running.BAND[1]).all()
    assert (median[3.162] < running.BAND[0]).all() and runs.val[-1] == pytest.approx(np.log(10), abs=0.01)


def test_every_fault_and_every_seed_changes_the_picture():
    panel = widgets.faults_panel(FAULTS, train_with)
    seen = [panel.picture]
    for key, value in (("fault", "no_shuffling"), ("seed", 1), ("fault", "exploding_gradient")):
        panel.controls[key].value = value
        seen.append(panel.picture)
    assert len({picture.png for picture in seen}) == len(seen)
    assert panel.error is None


# --- search -----------------------------------------------------------------------------------------------


def test_the_grid_stands_at_the_centres_and_random_points_have_other_values():
    grid = searching.grid_points()
    assert sorted(set(grid[:, 0].round(9))) == pytest.approx([1 / 6, 1 / 2, 5 / 6])
    assert len(set(searching.random_points(0)[:, 0])) == 9


def test_heights_are_those_of_theory_and_cross_where_the_text_says():
    # |x − nearest of three| is uniform on [0, 1/6]: the geometric mean of its square is (1/6)² e⁻²
    assert searching.usual(0.0)[0] == pytest.approx(np.exp(-2) / 36, rel=0.15)
    ahead = [searching.usual(w)[0] > searching.usual(w)[1] for w in searching.WEIGHTS]
    assert ahead == sorted(ahead, reverse=True)
    first = searching.WEIGHTS[ahead.index(False)]
    assert 0.03 < first < 0.06
    grid, random = searching.usual(1e-4)
    assert grid / random > 3
    grid, random = searching.usual(1.0)
    assert 1.6 < random / grid < 2


def test_a_best_rate_at_the_edge_is_told():
    sides = {low: searching.searched(rate_losses(), low)[3] for low in (-4, -1, 0)}
    assert sides == {-4: "high", -1: "", 0: "low"}
    _, _, losses, _ = searching.searched(rate_losses(), -4)
    assert 2.0 < losses.min() < 2.2


@pytest.mark.parametrize("look", made.FIRST)
def test_halving_keeps_a_third_until_the_end(look):
    rounds = made.rounds_from(look)
    assert rounds[0] == (27, look) and rounds[-1][1] == made.MOST
    for (count, _), (fewer, _) in itertools.pairwise(rounds):
        assert fewer == max(1, count // 3)
    stops = halvings().stops[look]
    for count, budget in rounds:
        assert np.count_nonzero(stops >= budget) == count


def test_halving_finds_what_the_text_says():
    found = halvings()
    ends = found.losses.min(0)
    rank = {look: int(np.count_nonzero(ends < ends[c])) + 1 for look, c in found.chosen.items()}
    assert [rank[look] for look in (1, 3, 6, 27)] == [5, 1, 2, 1]
    assert [int(found.stops[look].sum()) for look in (1, 3, 27)] == [81, 189, 729]


# --- convolution ------------------------------------------------------------------------------------------

SETTINGS = [
    setting
    for setting in itertools.product((1, 2, 3, 4, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3))
    if sliding.fits(setting[0], setting[2], setting[3])
]


def test_the_output_is_torchs():
    x = torch.tensor(sliding.pixels())[None, None]
    for kernel, stride, padding, dilation in SETTINGS:
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        w = torch.tensor(sliding.weights(kernel))[None, None]
        want = F.conv2d(x, w, **how)[0, 0].numpy()
        got = sliding.convolved(kernel, stride, padding, dilation)
        np.testing.assert_allclose(got, want)
        side = conv_output_size(sliding.SIDE, kernel=kernel, **how)
        left = sliding.SIDE + 2 * padding - sliding.reached(kernel, stride, padding, dilation)
        assert len(got) == side and 0 <= left < stride


def test_every_control_of_the_convolution_changes_the_picture_and_the_kernel_stays_inside():
    panel = widgets.convolution_panel()
    seen = [panel.picture]
    moves = (("place", 7), ("padding", 1), ("stride", 2), ("kernel", 5), ("dilation", 2), ("padding", 0))
    for key, value in moves:
        panel.controls[key].value = value
        seen.append(panel.picture)
        values = panel.values
        assert sliding.fits(values["kernel"], values["padding"], values["dilation"])
        how = [values[name] for name in ("kernel", "stride", "padding", "dilation")]
        assert values["place"] < sliding.convolved(*how).size
    assert len({picture.png for picture in seen}) == len(seen)
    assert panel.error is None


def test_the_kernel_of_the_text_adds_its_left_column():
    np.testing.assert_array_equal(sliding.weights(3)[0], [1, 0, -1])
    assert sliding.reached(2, 2, 0, 1) == sliding.SIDE - 1  # one row and one column are left


# --- transfer ---------------------------------------------------------------------------------------------


def test_features_tell_the_new_digits_apart_better_than_pixels():
    found = stages()
    rights = [found.right[name] for name in made.SHOWN]
    assert rights == sorted(rights)
    assert round(found.right["pixels"]) == 60 and round(found.right["pool3"]) == 78
    assert {len(points) for points in found.points.values()} == {len(found.labels)}


def test_every_layer_has_its_own_picture():
    panel = widgets.stages_panel(stages())
    seen = set()
    for _, name in panel.controls["stage"].options:
        panel.controls["stage"].value = name
        seen.add(panel.picture.png)
    assert len(seen) == len(made.SHOWN) and panel.error is None
