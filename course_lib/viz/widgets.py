"""What a notebook imports to ask, show and move: sliders, the course's own panels, quizzes, source code."""

from course_lib.viz.code import show_code
from course_lib.viz.panels.adaptive import bias_panel
from course_lib.viz.panels.batches import batch_panel
from course_lib.viz.panels.clipping import clipping_panel
from course_lib.viz.panels.momentum import condition_panel, momentum_panel
from course_lib.viz.panels.racing import race_panel
from course_lib.viz.panels.schedules import schedule_gallery, schedule_panel
from course_lib.viz.panels.second_order import second_order_picture
from course_lib.viz.panels.stability import stability_panel
from course_lib.viz.picture import show
from course_lib.viz.quiz import quiz
from course_lib.viz.sliders import frames, live, range_slider, slider_panel, value_slider

__all__ = [
    "batch_panel",
    "bias_panel",
    "clipping_panel",
    "condition_panel",
    "frames",
    "live",
    "momentum_panel",
    "quiz",
    "race_panel",
    "range_slider",
    "schedule_gallery",
    "schedule_panel",
    "second_order_picture",
    "show",
    "show_code",
    "slider_panel",
    "stability_panel",
    "value_slider",
]
