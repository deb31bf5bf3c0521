"""What panels and pictures have for a screen reader; tests/browser/test_accessible.py tries it in the Lab."""

from base64 import b64encode
from html import unescape

import ipywidgets as ipw
import pytest

from course_lib.viz.picture import Picture
from course_lib.viz.sliders import frames, live, value_slider
from course_lib.viz.voice import Voice
from course_lib.viz.widgets import convolution_panel, quiz, race_panel

PNG = b"\x89PNG\r\n\x1a\n"


def line(figure, lr):
    figure.subplots().plot([0, 1], [0, lr])


def inside(widget):
    """A widget and all that it holds."""
    return [widget, *(deeper for child in getattr(widget, "children", ()) for deeper in inside(child))]


@pytest.mark.parametrize(
    "panel",
    [
        frames(line, "lr", [0.1, 0.2], size=(2, 1)),
        live(line, {"lr": value_slider("lr", [0.1, 0.2])}, size=(2, 1)),
        quiz("q", "Which?", [{"text": "this", "right": True, "why": "So."}]),
    ],
    ids=["frames", "live", "quiz"],
)
def test_every_panel_has_one_voice(panel):
    assert "course-panel" in panel._dom_classes
    assert [widget for widget in inside(panel) if isinstance(widget, Voice)] == [panel.children[-1]]


@pytest.mark.parametrize("build", [race_panel, convolution_panel])
def test_sliders_are_named_and_no_two_alike(build):
    sliders = [it for it in inside(build()) if isinstance(it, ipw.SelectionSlider | ipw.IntSlider)]
    names = [slider.tooltip for slider in sliders]
    assert sliders and all(names) and len({*names}) == len(names)


def test_a_picture_shows_its_text_where_jupyterlab_looks_and_stores_it_once():
    alt = 'loss < $1$ & "falls"'
    shown, metadata = Picture(PNG, alt)._repr_mimebundle_()
    data = b64encode(PNG).decode()
    markdown = shown.pop("text/markdown")
    assert unescape(markdown) == f'<img alt="{alt}" src="data:image/png;base64,{data}">'
    assert "$" not in markdown and "<" not in markdown[1:] and markdown.count('"') == 4
    assert (shown, metadata) == Picture(PNG, alt).still()
    assert metadata == {"image/png": {"alt": alt}}
