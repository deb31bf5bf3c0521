"""A panel for the diagnosis lab: a case's curves, a list of probes, and what the chosen ones found.

What stands behind it comes from outside, as an object that has `title`, `text`, `rows`, `picture`, `offered`
({probe: title}), `asked`, `left`, and `probe(name)`, whose answer has `text`, `rows` and `picture`.
"""

import ipywidgets as ipw

from course_lib.messages import t
from course_lib.viz import lab_figures
from course_lib.viz.sliders import behind, image
from course_lib.viz.voice import SpokenBox, sentence, spoken


def diagnosis_panel(patient):
    """The curves of a case, and probes to choose: two of them, then the panel offers no more.

    patient: as `assessment.lab.lab_case` gives it. Returns a DiagnosisPanel.
    """
    return DiagnosisPanel(patient)


class DiagnosisPanel(SpokenBox):
    """Curves, below them a list of probes with a button, then the readings. Without a kernel: the curves.

    choice: the Dropdown. ask: the Button. status: HTML that says how many probes are left.
    """

    def __init__(self, patient):
        self._patient, self._pages = patient, {}
        options = [(title, name) for name, title in patient.offered.items()]
        self.choice = ipw.Dropdown(options=options, description=t("lab.choose"), layout=_WIDE)
        self.ask = ipw.Button(description=t("lab.ask"))
        self.ask.on_click(lambda _: self._probe())
        self.status, self._readings = sentence(), ipw.VBox()
        curves = _page(patient, lab_figures.SIZE)
        row = ipw.HBox([self.choice, self.ask], layout=ipw.Layout(flex_flow="row wrap"))
        super().__init__([*curves, row, self.status, self._readings])
        self.add_class("course-diagnosis")
        self._show()

    @property
    def picture(self):
        """The curves."""
        return self._patient.picture

    def _probe(self):
        self._patient.probe(self.choice.value)
        self._show()

    def _show(self):
        """The readings so far, also those asked for elsewhere, and what is left."""
        for name in self._patient.asked:
            if name not in self._pages:
                reading = self._patient.probe(name)
                self._pages[name] = ipw.VBox(_page(reading, lab_figures.SMALL))
        self._readings.children = list(self._pages.values())
        done, left = len(self._patient.asked), self._patient.left
        self.status.value = spoken(t("lab.left", done=done, left=left))
        self.choice.disabled = self.ask.disabled = not left

    def _repr_mimebundle_(self, **kwargs):
        still, metadata = self.picture.still()
        return super()._repr_mimebundle_(**kwargs) | still, metadata


_WIDE = ipw.Layout(width="26em", max_width="100%")


def _page(told, size):
    """The picture of a case or of a reading with its sentence, and the table behind it."""
    return [image(told.picture.png, size), sentence(told.text), *behind(told.rows)]
