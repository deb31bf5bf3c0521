"""Unit 2's panels: what they compute agrees with theory, and every slider changes what is seen."""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize

from course_lib import registry
from course_lib.experiments import unit2_figures
from course_lib.experiments.unit2_fonts import FontsGap
from course_lib.messages import speaking
from course_lib.viz import widgets
from course_lib.viz.panels import augmenting, comparing, decaying, dropping, penalties, stopping


@cache
def l1_paths():
    return unit2_figures.l1_paths(steps=100)


@cache
def overfitting():
    return unit2_figures.overfitting_run()


ROBUST = unit2_figures.Robustness(np.array([0.0, 1.0]), {k: np.array([0.9, 0.5]) for k in ("plain", "noise")})
TOGETHER = {name: np.linspace(0.8, 0.9, 3) for name in unit2_figures.ENSEMBLES}
ENSEMBLES = unit2_figures.Ensembles((1, 2, 4), TOGETHER, 0.85, 0.87, 0.632, 150)


def fonts(small=False, **shifts):
    """A made result: seen 80 ± 1, unseen 60 ± 1, and of each technique as many points more unseen."""
    seeds = np.array([-1.0, 0.0, 1.0])
    accuracy = {"plain": {"seen": 80 + seeds, "unseen": 60 + seeds}}
    for name, shift in shifts.items():
        accuracy[name] = {"seen": 80 + seeds, "unseen": 60 + seeds + shift + np.array([0.1, 0.0, -0.1])}
    return FontsGap(accuracy, seeds=3, epochs=2, outdated=False, small=small)


FRAMES = {
    "zeros_panel": lambda: widgets.zeros_panel(l1_paths()),
    "max_norm_panel": lambda: widgets.max_norm_panel(),
    "decay_panel": lambda: widgets.decay_panel(),
    "stopping_panel": lambda: widgets.stopping_panel(overfitting()),
    "dropout_panel": lambda: widgets.dropout_panel(),
    "turning_panel": lambda: widgets.turning_panel(unit2_figures.glyphs("곰문"), "곰문"),
    "text_panel": lambda: widgets.text_panel(),
}
PICTURES = {
    "geometry_panel": lambda: widgets.geometry_panel().picture,
    "gallery": lambda: widgets.augmentation_gallery(unit2_figures.glyphs("한글곰")),
    "ensembles": lambda: widgets.ensembles_picture(ENSEMBLES),
    "robustness": lambda: widgets.robustness_picture(ROBUST),
    "fonts": lambda: widgets.fonts_picture(fonts(decay=2.0, dropout=-3.0)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_has_its_own_picture_and_sentence_in_both_languages(name):
    told = {}
    for lang in ("ko", "en"):
        with speaking(lang):
            panel = FRAMES[name]()
        told[lang] = [picture.alt for picture in panel.pictures]
        assert len(set(told[lang])) == len(panel.slider.options) >= 10
    # beyond the last rise of its best, a longer patience keeps the same weights: the stop still moves
    assert len({picture.png for picture in panel.pictures}) == len(panel.slider.options)
    assert not set(told["ko"]) & set(told["en"])


@pytest.mark.parametrize("name", PICTURES)
def test_each_language_has_its_own_picture(name):
    shown = []
    for lang in ("ko", "en"):
        with speaking(lang):
            shown.append(PICTURES[name]())
    assert shown[0].alt != shown[1].alt and shown[0].png != shown[1].png


def test_both_sliders_of_the_geometry_move_it():
    panel = widgets.geometry_panel()
    seen = {panel.picture.png}
    for strength in (0.0, 0.5, 2.0):
        panel.controls["strength"].value = strength
        for mix in (0.0, 0.5, 1.0):
            panel.controls["mix"].value = mix
            seen.add(panel.picture.png)
    assert len(seen) >= 8 and panel.error is None


@pytest.mark.parametrize("mix", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("strength", [0.3, 0.7, 2.0])
def test_the_minimum_is_the_one_that_a_search_finds(strength, mix):
    def height(w):
        off = w - penalties.LOWEST
        return off @ penalties.CURVATURES @ off / 2 + strength * penalties.penalty_of(w, mix)

    found = minimize(height, [0.1, 0.5], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    np.testing.assert_allclose(penalties.minimum(strength, mix), found.x, atol=1e-5)


def test_l1_puts_the_first_weight_at_zero_from_the_strength_that_the_text_names():
    assert penalties.minimum(0.6, 1.0)[0] > 0 == penalties.minimum(0.7, 1.0)[0]
    assert all((penalties.minimum(s, 0.0) > 0).all() for s in penalties.STRENGTHS)


def test_the_level_set_runs_through_the_minimum_at_one_height():
    for mix in (0.0, 0.5, 1.0):
        w = penalties.minimum(0.5, mix)
        heights = penalties.penalty_of(penalties._level_set(w, mix), mix)
        np.testing.assert_allclose(heights, penalties.penalty_of(w, mix))


def test_only_proximal_steps_count_zeros_and_useful_weights_agree():
    runs, at = l1_paths(), l1_paths().strengths.index(0.1)
    ends = {way: path[at, -1] for way, path in runs.paths.items()}
    assert not (ends["subgradient"] == 0).any()
    assert (ends["proximal"] == 0).sum() >= 20
    useful = runs.truth != 0
    np.testing.assert_allclose(ends["subgradient"][useful], ends["proximal"][useful], atol=0.06)


def test_decay_beside_the_step_leaves_the_same_share_of_every_weight():
    for rule in decaying.RULES:
        left = decaying.shares_left(rule, "decoupled", 0.5)
        # mirrored noise cancels in gradient descent, and in Adam, whose steps only see its sign and size
        np.testing.assert_allclose(left, decaying.plain_share(0.5), atol=1e-8)
    np.testing.assert_allclose(decaying.shares_left("gd", "coupled", 0.5), decaying.plain_share(0.5))


def test_coupled_decay_in_adam_spares_large_gradients():
    left = decaying.shares_left("adam", "coupled", 0.5)
    assert left[0] == pytest.approx(0, abs=0.02) and left[-1] > 0.8
    assert (np.diff(left) > -0.02).all()


def test_early_stopping_ends_where_a_loop_would():
    val = overfitting().val
    for patience in (1, 2, 5, 20):
        best, waited, end = np.inf, 0, len(val) - 1
        for check, loss in enumerate(val):
            best, waited = (loss, 0) if loss < best else (best, waited + 1)
            if waited == patience:
                end = check
                break
        assert stopping.stopped(val, patience) == (end, int(np.argmin(val[: end + 1])))


def test_the_overfitting_run_is_as_the_text_says():
    run = overfitting()
    steps = run.every * np.arange(len(run.val))
    assert steps[np.argmin(run.val)] == 80
    assert run.val[-1] > 1.1 * run.val.min() and run.train[-1] < 0.1
    assert [run.every * x for x in stopping.stopped(run.val, 1)] == [70, 60]
    assert {stopping.stopped(run.val, patience)[1] for patience in range(2, 21)} == {8}


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_both_kinds_of_dropout_meet_their_mean_in_evaluation(rate):
    x, w = dropping._unit()
    for kind, scale in (("vanilla_dropout", 1 - rate), ("dropout", 1.0)):
        training, evaluation = dropping.sums(kind, rate)
        assert evaluation == pytest.approx(scale * (w @ x))
        # Var Σ b w x = r (1 − r) Σ (w x)², over (1 − r)² where it is inverted
        spread = (rate * (1 - rate) * np.sum((w * x) ** 2)) ** 0.5 * scale / (1 - rate)
        assert training.std() == pytest.approx(spread, rel=0.05)
        assert training.mean() == pytest.approx(evaluation, abs=4 * spread / dropping.MASKS**0.5)


def test_a_glyph_comes_from_the_bank_and_turns_about_its_centre():
    (bear,) = unit2_figures.glyphs("곰")
    assert bear.shape == (40, 40) and 0 <= bear.min() < bear.max() <= 1
    turned = registry.get("rotate").function(bear, degrees=180.0)
    np.testing.assert_allclose(turned, np.rot90(bear, 2), atol=1e-9)
    assert augmenting.likeness(bear, 2 * bear + 1) == pytest.approx(1)
    with pytest.raises(ValueError, match="A"):
        unit2_figures.glyphs("A")


def test_every_augmentation_of_the_gallery_changes_its_pictures():
    pictures = unit2_figures.glyphs("한글곰")[:, None] * np.ones((1, 3, 1, 1))
    for name in augmenting.GALLERY:
        changed = augmenting.augmented(name, pictures)
        assert changed.shape != pictures.shape or not np.allclose(changed, pictures), name


def test_texts_stay_at_rate_zero_and_change_later():
    for lang, ways in augmenting.TEXT_WAYS.items():
        for way in ways:
            assert augmenting.rewritten(lang, way, 0.0) == augmenting.SENTENCES[lang]
            assert augmenting.rewritten(lang, way, 0.5) != augmenting.SENTENCES[lang], way


def test_what_the_fonts_are_said_to_show_follows_the_numbers():
    with speaking("en"):
        up, down, still = comparing.fonts_told(fonts(decay=5.0, dropout=-5.0, augment=0.0))
        assert "+5.0 points, clearly upwards" in up and "narrowed by +5.0" in up
        assert "−5.0 points, clearly downwards" in down
        assert "cannot be told" in still
        text = comparing.FontsTold(fonts(decay=1.0)).text
        assert "2 epochs" in text and "small run" not in text
        assert "small run" in comparing.FontsTold(fonts(small=True, decay=1.0)).text
