"""Choices and repairs: what passes, what is named, and that an answer is only ever looked at as data."""

import pytest

from course_lib.assessment import CheckFailed, check, choices, repairs
from course_lib.assessment.choices import ChoiceTask, choice_task
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.repairs import Repair, RepairTask, repair_task
from course_lib.assessment.units import answer_tasks
from course_lib.messages import catalogue, speaking

answer_tasks()  # loads the units, before their tables are replaced below
TEXTS = {
    "choice.a_choice.wrong": {"ko": "왜 틀렸는지", "en": "why it is wrong"},
    "repair.a_repair.learns": {"ko": "배웁니다", "en": "it learns"},
    "repair.a_repair.small": {"ko": "작습니다", "en": "it is small"},
    "repair.a_repair.too_large": {"ko": "너무 큽니다", "en": "the rate is too large"},
}
GOOD = {"lr": 0.1, "epochs": 3, "initialization": "he"}


def of(kind):
    """All tasks of a kind."""
    return [task for task in answer_tasks().values() if isinstance(task, kind)]


@pytest.fixture(autouse=True)
def _made_up_tasks(monkeypatch):
    """A choice and a repair of this test's own; the real ones come back afterwards."""
    monkeypatch.setattr(choices, "_TASKS", {})
    monkeypatch.setattr(repairs, "_TASKS", {})
    for key, text in TEXTS.items():
        monkeypatch.setitem(catalogue(), key, text)

    @choice_task
    def a_choice():
        return "right", ["wrong"]

    @repair_task(lr=(1e-3, 10.0), epochs=(1, 5), initialization=("zeros", "he"))
    def a_repair(settings):
        learns, small = settings["initialization"] == "he", settings["lr"] < 1
        return Repair({"learns": learns, "small": small}, "" if small else "too_large")


def _index(value):
    """A test's name for an answer: never the answer's own words."""
    return value if type(value) is str and value.startswith("task.") else "answer"


class Loud(str):
    """A str, a dict key, …, that shouts when anything of its own runs."""

    def _shout(self, *args):
        raise AssertionError("code of the answer ran")

    strip = lower = __eq__ = __hash__ = __repr__ = __format__ = __str__ = __len__ = __getitem__ = _shout


class LoudDict(dict):
    def _shout(self, *args):
        raise AssertionError("code of the answer ran")

    keys = items = __iter__ = __contains__ = __getitem__ = __repr__ = __len__ = _shout


class LoudFloat(float):
    def _shout(self, *args):
        raise AssertionError("code of the answer ran")

    __le__ = __ge__ = __lt__ = __gt__ = __repr__ = __format__ = __float__ = __abs__ = _shout


@pytest.mark.parametrize("answer", ["right", " Right\n"])
def test_the_right_option_passes(answer):
    assert check("a_choice", answer).outcome.right


def test_a_wrong_option_is_told_why():
    with speaking("en"):
        outcome = diagnose("a_choice", "wrong")
    assert (outcome.kind, outcome.mistake, outcome.diagnosis) == ("mutant", "wrong", "why it is wrong")


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (..., "task.no_choice"),
        (None, "task.no_choice"),
        (3, "task.want_choice"),
        (["right"], "task.want_choice"),
        (Loud("right"), "task.want_choice"),
        ("lef`t", "task.unknown_choice"),
        ("x" * 10_000, "task.unknown_choice"),
    ],
    ids=_index,
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_is_no_option_is_refused_and_the_options_are_listed(answer, key, lang):
    with speaking(lang):
        outcome = diagnose("a_choice", answer)
        assert (outcome.kind, outcome.mistake) == ("refused", key)
        assert '`"right"`, `"wrong"`' in outcome.diagnosis and len(outcome.diagnosis) < 300
        with pytest.raises(CheckFailed):
            check("a_choice", answer)


def test_good_settings_pass_and_headlines_count_tests():
    with speaking("en"):
        verdict = check("a_repair", GOOD)
        assert "All tests pass (2)" in repr(verdict) and "it learns" in verdict._repr_html_()
        with pytest.raises(CheckFailed, match="1 of 2"):
            check("a_repair", GOOD | {"initialization": "zeros"})


def test_a_repair_names_its_mistake_or_points_at_the_tests():
    with speaking("en"):
        known, unknown = (
            diagnose("a_repair", GOOD | change) for change in ({"lr": 2}, {"initialization": "zeros"})
        )
    assert (known.kind, known.diagnosis) == ("mutant", "the rate is too large")
    assert known.passed == (True, False)
    assert unknown.kind == "parted" and unknown.diagnosis == catalogue()["task.not_repaired"]["en"]


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (..., "task.no_settings"),
        ("lr=0.1", "task.want_settings"),
        (LoudDict(GOOD), "task.want_settings"),
        ({1: 2}, "task.want_settings"),
        (GOOD | {"momentum": 0.9}, "task.unknown_setting"),
        ({"lr": 0.1}, "task.missing_setting"),
        (GOOD | {"initialization": "xavier"}, "task.setting_option"),
        (GOOD | {"initialization": Loud("he")}, "task.setting_option"),
        (GOOD | {"initialization": lambda: "he"}, "task.setting_option"),
        (GOOD | {"lr": "0.1"}, "task.setting_number"),
        (GOOD | {"lr": True}, "task.setting_number"),
        (GOOD | {"lr": LoudFloat(0.1)}, "task.setting_number"),
        (GOOD | {"epochs": 3.0}, "task.setting_whole"),
        (GOOD | {"epochs": True}, "task.setting_whole"),
        (GOOD | {"epochs": 6}, "task.setting_range"),
        (GOOD | {"lr": float("nan")}, "task.setting_range"),
        (GOOD | {"lr": 10**5000}, "task.setting_range"),
    ],
    ids=_index,
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_settings_that_cannot_be_used_are_refused_each_in_its_words(answer, key, lang):
    with speaking(lang):
        outcome = diagnose("a_repair", answer)
        assert (outcome.kind, outcome.mistake) == ("refused", key)
        assert "{" not in outcome.diagnosis
        with pytest.raises(CheckFailed):
            check("a_repair", answer)


def test_settings_reach_the_run_as_new_plain_values():
    seen = []

    @repair_task(lr=(0.0, 2.0), epochs=(1, 5))
    def looks(settings):
        seen.append(settings)
        return Repair({})

    given = {"epochs": 2, "lr": 1}
    diagnose("looks", given)
    assert seen == [{"lr": 1.0, "epochs": 2}] and seen[0] is not given
    assert type(seen[0]["lr"]) is float and type(seen[0]["epochs"]) is int


def test_a_number_of_another_type_is_not_run():
    assert diagnose("divergence_threshold", LoudFloat(1 / 3)).mistake == "check.want_number"
    assert diagnose("divergence_threshold", 10**5000).mistake == "check.want_number"


@pytest.fixture
def _real_tasks(monkeypatch):
    monkeypatch.undo()


@pytest.mark.usefixtures("_real_tasks")
def test_each_wrong_option_of_each_unit_has_its_text():
    texts = {key for key in catalogue() if key.startswith("choice.")} - set(TEXTS)
    tasks = of(ChoiceTask)
    assert texts == {f"choice.{task.name}.{option}" for task in tasks for option in task.others}
    assert all(check(task.name, task.right).outcome.right and task.right not in task.others for task in tasks)


@pytest.mark.usefixtures("_real_tasks")
def test_each_repair_has_its_texts_and_allows_only_ranges_and_options():
    texts = {key.split(".")[1] for key in catalogue() if key.startswith("repair.")}
    assert {task.name for task in of(RepairTask)} == texts
    for task in of(RepairTask):
        for allowed in task.allowed.values():
            kinds = {type(value) for value in allowed}
            assert kinds == {str} or (len(allowed) == 2 and kinds in ({int}, {float}))
