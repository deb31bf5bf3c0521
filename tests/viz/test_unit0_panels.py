"""Unit 0's panels and pictures: their numbers agree with theory, and every slider changes what is seen."""

from functools import cache

import numpy as np
import pytest

from course_lib import algorithms
from course_lib.messages import speaking
from course_lib.viz import widgets
from course_lib.viz.introduction_figures import PLACES, course_map, flat_start_picture, leaks_picture
from course_lib.viz.panels import generalization, loss_shapes, preprocessing, splitting

FRAMES = [
    f"{name}_panel" for name in ("bias_variance", "folds", "interpolation", "outlier", "sigmoid", "accuracy")
]


@cache
def panel(name, lang="ko"):
    with speaking(lang):
        return getattr(widgets, name)()


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_picture_sentence_and_row(name):
    shown = panel(name)
    pictures, alts = ({getattr(p, part) for p in shown.pictures} for part in ("png", "alt"))
    assert len(pictures) == len(alts) == len(shown.slider.options) >= 7
    assert max(len(p.png) for p in shown.pictures) < 60_000


@pytest.mark.parametrize("name", [*FRAMES, "capacity_panel", "preprocess_panel", "epoch_picture"])
def test_each_language_has_its_own_words_and_a_stored_picture(name):
    alts = {}
    for lang in ("ko", "en"):
        bundle = panel(name, lang)._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert data["image/png"]
        alts[lang] = data["text/plain"]
    assert alts["ko"] != alts["en"]


def test_every_control_of_the_live_panels_changes_picture_and_sentence():
    for shown, moves in (
        (widgets.capacity_panel(), {"degree": 9, "samples": 80, "noise": 0.5}),
        (widgets.preprocess_panel(), {"method": "whiten_pca", "source": "each"}),
    ):
        seen = {(shown.picture.png, shown.picture.alt)}
        for name, value in moves.items():
            shown.controls[name].value = value
            assert shown.error is None
            seen.add((shown.picture.png, shown.picture.alt))
        assert len({png for png, _ in seen}) == len({alt for _, alt in seen}) == len(moves) + 1


# --- capacity, bias and variance, double descent ----------------------------------------------------------


def test_the_training_error_never_rises_with_the_degree_and_the_text_names_the_best():
    train, fresh = generalization.error_curves(20, 0.3)
    assert (np.diff(train) <= 1e-12).all()
    assert int(np.argmin(fresh)) == 5
    assert train[1] == pytest.approx(0.6, abs=0.01) == fresh[1]
    assert (fresh[5], train[14]) == (pytest.approx(0.113, abs=1e-3), pytest.approx(0.041, abs=1e-3))
    assert fresh[14] > 13
    assert generalization.error_curves(160, 0.3)[1][14] == pytest.approx(0.1, abs=0.002)


def test_the_fit_is_that_of_least_squares_and_the_shortest_of_all_exact_fits():
    x, y = generalization.points(20, rng=np.random.default_rng(0))
    cubic = np.polynomial.Polynomial.fit(x, y, 3)(generalization.FRESH)
    ours = generalization.features(generalization.FRESH, 4) @ generalization.fitted(x, y, 4)
    np.testing.assert_allclose(ours, cubic, atol=1e-9)
    a, w = generalization.features(x, 60), generalization.fitted(x, y, 60)
    np.testing.assert_allclose(a @ w, y, atol=1e-6)
    # an exact fit is the shortest where it stands in the span of the rows
    np.testing.assert_allclose(a.T @ np.linalg.lstsq(a.T, w, rcond=None)[0], w, atol=1e-6)


@pytest.mark.parametrize("degree", [1, 5, 9])
def test_bias_variance_and_noise_add_up_to_the_error_of_new_draws(degree):
    rngs = [np.random.default_rng([99, k]) for k in range(300)]
    drawn = [generalization.points(20, rng=rng) for rng in rngs]
    measured = np.mean([generalization.errors(x, y, degree + 1)[1] for x, y in drawn])
    assert sum(generalization.parts_of_error(degree)) == pytest.approx(measured, rel=0.12)


def test_bias_falls_and_variance_rises_as_the_text_says():
    parts = {d: generalization.parts_of_error(d) for d in generalization.DEGREES}
    assert parts[1][:2] == (pytest.approx(0.49, abs=0.01), pytest.approx(0.01, abs=0.005))
    assert parts[11][0] < 1e-4 and parts[11][1] == pytest.approx(0.75, abs=0.01)
    assert min(parts, key=lambda d: sum(parts[d])) == 5


def test_the_error_peaks_where_parameters_equal_points_and_comes_down_again():
    train, fresh = generalization.errors_by_size()
    at = generalization.SIZES.index
    assert np.argmax(fresh) == at(20) and fresh[at(20)] > 1e6
    assert fresh[at(6)] == pytest.approx(0.12, abs=0.005)
    assert fresh[at(400)] == pytest.approx(0.15, abs=0.005)
    assert (train[at(21) :] < 1e-6).all()


# --- splits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 5, 30])
def test_each_sample_validates_once(k):
    held = np.concatenate([validation for _, validation in splitting.folds(k)])
    assert sorted(held) == list(range(splitting.SAMPLES))


def test_the_folds_choose_as_the_text_says():
    def chosen(k):
        return splitting.DEGREES[int(np.argmin(splitting.validation_errors(k).mean(0)))]

    assert [chosen(k) for k in (2, 3, 5, 6, 10, 15, 30)] == [3, 5, 5, 5, 5, 5, 5]
    assert splitting.DEGREES[int(np.argmin(splitting.true_errors()))] == 5
    # a single turn is no good guide
    assert len(set(splitting.validation_errors(10).argmin(1))) > 3


def test_an_epoch_shows_every_sample_once_in_batches():
    for batches in splitting.epochs(20, 6):
        assert [len(b) for b in batches] == [6, 6, 6, 2]
        assert sorted(np.concatenate(batches)) == list(range(20))


# --- losses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outlier", [2.3, 5.0, 12.0])
def test_the_best_guesses_are_mean_and_median(outlier):
    target, best = np.append(loss_shapes.STEADY, outlier), loss_shapes.best_guesses(outlier)
    assert best["mse"] == pytest.approx(target.mean(), abs=0.01)
    assert best["mae"] == pytest.approx(np.median(target), abs=0.01)


def test_an_outlier_draws_as_the_text_says():
    near, far = loss_shapes.best_guesses(2.3), loss_shapes.best_guesses(12.0)
    assert (near["mse"], far["mse"]) == (pytest.approx(2.17), pytest.approx(3.24))
    assert near["mae"] == far["mae"] == pytest.approx(2.2)
    assert far["huber"] == loss_shapes.best_guesses(5.0)["huber"] == pytest.approx(2.29)


def test_slopes_behind_the_sigmoid_are_the_derivatives():
    z = np.linspace(-6, 6, 25)
    for name, (_, slope) in loss_shapes.sigmoid_losses(z).items():
        up, down = (loss_shapes.sigmoid_losses(z + h)[name][0] for h in (1e-6, -1e-6))
        np.testing.assert_allclose(slope, (up - down) / 2e-6, atol=1e-8)
    (_, squared), (_, entropy) = loss_shapes.sigmoid_losses(-6.0).values()
    assert (squared, entropy) == (pytest.approx(-0.0025, abs=5e-5), pytest.approx(-0.9975, abs=5e-5))
    assert 380 < entropy / squared < 420


def test_accuracy_is_a_staircase_and_cross_entropy_is_not():
    curves = np.array([loss_shapes.judged(float(a)) for a in loss_shapes.ANGLES]).T
    assert len(np.unique(curves[0])) <= loss_shapes.POINTS and len(np.unique(curves[1])) > 300
    flat, slope = loss_shapes.slopes_at(-60.0)
    assert flat == 0 and slope < -0.01
    best = loss_shapes.ANGLES[curves[0] == curves[0].max()]
    assert (best[0], best[-1], len(best)) == (-25, 5, 61)
    assert curves[0].max() == pytest.approx(0.917, abs=1e-3)
    assert -25 < loss_shapes.ANGLES[np.argmin(curves[1])] < 5


# --- preprocessing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", preprocessing.METHODS)
def test_training_statistics_leave_the_test_corner_where_it_is(method):
    right, wrong = preprocessing.prepared(method), preprocessing.prepared(method, "each")
    np.testing.assert_array_equal(right["train"], wrong["train"])

    def lead(parts):
        return parts["test"].mean(0)[0] - parts["train"].mean(0)[0]

    assert lead(right) > 0.25 > 0.2 > abs(lead(wrong))


def test_the_shapes_of_the_clouds_are_those_in_the_text():
    def elongation(method):
        narrow, wide = np.linalg.eigvalsh(np.cov(preprocessing.prepared(method)["train"].T))
        return wide / narrow

    assert elongation("raw") == pytest.approx(elongation("pca")) == pytest.approx(21.8, abs=0.05)
    assert elongation("standardize") == pytest.approx(11.2, abs=0.05)
    assert elongation("whiten_pca") == pytest.approx(1, abs=1e-3)
    mean, std, correlation = preprocessing.moments(preprocessing.prepared("pca")["train"])
    assert correlation == pytest.approx(0, abs=1e-12) and std[0] > 4 * std[1]
    np.testing.assert_allclose(mean, 0, atol=1e-12)


# --- pictures of experiments, and the map -----------------------------------------------------------------


class _Run:
    losses, accuracies = np.array([2.3, 2.2]), np.array([0.1, 0.5])
    margins, moment = np.array([[0.0, 0.01], [0.02, -0.03]]), 1


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_pictures_show_what_they_are_given(lang, caplog):
    with speaking(lang):
        found = {"standardize": np.array([0.1, 0.3]), "own": np.array([-20.0, -30.0])}
        pictures = [leaks_picture(found), flat_start_picture(_Run), course_map()]
    assert "−25.0" in pictures[0].alt and "+0.2" in pictures[0].alt
    assert "50" in pictures[1].alt
    assert all(p.png.startswith(b"\x89PNG") for p in pictures)
    assert not caplog.records  # mathtext tells of missing glyphs there


def test_the_map_has_every_unit():
    assert sorted(PLACES) == list(range(8))


def test_the_numbers_of_backpropagation_in_the_text():
    """x = 1, w₁ = 2, w₂ = 3, t = 5: L = ½, dw₂ = 2, dw₁ = 3."""
    x, params = np.array([[1.0]]), [np.array([[2.0]]), np.zeros(1), np.array([[3.0]]), np.zeros(1)]
    *hidden, y = algorithms.forward_pass(x, params)
    assert (hidden[1].item(), y.item()) == (2, 6)
    gradients = algorithms.backward_pass(y - 5, x, params)
    assert (gradients[0].item(), gradients[2].item()) == (3, 2)
