"""What goes out to a class and what a learner packs up: `course release`, `course submit`."""

import hashlib
import json
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from course_lib.builder import freshness, outline
from course_lib.builder.source import read
from course_lib.classroom.naming import clean
from course_lib.classroom.unpack import MANIFEST
from course_lib.grading.marking import printable, release_of
from course_lib.grading.release import NotGradable, Release, assignments
from course_lib.grading.secret import default_place, read_secret
from course_lib.grading.submission import Notebook, Submission, Unreadable, cell_name, read_notebook, take
from course_lib.messages import LANGUAGES, speaking, t

CASES = "diagnosis_cases.npz"  # where the diagnosis lab looks for a class's own cases
_LAB = b"lab_case("  # in a notebook that has the lab
_LEAST = 8  # bytes of a secret that are looked for: a shorter text may stand in any notebook


class Refused(Exception):
    """It was not done, and nothing was written; the text says why and what to do."""


# --- out to the learners ----------------------------------------------------------------------------------


def release(
    root: Path,
    names: Sequence[str],
    out: Path,
    languages: Sequence[str] = LANGUAGES,
    *,
    secret: Path | None = None,
    cases: Path | None = None,
) -> list[Path]:
    """Write what a class is handed: `out/<name>/<name>.ipynb`, as nbgrader has it, and how to hand it in.

    names: of exercises; all of them if there are none. languages: with two, each has a folder of its own in
    out. secret: where the grading secret lies, which must be in none of the files. cases: the class's own
    cases of the diagnosis lab, made from that secret, to lie beside the notebook that asks for them.
    Returns what was written. Raises Refused where an exercise is not what its source makes of it, as then a
    solution may stand in it; NotGradable for cases of another secret; BadSecret.
    """
    files, units = {}, outline.load(root)
    for name in names or assignments(root):
        problems = _problems(root, name, units)
        for lang in languages:
            folder = out / lang / name if len(languages) > 1 else out / name
            files |= {
                folder / file: data for file, data in _exercise(root, name, lang, problems, cases).items()
            }
    if cases:
        _refuse_other_cases(secret, cases)
    _refuse_secret(files, secret)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, files[path])
    return list(files)


def _problems(root, name, units):
    """What the builder's own guard finds: the notebooks of a source must be, to the byte, what it makes."""
    source = root / "solutions/src" / f"{name}.md"
    if name not in assignments(root):
        raise Refused(t("grading.no_release", name=printable(name), known=", ".join(assignments(root))))
    if not source.is_file():
        raise Refused(t("handout.no_source", name=name, source=source))
    made = read(root, source)
    return made.problems or list(freshness.outdated(root, made, units))


def _exercise(root, name, lang, problems, cases):
    """The files of an exercise: {name: bytes}. Raises Refused where it is not its source without answers."""
    place = f"exercises/{lang}/{name}.ipynb"
    wrong = [problem for problem in problems if problem.file in (place, f"solutions/src/{name}.md")]
    if wrong:
        raise Refused(t("handout.unsafe", name=place, problems="\n".join(f"  {p}" for p in wrong)))
    data = (root / place).read_bytes()
    with speaking(lang):
        files = {f"{name}.ipynb": data, "README.md": t("handout.readme", name=name).lstrip().encode()}
    return files | ({CASES: cases.read_bytes()} if cases and _LAB in data else {})


def _refuse_other_cases(secret, cases):
    from course_lib.grading.diagnosis import seed_of_cases  # late: the lab loads torch

    seed_of_cases(read_secret(secret), cases)


def _refuse_secret(files, secret):
    place = secret or default_place()
    kept = place.read_bytes().strip() if place.is_file() else b""
    for path, data in files.items():
        if len(kept) >= _LEAST and kept in data:
            raise Refused(t("handout.secret_inside", name=path, secret=place))


def _replace(path, data):
    """Write a file whole, or leave what was there."""
    file, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(file, "wb") as opened:
        opened.write(data)
    os.chmod(draft, 0o644)  # as it is to be read by others
    os.replace(draft, path)


# --- back from a learner ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """A notebook to be packed, and what is taken of it."""

    path: Path
    notebook: Notebook
    release: Release
    taken: Submission

    @property
    def empty(self) -> list[str]:
        """The answers that are still as they were handed out."""
        answers, cells = self.release.answers, self.taken.cells
        return [cell_name(k) for k, a in answers.items() if cells.get(k, a.stub).strip() == a.stub.strip()]


def submit(
    root: Path,
    notebooks: Sequence[Path],
    student: str,
    out: Path,
    *,
    say: Callable[[str], None] = print,
    now: datetime | None = None,
) -> Path:
    """Pack a learner's notebooks into `out/<student>_<assignment>.zip`, for the learning platform.

    Each is read as the grader reads it. say: told what is still unanswered, what is odd, and where a file of
    that name was there already, as then another name is taken. now: the time to write into it. The same
    notebooks give the same bytes at the same time. Raises Refused where nothing could be taken from one.
    """
    student = _student(student)
    works = [_work(root, path) for path in notebooks]
    names = [work.release.name for work in works]
    if not works:
        raise Refused(t("handout.none"))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refused(t("handout.twice", name=twice))
    for work in works:
        _say_state(work, say)
    packed = _packed(works, student, now or datetime.now().astimezone())
    what = names[0] if len(names) == 1 else f"{len(names)}-notebooks"
    out.mkdir(parents=True, exist_ok=True)
    return _write_new(out, f"{student}_{what}", packed, say)


def _student(student):
    name = unicodedata.normalize("NFC", student).strip()
    if not name or name != clean(name):
        raise Refused(t("handout.bad_student", name=printable(student)))
    return name


def _work(root, path):
    try:
        notebook = read_notebook(path)
        release = release_of(root, path, "", notebook)
    except (Unreadable, NotGradable) as problem:
        raise Refused(t("handout.unreadable", path=printable(path), problem=problem)) from None
    taken = take(notebook, release)
    if not taken.cells:
        raise Refused(t("handout.unreadable", path=printable(path), problem=" ".join(taken.remarks)))
    return _Work(path, notebook, release, taken)


def _say_state(work, say):
    empty, of = work.empty, len(work.release.answers)
    with speaking(work.release.lang):
        say(t("handout.answered", name=work.release.name, count=of - len(empty), of=of))
        if empty:
            say(t("handout.empty", names=", ".join(empty)))
    for remark in work.taken.remarks:
        say(f"  ! {remark}")


def _packed(works, student, now):
    """The archive's bytes: the notebooks, and a list of them."""
    files = {f"{work.release.name}.ipynb": work.notebook.data for work in works}
    listed = [
        {"file": file, "assignment": file.removesuffix(".ipynb"), "sha256": hashlib.sha256(data).hexdigest()}
        for file, data in files.items()
    ]
    about = {"student": student, "time": now.astimezone(UTC).isoformat(timespec="seconds")}
    about |= {"course": version("course-lib"), "notebooks": listed}
    files[MANIFEST] = json.dumps(about, ensure_ascii=False, indent=1).encode()
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            info = zipfile.ZipInfo(file, now.timetuple()[:6])
            info.compress_type, info.create_system, info.external_attr = (
                zipfile.ZIP_DEFLATED,
                3,
                0o100644 << 16,
            )
            archive.writestr(info, data)
    return buffer.getvalue()


def _write_new(out, stem, data, say):
    """Write a file under this name, or the next free one: none is replaced."""
    stem, number = re.sub(r"\s+", " ", stem), 1
    while True:
        path = out / (f"{stem}.zip" if number == 1 else f"{stem}-{number}.zip")
        try:
            with open(path, "xb") as file:
                file.write(data)
        except FileExistsError:
            number += 1
            continue
        if number > 1:
            say(t("handout.renamed", first=f"{stem}.zip", name=path.name))
        return path
