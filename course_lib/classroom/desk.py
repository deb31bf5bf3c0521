"""Where one submission is graded, with its boxes: an item of plain data in, a row out.

Both are JSON, so that a desk can stand in this process, in one beside it, or on another machine.
"""

import base64
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from course_lib.classroom.results import as_row
from course_lib.grading.box import Boxes, Kit
from course_lib.grading.driver import Grader
from course_lib.grading.marking import Graded, grade_notebook
from course_lib.grading.release import NotGradable, Release, read_release
from course_lib.grading.submission import Submission, parse
from course_lib.messages import t
from course_lib.paths import repo_root


@dataclass(frozen=True)
class Settings:
    """How a class is graded. secret: as hexadecimal digits. hidden: the file of the hidden test, as base64.

    seeds: runs of the assignment. lab: what the class's own cases of the lab were drawn from, or None.
    trusted: without a box. lang: of whoever grades.
    """

    secret: str
    hidden: str = ""
    seeds: int = 3
    lab: int | None = None
    trusted: bool = False
    lang: str = "en"


@dataclass(frozen=True)
class Item:
    """One submission. place: where it lay. release: the path of its release below the course's folder.

    fingerprint: of the release; a desk on another machine may have another version. data: the notebook's
    bytes as base64. only: the one check to be graded, from these cells, or "" for all of them.
    """

    student: str
    place: str
    release: str
    fingerprint: str
    data: str = ""
    only: str = ""
    cells: dict | None = None

    def as_dict(self) -> dict:
        return asdict(self)


class Desk:
    """Grades items. Use it in a `with`: its boxes end with it."""

    def __init__(self, settings: Settings):
        self._settings, self._open, self._trainers = settings, ExitStack(), {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()

    def grade(self, item: Item) -> dict:
        """The row of an item. Raises NoBox, NotGradable."""
        release = self._release(item)
        if item.only:
            return as_row(item.student, item.place, self._task(item, release))
        notebook = parse(base64.b64decode(item.data))
        grader = self._trainer(release.name) if release.trained else self._grader
        return as_row(item.student, item.place, grade_notebook(grader, release, notebook))

    def estimate(self, name: str, count: int) -> str:
        """How long so many submissions to an assignment may take, in words. Raises NoBox, NotGradable."""
        return self._trainer(name).estimate(count)

    def _release(self, item):
        release = read_release(repo_root() / item.release)
        if release.fingerprint != item.fingerprint:
            raise NotGradable(t("classroom.other_release", name=release.name))
        return release

    def _task(self, item, release: Release):
        """One check alone, from the cells that are kept."""
        grades = self._grader.grade(Submission(item.cells, ()), release, item.only)
        return Graded(grades, "", item.cells)

    @cached_property
    def _secret(self):
        return bytes.fromhex(self._settings.secret)

    @cached_property
    def _grader(self):
        kit = Kit.without_walls() if self._settings.trusted else Kit()
        boxes = self._open.enter_context(Boxes(kit))
        return Grader(boxes, self._secret, lab=self._settings.lab)

    def _trainer(self, name):
        """What grades the assignment of that name. Late, as it loads torch."""
        from course_lib.grading.assignment import AssignmentGrader, Plan, seeds_of
        from course_lib.grading.stock import training_kit

        if name not in self._trainers:
            boxes = self._open.enter_context(Boxes(training_kit(bare=self._settings.trusted)))
            plan = Plan(seeds_of(self._secret, name, self._settings.seeds))
            self._trainers[name] = AssignmentGrader(boxes, self._material(), plan)
        return self._trainers[name]

    def _material(self):
        from course_lib.grading.training import read_material

        if not self._settings.hidden:
            return read_material(None)
        with tempfile.TemporaryDirectory() as folder:
            hidden = Path(folder, "hidden.npz")
            hidden.write_bytes(base64.b64decode(self._settings.hidden))
            return read_material(hidden)
