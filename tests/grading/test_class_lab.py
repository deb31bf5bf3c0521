"""The diagnosis lab of a class: cases handed out without causes, graded by the secret they came from."""

import json
from dataclasses import replace

import pytest

from course_lib.assessment import lab
from course_lib.assessment.lab import drawn
from course_lib.grading.diagnosis import make_cases, seed_of_cases
from course_lib.grading.driver import Grader
from course_lib.grading.release import Answer, NotGradable, Task, read_release
from course_lib.grading.submission import parse, take
from course_lib.messages import LANGUAGES
from course_lib.training.treatments import REMEDIES
from tests.grading.made import SECRET, built, cell

NAMES = ("first_answer", "second_answer", "third_answer")


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """The secret's file and the cases made from it."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "secret").write_bytes(SECRET)
    return folder / "secret", make_cases(folder / lab.FILE, folder / "secret", 3)


def release(lang):
    """Unit 7's exercise with the lab's three tasks alone."""
    whole = read_release(built("exercises", lang, "u07_practice"))
    steps = [s for s in whole.steps if not isinstance(s, Answer | Task) or "diagnosis" in s.grade_id]
    return replace(whole, steps=tuple(steps), written=())


def answers(seed):
    """The right answers to cases 1 … 3, as a submitted notebook."""
    causes = [drawn(number, seed)[0].name for number in (1, 2, 3)]
    sources = [f"{n} = {{'cause': {c!r}, 'fix': {REMEDIES[c]}}}" for n, c in zip(NAMES, causes, strict=True)]
    cells = [cell(f"solution-diagnosis_{i}", source) for i, source in enumerate(sources, start=1)]
    return json.dumps({"cells": cells, "metadata": {"course": {"lang": "en"}}, "nbformat": 4}).encode()


def points(boxes, seed, lang, answered):
    taken = release(lang)
    grades = Grader(boxes, SECRET, lab=seed).grade(take(parse(answered), taken), taken)
    return [grade.points for grade in grades.tasks], grades


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_class_is_graded_by_its_own_causes(boxes, system_tool, handed_out, lang):
    system_tool("bwrap")
    seed = seed_of_cases(SECRET, handed_out[1])
    assert points(boxes, seed, lang, answers(seed))[0] == [2, 2, 2]
    got, grades = points(boxes, seed, lang, answers(None))  # what `check` reveals of the public cases
    assert got == [0, 0, 0]
    causes = [drawn(number, seed)[0] for number in (1, 2, 3)]
    for grade, fault in zip(grades.tasks, causes, strict=True):
        assert grade.reason and fault.text("title") not in grade.reason


def test_without_a_file_the_public_cases_are_graded(boxes, system_tool):
    system_tool("bwrap")
    assert seed_of_cases(SECRET, None) is None
    assert points(boxes, None, "en", answers(None))[0] == [2, 2, 2]


def test_a_file_beside_the_grader_does_not_make_it_lenient(boxes, system_tool, handed_out, monkeypatch):
    """In a learner's folder the file turns `check` off; the grader never looks for it."""
    system_tool("bwrap")
    monkeypatch.chdir(handed_out[1].parent)
    assert points(boxes, None, "en", answers(seed_of_cases(SECRET, handed_out[1])))[0] == [0, 0, 0]


def test_the_cases_of_another_secret_are_refused(handed_out, tmp_path):
    with pytest.raises(NotGradable, match="diagnosis_cases"):
        seed_of_cases(b"another secret entirely", handed_out[1])
    (tmp_path / "x.npz").write_bytes(b"nothing")
    with pytest.raises(NotGradable, match=r"x\.npz"):
        seed_of_cases(SECRET, tmp_path / "x.npz")
