"""The made classes are what they say: the marks they expect are those that the grader gives."""

import io
import zipfile

import pytest

from course_lib.classroom.intake import collect
from course_lib.classroom.similar import known_releases, similar_pairs
from course_lib.grading.box import Boxes
from course_lib.grading.driver import Grader
from course_lib.grading.marking import grade_notebook, release_of
from course_lib.grading.release import assignments
from course_lib.grading.submission import Unreadable, parse, read_notebook
from tests.classroom.handwork import UNIT
from tests.classroom.made_class import LAYOUTS, MARKDOWN, SCRIPT, many, twelve, write_class
from tests.grading.made import SECRET
from tests.grading.students import ROOT


@pytest.fixture(scope="module")
def grader(system_tool):
    """The grader as an instructor has it."""
    system_tool("bwrap")
    with Boxes() as boxes:
        yield Grader(boxes, SECRET)


def points(grader, entry):
    """{grade_id: points} of a submission."""
    notebook = read_notebook(entry.path)
    release = release_of(ROOT, entry.path, entry.assignment, notebook)
    grades = grade_notebook(grader, release, notebook).grades
    return {task.task.grade_id: task.points for task in grades.tasks}


def check_marks(grader, made, into, students):
    """Grade these students' submissions and compare."""
    entries = {entry.student: entry for entry in collect(made.path, into, assignments(ROOT))}
    for student in students:
        assert points(grader, entries[student]) == made.marks[student], student


def test_some_of_the_twelve_get_their_marks(grader, tmp_path):
    made = write_class(tmp_path / "in", UNIT, "nbgrader")
    check_marks(grader, made, tmp_path / "out", ["박지우", "etc..%2F..%2Fpasswd", "Eve Adams", "Max Forge"])
    assert [sum(made.marks[name].values()) for name in ("김하늘", "이서준", "박지우", "Eve Adams")] == [
        17,
        0,
        7,
        12,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("unit", [unit for unit in assignments(ROOT) if unit != "assignment"])
def test_all_of_the_twelve_get_their_marks_in_every_unit(grader, tmp_path, unit):
    made = write_class(tmp_path / "in", unit, "moodle_zip")
    check_marks(grader, made, tmp_path / "out", made.marks.keys() - {"강도윤"})


@pytest.mark.parametrize("how", LAYOUTS)
def test_every_layout_holds_all_twelve(tmp_path, how):
    made = write_class(tmp_path / "in", UNIT, how)
    entries = collect(made.path, tmp_path / "out", assignments(ROOT))
    assert {entry.student for entry in entries} == made.marks.keys() == made.kinds.keys()
    assert len(entries) == 12 and {entry.assignment for entry in entries} == {UNIT}
    assert [entry.student for entry in entries if entry.problem] == ["강도윤"]


def test_half_are_korean_and_each_has_something_of_its_own():
    students = twelve(UNIT)
    assert [student.lang for student in students] == ["ko"] * 6 + ["en"] * 6
    assert len({student.notebook(UNIT) for student in students}) == 12
    texts = [text for student in students for text in student.written.values()]
    assert texts == [MARKDOWN, SCRIPT]
    with pytest.raises(Unreadable):
        parse(students[5].notebook(UNIT))


def test_the_copier_stands_out_and_nobody_else():
    rows = [
        {
            "student": student.name,
            "assignment": UNIT,
            "cells": {f"solution-{task}": source for task, source in student.answers.items()},
        }
        for student in twelve(UNIT)
    ]
    pairs = similar_pairs(rows, known_releases(ROOT, rows))
    assert [pair.students for pair in pairs] == [("Mina Lee", "Noah Park")]


def test_many_are_all_different_and_the_same_each_time(tmp_path):
    made = [many(tmp_path / name, UNIT, 40, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    bytes_ = [[path.read_bytes() for path in sorted(one.path.rglob("*.ipynb"))] for one in made]
    assert len(set(bytes_[0])) == 40 and bytes_[0] == bytes_[1] != bytes_[2]
    assert made[0].marks == made[1].marks != made[2].marks


@pytest.mark.parametrize("count", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_many_get_their_marks(grader, tmp_path, count):
    made = many(tmp_path / "in", UNIT, count, seed=3)
    readable = [name for name, kind in made.kinds.items() if kind != "malformed"]
    check_marks(grader, made, tmp_path / "out", readable)


def test_an_archive_holds_names_as_they_are(tmp_path):
    made = write_class(tmp_path, UNIT, "moodle_zip")
    names = zipfile.ZipFile(io.BytesIO(made.path.read_bytes())).namelist()
    assert "김하늘_1001_assignsubmission_file_/u01_optimization.ipynb" in names
    assert "Mina Lee_1007_assignsubmission_file_/Untitled1.ipynb" in names
