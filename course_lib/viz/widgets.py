"""What a notebook imports to ask, show and move: sliders, the course's own panels, quizzes, source code."""

from course_lib.viz.code import show_code
from course_lib.viz.panels import race_panel, stability_panel
from course_lib.viz.picture import show
from course_lib.viz.quiz import quiz
from course_lib.viz.sliders import frames, live, range_slider, slider_panel, value_slider

__all__ = [
    "frames",
    "live",
    "quiz",
    "race_panel",
    "range_slider",
    "show",
    "show_code",
    "slider_panel",
    "stability_panel",
    "value_slider",
]
