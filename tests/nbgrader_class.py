"""A class of the real nbgrader in a temporary folder."""

import os
import sysconfig

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

# nbgrader's default preprocessors would replace our stubs by its own.
PREPROCESSORS = ("IncludeHeaderFooter", "LockCells", "ComputeChecksums", "SaveCells", "CheckCellMetadata")


def marks(folder, monkeypatch, name, released, submissions):
    """What nbgrader gives: {(student, grade_id): (automatic points, most points, needs a person?)}.

    folder: an empty one. released: the notebook handed out, as text. submissions: {student: text}.
    """
    _put(folder / f"source/{name}/{name}.ipynb", released)
    for student, text in submissions.items():
        _put(folder / f"submitted/{student}/{name}/{name}.ipynb", text)
    monkeypatch.chdir(folder)
    # nbgrader calls `alembic`, which lies beside this Python
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
    api = NbGraderAPI(config=_config(folder))
    generated = api.generate_assignment(name, create=True)
    assert generated["success"], generated["log"]
    for student in submissions:
        graded = api.autograde(name, student, create=True)
        assert graded["success"], graded["log"]
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        return {
            (student, grade.name): (grade.auto_score, grade.max_score, grade.needs_manual_grade)
            for student in submissions
            for grade in book.find_submission_notebook(name, name, student).grades
        }


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
