"""A folder of submissions in which lies what is no honest notebook: everybody gets what he deserves."""

import base64
import csv
import json
import os
import signal
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from course_lib.classroom import exports, naming, results
from course_lib.classroom.grade import Asked, grade_submissions
from course_lib.classroom.results import as_row
from course_lib.grading import box
from course_lib.grading.box import Boxes, Kit, Walls
from course_lib.grading.driver import Grader, Grades
from course_lib.grading.marking import Graded
from course_lib.grading.release import read_release
from tests.grading.made import HONEST, ROOT, SECRET, WRONG, built, cell, notebook, points
from tests.grading.test_honest import FULL

NAME = "u01_optimization.ipynb"
ALL = sum(FULL.values())  # what three right answers earn
# What a file that cannot be read is said to be, in the course's first language, as nothing tells its own.
UNREAD, LARGE, DAMAGED, NONE = (
    "읽을 수 없습니다",
    "20 MB보다 큽니다",
    "깨져 있습니다",
    "노트북 파일이 아닙니다",
)


class Hung(BaseException):
    """It would have waited for ever."""


@dataclass(frozen=True)
class HostileFile:
    """A student's file. make: puts it at a path, beside a classmate's in ../ann.

    problem: a part of what is told, "" where it can be read. earns: the points it deserves. off: what stands
    in the place of its defence. worked: whether it got what it wanted, by its points and what is told; None
    and "" where the grader fell or hung.
    """

    name: str
    tries: str
    holds: str
    make: Callable
    problem: str = ""
    earns: float = 0
    off: dict = field(default_factory=dict)
    worked: Callable | None = None

    def __str__(self):
        return self.name


def put(data):
    """Writes these bytes."""
    return lambda path: path.write_bytes(data)


def made(**parts):
    """A notebook with these parts in the place of an honest one's."""
    return put(json.dumps(json.loads(notebook(HONEST)) | parts).encode())


def zipped(path):
    """A zip with 10 MB in 10 kB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(10 << 20))


def huge(path):
    """An honest notebook followed by 30 MB of nothing."""
    path.write_bytes(notebook(HONEST))
    os.truncate(path, 30 << 20)


def own_check(path):
    """The whole exercise with a wrong answer, and a check that looks at another one in its place."""
    whole = json.loads(built("exercises", "en").read_text(encoding="utf-8"))
    texts = {f"solution-{name}": text for name, text in (HONEST | {"momentum": WRONG}).items()}
    texts["momentum"] = 'check("divergence_threshold", threshold)'
    for one in whole["cells"]:
        name = one["metadata"].get("nbgrader", {}).get("grade_id")
        one["source"] = texts.get(name, one["source"])
    path.write_text(json.dumps(whole), encoding="utf-8")


def following(path):
    """Reads a path as one does in haste."""
    with open(path, "rb") as file:
        return file.read(1 << 20)


def believing(desk, item):
    """Takes what was handed in for what was handed out."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, NAME).write_bytes(base64.b64decode(item.data))
        return read_release(Path(folder, NAME))


def fell(points, told):
    """Whether the batch ended with it."""
    return points is None


class Forgetful(set):
    """Remembers nothing that was put into it."""

    def __contains__(self, name):
        return False


TWICE = [cell(f"solution-{name}", text) for name, text in HONEST.items()]
TWICE = [cell("solution-momentum", WRONG), *TWICE]
ODD = [None, 7, "cell", [], {"metadata": 3}, {"metadata": {"nbgrader": []}}, {"metadata": {"nbgrader": {}}}]
ODD += [
    cell({}, {}),
    cell("\udc80", ["x", 3]),
    cell("\x1b[2J\udc80", "\udc80"),
    cell("solution-momentum", None),
    *({"metadata": {"nbgrader": {"grade_id": value}}, "source": "x"} for value in (None, 1e999, [[]])),
    *json.loads(notebook(HONEST))["cells"],
]

FILES = [
    HostileFile(
        "classmate",
        "a link to another student's notebook",
        "links are not followed",
        lambda path: path.symlink_to(f"../ann/{NAME}"),
        UNREAD,
        off={"course_lib.grading.submission._bytes": following},
        worked=lambda points, told: points == ALL,
    ),
    HostileFile(
        "device",
        "a link to a device that never ends",
        "links are not followed",
        lambda path: path.symlink_to("/dev/zero"),
        UNREAD,
        off={"course_lib.grading.submission._bytes": following},
        worked=lambda points, told: UNREAD not in told,
    ),
    HostileFile(
        "pipe",
        "a pipe that nobody writes to",
        "it is opened without waiting, and must be a regular file",
        os.mkfifo,
        "보통 파일이 아닙니다",
        off={"course_lib.grading.submission._bytes": following},
        worked=fell,
    ),
    HostileFile(
        "huge",
        "a file of 30 MB",
        "the size is looked at first",
        huge,
        LARGE,
        off={"course_lib.grading.submission.MAX_NOTEBOOK": 1 << 30},
        worked=lambda points, told: LARGE not in told,
    ),
    HostileFile(
        "nested",
        "brackets in brackets, until the stack is used up",
        "the parser's own limit is caught",
        put(b"[" * 1_000_000),
        DAMAGED,
        off={"course_lib.grading.submission.RecursionError": KeyError},
        worked=fell,
    ),
    HostileFile(
        "odd_cells",
        "an honest notebook among cells of every wrong type",
        "the types of all parts are looked at",
        made(cells=ODD),
        earns=ALL,
        off={"course_lib.grading.submission._dict": lambda value: value},
        worked=lambda points, told: "fault of the grader" in told,
    ),
    HostileFile(
        "twice",
        "a right answer behind a wrong one, in a second cell of the same name",
        "the first cell of a name counts",
        made(cells=TWICE),
        earns=ALL - FULL["momentum"],
        off={"course_lib.grading.submission.set": Forgetful},
        worked=lambda points, told: points == ALL,
    ),
    HostileFile(
        "own_check",
        "a check that looks at another, right answer",
        "all but the answers comes from what was handed out",
        own_check,
        earns=ALL - FULL["momentum"],
        off={"course_lib.classroom.desk.Desk._release": believing},
        worked=lambda points, told: points == ALL,
    ),
    HostileFile(
        "many_parts",
        "empty lists, of which each takes thirty times its room when it is parsed",
        "they are counted first",
        put(b'{"cells": [' + b"[]," * 1_100_000 + b"[]]}"),
        "조각",
        off={"course_lib.grading.submission.MAX_PARTS": 1 << 30},
        worked=lambda points, told: "조각" not in told,
    ),
    HostileFile("zip", "a compressed bomb under the name of a notebook", "no JSON", zipped, DAMAGED),
    HostileFile("empty", "nothing", "no JSON", put(b""), DAMAGED),
    HostileFile("noise", "bytes that are no text", "no JSON", put(bytes(range(256))), DAMAGED),
    HostileFile("utf16", "a notebook in another encoding", "no JSON", put(b"\xff\xfe{\0}\0"), DAMAGED),
    HostileFile("many_digits", "a number that takes long to read", "no JSON", put(b"1" * 10**6), DAMAGED),
    HostileFile("list", "JSON that is no notebook", "types", put(b"[1, 2]"), NONE),
    HostileFile("cells", "cells that are a number", "types", made(cells=7), NONE),
    HostileFile("cells_dict", "cells that are a dict", "types", made(cells={"a": 1}), NONE),
    HostileFile("metadata", "metadata that are a list", "types", made(metadata=[[]]), earns=ALL),
    HostileFile(
        "long_name",
        "a text for which a pattern takes hours",
        "it is cut off",
        made(metadata={"course": {"lang": "en", "source": "a" * 5_000_000}}),
        earns=ALL,
    ),
]


def lay(folder, files):
    """A folder of students: ann and zoe are honest, and those between them are not."""
    for student in ("ann", *(hostile.name for hostile in files), "zoe"):
        (folder / student).mkdir(parents=True)
    for student in ("ann", "zoe"):
        (folder / student / NAME).write_bytes(notebook(HONEST))
    for hostile in files:
        hostile.make(folder / hostile.name / NAME)
    return folder


def test_everybody_gets_what_they_deserve(tmp_path, system_tool):
    system_tool("bwrap")
    _, rows, _ = graded(lay(tmp_path / "in", FILES), tmp_path / "out")
    found = {row["notebook"].split("/")[0]: row for row in rows}
    assert {name: row["points"] for name, row in found.items()} == {
        "ann": ALL,
        "zoe": ALL,
        **{hostile.name: hostile.earns for hostile in FILES},
    }
    for hostile in FILES:
        told = found[hostile.name]["problem"]
        assert hostile.problem in told and bool(hostile.problem) == bool(told), hostile.name


# What takes 20 s to be read, where nothing stops it.
SUCCESSES = [
    pytest.param(h, marks=pytest.mark.slow if h.name == "many_parts" else (), id=str(h))
    for h in FILES
    if h.worked
]


@pytest.mark.parametrize("hostile", SUCCESSES)
def test_it_works_where_its_defence_is_down(hostile, tmp_path, monkeypatch, system_tool):
    system_tool("bwrap")
    below = lay(tmp_path / "in", [hostile])
    for target, value in hostile.off.items():
        monkeypatch.setattr(target, value, raising=False)
    points, told = None, ""
    signal.signal(signal.SIGALRM, _hung)
    signal.alarm(8)
    try:
        _, rows, _ = graded(below, tmp_path / "out")
        row = next(row for row in rows if row["notebook"].startswith(hostile.name))
        points, told = row["points"], row["problem"]
    except (Hung, RecursionError):
        pass
    finally:
        signal.alarm(0)
    assert hostile.worked(points, told)


def _hung(*_):
    raise Hung


NAMES = {
    "=HYPERLINK(1)": "a formula",
    "＝1+1": "a formula in full-width signs",
    "a;=1+1": "a formula for who parts cells at semicolons",
    "\x1b[2J\x9b": "what a terminal obeys",
    "line\nother,line": "more than one line",
    os.fsdecode(b"\xff\xfe"): "no text",
    "x" * 200: "a long name",
    "--help": "an option",
}


def folder_of_names(below):
    """Honest notebooks in folders with hostile names."""
    for name in NAMES:
        (below / name).mkdir(parents=True)
        (below / name / NAME).write_bytes(notebook(HONEST))
    return below


def graded(below, out):
    """The exit status of `course grade` on a folder, and the rows of both files that it writes."""
    secret = out.parent / "secret"
    secret.write_text("a secret of the tests alone")
    status = grade_submissions(ROOT, below, out, Asked(secret=secret))
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        return status, json.loads((out / "grades.json").read_text(encoding="utf-8")), list(csv.reader(file))


def test_names_harm_no_terminal_and_no_spreadsheet(tmp_path, capsys, system_tool):
    system_tool("bwrap")
    status, rows, lines = graded(folder_of_names(tmp_path / "in"), tmp_path / "out")
    assert status == 0 and [row["points"] for row in rows] == [ALL] * len(NAMES)
    assert len(lines) == 1 + len(NAMES)
    assert not any(line[0][:1] in tuple("=＝+-@") for line in lines)
    text = capsys.readouterr().out + (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert all(c.isprintable() or c == "\n" for c in text)
    assert '"a;=1+1/' in text


def test_names_do_harm_where_they_are_not_cleaned(tmp_path, monkeypatch, system_tool):
    system_tool("bwrap")
    monkeypatch.setattr(exports, "harmless", lambda value: value)
    monkeypatch.setattr(results, "printable", str)
    monkeypatch.setattr(naming, "printable", str)
    monkeypatch.setattr("builtins.print", lambda *_, **__: None)
    below = tmp_path / "in"
    for name in ("=HYPERLINK(1)", "\x1b[2J"):
        (below / name).mkdir(parents=True)
        (below / name / NAME).write_bytes(notebook(HONEST))
    _, _, lines = graded(below, tmp_path / "out")
    assert {line[1][:4] for line in lines[1:]} == {"\x1b[2J", "=HYP"}


def test_what_is_no_submission_does_not_end_the_batch(tmp_path, capsys, system_tool):
    system_tool("bwrap")
    below = tmp_path / "in"
    for student in ("ann", "zoe"):
        (below / student).mkdir(parents=True)
        (below / student / NAME).write_bytes(notebook(HONEST))
    (below / "ann" / "\x1b[2J.ipynb").write_bytes(notebook(HONEST, "ko"))
    (below / "ann" / ".hidden").mkdir()
    (below / "ann" / ".hidden" / NAME).write_bytes(b"")
    (below / "bob.ipynb").mkdir()
    (below / "bob.ipynb" / "loop").symlink_to(below)
    nest(below / "bob.ipynb")
    try:
        status, rows, _ = graded(below, tmp_path / "out")
    finally:  # pytest, which clears old folders away, cannot do it
        subprocess.run(["rm", "-rf", below / "bob.ipynb" / "d"], check=True)
    assert status == 1
    loop, deep = (row for row in rows if row["problem"])
    assert "링크" in loop["problem"] and "50겹" in deep["problem"]
    good = [row for row in rows if not row["problem"]]
    assert [(row["notebook"], row["points"]) for row in good] == [(f"ann/{NAME}", ALL), (f"zoe/{NAME}", ALL)]
    assert good[0]["remarks"][-1].endswith("was not graded: ann/?[2J.ipynb")
    assert "\x1b" not in capsys.readouterr().out


def nest(folder):
    """Folders in a folder, deeper than Python's stack."""
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=inner)
        outer, inner = inner, os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)


def test_a_link_in_the_place_of_the_marks_is_replaced_and_not_followed(tmp_path, monkeypatch):
    mine = tmp_path / "mine.txt"
    careless = lambda path, text: path.write_text(text)  # noqa: E731
    for write, text in [(exports.write_whole, "mine"), (careless, "[]\n")]:
        mine.write_text("mine")
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out/grades.json").unlink(missing_ok=True)
        (tmp_path / "out/grades.json").symlink_to(mine)
        monkeypatch.setattr(exports, "write_whole", write)
        exports.write_tables([], tmp_path / "out")
        assert mine.read_text() == text


OBEYED = "a\x9b2J\u202eb\U000e0041"


@pytest.mark.parametrize("held", [True, False], ids=["held", "off"])
def test_a_written_answer_does_not_speak_to_a_terminal(held, tmp_path, monkeypatch):
    if not held:
        monkeypatch.setattr(exports, "_json", lambda rows: json.dumps(rows, ensure_ascii=False))
    grades = Grades(read_release(built("exercises", "en")), (), {"why_momentum": (2, OBEYED)})
    exports.write_tables([as_row("ann", NAME, Graded(grades, ""))], tmp_path)
    text = (tmp_path / "grades.json").read_text(encoding="utf-8")
    assert json.loads(text)[0]["written"][0]["text"] == OBEYED
    assert all(c.isprintable() or c == "\n" for c in text) == held


POISON = "import os\nos.close(os.open('{mark}', os.O_CREAT | os.O_WRONLY))\n"
POISONED = ("numpy", "json", "wire", "calling", "sitecustomize", "usercustomize")


@pytest.mark.parametrize("careless", [False, True], ids=["held", "off"])
def test_poisoned_start_up_files_are_not_read(careless, tmp_path, monkeypatch, system_tool):
    """Modules that shadow others lie where the grader was started, and where PYTHONPATH points."""
    system_tool("bwrap")
    folder, mark = tmp_path / "in", tmp_path / "mark"
    folder.mkdir()
    for name in POISONED:
        (folder / f"{name}.py").write_text(POISON.format(mark=mark))
    (folder / "evil.pth").write_text(f"import os; os.mkdir({str(mark)!r})")
    monkeypatch.chdir(folder)
    for name in ("PYTHONPATH", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, str(folder))
    if careless:
        monkeypatch.setattr(box, "_runner", lambda *given, runner=box._runner: _bare(runner(*given)))
    # Without these walls the folder and the environment are there at all.
    kit = Kit(Walls(filesystem=False, environment=False, other_uid=False))
    with Boxes(kit, ahead=0) as own:
        try:
            assert points(Grader(own, SECRET))[0] == FULL
        except box.NoBox:
            assert careless
    assert mark.exists() == careless


def _bare(command):
    return [word for word in command if word not in ("-I", "-S")]
