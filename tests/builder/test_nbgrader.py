"""The real nbgrader takes our exercises: it validates the solved one, and gives the marks that are due."""

import os
import sysconfig

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.validator import Validator
from traitlets.config import Config

from course_lib.builder import build
from tests.builder.small_sources import EXERCISE

STUDENTS = ("solver", "sleeper", "cheat")
# nbgrader's default preprocessors would replace our stubs by its own.
PREPROCESSORS = ("IncludeHeaderFooter", "LockCells", "ComputeChecksums", "SaveCells", "CheckCellMetadata")


@pytest.fixture
def exercise(course):
    """The root of a course whose exercise and solution are built (and not run)."""
    root = course("u02", EXERCISE, "solutions")
    assert build(root, execute=False).ok
    return root


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_nbgrader_gives_full_marks_to_the_solution_and_none_to_the_stub(exercise, tmp_path, monkeypatch):
    stub, solved = (
        (exercise / form / "ko/u02.ipynb").read_text(encoding="utf-8") for form in ("exercises", "solutions")
    )
    folder = tmp_path / "class"
    _put(folder / "source/u02/u02.ipynb", stub)
    _put(folder / "submitted/solver/u02/u02.ipynb", solved)
    _put(folder / "submitted/sleeper/u02/u02.ipynb", stub)
    _put(folder / "submitted/cheat/u02/u02.ipynb", stub.replace("assert double(3) == 6", "pass"))
    monkeypatch.chdir(folder)
    # nbgrader calls `alembic`, which lies beside this Python
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
    api = NbGraderAPI(config=_config(folder))
    generated = api.generate_assignment("u02", create=True)
    assert generated["success"], generated["log"]
    for student in STUDENTS:
        graded = api.autograde("u02", student, create=True)
        assert graded["success"], graded["log"]
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        marks = {
            (student, grade.name): (grade.auto_score, grade.max_score, grade.needs_manual_grade)
            for student in STUDENTS
            for grade in book.find_submission_notebook("u02", "u02", student).grades
        }
    assert marks == {
        ("solver", "double"): (2, 2, False),
        ("solver", "why"): (None, 3, True),
        ("sleeper", "double"): (0, 2, False),
        ("sleeper", "why"): (0, 3, False),  # an untouched answer is worth nothing without being read
        ("cheat", "double"): (0, 2, False),  # the tampered check is restored
        ("cheat", "why"): (0, 3, False),
    }


def test_nbgrader_validates_the_solved_exercise_and_not_the_stub(exercise):
    validate = Validator().validate
    solved = validate(str(exercise / "solutions/en/u02.ipynb"))
    assert "failed" not in solved and "changed" not in solved
    (failed,) = validate(str(exercise / "exercises/en/u02.ipynb"))["failed"]
    assert "NotImplementedError" in failed["error"] and failed["source"].startswith("assert double(3)")


def _put(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def _config(folder):
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "course"
    config.CourseDirectory.db_url = f"sqlite:///{folder}/gradebook.db"
    config.GenerateAssignment.preprocessors = [f"nbgrader.preprocessors.{name}" for name in PREPROCESSORS]
    return config
