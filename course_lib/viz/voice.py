"""What ipywidgets does not tell a screen reader: names and values of sliders, texts of pictures, news."""

from html import escape
from pathlib import Path

import anywidget
import ipywidgets as ipw


class Voice(anywidget.AnyWidget):
    """A part of a panel that shows nothing, and labels what stands beside it, in the browser alone.

    The panel is the box around it with the class `course-panel`. There, at once and after every change:

    - a slider is named by its tooltip or else its description; its value is what is shown, not its place
    - an Image takes the words of what follows it as its alternative text
    - the table in a fold of `sliders.behind` is a group named by its head, and the keyboard can scroll it
    - a button in a box `course-option` is described by the words beside it
    - what changes in `course-answer` is spoken at once, and in `course-told` when the panel has come to rest
    """

    _esm = Path(__file__).with_name("voice.js")


class SpokenBox(ipw.VBox):
    """Widgets below each other, with a Voice that speaks for them."""

    def __init__(self, children):
        super().__init__([*children, Voice()])
        self.add_class("course-panel")


def sentence(text=""):
    """A sentence that a Voice speaks when it changes, below the picture whose alternative text it is.

    Returns an HTML; its value is set by `spoken(text)`.
    """
    return ipw.HTML(spoken(text)).add_class("course-told")


def spoken(text):
    """A sentence as HTML."""
    return f'<div style="line-height: 1.5">{escape(text)}</div>'
