"""The panel of the diagnosis lab: two probes, pictures that change, texts and tables, in both languages."""

import numpy as np
import pytest

from course_lib.assessment import lab
from course_lib.assessment.lab import Patient, lab_case
from course_lib.messages import LANGUAGES, speaking
from course_lib.training.probes import PROBES
from course_lib.viz import lab_figures
from course_lib.viz.widgets import diagnosis_panel


@pytest.fixture(autouse=True)
def _no_patients_yet(monkeypatch, tmp_path):
    monkeypatch.setattr(lab, "_PATIENTS", {})
    monkeypatch.chdir(tmp_path)


def fresh(number):
    """A patient that nobody has probed."""
    return Patient(number, lab._chart(number))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_two_probes_by_button_and_then_the_panel_offers_no_more(lang):
    with speaking(lang):
        panel = diagnosis_panel(fresh(4))
        curves, readout = panel.children[0], panel.children[1]
        assert bytes(curves.value).startswith(b"\x89PNG") and "20" in readout.value
        for count, name in enumerate(("first_loss", "update_ratio"), start=1):
            panel.choice.value = name
            panel.ask.click()
            assert len(panel.children[-2].children) == count
        assert panel.ask.disabled and panel.choice.disabled
        pictures = [bytes(page.children[0].value) for page in panel.children[-2].children]
        assert pictures[0] != pictures[1] and "course-told" in panel.status._dom_classes
        # every reading has its sentence and a table to unfold
        assert all(len(page.children) == 3 for page in panel.children[-2].children)


def test_the_same_probe_twice_costs_nothing():
    panel = diagnosis_panel(fresh(4))
    panel.choice.value = "tiny_set"
    panel.ask.click()
    panel.ask.click()
    assert len(panel.children[-2].children) == 1 and not panel.ask.disabled


def test_a_second_panel_shows_what_was_asked_before():
    patient = lab_case(4)
    patient.probe("tiny_set")
    assert len(diagnosis_panel(patient).children[-2].children) == 1


def test_without_a_kernel_it_shows_the_curves():
    panel = diagnosis_panel(fresh(4))
    data, metadata = panel._repr_mimebundle_()
    assert data["image/png"] and metadata["image/png"]["alt"] == panel.picture.alt


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_looks_different_in_different_patients(probe, lang):
    """The first and the fourth patient differ in every probe but those that find nothing in both."""
    same = {"split_overlap", "norm_statistics"}
    with speaking(lang):
        pictures = [fresh(number).probe(probe).picture for number in (1, 4)]
        assert (pictures[0].png == pictures[1].png) == (probe in same)
        assert all(len(picture.alt) > 20 for picture in pictures)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_curves_of_two_patients_differ_in_picture_sentence_and_table(lang):
    with speaking(lang):
        one, other = fresh(1), fresh(4)
        assert one.picture.png != other.picture.png and one.text != other.text
        assert len(one.rows) == 20 and one.rows != other.rows


@pytest.mark.parametrize("lang", LANGUAGES)
def test_curves_that_end_in_nan_are_drawn_and_told(lang):
    ends = {"train_loss": [9e4, np.nan], "val_loss": [np.nan] * 2}
    curves = {name: np.array(values) for name, values in ends.items()}
    curves |= {"train_accuracy": np.array([0.1, 0.1]), "val_accuracy": np.array([0.1, 0.1])}
    with speaking(lang):
        picture = lab_figures.curves_picture(curves, "x")
        assert "nan" in picture.alt.lower() and picture.png
        assert lab_figures.repeated_picture(curves, curves).png


def test_bars_without_a_number_are_drawn():
    found = {"ratios": np.array([np.nan, 0.0, np.inf])}
    assert "nan" in lab_figures.reading_picture("update_ratio", found).alt
