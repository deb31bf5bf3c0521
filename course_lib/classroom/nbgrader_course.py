"""An nbgrader course: its folder, its configuration, its database, and what it knows of our notebooks."""

import hashlib
import json
import logging
import os
import re
import sysconfig
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from course_lib.classroom.answered import meta_of
from course_lib.classroom.exports import write_whole
from course_lib.messages import LANGUAGES, speaking, t

CONFIG = "nbgrader_config.py"
# nbgrader's default ones would put stubs of its own in the place of ours.
PREPROCESSORS = [
    f"nbgrader.preprocessors.{name}"
    for name in ("IncludeHeaderFooter", "LockCells", "ComputeChecksums", "SaveCells", "CheckCellMetadata")
]
_COURSE = """\
{note}
import sys
from pathlib import Path

if "autograde" in sys.argv[1:]:
    raise SystemExit({refusal!r})

here = Path(__file__).resolve().parent
c = get_config()
c.CourseDirectory.root = str(here)
c.CourseDirectory.course_id = "course"
c.CourseDirectory.db_url = f"sqlite:///{{here / 'gradebook.db'}}"
c.CourseDirectory.submitted_directory = "none-to-be-run"
c.GenerateAssignment.preprocessors = {preprocessors!r}
"""


class NoGradebook(Exception):
    """Marks cannot be put there, or read there; the text says why, and what to do."""


@dataclass(frozen=True)
class Release:
    """A notebook handed out.

    cells: {a cell's id in the database: its grade_id}. answered: {check: the answer cells before it}.
    """

    name: str
    notebook: dict
    cells: dict[str, str]
    answered: dict[str, list[str]]


@dataclass(frozen=True)
class Course:
    """An open course. book: nbgrader's Gradebook. places: its CourseDirectory. Use `open_course`."""

    book: object
    places: object

    def release(self, name: str, path: Path) -> Release:
        """A notebook whose cells the database knows, or learns now. Raises NoGradebook if it knows others."""
        text = path.read_text(encoding="utf-8")
        notebook = json.loads(text)
        if self._stored(name) is None:
            self._generate(name, text)
        if self._stored(name) != _cells(notebook):
            raise NoGradebook(t("gradebook.other_cells", name=name, path=path, course=self.places.root))
        stored = self.book.find_notebook(name, name)
        cells = {cell.id: cell.name for cell in (*stored.grade_cells, *stored.solution_cells)}
        return Release(name, notebook, cells, _answered(notebook))

    def shown(self, student: str, name: str) -> Path:
        """The notebook that the formgrader shows. student: nbgrader's id."""
        folder = self.places.format_path(self.places.autograded_directory, student, name)
        return Path(folder, f"{name}.ipynb")

    def handed_in(self, student: str, name: str):
        """When nbgrader collected a submission, in UTC, or None."""
        folder = self.places.format_path(self.places.submitted_directory, student, name)
        return self.places.get_existing_timestamp(folder)

    @contextmanager
    def transaction(self):
        """nbgrader's calls end a transaction each; in here all of them are one."""
        session = self.book.db()
        commit, session.commit = session.commit, session.flush
        try:
            with session.no_autoflush:
                yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.commit = commit

    def _stored(self, name):
        """What the database has of a notebook, as `_cells` tells it, or None."""
        from nbgrader.api import MissingEntry

        try:
            notebook = self.book.find_notebook(name, name)
        except MissingEntry:
            return None
        graded = {(cell.name, "grade"): cell.max_score for cell in notebook.grade_cells}
        return graded | {(cell.name, "solution"): None for cell in notebook.solution_cells}

    def _generate(self, name, text):
        """Have nbgrader learn the cells of an assignment, whose source is there or put there."""
        from nbgrader.apps import NbGraderAPI

        source = Path(self.places.format_path(self.places.source_directory, ".", name), f"{name}.ipynb")
        if not source.exists():
            write_whole(source, text)
        made = NbGraderAPI(config=self.places.config).generate_assignment(name, create=True)
        if not made["success"]:
            said = "\n".join(made.get("log", "").splitlines()[-3:])
            raise NoGradebook(t("gradebook.not_generated", name=name, source=source, log=said))
        self.book.db.expire_all()


@contextmanager
def open_course(folder: Path, *, writing: bool):
    """The nbgrader course of a folder; set up, if it is to be written and is none. Raises NoGradebook."""
    folder = folder.resolve()
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise NoGradebook(t("gradebook.not_installed")) from None
    if not writing and not (folder / CONFIG).is_file():
        raise NoGradebook(t("gradebook.none", course=folder))
    with _alone(folder) if writing else nullcontext(), _scripts_on_path(), _quiet():
        _set_up(folder)
        with _opened(folder) as course:
            yield course


def student_id(name: str) -> str:
    """A student's name as nbgrader's id: harmless as a folder and in a page, and another for each name."""
    safe = re.fullmatch(r"[\w@+](?:[\w.@+ -]{0,58}[\w@+-])?", name)
    if safe and not re.search(r"-[0-9a-f]{8}$", name):  # which is what the others end with
        return name
    kept = re.sub(r"[^\w@+-]+", "_", name).strip("_-")[:40]
    return f"{kept}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


@contextmanager
def _alone(folder):
    """One process writes into a gradebook at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".gradebook.lock", timeout=0):
            yield
    except Timeout:
        raise NoGradebook(t("gradebook.busy", course=folder)) from None


@contextmanager
def _scripts_on_path():
    """nbgrader calls `alembic`, which lies beside this Python."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextmanager
def _quiet():
    """nbgrader logs each cell; what matters is raised."""
    log = logging.getLogger("traitlets")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


def _set_up(folder):
    """A course of our own, unless the instructor has one there."""
    if (folder / CONFIG).exists():
        return
    notes = []
    for lang in LANGUAGES:
        with speaking(lang):
            notes.append(t("gradebook.no_autograde"))
    note = "\n".join(f"# {line}" for text in notes for line in text.splitlines())
    text = _COURSE.format(note=note, refusal="\n".join(notes), preprocessors=PREPROCESSORS)
    write_whole(folder / CONFIG, text)


@contextmanager
def _opened(folder):
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from sqlalchemy.exc import DatabaseError
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    config.GenerateAssignment.preprocessors = PREPROCESSORS
    places = CourseDirectory(config=config)
    try:
        with Gradebook(places.db_url, places.course_id) as book:
            yield Course(book, places)
    except DatabaseError as error:  # another program holds it, or it is none
        raise NoGradebook(t("gradebook.no_database", course=folder, error=error.orig)) from error


def _cells(notebook):
    """What a gradebook keeps of a notebook: {(grade_id, "grade" or "solution"): most points, or None}."""
    found = {}
    for meta in map(meta_of, notebook["cells"]):
        if meta.get("grade"):
            found[meta["grade_id"], "grade"] = float(meta["points"])
        if meta.get("solution"):
            found[meta["grade_id"], "solution"] = None
    return found


def _answered(notebook):
    """{check: the answer cells before it}; what a person should read of a check stands at its answer."""
    found, answers = {}, []
    for cell in notebook["cells"]:
        meta = meta_of(cell)
        if cell["cell_type"] == "code" and meta.get("solution"):
            answers.append(meta["grade_id"])
        elif meta.get("grade") and not meta.get("solution"):
            found[meta["grade_id"]], answers = answers, []
    return found
