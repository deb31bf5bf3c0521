"""Unit 4's panels: what they compute agrees with theory, and every slider changes what is seen."""

from functools import cache, partial

import numpy as np
import pytest
import torch

from course_lib.experiments.unit4_figures import brighter_test, covariate_shift
from course_lib.messages import speaking
from course_lib.viz import widgets
from course_lib.viz.panels import batch_statistics, norm_axes, variance_shift, weight_scale


@cache
def brighter():
    return brighter_test(seeds=range(2))


@cache
def shift():
    return covariate_shift(seeds=range(3))


FRAMES = {
    "batch_size": widgets.batch_size_panel,
    "running": widgets.running_panel,
    "variance_shift": widgets.variance_shift_panel,
    "weight_scale": widgets.weight_scale_panel,
    "brightness": lambda: widgets.brightness_panel(brighter()),
}
LIVE = {"scale_shift": widgets.scale_shift_panel, "norm_axes": widgets.norm_axes_panel}
PICTURES = {
    "axes": widgets.norm_axes_picture,
    "covariate": lambda: widgets.covariate_shift_picture(shift()),
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_every_value_of_a_slider_has_its_own_picture_and_sentence(make):
    panel = make()
    shown = [picture.png for picture in panel.pictures]
    told = [picture.alt for picture in panel.pictures]
    assert len(set(shown)) == len(set(told)) == len(panel.slider.options) > 8


@pytest.mark.parametrize("make", LIVE.values(), ids=LIVE)
def test_every_control_of_a_live_panel_changes_the_picture(make):
    panel = make()
    for name, control in panel.controls.items():
        if name == "groups":
            panel.controls["kind"].value = "group"
        seen = set()
        for _, value in control.options:
            control.value = value
            assert panel.error is None
            seen.add(panel.picture.png)
        assert len(seen) == len(control.options), name


@pytest.mark.parametrize("name", [*FRAMES, *LIVE, *PICTURES])
def test_each_language_has_its_own_words_and_a_stored_picture(name):
    alts = set()
    for lang in ("ko", "en"):
        with speaking(lang):
            bundle = (FRAMES | LIVE | PICTURES)[name]()._repr_mimebundle_()
        assert bundle[0]["image/png"]
        alts.add(bundle[0]["text/plain"])
    assert len(alts) == 2


def test_scale_and_shift_set_the_moments_and_undo_the_norm():
    y = batch_statistics.scaled(1.5, -2.0)
    assert (y.mean(), y.std()) == pytest.approx((-2.0, 1.5), abs=1e-4)
    np.testing.assert_allclose(batch_statistics.scaled(2.0, 3.0), batch_statistics.channel(), atol=1e-4)


def test_a_batch_of_two_knows_only_which_is_larger():
    _, x_hat = batch_statistics.normalized_samples(2)
    assert np.mean(np.abs(np.abs(x_hat) - 1) < 0.01) > 0.98


def test_the_spread_of_a_sample_shrinks_with_the_batch_as_the_text_says():
    def spread(size):
        _, x_hat = batch_statistics.normalized_samples(size)
        return x_hat[: len(x_hat) // 2].std()

    assert spread(32) == pytest.approx(0.27, abs=0.02)
    assert spread(4) > spread(32) > spread(256)
    # var(x̂) ≈ (1 + x²/2)/B for a fixed sample: the mean's noise and the deviation's
    assert spread(256) == pytest.approx((1 + 1.5**2 / 2) ** 0.5 / 16, rel=0.1)


def test_running_means_trade_lag_against_noise():
    def errors(weight):
        means = batch_statistics.running_statistics(weight)
        off = means["running"] - means["true"]
        return np.abs(off[50:75]).mean(), off[-60:].std()

    (slow, _), (lag, calm), (quick, noisy) = errors(0.01), errors(0.1), errors(0.9)
    assert slow > lag > quick and calm < noisy / 3


@pytest.mark.parametrize(
    ("kind", "axes"),
    [
        ("batch", (0, 2, 3)),
        ("layer", (1, 2, 3)),
        ("layer_channels", (1,)),
        ("instance", (2, 3)),
        ("weight", (1, 2, 3)),
    ],
)
def test_the_highlighted_cells_are_those_a_mean_runs_over(kind, axes):
    moved = np.zeros(norm_axes.SHAPE)
    moved[norm_axes.CELL] = 1.0
    # the cells whose mean changes when the marked one does
    expected = np.broadcast_to(moved.mean(axis=axes, keepdims=True) > 0, norm_axes.SHAPE)
    np.testing.assert_array_equal(norm_axes.partners(kind), expected)


def test_group_norm_lies_between_layer_and_instance_norm():
    np.testing.assert_array_equal(norm_axes.partners("group", groups=1), norm_axes.partners("layer"))
    np.testing.assert_array_equal(norm_axes.partners("group", groups=4), norm_axes.partners("instance"))
    assert norm_axes.partners("group").sum() == 18


def test_torch_takes_as_many_statistics_as_the_panel_counts():
    shape = (32, 64, 14, 14)
    assert norm_axes.counts("batch", shape=shape)[0] == torch.nn.BatchNorm2d(64).running_mean.numel()
    assert norm_axes.counts("layer", shape=shape) == (32, 64 * 14 * 14)
    assert norm_axes.counts("layer_channels", shape=shape) == (32 * 14 * 14, 64)


def expected_ratio(rate):
    """Variance at inference ÷ variance in training of a ReLU of N(0, 1) behind inverted dropout.

        σ² / (σ² + r/(1 − r) (μ² + σ²)),    μ² + σ² = 1/2,  σ² = 1/2 − 1/(2π)

    Derived as in Li et al. 2019, arXiv:1801.05134, §3.
    """
    square = 0.5
    var = square - 1 / (2 * np.pi)
    return var / (var + rate / (1 - rate) * square)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_enlarges_the_variance_as_derived(rate):
    rng = np.random.default_rng(3)
    x = np.maximum(rng.standard_normal(400_000), 0)
    dropped = x * (rng.random(x.size) >= rate) / (1 - rate)
    assert x.var() / dropped.var() == pytest.approx(expected_ratio(rate), rel=0.01)


def test_the_variance_shift_adds_up_over_layers_and_spares_the_last_place():
    before, after, last = (variance_shift.inference_spread(0.5, p)[0] for p in ("before", "after", "last"))
    assert (np.diff(before) < 0).all() and (np.diff(after) < 0).all()
    assert before[0] == pytest.approx(0.65, abs=0.02)
    assert before[5] == pytest.approx(0.26, abs=0.02)
    assert after[0] == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(last, 1, atol=0.01)
    none = partial(variance_shift.inference_spread, 0.0)
    np.testing.assert_allclose(none("before")[0], 1, atol=0.01)


def test_under_a_norm_the_gradient_falls_as_one_over_the_scale():
    outputs, gradient = weight_scale.layer(1.0, True)
    for scale in (0.1, 10.0, 100.0):
        y, g = weight_scale.layer(scale, True)
        np.testing.assert_allclose(y, outputs, atol=5e-3)
        assert g * scale == pytest.approx(gradient, rel=5e-3)
    assert weight_scale.layer(10.0, False)[0].std() == pytest.approx(
        10 * weight_scale.layer(1.0, False)[0].std()
    )


def test_brightness_does_what_the_text_says():
    found = brighter()
    end, home = found.shifts.index(2.0), found.shifts.index(0.0)
    assert found.accuracy["batch"][home] > 95 and found.accuracy["batch"][end] < 62
    assert np.ptp(found.accuracy["fresh"]) < 0.5
    for other in ("plain", "layer"):
        assert abs(found.accuracy[other][end] - found.accuracy["batch"][end]) < 12


def test_noise_restores_more_shift_than_there_was_and_training_stays_fast():
    found = shift()
    assert (found["norm"].shifts < 0.02).all()
    assert (np.diff(found["plain"].shifts) > 0).all()
    mild, plain = found["mild"].shifts, found["plain"].shifts
    assert (mild[:5] > plain[:5]).all() and mild[5] == pytest.approx(plain[5], rel=0.1)
    assert mild.mean() > 2 * plain.mean()
    assert found["mild"].losses[-1] < found["plain"].losses[-1]
    assert found["mild"].losses[-1] < found["norm"].losses[-1] + 0.05
