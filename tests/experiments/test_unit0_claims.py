"""Unit 0's experiments: they turn round with data and methods, and their key facts are pinned."""

import numpy as np
import pytest

from course_lib.experiments import unit0, unit0_figures
from course_lib.experiments.statements import get
from course_lib.experiments.verdict import verdict

# --- 36 ---


def test_without_the_slope_squared_error_is_cross_entropy():
    effects = unit0.small_differences_slow_learning(range(3), starts=(0.95,), kept=False)
    assert effects == {"off_0.95": [0.0] * 3}


def test_larger_differences_are_slower_and_the_verdict_turns_round():
    effects = unit0.small_differences_slow_learning(range(4))
    assert max(effects["off_0.99"]) < -0.5 and max(effects["off_0.95"]) < -0.1
    turned = {name: [-x for x in values] for name, values in effects.items()}
    assert verdict(turned, margin=0.1).findings["off_0.99"] == "supports"
    # at a difference of 0.5 the slope is 1/4, its largest: still at least four times as slow
    assert (unit0.slow_down(range(4), 0.5) >= 4).all()


# --- 40 ---


def test_one_solve_ends_a_linear_model_alone():
    effects = unit0.only_the_inverse_costs(range(6))
    assert min(effects["linear"]) > 10
    assert max(effects["sigmoid"]) < 3 and max(effects["tanh_net"]) < 3
    assert verdict(effects, margin=3.0).word == "depends"


def test_solving_again_and_again_does_end_the_sigmoid():
    """The control: the approximation is right, one solve is what is too few."""
    assert np.median(unit0.only_the_inverse_costs(range(6), solves=15)["sigmoid"]) > 8


# --- 42 ---


@pytest.fixture(scope="module")
def errors():
    return unit0.model_errors(0, [10, 200, 4000])


def test_the_training_error_falls_to_zero_at_as_many_features_as_samples(errors):
    train = {size: curves[0][0] for size, curves in errors.items()}
    assert train[10] > 0.05 and train[200] < 1e-6 and train[4000] < 1e-6


def test_the_test_error_peaks_there_and_a_ridge_removes_the_peak(errors):
    test = {size: curves[2] for size, curves in errors.items()}
    assert test[200][0] > 10 * test[10][0] and test[4000][0] < test[10][0]
    assert min(test[200][1:]) < test[10][0]


def test_ridge_errors_are_those_of_the_normal_equations():
    rng = np.random.default_rng(0)
    h, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    parts = [slice(0, 10), slice(10, 20), slice(20, 30)]
    found = unit0._ridge_errors(h, y, parts)
    a = h[parts[0]]
    for column, ridge in ((0, 0.0), (3, unit0.RIDGES[2])):
        w = np.linalg.solve(a.T @ a + ridge * np.eye(4), a.T @ y[parts[0]])
        expected = [np.mean((h[part] @ w - y[part]) ** 2) for part in parts]
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-8)


def test_growing_turned_round_is_shrinking():
    there = unit0.fitting_widens_the_gap(range(2), stages={"a": (10, 40)})
    back = unit0.fitting_widens_the_gap(range(2), stages={"a": (40, 10)})
    for name in there:
        assert back[name] == pytest.approx([-x for x in there[name]])


def test_the_stored_verdict_depends_on_size_and_regularization():
    from course_lib.experiments import claim

    found = claim("fitting_widens_the_gap").verdict
    assert found.word == "depends"
    assert found.findings["to_threshold_plain"] == "supports"
    assert found.findings["beyond_plain"] == "opposes" and found.findings["beyond_tuned"] == "nothing"


# --- 43 ---


def test_what_cancels_is_counted():
    before = np.zeros(4)
    assert unit0._cancelled(before, np.array([-1.0, -1.0, 0.5, 0.0])) == 0.25
    assert unit0._cancelled(before, np.array([1.0, 1.0, -0.5, 0.0])) == 4.0


def test_early_and_late_differ():
    effects = unit0.worse_samples_cancel(range(4))
    assert max(effects["hundredth"]) < -0.3
    assert np.mean(effects["late"]) > 0.1
    assert verdict(effects, margin=get("worse_samples_cancel").margin).word in ("depends", "unclear")


def test_losses_of_samples_average_to_the_loss_of_the_net():
    split = unit0.load_digits()
    params = unit0.mlp([64, 32, 10], seeds=[0, 1])
    ours = unit0.sample_losses(params, split.x_val, split.y_val).mean(1)
    np.testing.assert_allclose(ours, unit0_figures.score(params, split.x_val, split.y_val)[0], rtol=1e-5)


# --- figures ---


def test_the_flat_start_is_as_the_text_says():
    run = unit0_figures.flat_start()
    assert run.moment == 11
    assert 0.98 < run.losses[11] / run.losses[0] < 0.99
    assert run.accuracies[0] == pytest.approx(0.13, abs=0.01)
    assert run.accuracies[11] == pytest.approx(0.51, abs=0.01)
    assert np.mean(run.margins[11] < 0.1) > 0.99
    # a positive margin is a right answer
    np.testing.assert_allclose((run.margins > 0).mean(1), run.accuracies, atol=1e-6)


def test_leaks_are_as_the_text_says():
    found = {name: values.mean() for name, values in unit0_figures.leaks().items()}
    assert found["standardize"] == pytest.approx(0.3, abs=0.05)
    assert found["pca"] == pytest.approx(1.9, abs=0.05)
    assert found["own"] == pytest.approx(-26.1, abs=0.5)
    assert found["choose"] == pytest.approx(40.1, abs=0.5)
