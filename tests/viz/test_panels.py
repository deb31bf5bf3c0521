"""What the course's panels compute, without widgets, and that their controls change what is seen."""

import numpy as np
import pytest

from course_lib.messages import LANGUAGES, speaking
from course_lib.viz.panels import racing, stability

RATES = {"gd": 0.05, "momentum": 0.01, "nesterov": 0.01, "adam": 0.2}


@pytest.mark.parametrize(
    ("lr", "verdict"),
    [
        (0.05, "smooth"),
        (0.1, "smooth"),
        (0.15, "zigzag"),
        (0.2, "edge"),
        (0.21, "diverges"),
        (3.0, "diverges"),
    ],
)
def test_the_verdict_is_told_from_the_path(lr, verdict):
    path, told = stability.descent(lr, curvature=10.0)
    assert told == verdict
    across = np.abs(path.points[:, 1])
    assert (told == "diverges") == (path.diverged is not None or across[-1] > across[0])


@pytest.mark.parametrize("curvature", [1.0, 3.0, 10.0, 77.0])
def test_the_verdict_changes_at_two_over_the_largest_curvature(curvature):
    panel = stability.stability_panel(curvature=curvature, steps=5)
    values = np.array([value for _, value in panel.slider.options])
    told = [stability.descent(lr, curvature=curvature)[1] for lr in values]
    edge = told.index("edge")
    assert values[edge] * curvature == pytest.approx(2)
    assert set(told[edge + 1 :]) == {"diverges"}
    assert set(told[:edge]) == {"smooth", "zigzag"}


def test_every_frame_of_the_stability_panel_differs():
    panel = stability.stability_panel()
    assert len({p.png for p in panel.pictures}) == len(panel.pictures) == 25


def test_race_runs_everyone_from_the_same_start():
    runs = racing.race("beale", RATES, start=(1.0, 1.0), steps=12)
    assert list(runs) == list(RATES)
    for run in runs.values():
        assert run.points.shape == (13, 2)
        np.testing.assert_array_equal(run.points[0], [1.0, 1.0])


def test_race_equals_a_plain_loop_of_gradient_descent():
    p, problem = np.array([1.0, 1.5]), racing._surface("beale")
    for _ in range(10):
        p = p - 0.01 * problem.grad(p)
    np.testing.assert_allclose(racing.race("beale", {"gd": 0.01}, steps=10)["gd"].points[-1], p, rtol=1e-12)


def test_noise_is_the_same_for_everyone_and_for_every_call():
    twins = [racing.race("quadratic", {"gd": 0.1}, noise=1.0, seed=s)["gd"].points for s in (0, 0, 1)]
    np.testing.assert_array_equal(twins[0], twins[1])
    assert not np.array_equal(twins[0], twins[2])
    exact = racing.race("quadratic", {"gd": 0.1, "momentum": 0.1}, steps=1)
    noisy = racing.race("quadratic", {"gd": 0.1, "momentum": 0.1}, steps=1, noise=1.0)
    pushed = {name: noisy[name].points[1] - exact[name].points[1] for name in exact}
    np.testing.assert_allclose(pushed["gd"], pushed["momentum"])
    assert np.abs(pushed["gd"]).max() > 0


def test_the_first_step_against_a_surface_that_diverges_is_named():
    runs = racing.race("rosenbrock", {"gd": 1.0}, steps=50)
    assert runs["gd"].diverged is not None
    values = racing.race_panel(problem="rosenbrock", optimizers=("gd",)).values | {"rates": {"gd": 1.0}}
    assert racing.describe_race(**values) == "Diverged: Gradient descent."
    assert racing.race_numbers(**values)[0]["end point"] == "–"


@pytest.mark.parametrize("problem", racing.surfaces())
def test_default_rates_stay_in_the_window_and_make_progress(problem):
    surface = racing._surface(problem)
    low, high = np.transpose(surface.window)
    for name in racing.racers():
        path = racing.race(problem, {name: racing.default_rate(problem, name)})[name]
        assert np.all((path.points >= low) & (path.points <= high)), name
        assert path.values[-1] < path.values[0], name


def test_surfaces_and_racers_come_from_the_registry():
    assert {"quadratic", "rosenbrock", "beale", "himmelblau", "saddle", "rastrigin"} <= set(racing.surfaces())
    assert not {"noisy_quadratic", "logistic_regression"} & set(racing.surfaces())
    assert {"gd", "momentum", "nesterov", "adam", "lion"} <= set(racing.racers())
    assert not {"sgd", "muon"} & set(racing.racers())


@pytest.fixture(scope="module")
def panel():
    with speaking("en"):
        return racing.race_panel(problem="quadratic")


@pytest.mark.parametrize("control", ["start_x", "start_y", "noise", "steps", "lr_adam"])
def test_every_slider_of_the_race_changes_the_picture_at_both_ends(panel, control):
    slider = panel.controls[control]
    home, pictures = slider.index, []
    for index in (0, len(slider.options) - 1):
        slider.index = index
        pictures.append(panel.picture.png)
    slider.index = home
    assert len({*pictures, panel.picture.png}) >= 2
    assert pictures[0] != pictures[1]


def test_optimizers_can_be_taken_out_of_the_race_and_put_in(panel):
    before = panel.picture.png
    panel.controls["on_lion"].value = True
    assert panel.picture.png != before
    assert "Lion" in panel.children[-2].children[1].children[0].value
    panel.controls["on_lion"].value = False
    assert panel.picture.png == before


def test_nobody_in_the_race_is_a_picture_too():
    panel = racing.race_panel(optimizers=())
    assert panel.picture.alt == "Choose at least one optimizer."
    assert panel.picture.png != racing.race_panel(optimizers=("gd",)).picture.png


def test_another_surface_brings_its_own_start_and_rates():
    panel = racing.race_panel(problem="quadratic")
    panel.controls["problem"].value = "himmelblau"
    start = panel.controls["start_x"].value, panel.controls["start_y"].value
    assert start == tuple(racing._surface("himmelblau").start)
    assert panel.controls["lr_adam"].value == racing.default_rate("himmelblau", "adam")
    assert panel.picture.png == racing.race_panel(problem="himmelblau").picture.png


def test_both_languages_draw_their_own_words():
    alts = []
    for lang in LANGUAGES:
        with speaking(lang):
            alts.append(stability.stability_panel(steps=3).picture.alt)
    assert "학습률" in alts[0] and "Learning rate" in alts[1]
