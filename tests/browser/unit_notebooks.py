"""A notebook of the panels, the first quizzes and the first tasks of units, cut out of the built notebooks.

It is much shorter than the units and shows the same: each cell is the unit's own, and so are its imports.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_lib.assessment.numbers import NumberTask
from course_lib.assessment.units import answer_tasks
from course_lib.builder import notebooks
from course_lib.progress import course
from course_lib.viz.quiz import ask

REPOSITORY = Path(__file__).parents[2]
# a learner's wrong answer and then the right one; the first raises, as it should
TASK = """from course_lib.assessment import check
from course_lib.assessment.check import CheckFailed
try:
    check({name!r}, {wrong!r})
except CheckFailed:
    pass
check({name!r}, {right!r})"""


@dataclass(frozen=True)
class Shown:
    """A cell that shows something. name: of its function or task. place: among the code cells."""

    kind: str  # panel, patient, quiz or task
    unit: str
    name: str
    place: int

    def __str__(self):
        return f"{self.unit[:3]}-{self.kind}-{self.name}"


def unit_names():
    """All units that have a notebook, in order."""
    return [unit.name for unit in course.units() if unit.minutes[0]]


def shown_cells(units, lang):
    """(sources of the code cells, [Shown]) for these units in a language."""
    sources, shown = [], []
    for unit in units:
        cells = code_cells(REPOSITORY / "notebooks" / lang / f"{unit}.ipynb")
        sources += [cells[0], imports(cells)]  # the first sets the language
        quiz = next(cell for cell in cells if called(cell) == "ask")
        for kind, name, source in [*_panels(cells), ("quiz", "quiz", quiz), *_task(unit)]:
            shown.append(Shown(kind, unit, name, len(sources)))
            sources.append(source)
    return sources, shown


def code_cells(path):
    """The sources of a notebook's code cells, without the set-up."""
    return [cell.source for cell in notebooks.code_cells(nbformat.read(path, as_version=4))]


def called(source):
    """The name of the function whose value a cell shows, "" where it is no call."""
    last = ast.parse(source).body[-1:]
    call = last and isinstance(last[0], ast.Expr) and last[0].value
    return call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""


def asked(source):
    """The Quiz of a cell that asks one of the course's questions, in the current language."""
    return ask(*map(ast.literal_eval, ast.parse(source).body[-1].value.args))


def imports(cells):
    """All imports of some cells as one."""
    nodes = [node for cell in cells for node in ast.parse(cell).body]
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def _panels(cells):
    """All that is moved or asked; the patient of the virtual lab is no picture that follows a control."""
    names = [name for cell in cells if (name := called(cell)).endswith("_panel")]
    kinds = ["patient" if name == "diagnosis_panel" else "panel" for name in names]
    return list(zip(kinds, names, [cell for cell in cells if called(cell) in names], strict=True))


def _task(unit):
    """The unit's first task that asks for a number."""
    checks = next(it.checks for it in course.units() if it.name == unit)
    cells = []
    numbers = [task for task in answer_tasks().values() if isinstance(task, NumberTask)]
    for task in [task for task in numbers if task.name in checks][:1]:
        wrong = next(iter(task.mistakes.values()))
        cells.append(("task", task.name, TASK.format(name=task.name, right=task.value, wrong=wrong)))
    return cells


def write_notebook(path, sources):
    """Code cells as a notebook file."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
