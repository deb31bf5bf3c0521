"""Unit 5's panels: what they compute agrees with theory and the text; every slider changes what is seen."""

import warnings
from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.messages import speaking
from course_lib.viz import widgets
from course_lib.viz.panels import activation_curves, centring, dying, folding, maxing, signals, softening

FRAMES = ["depth_panel", "depth_gradient_panel", "dead_panel", "zigzag_panel", "softmax_panel"]
LIVE = ["activation_panel", "maxout_panel"]


@cache
def panel(name, lang):
    with speaking(lang), warnings.catch_warnings():
        warnings.simplefilter("error")
        return getattr(widgets, name)()


@pytest.mark.parametrize("name", FRAMES)
def test_every_value_of_a_slider_has_its_own_picture_and_sentence(name):
    for lang in ("ko", "en"):
        pictures = panel(name, lang).pictures
        assert len({picture.png for picture in pictures}) == len(pictures) >= 8
        assert len({picture.alt for picture in pictures}) == len(pictures)


@pytest.mark.parametrize("name", [*FRAMES, *LIVE, "activation_gallery"])
def test_each_language_has_its_own_words_and_a_stored_picture(name, caplog):
    alts = set()
    for lang in ("ko", "en"):
        bundle = panel(name, lang)._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert data["image/png"]
        alts.add(data["text/plain"])
    assert len(alts) == 2
    assert not caplog.records


@pytest.mark.parametrize("name", activation_curves.NAMES)
def test_each_activation_moves_with_its_cursor_and_its_own_slider(name):
    moved = widgets.activation_panel(name=name)
    seen = [moved.picture]
    for x in (-5.0, -0.25, 1.5):
        moved.controls["x"].value = x
        seen.append(moved.picture)
    own = activation_curves.OWN.get(name, ("",))[0]
    shown = {key for key, control in moved.controls.items() if control.layout.display != "none"}
    assert shown == {"name", "x"} | ({own} if own else set())
    if own:
        control = moved.controls[own]
        # below 0, where the hyperparameter acts
        moved.controls["x"].value = -1.0
        for _, value in control.options:
            control.value = value
            seen.append(moved.picture)
    assert len({p.png for p in seen}) == len({p.alt for p in seen}) >= 4
    assert moved.error is None


def test_the_cursor_panel_follows_its_function():
    moved, alts = widgets.activation_panel(), set()
    for name in activation_curves.NAMES:
        moved.controls["name"].value = name
        alts.add(moved.picture.alt)
    assert len(alts) == len(activation_curves.NAMES)


def test_what_the_text_says_of_the_curves():
    x = np.linspace(-6, 6, 4801)
    slopes = {name: activation_curves.curve(name, x)[1] for name in activation_curves.NAMES}
    assert slopes["sigmoid"].max() == pytest.approx(0.25) and slopes["tanh"].max() == pytest.approx(1)
    for name in ("gelu", "silu"):
        assert slopes[name].min() < -0.05 and slopes[name].max() > 1.05
    means = {name: activation_curves.output_mean(name) for name in activation_curves.NAMES}
    assert means["relu"] == pytest.approx(1 / np.sqrt(2 * np.pi), abs=0.01)
    assert abs(means["tanh"]) < 0.01 and abs(means["selu"]) < 0.02
    assert 0 < means["elu"] < means["relu"] / 2


@pytest.mark.parametrize("depth", folding.DEPTHS)
def test_folding_doubles_the_pieces(depth):
    assert folding.pieces(folding.folded(folding.grid(), depth)) == 2**depth


def test_one_layer_of_relus_has_at_most_one_piece_more_than_units():
    rng, x = np.random.default_rng(0), np.linspace(-30, 30, 200_001)
    for _ in range(5):
        w, b, v = rng.standard_normal((3, 5))
        corners = np.unique(np.sort(-b / w).round(9))
        y = np.maximum(x[:, None] * w + b, 0) @ v
        slopes = np.diff(y) / np.diff(x)
        changes = np.count_nonzero(np.abs(np.diff(slopes)) > 1e-6)
        assert changes <= 2 * len(corners)  # a corner between two grid points shows in two differences
        assert len(corners) + 1 <= 6


def test_gradients_shrink_and_grow_as_the_text_says():
    ends = {
        (name, gain): signals.gradient_sizes(name, gain)[0]
        for name in signals.NAMES
        for gain in (0.5, 1.0, 1.41, 2.0, 8.0, 16.0, 32.0)
    }
    assert 1e-18 < ends["sigmoid", 0.5] < 1e-16
    assert all(ends[name, 0.5] < 1e-5 for name in signals.NAMES)
    assert 0.2 < ends["relu", 1.41] < 5 and 0.2 < ends["tanh", 1.41] < 5
    assert ends["sigmoid", 1.41] < 1e-8
    assert ends["relu", 2.0] > 100 > ends["tanh", 2.0] > 1
    assert ends["relu", 1.0] < 0.01
    assert ends["sigmoid", 8.0] < 1 < ends["sigmoid", 16.0] < ends["sigmoid", 32.0]


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_a_relu_layer_multiplies_the_mean_square_by_half_of_the_variance(gain):
    sizes = np.mean([signals.gradient_sizes("relu", gain, seed=s) for s in range(5)], axis=0)
    per_layer = (sizes[0] / sizes[-1]) ** (1 / (signals.DEPTH - 1))
    assert per_layer == pytest.approx(gain / 2**0.5, rel=0.08)


def test_dead_units_grow_with_the_rate_as_the_text_says():
    shares = {lr: dying.training("relu", lr)[1] for lr in (0.5, 1.0, 3.0, 4.0, 10.0)}
    assert shares[0.5][0] == pytest.approx(0.06)
    assert shares[1.0][-1] < 0.15 < 0.25 < shares[3.0][-1] < 0.35
    assert 0.75 < shares[4.0][-1] < 0.9 and shares[10.0][-1] == 1
    # in the second layer some come back to life
    assert (np.diff(shares[3.0]) < 0).any()
    assert np.isnan(dying.training("leaky_relu", 4.0)[0][-1])
    assert dying.training("leaky_relu", 3.0)[1].max() == 0
    assert dying.training("relu", 1.0)[0][-1] < 0.1


def test_the_small_net_descends_as_torch_does():
    rng, (x, y) = np.random.default_rng(0), dying._data()
    ws = [dying._he(rng, a, b) for a, b in ((2, dying.UNITS), (dying.UNITS, dying.UNITS), (dying.UNITS, 1))]
    ws = [torch.tensor(w, requires_grad=True) for w in ws]
    bs = [torch.zeros(w.shape[1], dtype=torch.float64, requires_grad=True) for w in ws]
    optimizer, losses = torch.optim.SGD([*ws, *bs], lr=0.5), []
    for _ in range(6):
        h = torch.tensor(x)
        for w, b in zip(ws[:-1], bs[:-1], strict=True):
            h = F.relu(h @ w + b)
        loss = F.binary_cross_entropy_with_logits(h @ ws[-1] + bs[-1], torch.tensor(y))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(dying.training("relu", 0.5)[0][:6], losses, rtol=1e-9)


def test_positive_inputs_give_every_sample_one_sign_and_a_narrow_valley():
    assert centring.agreeing(0.0) == pytest.approx(0.5, abs=0.1)
    assert [centring.agreeing(mean) for mean in (1.0, 2.0)] == [1.0, 1.0]
    for mean in (0.0, 1.0, 2.0, 3.0):
        # E[x xᵀ] = m² 1 1ᵀ + I/3 has the eigenvalues 1/3 and 1/3 + 2 m²
        assert centring.condition(mean) == pytest.approx(1 + 6 * mean**2, rel=0.3)
    assert round(centring.condition(2.0)) in (22, 23)


def test_single_samples_move_both_weights_the_same_way_and_batches_need_not():
    single, whole = centring.walks(2.0)
    steps = np.diff(single.points, axis=0)
    assert (steps[:, 0] * steps[:, 1] > 0).all()
    first = whole.points[1] - whole.points[0]
    assert first[0] > 0 > first[1]
    assert whole.values[-1] > 100 * centring.walks(0.0)[1].values[-1]


def test_the_linear_unit_is_a_problem_like_the_others():
    problem, w = centring.linear_unit(0.5), np.array([0.3, 0.2])
    x, y = problem.data
    assert problem.f(w) == pytest.approx(0.5 * np.mean((x @ w - y) ** 2))
    np.testing.assert_allclose(problem.grad(w), problem.batch_grad(w, np.arange(len(y))))
    np.testing.assert_allclose(problem.grad(problem.minima[0]), 0, atol=1e-15)


@pytest.mark.parametrize("name", ["parabola", "absolute", "relu"])
def test_maxout_learns_convex_shapes(name):
    errors = {k: maxing.error_of(name, *maxing.learned(name, k)[-1]) for k in (1, 2, 6)}
    assert errors[2] < 0.3 * errors[1] and errors[6] < 0.002


def test_no_number_of_pieces_learns_a_wave():
    errors = [maxing.error_of("wave", *maxing.learned("wave", k)[-1]) for k in (2, 4, 6)]
    assert min(errors) > 0.35
    assert maxing.error_of("parabola", *maxing.learned("parabola", 2)[-1]) == pytest.approx(0.05, abs=0.01)


def test_every_control_of_the_maxout_panel_changes_the_picture():
    moved = widgets.maxout_panel(pieces=2, steps=100)
    seen = [moved.picture]
    for key, value in (("target", "wave"), ("pieces", 4), ("steps", 10), ("target", "relu")):
        moved.controls[key].value = value
        seen.append(moved.picture)
    assert len({p.png for p in seen}) == len(seen) == len({p.alt for p in seen})
    assert moved.error is None


def test_temperature_keeps_the_order_and_spreads_the_probabilities():
    for temperature in softening.TEMPERATURES:
        p = softening.probabilities(temperature)
        assert p.sum() == pytest.approx(1) and (np.diff(p) < 0).all()
    assert softening.probabilities(0.1)[0] > 0.9999
    assert np.abs(softening.probabilities(20.0) - 0.25).max() < 0.03
