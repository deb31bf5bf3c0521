"""Sliders that feel instant. View only: what a slider shows is computed by the pure functions handed in.

`frames` (one parameter) draws every picture ahead and switches them in the browser, without the kernel;
`live` (several) draws on demand, over a kept background. Both show a PNG where no kernel runs.

What they are given:

- draw(figure, **values), or together with background(figure, **some values) as in `canvas.Canvas`
- describe(**values) → one sentence: the picture's text alternative, and what a screen reader says of a change
- numbers(**values) → rows of the table behind the picture, each a dict {column: text or number}
"""

from contextlib import contextmanager
from html import escape

import ipywidgets as ipw

from course_lib.messages import catalogue, t
from course_lib.viz.canvas import Canvas
from course_lib.viz.picture import Picture
from course_lib.viz.theme import DPI
from course_lib.viz.voice import SpokenBox, sentence, spoken

SIZE = (8.4, 3.9)  # inches at 100 dots: fits beside a sidebar, and shrinks on a phone


def frames(
    draw, name, values, *, start=None, title=None, describe=None, numbers=None, background=None, size=SIZE
):
    """A slider over one parameter whose pictures are all drawn now and switched in the browser.

    name: the keyword that draw, describe and numbers take. values: what the slider offers, in its order.
    start: the value shown first, the nearest one (the first if None). title: the slider's label.
    The rest as at the top of this file. Returns a FramesPanel. Raises ValueError without values; what
    draw, describe or numbers raises comes through.
    """
    slider = value_slider(name, values, start=start, title=title)
    canvas = Canvas(draw, background=background, size=size)
    pictures = [
        Picture(canvas.png({name: value}, colours=256), (describe or say)(**{name: value}))
        for value in values
    ]
    rows = [row for value in values for row in numbers(**{name: value})] if numbers else []
    return FramesPanel(slider, pictures, rows, size)


def live(
    draw,
    controls,
    *,
    read=dict,
    adjust=None,
    shown=None,
    describe=None,
    numbers=None,
    background=None,
    size=SIZE,
):
    """A picture that follows several controls, drawn by the kernel at every change.

    controls: {name: widget with a value}. read({name: value}) → the keyword arguments for draw and the other
    functions (the values themselves, if not given). adjust(name): called first when the control `name` has
    changed; it may set others, and one picture follows. shown: the widgets as they are to stand above the
    picture (all controls in a row that wraps, if None). The rest as at the top of this file.
    Returns a LivePanel. What a callback raises is shown in the panel, and raised.
    """
    canvas = Canvas(draw, background=background, size=size)
    shown = [columns(controls.values())] if shown is None else shown
    return LivePanel(controls, canvas, read, adjust, shown, describe or say, numbers, size)


def value_slider(name, values, *, start=None, title=None):
    """A slider over any list of numbers that shows the real number; arrow keys move it.

    Its `value` is the number. Raises ValueError without values.
    """
    if not len(values):
        raise ValueError(t("viz.no_values", name=name))
    index = 0 if start is None else nearest(values, start)
    return ipw.SelectionSlider(
        options=list(zip(labels(values), values, strict=True)),
        index=index,
        description=title or parameter_title(name),
        tooltip=title or parameter_title(name),  # its name for screen readers
        style={"description_width": "initial"},
        layout=ipw.Layout(width="auto"),
    )


def dropdown(title, options, value) -> ipw.Dropdown:
    """A list to choose from, as wide as its column. options: as ipywidgets takes them."""
    fitting = {"style": {"description_width": "initial"}, "layout": ipw.Layout(width="auto")}
    return ipw.Dropdown(options=options, value=value, description=title, **fitting)


def nearest(values, wanted):
    """The index of the value nearest to `wanted`."""
    return min(range(len(values)), key=lambda i: abs(values[i] - wanted))


def labels(values):
    """The numbers as short texts that all differ: three digits, or more where three are not enough."""
    for digits in range(3, 17):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def parameter_title(name):
    """What a hyperparameter is called in the current language, with its name in code: "learning rate lr"."""
    key = f"viz.parameter.{name}"
    return f"{t(key)} {name}" if key in catalogue() else name


def say(**values):
    """The values in one line, for screen readers: "learning rate lr = 0.1"."""
    short = {name: f"{v:.3g}" if isinstance(v, float) else v for name, v in values.items()}
    return ", ".join(f"{parameter_title(name)} = {value}" for name, value in short.items())


class _Panel(SpokenBox):
    """What both panels share: a picture for where no kernel runs, and a table behind the picture."""

    @property
    def picture(self) -> Picture:
        """What the panel shows at its present values."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        still, metadata = self.picture.still()
        return super()._repr_mimebundle_(**kwargs) | still, metadata


# The page of a Tab is no place to scroll, or the keyboard would stop there.
_NO_BAR = """<style>
.course-frames .widget-tab > .lm-TabBar, .course-frames .widget-tab > .p-TabBar { display: none }
.course-frames .widget-tab > .widget-tab-contents { border: none; padding: 0; overflow: visible }
.course-frames .widget-tab .widget-box { overflow: visible }
.course-frames > .widget-slider { height: auto }
.course-frames > .widget-slider > .widget-label {
  max-width: 50%; height: auto; white-space: normal; line-height: 1.3; text-align: left
}
</style>"""


class FramesPanel(_Panel):
    """Pictures drawn ahead, of which the browser itself shows the one that the slider names.

    The link lives in the browser alone, so the kernel's `slider.index` follows, and `picture` with it.
    The pictures are the pages of a Tab whose bar is hidden: it keeps them all in the document, while a
    Stack makes the one it shows anew each time, which takes twice as long.

    slider, pictures: one picture per value. rows: of the table, for all values.
    """

    def __init__(self, slider, pictures, rows, size):
        self.slider, self.pictures, self.rows = slider, pictures, rows
        pages = [ipw.VBox([image(p.png, size), sentence(p.alt)]) for p in pictures]
        shown = ipw.Tab(pages, selected_index=slider.index)
        ipw.jslink((slider, "index"), (shown, "selected_index"))
        super().__init__([slider, ipw.HTML(_NO_BAR), shown, *behind(rows)])
        self.add_class("course-frames")

    @property
    def picture(self):
        return self.pictures[self.slider.index]


class LivePanel(_Panel):
    """A picture that the kernel draws at every change of a control.

    error: the exception that the last change raised, None if it went well.
    """

    def __init__(self, controls, canvas, read, adjust, shown, describe, numbers, size):
        self.controls, self.error = dict(controls), None
        self._canvas, self._read, self._adjust = canvas, read, adjust
        self._describe, self._numbers = describe, numbers
        self._busy = False
        self._image = image(b"", size)
        self._readout, self._alarm, self._table = sentence(), ipw.HTML(), ipw.HTML()
        fold = behind(self._table) if numbers else []
        super().__init__([*shown, self._alarm, self._image, self._readout, *fold])
        self.add_class("course-live")
        self._draw()
        for name, control in self.controls.items():
            control.observe(lambda change, name=name: self._changed(name), "value")

    @property
    def values(self) -> dict:
        """The keyword arguments that draw gets now."""
        return dict(self._read({name: control.value for name, control in self.controls.items()}))

    @property
    def rows(self) -> list[dict]:
        """The table behind the picture at the present values; empty where there is none."""
        return self._numbers(**self.values) if self._numbers else []

    @property
    def picture(self):
        return Picture(bytes(self._image.value), self._alt)

    def _changed(self, name):
        if self._busy:
            return
        with self._alarming():
            if self._adjust:
                self._adjust(name)
            self._draw()

    def _draw(self):
        values = self.values
        self._image.value = self._canvas.png(values)
        self._alt = self._describe(**values)
        self._readout.value = spoken(self._alt)
        self._table.value = table(self.rows)

    @contextmanager
    def _alarming(self):
        """Show the learner what goes wrong, and let it go on to whoever called."""
        self._busy, self.error, self._alarm.value = True, None, ""
        try:
            yield
        except Exception as error:
            self.error = error
            text = t("viz.failed", error=f"{type(error).__name__}: {error}")
            self._alarm.value = f'<div role="alert" style="{_ALARM}">{escape(text)}</div>'
            raise
        finally:
            self._busy = False


_ALARM = "border-left: 4px solid #D55E00; padding: 4px 10px; line-height: 1.5"
_CELL = "padding: 2px 10px; text-align: right"


def table(rows):
    """Rows, each a dict {column: text or number}, as an HTML table; numbers with four digits."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(str(column))}</th>' for column in rows[0])
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(_shown(v))}</td>' for v in row.values()) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


# The browser's own fold: the keyboard opens it, as it does not open an Accordion of ipywidgets. The table
# stands beside it, so that a new table leaves it open.
_FOLD = """<style>
.course-fold summary { cursor: pointer; padding: 6px 10px; background: rgba(127, 127, 127, .12) }
.course-fold:not(:has(details[open])) > .widget-box { display: none }
</style>"""


def behind(rows):
    """The table as a fold that opens on demand; nothing without rows. rows: dicts, or a widget."""
    if not rows:
        return []
    inside = rows if isinstance(rows, ipw.Widget) else ipw.HTML(table(rows))
    head = ipw.HTML(f"{_FOLD}<details><summary>{escape(t('viz.numbers'))}</summary></details>")
    scrolling = ipw.Box([inside], layout=ipw.Layout(max_height="320px", overflow="auto"))
    fold = ipw.VBox([head, scrolling])
    fold.add_class("course-fold")
    return [fold]


def image(png, size):
    """PNG bytes as an Image as wide as the page allows; size: inches at 100 dots."""
    # No tooltip: ipywidgets 8.1 fails to show an Image that has one.
    # width and height keep the picture's place on the page while the browser decodes the next one
    width, height = (str(round(inches * DPI)) for inches in size)
    # no margin at the sides, which would come on top of the 100% and make the panel scroll
    shape = ipw.Layout(width="100%", max_width=f"{width}px", height="auto", margin="2px 0")
    return ipw.Image(value=png, width=width, height=height, layout=shape)


def columns(widgets, *, least="280px"):
    """Widgets beside each other where there is room, below each other on a phone."""
    across = ipw.Layout(
        grid_template_columns=f"repeat(auto-fit, minmax(min({least}, 100%), 1fr))", width="100%"
    )
    return ipw.GridBox(list(widgets), layout=across)
