"""Unit 3's panels: what they compute agrees with theory, and every slider changes what is seen."""

import numpy as np
import pytest

from course_lib.experiments.unit3_figures import STARTS
from course_lib.messages import speaking
from course_lib.viz import widgets
from course_lib.viz.panels import keeping, layers, priors, products, symmetry

FRAMES = [f"{name}_panel" for name in ("symmetry", "keeping", "fans", "product", "prior")]


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_picture_sentence_and_row(name):
    panel = getattr(widgets, name)()
    shown = [picture.png for picture in panel.pictures]
    assert len(set(shown)) == len(panel.slider.options) > 8
    told = [picture.alt for picture in panel.pictures]
    assert len(set(told)) == len(told)
    with speaking("ko"):
        assert getattr(widgets, name)().picture.alt not in told


def test_the_ten_layers_follow_both_controls_in_both_languages():
    panel = widgets.layers_panel()
    seen, told = [panel.picture.png], {panel.picture.alt}
    for control, value in (("name", "relu"), ("sigma", 1.0), ("sigma", 250**-0.5), ("name", "sigmoid")):
        panel.controls[control].value = value
        seen.append(panel.picture.png)
        told.add(panel.picture.alt)
    assert len(set(seen)) == len(told) == 5
    with speaking("ko"):
        assert widgets.layers_panel().picture.alt not in told


def curves():
    return {name: np.full(20, np.nan) if name == "large" else np.linspace(2.3, 1, 20) for name in STARTS}


@pytest.mark.parametrize("make", [widgets.rules_picture, lambda: widgets.starts_picture(curves())])
def test_pictures_speak_both_languages(make):
    alts = set()
    for lang in ("ko", "en"):
        with speaking(lang):
            alts.add(make().alt)
    assert len(alts) == 2


def test_units_that_start_alike_stay_alike():
    for kind, count in (("zeros", 1), ("constant", 1), ("random", symmetry.UNITS)):
        assert symmetry.distinct(kind, symmetry.STEPS) == count
    path, losses = symmetry.training("zeros")
    assert not path.any()
    assert losses[-1] > 0.6 and symmetry.training("constant")[1][-1] > 0.6
    assert symmetry.training("random")[1][-1] < 0.2


def test_the_numbers_that_the_text_gives_of_ten_layers():
    up, down = layers.stack("tanh", 0.01)
    assert layers.rms(up)[-1] == pytest.approx((0.01 * 500**0.5) ** 10, rel=0.15)  # the quiz: 3e-7
    up, down = layers.stack("tanh", 1.0)
    assert 1e4 < layers.rms(down)[0] < 1e6  # "tens of thousands"
    assert layers.rms(up)[-1] > 0.95  # saturated
    up, down = layers.stack("relu", 1.0)
    assert layers.rms(up)[-1] > 1e10 and layers.rms(down)[0] > 1e10
    up, down = layers.stack("relu", 250**-0.5)
    assert 0.5 < layers.rms(up)[-1] < 2 and 0.5 < layers.rms(down)[0] < 2


def test_only_he_keeps_relu_and_rules_coincide_on_square_layers():
    tanh, relu = layers.by_rule("tanh"), layers.by_rule("relu")
    assert {rule for rule, (up, _) in relu.items() if up[-1] > 0.3} == {"he_normal"}
    np.testing.assert_allclose(tanh["lecun_normal"][0], tanh["xavier_normal"][0], rtol=1e-12)
    assert tanh["orthogonal"][0] == pytest.approx(tanh["lecun_normal"][0], rel=0.2)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("name", ["linear", "relu"])
def test_the_mean_square_follows_the_formula(name, gain):
    seen, formula = keeping.mean_squares(name, gain), keeping.predicted(name, gain)
    spread = np.abs(np.log2(seen[1:] / formula[1:])) / np.arange(1, keeping.DEPTH + 1)
    assert spread.max() < 0.25  # doublings a layer


@pytest.mark.parametrize("fan_out", [50, 200, 800])
def test_one_layer_does_what_its_fans_say(fan_out):
    for rule in keeping.RULES:
        assert keeping.measured(rule, fan_out) == pytest.approx(keeping.factors(rule, fan_out), rel=0.06)
    assert keeping.factors("fan_in", 800)[1] == 4  # the quiz
    assert sum(keeping.factors("xavier", fan_out)) == pytest.approx(2)


def test_products_of_normal_matrices_lose_directions_and_orthogonal_ones_none():
    np.testing.assert_allclose(products.singular_values("orthogonal", 50), 1, rtol=1e-10)
    twenty = products.singular_values("lecun_normal", 20)
    assert 0 < np.sum(twenty > 1) < 20 and np.median(twenty) < 0.01
    one = products.singular_values("lecun_normal", 1)
    assert 1.7 < one[0] < 2.2 and one[-1] < 0.05


def test_the_first_loss_is_the_entropy_or_ln_2():
    for share in (0.5, 0.05, 0.01):
        assert priors.training("zero", share)[0] == pytest.approx(np.log(2))
        assert priors.training("prior", share)[0] == pytest.approx(priors.entropy(share), rel=1e-6)
    # they end in the same place
    assert priors.training("zero", 0.2)[-1] == pytest.approx(priors.training("prior", 0.2)[-1], rel=0.02)
