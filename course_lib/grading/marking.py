"""Grades one submission: finds the release that it answers, and gives marks whatever it holds."""

import hashlib
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.grading.box import NoBox
from course_lib.grading.driver import Grader, Grades, unreadable
from course_lib.grading.release import NotGradable, Release, assignments, find_release, read_release
from course_lib.grading.submission import Notebook, take
from course_lib.messages import LANGUAGES, speaking, t


@dataclass(frozen=True)
class Graded:
    """Marks. digest: of the file, or "". cells: {grade_id: source} of its code."""

    grades: Grades
    digest: str
    cells: dict = field(default_factory=dict)


def release_of(root: Path, path: Path, assignment: str = "", notebook: Notebook | None = None) -> Release:
    """The release of a submitted file. Raises NotGradable.

    It is that of the name given, else of the file's name, else, as files are renamed, of the name that the
    notebook itself brings.
    """
    lang = notebook.lang if notebook and notebook.lang else LANGUAGES[0]
    names = [assignment] if assignment else [path.stem, *([notebook.name] if notebook else [])]
    places = [place for name in names if (place := find_release(root, name, lang))]
    if not places:
        known = ", ".join(assignments(root))
        raise NotGradable(t("grading.no_release", name=printable(names[0]), known=known))
    return read_release(places[0])


def grade_notebook(grader: Grader, release: Release, notebook: Notebook) -> Graded:
    """The marks of a submission; a fault of ours costs its own, and is told. Raises NoBox."""
    digest = hashlib.sha256(notebook.data).hexdigest()
    try:
        submission = take(notebook, release)
        written = {answer.grade_id for answer in release.written}
        code = {name: source for name, source in submission.cells.items() if name not in written}
        return Graded(grader.grade(submission, release), digest, code)
    except NoBox:
        raise
    except Exception as error:
        traceback.print_exc(file=sys.stderr)  # a fault of ours; the others are graded all the same
        with speaking(release.lang):
            problem = t("grading.own_fault", error=type(error).__name__)
        return Graded(unreadable(release, problem), digest)


def printable(name) -> str:
    """A name of a file as it may be printed: a submission's may hold what a terminal obeys, or no text."""
    return "".join(c if c.isprintable() else "?" for c in str(name))
