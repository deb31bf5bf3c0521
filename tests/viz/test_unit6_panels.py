"""Unit 6's panels: what they compute agrees with theory, and every slider changes what is seen."""

from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.experiments.refinements import Refinements
from course_lib.experiments.unit6_figures import smoothed_nets, two_glyphs
from course_lib.messages import LANGUAGES, speaking
from course_lib.viz import widgets
from course_lib.viz.panels import averaging, calibrating, flatness, mixing, refined, skipping, smoothing


@cache
def nets():
    """What the notebook shows."""
    return smoothed_nets()


STUDY = Refinements(
    {
        "reference": {"accuracy": [0.8, 0.81, 0.79], "loss": [0.7] * 3, "ece": [0.05] * 3},
        "mixup": {"accuracy": [0.83, 0.84, 0.815], "loss": [0.6] * 3, "ece": [0.02] * 3},
        "residual": {"accuracy": [0.7, 0.85, 0.8], "loss": [0.8] * 3, "ece": [0.06] * 3},
        "depth": {"accuracy": [0.65, 0.79, 0.75], "loss": [0.9] * 3, "ece": [0.07] * 3},
    },
    seeds=3,
    epochs=15,
    short=False,
    outdated=False,
)

FRAMES = {
    "mixing": lambda: widgets.mixing_panel(*two_glyphs()),
    "lambda": lambda: widgets.lambda_panel(two_glyphs()[0]),
    "smoothing": widgets.smoothing_panel,
    "averaging": widgets.averaging_panel,
    "flatness": widgets.flatness_panel,
    "sam": widgets.sam_panel,
    "survival": widgets.survival_panel,
}
OTHERS = {
    "calibration": lambda: widgets.calibration_panel(nets()),
    "refinements": lambda: widgets.refinements_picture(STUDY),
}


@cache
def made(name, lang):
    with speaking(lang):
        return (FRAMES | OTHERS)[name]()


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_picture(name):
    panel = made(name, "ko")
    shown = [picture.png for picture in panel.pictures]
    assert len(set(shown)) == len(panel.slider.options) > 8


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_sentence(name):
    panel = made(name, "ko")
    told = [picture.alt for picture in panel.pictures]
    # from α = 8 on all of the λ lie in the middle: the value itself tells the sentences apart
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("name", [*FRAMES, *OTHERS])
def test_each_language_has_its_own_words_and_a_stored_picture(name):
    alts = set()
    for lang in LANGUAGES:
        data, _ = made(name, lang)._repr_mimebundle_()
        assert data["image/png"]
        alts.add(data["text/plain"])
    assert len(alts) == 2


def test_every_control_of_the_calibration_panel_changes_the_picture():
    panel = made("calibration", "en")
    for name, control in panel.controls.items():
        seen = set()
        for _, value in control.options:
            control.value = value
            assert panel.error is None
            seen.add(panel.picture.png)
        assert len(seen) == len(control.options), name


# --- mixup and CutMix -------------------------------------------------------------------------------------


def test_the_mixed_picture_is_the_weighted_mean():
    glyphs, names = two_glyphs()
    picture, share = mixing.mixed("mixup", glyphs, 0.3)
    np.testing.assert_allclose(picture, 0.3 * glyphs[0] + 0.7 * glyphs[1])
    assert share == pytest.approx(0.3) and names == ["ㄴ", "ㅎ"]


@pytest.mark.parametrize("lam", mixing.SHARES)
def test_the_share_of_cutmix_is_the_area_that_stays(lam):
    glyphs = np.stack([np.zeros((40, 40)), np.ones((40, 40))])
    picture, share = mixing.mixed("cutmix", glyphs, lam)
    assert share == pytest.approx(1 - picture.mean()) and share >= lam - 1e-12


def test_the_densities_are_those_of_the_draws():
    edges = np.linspace(0, 1, 21)
    for alpha in (0.2, 1.0, 8.0):
        heights, _ = np.histogram(mixing.lambdas(alpha), edges, density=True)
        middle = (edges[:-1] + edges[1:]) / 2
        np.testing.assert_allclose(heights[3:-3], mixing.density(middle, alpha)[3:-3], rtol=0.15, atol=0.05)


def test_what_the_unit_says_of_alpha():
    share = mixing.middle_share
    assert share(0.2) == pytest.approx(1 / 3, abs=0.01)
    assert share(0.05) == pytest.approx(0.1, abs=0.01) and share(1.0) == pytest.approx(0.8, abs=0.01)
    assert share(4.0) > 0.98


# --- label smoothing and calibration ----------------------------------------------------------------------


@pytest.mark.parametrize("eps", [0.05, 0.1, 0.4])
@pytest.mark.parametrize("way", smoothing.WAYS)
def test_the_best_gap_is_the_lowest_point_of_the_curve(way, eps):
    q = smoothing.target(way, eps)
    gaps = np.linspace(0, 8, 8001)
    assert gaps[np.argmin(smoothing.gap_loss(q, gaps))] == pytest.approx(smoothing.best_gap(q), abs=1e-3)


def test_the_loss_over_the_gap_is_torchs():
    scores = torch.tensor([[3.0, 0.0, 0.0]], dtype=torch.float64)
    theirs = F.cross_entropy(scores, torch.tensor([0]), label_smoothing=0.1).item()
    assert smoothing.gap_loss(smoothing.target("label_smoothing", 0.1), 3.0) == pytest.approx(theirs)
    assert smoothing.best_gap(smoothing.target("label_smoothing", 0.1)) == pytest.approx(3.33, abs=0.01)


def test_what_the_unit_says_of_calibration():
    found = nets()
    plain = calibrating.reliability(found.logits[0.0], found.labels, 1.0)
    assert (round(plain["right"]), round(plain["sure"])) == (68, 81)
    cooled = [calibrating.reliability(found.logits[0.0], found.labels, T) for T in (1.75, 2.0)]
    assert all(2 < one["error"] < 6 and one["right"] == plain["right"] for one in cooled)
    assert found.temperatures[0.0] == pytest.approx(1.86, abs=0.02)
    smooth = {eps: calibrating.reliability(found.logits[eps], found.labels, 1.0) for eps in (0.1, 0.2)}
    assert smooth[0.1]["error"] < 3 and smooth[0.2]["sure"] < smooth[0.2]["right"] < 61


# --- averages, flatness, depth ----------------------------------------------------------------------------


def test_what_the_unit_says_of_the_average():
    own = averaging.late_loss(averaging.walk().values)
    late = {d: averaging.late_loss(averaging.averaged_path(d)[1]) for d in averaging.DECAYS}
    assert late[0.0] == own == pytest.approx(0.48, abs=0.01)
    assert min(late, key=late.get) == 0.98 and late[0.98] == pytest.approx(0.07, abs=0.005)
    assert late[0.999] > 3


def test_the_average_is_the_sum_with_falling_weights():
    path, points = averaging.averaged_path(0.9)[0], averaging.walk().points
    weights = 0.1 * 0.9 ** np.arange(len(points))[::-1]
    weights[0] = 0.9 ** (len(points) - 1)
    np.testing.assert_allclose(path[-1], weights @ points, rtol=1e-10)


def test_the_minima_are_equally_deep_and_the_sharp_one_suffers():
    sharp, flat = flatness.minimum_near(flatness.SHARP), flatness.minimum_near(flatness.FLAT)
    assert flatness.valley(sharp) == pytest.approx(flatness.valley(flat), abs=0.01)
    assert flatness.valley(sharp - 0.2) == pytest.approx(1.17, abs=0.01)
    assert flatness.valley(flat - 0.2) == pytest.approx(0.16, abs=0.01)


def test_the_holed_bowls_gradient_is_its_functions():
    problem, rng = flatness.holed_bowl(), np.random.default_rng(0)
    for point in rng.uniform(-1.5, 1.5, (20, 2)):
        numeric = [(problem.f(point + e) - problem.f(point - e)) / 2e-6 for e in 1e-6 * np.eye(2)]
        np.testing.assert_allclose(problem.grad(point), numeric, atol=1e-6)


def test_sam_is_caught_below_and_passes_from_a_tenth_on():
    caught = [flatness.ends_in_hole(rho) for rho in flatness.RADII]
    assert caught == [rho <= 0.07 for rho in flatness.RADII]
    ends = [flatness.sam_run(rho).values[-1] for rho in flatness.RADII if rho >= 0.1]
    assert max(ends) < 0.05


def test_depths_are_a_distribution_with_the_mean_of_the_survivals():
    chances = skipping.depths(0.5)
    assert chances.sum() == pytest.approx(1)
    assert chances @ np.arange(55) == pytest.approx(skipping.survivals(0.5).sum()) == pytest.approx(40.25)


# --- the study --------------------------------------------------------------------------------------------


def test_the_studys_words_follow_its_numbers():
    with speaking("en"):
        told = widgets.refinements_told(STUDY)
    assert [row[0] for row in told.rows] == [
        "reference",
        "mixup (α = 0.2)",
        "residual connections",
        "stochastic depth",
    ]
    found = {row[0]: row[4] for row in told.rows}
    assert found["mixup (α = 0.2)"] == "clearly up" and found["stochastic depth"] == "clearly down"
    assert found["residual connections"] == "not told apart"
    # stochastic depth is compared with residual connections alone
    assert STUDY.gain("depth").mean == pytest.approx(-100 * 0.16 / 3)
    assert refined.finding(STUDY.gain("mixup")) == "up"
