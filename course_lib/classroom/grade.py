"""`course grade`: what was handed in becomes rows in the store, and those become tables and pages.

What the store has already is not graded again, so that a round which was stopped goes on where it stood.
"""

import base64
import hashlib
import json
import sys
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from course_lib.classroom import report, work
from course_lib.classroom.attempts import Rules, turned_down
from course_lib.classroom.desk import Desk, Item, Settings
from course_lib.classroom.intake import Submitted, collect
from course_lib.classroom.outputs import write_all
from course_lib.classroom.results import as_row
from course_lib.classroom.store import Busy, open_store
from course_lib.classroom.work import Refused
from course_lib.grading.box import NoBox
from course_lib.grading.driver import unreadable
from course_lib.grading.marking import Graded, release_of
from course_lib.grading.release import NotGradable, Release, assignments, find_release, read_release
from course_lib.grading.secret import BadSecret, read_secret
from course_lib.grading.submission import Unreadable, read_notebook
from course_lib.messages import LANGUAGES, language, t


@dataclass(frozen=True)
class Asked:
    """What an instructor asks for. assignment: its name, or "" for what each submission says.

    secret, hidden, cases: files. seeds: runs of the assignment. trusted: without a box. jobs: processes.
    scheduler: a Dask scheduler's address, or "". regrade: the one check to be graded anew, or "".
    """

    assignment: str = ""
    secret: Path | None = None
    hidden: Path | None = None
    seeds: int = 3
    trusted: bool = False
    cases: Path | None = None
    jobs: int = 1
    scheduler: str = ""
    rules: Rules = field(default_factory=Rules)
    regrade: str = ""


def grade_submissions(root: Path, path: Path, out: Path, asked: Asked) -> int:
    """Grade what was handed in, print the marks, and write them: 0, 1 with problems, 2 without marks."""
    try:
        with tempfile.TemporaryDirectory() as folder, open_store(out) as store:
            entries = _collected(root, path, out, Path(folder), asked)
            todo = _Round(root, store, asked, alone=len(entries) == 1)
            for entry in entries:
                todo.add(entry)
            stopped = todo.run()
            rows = store.rows()
    except (NoBox, NotGradable, BadSecret, Refused, Busy) as problem:
        print(problem, file=sys.stderr)
        return 2
    write_all(root, rows, out)
    return int(stopped or any(row["problem"] for row in todo.shown))


def _collected(root, path, out, folder, asked):
    if not path.exists():
        raise NotGradable(t("grading.no_path", path=path))
    entries = [e for e in collect(path, folder, assignments(root)) if not _written_by_us(e, path, out)]
    if not entries:
        raise NotGradable(t("grading.no_submissions", path=path))
    if not asked.assignment:
        return entries
    # others' names are left alone: a student's Unit 2 is no second Unit 1
    wanted = [e for e in entries if e.assignment in ("", asked.assignment)] or entries
    return [replace(e, assignment=asked.assignment) for e in wanted]


def _written_by_us(entry, path, out):
    """Whether it lies in the folder for the marks, which may lie in that of the submissions."""
    below = out.resolve().is_relative_to(path.resolve()) and out.resolve() != path.resolve()
    return below and entry.place.startswith(f"{out.resolve().relative_to(path.resolve()).as_posix()}/")


def settings_of(asked: Asked) -> Settings:
    """How submissions are graded. Raises BadSecret, NotGradable."""
    secret, lab, hidden = read_secret(asked.secret), None, b""
    if asked.cases:
        from course_lib.grading.diagnosis import seed_of_cases  # late: the lab loads torch

        lab = seed_of_cases(secret, asked.cases)
    if asked.hidden:
        from course_lib.grading.training import read_material  # late: it loads torch

        read_material(asked.hidden)  # says what is wrong with it
        hidden = asked.hidden.read_bytes()
    return Settings(
        secret.hex(), base64.b64encode(hidden).decode(), asked.seeds, lab, asked.trusted, language()
    )


class _Round:
    """What is to be graded, and what comes of it. shown: the rows of this round."""

    def __init__(self, root, store, asked, alone):
        self._root, self._store, self._asked, self._settings = root, store, asked, settings_of(asked)
        self._alone, self._items, self._training = alone, [], []
        self.shown, self._known, self._taken = [], 0, {}

    def add(self, entry: Submitted):
        """Take up a submission: to be graded, known already, or with its problem. Raises NotGradable."""
        if entry.problem:
            return self._problem(entry, self._named(entry.assignment), entry.problem)
        try:
            notebook = read_notebook(entry.path)
            release = release_of(self._root, entry.path, entry.assignment, notebook)
        except Unreadable as problem:
            release = release_of(self._root, entry.path, entry.assignment)
            self._problem(entry, release, problem)
        except NotGradable as problem:
            if self._asked.assignment or self._alone:  # then it is no fault of the file's
                raise
            self._problem(entry, self._named(""), str(problem))
        else:
            self._add(entry, release, notebook.data)

    def _add(self, entry, release, data):
        digest = hashlib.sha256(data).hexdigest()
        key, whose = _key(digest, release, self._settings), (entry.student, release.name)
        if whose in self._taken:
            self._problem(entry, self._named(""), t("classroom.second", name=release.name))
        elif (known := self._store.row(*whose, key)) is not None:
            self._known += 1
            self.shown.append(known)
        elif why := self._turned_down(*whose, digest) if release.trained else "":
            print(f"{entry.place}: {why}")
        else:
            place = find_release(self._root, release.name, release.lang).relative_to(self._root).as_posix()
            packed = base64.b64encode(data).decode()
            item = Item(entry.student, entry.place, place, release.fingerprint, packed)
            (self._training if release.trained else self._items).append(item)
        self._taken[whose] = entry, key

    def _turned_down(self, student, name, digest):
        before = self._store.attempts(student, name)
        return turned_down(before, digest, self._asked.rules, datetime.now(UTC))

    def _named(self, name):
        """The release of that name, or an empty one."""
        place = name and find_release(self._root, name, LANGUAGES[0])
        return read_release(place) if place else Release("", LANGUAGES[0], (), (), {})

    def _problem(self, entry, release, problem):
        """problem: a text, or what can say it in the learner's language."""
        text = problem if type(problem) is str else problem.in_language(release.lang)
        row = as_row(entry.student, entry.place, Graded(unreadable(release, text), ""))
        self._save(row, entry, release.name or entry.place, "")

    def _save(self, row, entry, work_name, key):
        remarks = [remark.in_language(row["language"]) for remark in entry.remarks]
        row = row | {"id": entry.id, "late": entry.late, "remarks": [*row["remarks"], *remarks]}
        before = self._store.latest(entry.student, work_name) if row["problem"] else None
        if before and not before["problem"]:  # what was earned stays
            remark = t("classroom.later", place=entry.place, problem=row["problem"])
            before["remarks"] = list(dict.fromkeys([*before["remarks"], remark]))
            self._store.amend(before)
        else:
            self._store.save(work_name, key, row, attempt=bool(row["training"]))
        self.shown.append(row)
        tqdm.write(report.line(row), file=sys.stdout)
        if self._alone:
            print(report.details(row))
        elif row["training"]:
            tqdm.write("\n".join(row["training"]["summary"]), file=sys.stdout)

    def run(self) -> bool:
        """Grade what is left, with a bar on a terminal. Returns whether it was stopped by Ctrl+C.

        Raises Refused, NoBox, NotGradable.
        """
        if self._known:
            print(t("classroom.known", count=self._known))
            if self._alone:
                print(report.line(self.shown[0]), report.details(self.shown[0]), sep="\n")
        try:
            self._grade(self._items, self._asked.jobs)
            if self._training:
                self._estimate()
                self._grade(self._training, 1)  # a training takes all processors
        except KeyboardInterrupt:
            print(t("classroom.stopped"), file=sys.stderr)
            return True
        return False

    def _grade(self, items, jobs):
        rows = work.graded(self._settings, items, jobs, self._asked.scheduler)
        for row in tqdm(rows, total=len(items), disable=None, leave=False):
            entry, key = self._taken[row["student"], row["assignment"]]
            self._save(row, entry, row["assignment"], "" if row["problem"] else key)  # a fault is tried again

    def _estimate(self):
        """Say how long the trainings may take on this machine."""
        name = Path(self._training[0].release).stem
        if not self._asked.scheduler:
            with Desk(self._settings) as desk:
                print(desk.estimate(name, len(self._training)), flush=True)


def _key(digest, release, settings):
    """The same for the same submission, graded in the same way."""
    how = (settings.secret, settings.trusted)
    how += (settings.hidden, settings.seeds) if release.trained else (settings.lab,)
    return hashlib.sha256(json.dumps([digest, release.fingerprint, how]).encode()).hexdigest()
