"""What is drawn from arrays: contours of every surface, paths that leave, curves with gaps."""

import numpy as np
import pytest

from course_lib.viz import figures, theme
from course_lib.viz.canvas import Canvas
from course_lib.viz.panels.racing import _surface, draw_race, race_background, race_panel, surfaces


@pytest.fixture
def axes():
    return theme.new_figure().subplots()


@pytest.mark.parametrize("name", surfaces())
def test_every_surface_has_bands_over_its_whole_window_and_its_minima(axes, name):
    problem = _surface(name)
    filled, _, stars = figures.surface(axes, problem)
    assert len(filled.levels) >= 8
    assert (np.diff(filled.levels) > 0).all()
    np.testing.assert_array_equal(np.transpose(stars.get_data()), problem.minima)
    (x0, x1), (y0, y1) = problem.window
    corners = problem.f(np.array([[x0, y0], [x0, y1], [x1, y0], [x1, y1]]))
    assert filled.levels[0] <= corners.min() and corners.max() <= filled.levels[-1]


def test_a_path_that_leaves_gets_a_door_on_the_border_where_it_leaves(axes):
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    *_, door = figures.path(axes, np.array([[0.0, 0.0], [0.5, 0.0], [2.5, 0.5]]), 0)
    np.testing.assert_allclose(np.ravel(door.get_data()), [1.0, 0.125])


def test_a_path_that_stays_has_no_door(axes):
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    halo, line = figures.path(axes, np.array([[0.0, 0.0], [3.0, 0.0], [0.5, 0.5]]), 0)
    np.testing.assert_array_equal(line.get_xdata(), halo.get_xdata())


def test_a_path_that_ends_in_nan_has_its_door_at_the_last_point_inside(axes):
    axes.set(xlim=(-1, 1), ylim=(-1, 1))
    *_, door = figures.path(axes, np.array([[0.0, 0.0], [0.5, 0.2], [np.nan, np.nan]]), 0)
    np.testing.assert_allclose(np.ravel(door.get_data()), [0.5, 0.2])


@pytest.mark.parametrize(
    ("curve", "scale"),
    [([1.0, 1e-3], "log"), ([1.0, 0.5], "linear"), ([1.0, -1e-3], "linear"), ([1.0, np.nan, 1e4], "log")],
)
def test_losses_take_the_log_scale_where_decades_lie_between(axes, curve, scale):
    figures.losses(axes, {"a": curve})
    assert axes.get_yscale() == scale
    low, high = axes.get_ylim()
    assert low < np.nanmin(curve) and np.nanmax(curve) < high


def test_losses_refuse_curves_without_a_number(axes):
    with pytest.raises(ValueError, match="at least one curve"):
        figures.losses(axes, {"a": [np.nan]})


def test_a_loss_of_zero_leaves_through_the_bottom_of_a_log_axis(axes):
    figures.loss_axes(axes, steps=2, low=1e-3, high=10)
    (line,) = figures.loss(axes, np.array([1.0, 0.0, np.nan]), 0)
    y = line.get_ydata()
    assert 0 < y[1] < 1e-3 and np.isnan(y[2])


def test_what_a_canvas_lays_over_its_background_equals_a_full_drawing():
    values = race_panel(problem="himmelblau", optimizers=("gd", "adam", "lion")).values

    def whole(figure, **values):
        race_background(figure, values["problem"], values["running"])
        draw_race(figure, **values)

    over = Canvas(draw_race, background=race_background).png(values)
    assert over == Canvas(whole).png(values)


def test_a_canvas_draws_its_background_again_only_for_the_values_that_it_names():
    calls = []

    def background(figure, a):
        calls.append(a)
        figure.subplots().set(xlim=(0, 1), ylim=(0, 1))

    def draw(figure, a, b):
        return figure.axes[0].plot([0, 1], [a, b])

    canvas = Canvas(draw, background=background, size=(2, 2))
    pictures = [canvas.png({"a": a, "b": b}) for a, b in [(0, 0), (0, 1), (1, 1), (0, 0)]]
    assert calls == [0, 1, 0]
    assert pictures[0] == pictures[3]
    assert len(set(pictures)) == 3


def test_a_canvas_recovers_from_a_background_that_failed():
    def background(figure, a):
        figure.subplots().set(xlim=(0, 1), ylim=(0, 1))
        if a > 1:
            raise ZeroDivisionError

    canvas = Canvas(lambda figure, a: figure.axes[0].plot([0, 1], [0, a]), background=background, size=(2, 2))
    good = canvas.png({"a": 1})
    with pytest.raises(ZeroDivisionError):
        canvas.png({"a": 2})
    assert canvas.png({"a": 1}) == good
