"""The diagnosis lab: causes can be read from curves and two probes; answers are judged by training again."""

import dataclasses
import inspect

import numpy as np
import pytest

from course_lib.assessment import CheckFailed, check, lab
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.lab import (
    CAUSES,
    DECISIVE,
    LabClosed,
    LabTask,
    Patient,
    drawn,
    lab_case,
    lab_tasks,
)
from course_lib.messages import LANGUAGES, catalogue, speaking
from course_lib.training.faults import train_recipe
from course_lib.training.probes import PROBES
from course_lib.training.treatments import REMEDIES, TREATMENTS, cured, treated

SECRET = 4242  # a class's seed that the tests made up
UNSPOKEN = set(CAUSES) - set(PROBES)  # one probe has the name of a cause


@pytest.fixture(autouse=True)
def _no_patients_yet(monkeypatch, tmp_path):
    monkeypatch.setattr(lab, "_PATIENTS", {})
    monkeypatch.chdir(tmp_path)


# --- reading a case ---------------------------------------------------------------------------------------


def read(patient):
    """The cause, by rules that look at curves and at most two probes."""
    loss, accuracy, held = (patient.curves[n] for n in ("train_loss", "train_accuracy", "val_accuracy"))

    def find(name):
        return patient.probe(name).found

    if accuracy[-1] > 0.85 and held[-1] > 0.85:
        return "leak_between_splits" if find("split_overlap")["shared"] else "no_shuffling"
    if accuracy[-1] > 0.85:
        return "labels_shuffled" if find("label_check")["agreement"] < 0.18 else "overfitting"
    if not np.isfinite(loss).all() or (loss[-1] > 2.15 and np.ptp(patient.curves["val_loss"]) < 0.4):
        return _broken(find)
    steps = find("step_loss")
    if steps["epoch_end"] > 4 * steps["losses"].mean():
        return "norm_statistics_frozen"
    if steps["losses"].std() > 0.5:
        return "no_shuffling"
    one, two = find("eval_twice")["loss"]
    return "underfitting" if one == two else "eval_mode_forgotten"


def _broken(find):
    """A net that learns nothing: by the signal's size, then by what it leaves open."""
    std = find("activation_std")["std"]
    if std[-1] > 20 * std[0]:
        return "exploding_gradient"
    if std[-1] < 0.3 * std[0]:
        return "dead_units" if find("dead_units")["start"].mean() > 0.6 else "bad_initialization"
    return "rate_too_high" if find("update_ratio")["ratios"][0] > 0.1 else "rate_too_low"


LATER = [pytest.param(n, marks=pytest.mark.slow) for n in range(13, 61)]


@pytest.mark.parametrize("number", [*range(1, 13), *LATER])
def test_every_cause_is_read_from_the_curves_and_two_probes(number):
    assert read(lab_case(number)) == drawn(number)[0].name


def test_a_dozen_cases_have_every_cause_once_in_no_order():
    dozens = [[drawn(12 * k + i)[0].name for i in range(1, 13)] for k in range(3)]
    assert all(set(dozen) == set(CAUSES) for dozen in dozens)
    assert dozens[0] != dozens[1] != dozens[2] != list(CAUSES)


def test_a_fault_varies_in_strength():
    rates = {drawn(n)[0].recipe.lr for n in range(1, 97) if drawn(n)[0].name == "rate_too_low"}
    assert len(rates) == 8 and max(rates) > 2 * min(rates)


def test_the_curves_length_tells_nothing():
    assert {drawn(n)[0].recipe.epochs for n in range(1, 97)} == {20}


# --- a patient --------------------------------------------------------------------------------------------


def test_two_probes_and_no_third():
    patient = lab_case(4)
    first = patient.probe("first_loss")
    patient.probe("tiny_set")
    assert patient.probe("first_loss").text == first.text and patient.left == 0
    with pytest.raises(LabClosed, match=r"first_loss, tiny_set"):
        patient.probe("dead_units")
    assert lab_case(4) is patient


@pytest.mark.parametrize("number", [0, 100, 1.5, "1", True])
def test_no_such_case(number):
    with pytest.raises(LabClosed):
        lab_case(number)


def test_no_such_probe():
    with pytest.raises(KeyError, match=r"'mri'.*dead_units"):
        lab_case(4).probe("mri")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_that_a_patient_shows_names_its_cause(lang):
    patient = lab_case(4)
    fault = drawn(4)[0]
    with speaking(lang):
        shown = [repr(patient), patient.title, patient.text, str(patient.rows), *vars(patient)]
        shown += [str(v) for v in vars(patient).values() if not isinstance(v, dict)]
        for number in (0, 1):
            shown.append(repr(patient.probe(("activation_std", "update_ratio")[number])))
        with pytest.raises(LabClosed) as closed:
            patient.probe("first_loss")
        shown.append(str(closed.value))
        assert not any(fault.name in text or fault.text("title") in text for text in shown)
    assert not any(cause in key for key in patient._chart for cause in UNSPOKEN)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("probe", PROBES)
def test_a_reading_has_a_picture_a_sentence_and_a_table(probe, lang):
    texts = []
    for number in (4, 5):
        with speaking(lang):
            reading = Patient(number, lab._chart(number)).probe(probe)
            texts.append(reading.text)
            picture = reading._repr_mimebundle_()[0]
            assert picture["image/png"] and picture["text/plain"] in reading.text
            assert reading.rows or probe == "norm_statistics"
    assert not any("{" in text for text in texts)


# --- answers ----------------------------------------------------------------------------------------------


def outcome(number, cause, fix, seed=None):
    return LabTask(f"diagnosis_{number}", number, seed).judge({"cause": cause, "fix": fix})


def case_of(cause, seed=None):
    return next(n for n in range(1, 13) if drawn(n, seed)[0].name == cause)


@pytest.mark.parametrize("seed", [None, pytest.param(SECRET, marks=pytest.mark.slow)])
@pytest.mark.parametrize("cause", CAUSES)
def test_the_right_answer_is_right(cause, seed):
    found = outcome(case_of(cause, seed), cause, REMEDIES[cause], seed)
    assert found.right and found.kind == "right" and found.asks == "diagnosis"


OTHERS = {  # what helps as well
    "rate_too_high": {"clip_norm": 0.02},
    "rate_too_low": {"lr_times": 500},
    "dead_units": {"batch_norm": True},
    "eval_mode_forgotten": {"dropout": 0.0},
    "overfitting": {"weight_decay": 0.05},
    "underfitting": {"hidden_units": 24},
    "bad_initialization": {"batch_norm": True},
    "exploding_gradient": {"initialization": "lecun_normal"},
}


def test_to_stop_when_the_validation_loss_is_lowest_passes():
    number = case_of("overfitting")
    epochs = int(lab_case(number).curves["val_loss"].argmin()) + 1
    assert outcome(number, "overfitting", {"epochs": epochs}).right


@pytest.mark.parametrize("cause", OTHERS)
def test_another_sound_fix_passes(cause):
    assert outcome(case_of(cause), cause, OTHERS[cause]).right


STRIDES = [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 12))]


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("cause", CAUSES)
def test_a_fix_for_another_cause_fails(cause, stride):
    """Every cause meets the remedies of all others (two have the same one)."""
    other = CAUSES[(CAUSES.index(cause) + stride) % len(CAUSES)]
    number = case_of(cause)
    fault, training = drawn(number)
    if REMEDIES[other] != REMEDIES[cause]:
        after = train_recipe(treated(fault.recipe, REMEDIES[other]), training)
        assert not all(cured(cause, lab._before(number, None), after).values())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_wrong_cause_is_told_apart_and_the_cause_revealed(lang):
    number = case_of("rate_too_low")
    with speaking(lang):
        found = outcome(number, "dead_units", {"bias_start": 0.0})
        fault = drawn(number)[0]
        assert not found.right and not found.passed[0] and found.mistake == "dead_units"
        for key in ("lab.sign.dead_units", "lab.sign.rate_too_low"):
            assert catalogue()[key][lang] in found.diagnosis
        for part in ("title", "signs", "remedy"):
            assert fault.text(part) in found.diagnosis
        picture = found.picture()
        assert picture.png.startswith(b"\x89PNG") and len(picture.alt) > 40


def test_cause_and_fix_are_judged_apart():
    number = case_of("rate_too_low")
    named, mended = (
        outcome(number, "rate_too_low", {"shuffle": True}),
        outcome(number, "dead_units", {"lr_times": 2000}),
    )
    assert named.passed[0] and not all(named.passed[1:]) and not named.right
    assert not mended.passed[0] and all(mended.passed[1:]) and not mended.right


REFUSED = [
    (None, "lab.no_answer"),
    ({"cause": ..., "fix": ...}, "lab.no_answer"),
    ("dead_units", "lab.want_answer"),
    ({"cause": "dead_units"}, "lab.want_answer"),
    ({"cause": "dead_units", "fix": {}, 3: 4}, "lab.want_answer"),
    ({"cause": "tired", "fix": {"shuffle": True}}, "lab.no_cause"),
    ({"cause": [1], "fix": {"shuffle": True}}, "lab.no_cause"),
    ({"cause": "dead_units", "fix": {}}, "lab.one_setting"),
    ({"cause": "dead_units", "fix": {"shuffle": True, "epochs": 3}}, "lab.one_setting"),
    ({"cause": "dead_units", "fix": {"sleep": 8}}, "task.unknown_setting"),
    ({"cause": "dead_units", "fix": {3: 8}}, "task.unknown_setting"),
    ({"cause": "dead_units", "fix": {"shuffle": 1}}, "task.setting_option"),
    ({"cause": "dead_units", "fix": {"epochs": 1000}}, "task.setting_range"),
    ({"cause": "dead_units", "fix": {"epochs": 2.5}}, "task.setting_whole"),
    ({"cause": "dead_units", "fix": {"lr_times": True}}, "task.setting_number"),
    ({"cause": "dead_units", "fix": {"lr_times": float("nan")}}, "task.setting_range"),
]


@pytest.mark.parametrize(("given", "key"), REFUSED, ids=[f"{i}" for i in range(len(REFUSED))])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_no_answer_is_refused_and_reveals_nothing(given, key, lang, monkeypatch):
    monkeypatch.setattr(lab, "train_recipe", lambda *_: pytest.fail("it was trained"))
    with speaking(lang):
        found = diagnose("diagnosis_4", given)
        assert (found.kind, found.mistake, found.passed) == ("refused", key, (False,))
        assert drawn(4)[0].text("title") not in found.diagnosis


def test_check_shows_before_and_after():
    number = case_of("underfitting")
    verdict = check(f"diagnosis_{number}", {"cause": "underfitting", "fix": {"hidden_units": 64}})
    assert "data:image/png;base64" in verdict._repr_html_()
    with pytest.raises(CheckFailed):
        check(f"diagnosis_{number}", {"cause": "overfitting", "fix": {"hidden_units": 64}})


def test_every_cause_and_probe_has_its_texts():
    keys = catalogue()
    for cause in CAUSES:
        assert f"lab.sign.{cause}" in keys and len(DECISIVE[cause]) == 2
        assert set(DECISIVE[cause]) <= set(PROBES)
    for name in PROBES:
        assert {f"lab.probe.{name}", f"lab.told.{name}"} <= set(keys)
    assert set(REMEDIES) == set(CAUSES) and {k for fix in REMEDIES.values() for k in fix} <= set(TREATMENTS)
    assert set(lab_tasks()) == {f"diagnosis_{n}" for n in range(1, 100)}


# --- a class's own cases ----------------------------------------------------------------------------------


@pytest.fixture
def class_file(tmp_path):
    lab.write_cases(tmp_path / lab.FILE, SECRET, 3)
    return tmp_path / lab.FILE


def test_a_class_reads_its_own_cases_from_the_file(class_file):
    patient = lab_case(2)
    assert patient.of_class and read(patient) == drawn(2, SECRET)[0].name
    np.testing.assert_array_equal(patient.curves["val_loss"], lab._chart(2, SECRET)["curves/val_loss"])
    assert not np.array_equal(patient.curves["val_loss"], lab._chart(2)["curves/val_loss"])
    with pytest.raises(LabClosed, match="3"):
        lab_case(4)


def test_the_file_holds_no_cause_and_no_seed(class_file):
    with np.load(class_file, allow_pickle=False) as file:
        parts, mark = {part for key in file.files for part in key.split("/")}, str(file["mark"])
    recipe = {field.name for field in dataclasses.fields(drawn(1)[0].recipe)}
    assert not parts & (UNSPOKEN | recipe) and str(SECRET) not in mark


def test_a_file_fits_only_the_seed_it_was_made_from(class_file):
    assert lab.made_from(class_file, SECRET) and not lab.made_from(class_file, SECRET + 1)


@pytest.mark.parametrize("content", [b"", b"no file of ours", b"PK\x03\x04 broken"])
def test_a_damaged_file_is_named(content, tmp_path):
    (tmp_path / lab.FILE).write_bytes(content)
    with pytest.raises(LabClosed, match="diagnosis_cases"):
        lab_case(1)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_beside_the_file_check_looks_at_the_form_alone(class_file, lang, monkeypatch):
    monkeypatch.setattr(lab, "train_recipe", lambda *_: pytest.fail("it was trained"))
    with speaking(lang):
        verdict = check("diagnosis_1", {"cause": "dead_units", "fix": {"shuffle": True}})
        assert verdict.outcome.asks == "received"
        with pytest.raises(CheckFailed):
            check("diagnosis_1", {"cause": "dead_units", "fix": {}})
    # a grader asks the task itself, which never looks for the file
    assert not inspect.getsource(LabTask.judge).count("FILE")


def test_a_class_task_does_not_reveal_its_cause():
    fault = drawn(1, SECRET)[0]
    other = next(cause for cause in CAUSES if cause != fault.name)
    for lang in LANGUAGES:
        with speaking(lang):
            text = outcome(1, other, {"shuffle": True}, SECRET).diagnosis
            assert fault.text("title") not in text and fault.text("remedy") not in text
