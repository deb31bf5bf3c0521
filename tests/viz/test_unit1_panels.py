"""Unit 1's panels: what they compute agrees with theory, and every slider changes what is seen."""

import itertools

import numpy as np
import pytest

from course_lib.algorithms import adam
from course_lib.algorithms.problems import cliff, rosenbrock
from course_lib.messages import speaking
from course_lib.viz import widgets
from course_lib.viz.panels import adaptive, batches, clipping, momentum, schedules, second_order

FRAMES = [f"{name}_panel" for name in ("stability", "condition", "momentum", "bias", "batch", "clipping")]
PICTURES = ["schedule_gallery", "second_order_picture"]


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_picture_sentence_and_row(name):
    panel = getattr(widgets, name)()
    shown = [picture.png for picture in panel.pictures]
    assert len(set(shown)) == len(panel.slider.options) > 8
    told = [picture.alt for picture in panel.pictures]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("name", [*FRAMES, *PICTURES, "schedule_panel", "race_panel"])
def test_each_language_has_its_own_words_and_a_stored_picture(name):
    alts = set()
    for lang in ("ko", "en"):
        with speaking(lang):
            bundle = getattr(widgets, name)()._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert data["image/png"]
        alts.add(data["text/plain"])
    assert len(alts) == 2


@pytest.mark.parametrize("condition", [1.0, 10.0, 100.0])
def test_the_best_settings_shrink_a_step_as_theory_says(condition):
    """The long-run factor per step: (κ − 1)/(κ + 1) for descent, (√κ − 1)/(√κ + 1) for momentum."""
    settings = momentum.best_settings(condition)
    root = condition**0.5
    factors = {"gd": (condition - 1) / (condition + 1), "momentum": (root - 1) / (root + 1)}
    for name, factor in factors.items():
        values = momentum._walk(name, condition, **settings[name]).values
        # the loss shrinks by the factor's square
        seen = (values[30] / values[10]) ** (1 / 40) if values[10] > 1e-25 else 0.0
        # momentum's best setting is a double root: a factor that grows like the step is left
        assert seen == pytest.approx(factor, abs=0.06), name


def test_ten_times_the_condition_number_takes_about_ten_times_the_steps():
    """What the unit's quiz says of gradient descent, and of momentum."""

    def steps_of(name, condition):
        keywords = momentum.best_settings(condition)[name]
        return momentum.steps_to(momentum._walk(name, condition, **keywords, steps=600).values)

    steps = {(n, k): steps_of(n, k) for n, k in itertools.product(("gd", "momentum"), (10.0, 100.0))}
    assert 8 < steps["gd", 100.0] / steps["gd", 10.0] < 11
    assert 2.5 < steps["momentum", 100.0] / steps["momentum", 10.0] < 5


def test_steps_to_counts_from_the_last_time_above():
    assert momentum.steps_to(np.array([1.0, 1e-4, 0.5, 1e-4, 1e-5])) == 3
    assert momentum.steps_to(np.array([1.0, 0.5])) is None


@pytest.mark.parametrize("beta2", [0.9, 0.999])
def test_the_uncorrected_steps_are_those_of_adam_without_its_correction(beta2):
    rows = adaptive.first_steps(beta2)
    assert rows["uncorrected"][0] == pytest.approx(0.1 / (1 - beta2) ** 0.5, rel=1e-6)
    np.testing.assert_allclose(rows["corrected"], 1, atol=0.35)
    one, _ = adam(np.zeros(1), np.ones(1), lr=1.0, beta2=beta2)
    assert rows["corrected"][0] == pytest.approx(-one[0], rel=1e-6)


def test_gradient_noise_falls_with_the_root_of_the_batch_and_ends_at_zero():
    noise = {size: batches.gradient_noise(size) for size in (1, 4, 16, 256)}
    assert noise[1] / noise[4] == pytest.approx(2, rel=0.15)
    assert noise[1] / noise[16] == pytest.approx(4, rel=0.2)
    assert noise[256] == pytest.approx(0, abs=1e-12)


def test_middle_batches_end_lowest_as_the_text_says():

    def last_epoch(size):
        return batches.excess(batches.batch_run(size))[-(256 // size) :].mean()

    last = {size: last_epoch(size) for size in (1, 32, 64, 256)}
    assert last[256] / max(last[32], last[64]) > 25
    assert last[1] > 10 * last[32]


def test_clipping_cuts_no_step_above_the_largest_norm_and_shortens_the_way_back():
    free, norms = clipping.clipped_run(30.0)
    assert (norms <= 30).all() and norms.max() > 15
    clipped, _ = clipping.clipped_run(2.0)
    below = cliff().f(cliff().start) / 20
    assert np.flatnonzero(free.values < below)[0] > np.flatnonzero(clipped.values < below)[0] + 8
    lengths = np.linalg.norm(np.diff(clipped.points, axis=0), axis=1)
    assert lengths.max() <= clipping.RATE * 2.0 * (1 + 1e-12)


def test_a_schedule_shows_its_own_sliders_alone_and_follows_them():
    panel = widgets.schedule_panel()

    def visible():
        return {key for key, control in panel.controls.items() if control.layout.display != "none"}

    assert visible() == {"name", "warm"}
    before = panel.picture.png
    panel.controls["name"].value = "step_decay"
    assert visible() == {"name", "warm", "step_decay_every", "step_decay_factor"}
    decayed = panel.picture.png
    panel.controls["step_decay_every"].value = 20
    assert len({before, decayed, panel.picture.png}) == 3


@pytest.mark.parametrize("name", schedules.schedules())
def test_a_warm_up_raises_the_rate_to_where_the_schedule_begins(name):
    plain, warm = schedules.rates(name), schedules.rates(name, warm=10)
    assert (np.diff(warm[:11]) > 0).all()
    assert warm[10] == pytest.approx(plain[0])


def test_cost_counts_values_gradients_and_hessians():
    surface, counts = second_order.counted(rosenbrock())
    for function in (surface.f, surface.grad, surface.grad, surface.hess):
        function(surface.start)
    assert counts == [1, 2, 1]
    runs = second_order.comparison()
    for name in second_order.FIRST:
        assert list(runs[name][1]) == list(range(second_order.COST + 1))
    # a Newton step asks for a gradient, a Hessian (2) and at least two values for the line search
    assert (np.diff(runs["newton"][1]) >= 5).all()
    assert runs["newton"][0][30] < 1e-12
