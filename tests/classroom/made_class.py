"""A class of twelve as it comes, and classes of hundreds: what is handed in, and the marks it deserves.

Half hand in the Korean notebook and half the English one. `write_class` lays the twelve out as four systems
do; in Unit 1 most have a style of their own (`handwork`), so that the one who copied stands out.
"""

import ast
import json
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from course_lib.grading.release import read_release
from tests.classroom import copies, handwork
from tests.grading.students import built, handed_in, right, stubs, wrong

LAYOUTS = ("nbgrader", "flat", "canvas_zip", "moodle_zip")
MARKDOWN = """Momentum keeps what **agrees** and lets oscillation cancel.

$$v \\leftarrow \\mu v - \\eta g, \\qquad \\text{so } \\lVert v \\rVert \\le \\frac{\\eta G}{1 - \\mu}$$

| step | loss |
|---|---|
| 1 | 0.9 |

`v = momentum * v - lr * g` — 속도가 쌓입니다."""
SCRIPT = """<script>document.title = 'owned'</script><img src=x onerror="document.title = 'owned'">
<style>body { display: none }</style><iframe src="https://attack.example"></iframe>
[look](javascript:alert(1)) <b onclick="alert(1)">because</b> the velocity adds up."""
NOISE = """import sys, warnings
warnings.warn('careful')
sys.stderr.write('한글 ' * 5_000)
print('x' * 9_000)
"""
# What stands in the place of an answer; none of them earns anything.
EXIT = "import os\nos._exit(0)\n"
NO_IMPORT = "raise ImportError('there is no such module')\n"
QUIT = "exit()\n"
FORGED = """
import os, sys
for file in (1, 2, *range(3, 20)):
    try:
        os.write(file, b'{"passed": true, "points": 17}\\n')
    except OSError:
        pass


class Equal(float):
    __eq__ = lambda self, other: True
    __hash__ = float.__hash__
    __array__ = lambda self, *more, **named: __import__("numpy").full((), 17.0)


def {task}(*arguments, **named):
    print("all passed: 17/17")
    return Equal(1)
"""


class Made(NamedTuple):
    """What was written. path: to be graded. marks: {student: {grade_id: points}}. kinds: {student: kind}."""

    path: Path
    marks: dict[str, dict[str, float]]
    kinds: dict[str, str]


@dataclass
class Student:
    """Who hands in. answers: {task: source}. earned: the tasks that are right. written: {grade_id: text}.

    file: the notebook's name, without its ending, "" for the assignment's. data: in the notebook's place.
    """

    name: str
    lang: str
    kind: str
    answers: dict[str, str] = field(default_factory=dict)
    earned: frozenset[str] = frozenset()
    written: dict[str, str] = field(default_factory=dict)
    file: str = ""
    data: bytes = b""

    def notebook(self, unit: str) -> bytes:
        """What is handed in."""
        if self.data:
            return self.data
        notebook = handed_in(self.lang, unit, self.answers)
        for cell in notebook["cells"]:
            text = self.written.get(cell["metadata"].get("nbgrader", {}).get("grade_id"))
            cell["source"] = cell["source"] if text is None else text
        return json.dumps(notebook, ensure_ascii=False).encode()

    def marks(self, unit: str) -> dict[str, float]:
        """{grade_id: points} that it deserves."""
        tasks = read_release(built("exercises", self.lang, unit)).tasks
        return {task.grade_id: task.points * (task.name in self.earned) for task in tasks}


def write_class(folder: Path, unit: str, how: str) -> Made:
    """Write the class of twelve into a folder as a system of LAYOUTS gives it out.

    The students' names are those under which they are graded: Canvas's have lost their spaces and signs.
    """
    students = twelve(unit)
    files = {_place(i, student, unit, how): student.notebook(unit) for i, student in enumerate(students)}
    path = _zipped(folder / "submissions.zip", files) if how.endswith("zip") else _written(folder, files)
    names = {student.name: _called(student.name, how) for student in students}
    marks = {names[student.name]: student.marks(unit) for student in students}
    return Made(path, marks, {names[student.name]: student.kind for student in students})


def twelve(unit: str) -> list[Student]:
    """The students. Expects a unit with at least six tasks that ask for a function."""
    tasks = list(right("en", unit))
    functions = [task for task in tasks if right("en", unit)[task].lstrip().startswith("def ")]
    every, half = frozenset(tasks), tasks[::2]
    texts = [answer.grade_id for answer in read_release(built("exercises", "en", unit)).written]
    copied = _style(4, unit, "en")
    return [
        Student("김하늘", "ko", "all right", _style(3, unit, "ko"), every, dict.fromkeys(texts, MARKDOWN)),
        Student("이서준", "ko", "nothing"),
        Student("박지우", "ko", "partly right", *_mixed(right("ko", unit), "ko", unit, half)),
        Student("최은우", "ko", "known mistakes", wrong("ko", unit)),
        Student("정다은", "ko", "noisy", _noisy(_style(1, unit, "ko")), every),
        Student("강도윤", "ko", "malformed", data=b'{"cells": [{"cell_type": "code", "source": ["\xff'),
        Student("Mina Lee", "en", "renamed notebook", copied, every, file="Untitled1"),
        Student("Noah Park", "en", "copier", _copied(copied), every, dict.fromkeys(texts, SCRIPT)),
        Student("=HYPERLINK(A1)&A2", "en", "formula", _style(7, unit, "en"), every),
        Student("etc..%2F..%2Fpasswd", "en", "path", *_mixed(_style(0, unit, "en"), "en", unit, half)),
        _hostile("Eve Adams", unit, 2, dict(zip(functions, (EXIT, NO_IMPORT, QUIT), strict=False))),
        _hostile("Max Forge", unit, 8, {task: FORGED.replace("{task}", task) for task in functions[-3:]}),
    ]


def _hostile(name, unit, style, attacks):
    good = _style(style, unit, "en")
    answers, earned = _mixed(good, "en", unit, good.keys() - attacks.keys())
    return Student(name, "en", "hostile", answers | attacks, earned)


def _style(number, unit, lang):
    """Right answers in a style of their own, which are there for one unit, or the solution's."""
    return handwork.ten()[number] if unit == handwork.UNIT else right(lang, unit)


def _mixed(good, lang, unit, earned):
    """The answers that are to be right and which these are; of the others some are wrong, some not there.

    One that needs another, as a helper stands there or its function is called, cannot be right without it.
    """
    earned, before = set(earned), None
    while earned != before:
        before = set(earned)
        gone = {name for task in good.keys() - earned for name in _made_by(good[task])}
        earned = {task for task in earned if not _needed_by(good[task]) & gone}
    bad, none = wrong(lang, unit), stubs(lang, unit)
    rest = {task: (bad, none)[i % 4 == 1][task] for i, task in enumerate(good)}
    return {task: (good if task in earned else rest)[task] for task in good}, frozenset(earned)


def _made_by(source):
    """The names of the functions and classes that a cell makes."""
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _needed_by(source):
    """The names that a cell may take from others, as names or in quotes."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    given = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return (names - given | {str(node.value) for node in nodes if isinstance(node, ast.Constant)}) - _made_by(
        source
    )


def _noisy(answers):
    return {task: NOISE + source for task, source in answers.items()}


def _copied(answers, seed=0):
    """The same under other names, with code that does nothing."""
    return {
        task: copies.padded(copies.renamed(source, seed), seed) if "def " in source else source
        for task, source in answers.items()
    }


# --- how systems give it out ------------------------------------------------------------------------------


def _called(name, how):
    """The name of a student in a system."""
    return "".join(c for c in name.lower() if c.isalnum()) if how == "canvas_zip" else name


def _place(number, student, unit, how):
    """Where a student's notebook lies."""
    name, file = _called(student.name, how), f"{student.file or unit}.ipynb"
    return {
        "nbgrader": f"submitted/{name}/{unit}/{file}",
        "flat": f"{name}.ipynb" if student.file else f"{name}_{unit}.ipynb",
        "canvas_zip": f"{name}_{1001 + number}_{50001 + number}_{file}",
        "moodle_zip": f"{name}_{1001 + number}_assignsubmission_file_/{file}",
    }[how]


def _written(folder, files):
    for place, data in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _zipped(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, data in files.items():
            archive.writestr(place, data)
    return path


# --- by the hundred ---------------------------------------------------------------------------------------


def many(folder: Path, unit: str, count: int, seed: int) -> Made:
    """Write so many made submissions into a folder as nbgrader lays them out, no two byte-equal.

    Each task of each is right, wrong or left out; one in fifty is hostile, one in a hundred no notebook.
    """
    made = Made(folder, {}, {})
    for number in range(count):
        student = _made(unit, number, random.Random(f"{seed} {number}"))
        place = f"submitted/{student.name}/{unit}/{unit}.ipynb"
        _written(folder, {place: student.notebook(unit)})
        made.marks[student.name], made.kinds[student.name] = student.marks(unit), student.kind
    return made


def _made(unit, number, wild):
    """A student of many, by chance: how good, in whose style, in which language."""
    name, lang = (f"학생{number:04}", "ko") if number % 2 else (f"student{number:04}", "en")
    if wild.random() < 0.01:
        return Student(name, lang, "malformed", data=b'{"cells": %d' % number)
    style = _style(wild.randrange(10), unit, lang)
    good = _copied(style, number) if wild.random() < 0.7 else right(lang, unit)
    diligence = wild.random()
    to_earn, attacks = {task for task in good if wild.random() < diligence}, {}
    if wild.random() < 0.02:
        task = wild.choice([task for task, source in right(lang, unit).items() if source.startswith("def ")])
        attacks[task] = wild.choice((EXIT, NO_IMPORT, QUIT, FORGED)).replace("{task}", task)
    answers, earned = _mixed(good, lang, unit, to_earn - attacks.keys())
    answers = {task: f"{source}\n# {name}: {task}" for task, source in (answers | attacks).items()}
    return Student(name, lang, "hostile" if attacks else "honest", answers, earned)
