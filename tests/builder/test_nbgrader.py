"""The real nbgrader takes our exercises: it validates the solved one, and gives the marks that are due."""

import pytest
from nbgrader.validator import Validator

from course_lib.builder import build
from tests.builder.small_sources import EXERCISE
from tests.nbgrader_class import marks


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
    submissions = {
        "solver": solved,
        "sleeper": stub,
        "cheat": stub.replace("assert double(3) == 6", "pass"),
    }
    assert marks(tmp_path / "class", monkeypatch, "u02", stub, submissions) == {
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
