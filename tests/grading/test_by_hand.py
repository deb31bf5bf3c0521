"""What a task wants written by hand cannot be called from a library: it is not there, and is remarked."""

import json
import re

import pytest

from course_lib import algorithms
from course_lib.assessment.units import answer_task
from course_lib.grading.release import Given, read_release
from course_lib.grading.submission import parse, take
from course_lib.messages import t
from tests.grading.students import UNITS, built, handed_in, right


def graded(grader, name, answers):
    """The grades of a unit's exercise with these answers."""
    release = read_release(built("exercises", "en", name))
    return grader.grade(take(parse(json.dumps(handed_in("en", name, answers)).encode()), release), release)


def functions(name):
    """The tasks of a unit that ask for a function."""
    return [
        task.name for task in read_release(built("exercises", "en", name)).tasks if not answer_task(task.name)
    ]


CALLS = {
    "from the top": "from course_lib.algorithms import {task}",
    "late": "def {task}(*args, **keywords):\n    from course_lib import algorithms\n"
    "    return algorithms.{task}(*args, **keywords)",
    "by torch": "import torch\ndef {task}(*args, **keywords):\n    return torch.tensor(args[0]).numpy()",
}


@pytest.mark.parametrize("name", [name for name in UNITS if functions(name)])
@pytest.mark.parametrize("call", CALLS)
def test_the_library_instead_earns_nothing_and_is_remarked(grader, name, call):
    tasks = functions(name)
    grades = graded(grader, name, {task: CALLS[call].format(task=task) for task in tasks})
    by_name = {grade.task.name: grade for grade in grades.tasks}
    library = "torch" if call == "by torch" else "course_lib"
    for task in tasks:
        assert by_name[task].points == 0
        assert "ModuleNotFoundError" in by_name[task].reason or "signature" in by_name[task].reason
        assert t("grading.library", cell=task, name=library) in grades.remarks


def lent(name):
    """{name in the notebook: our function} of what a unit's exercise imports from the library."""
    steps = read_release(built("exercises", "en", name)).steps
    return {k: v for step in steps if isinstance(step, Given) for k, v in step.library.items()}


def test_a_function_that_the_notebook_lends_does_not_do_its_own_task(grader):
    """Unit 0 lends `standardize_fit`, which is one of its tasks, under another name."""
    name = "u00_introduction"
    assert lent(name)["fit_statistics"] == "standardize_fit"
    source = "def standardize_fit(x, *, axes=(0,)):\n    return fit_statistics(x, axes=axes)"
    grades = graded(grader, name, right("en", name) | {"standardize_fit": source})
    missed = [grade for grade in grades.tasks if not grade.points]
    assert [grade.task.name for grade in missed] == ["standardize_fit"]
    assert t("grading.task_itself", name="standardize_fit") in missed[0].reason


@pytest.mark.parametrize("name", UNITS)
def test_nothing_else_that_is_lent_is_a_task(name):
    tasks = {task.name for task in read_release(built("exercises", "en", name)).tasks}
    assert tasks & set(lent(name).values()) <= {"standardize_fit"}
    assert all(hasattr(algorithms, original) for original in lent(name).values())


@pytest.mark.parametrize("name", UNITS)
def test_no_solution_reaches_for_a_library(name):
    for source in right("en", name).values():
        assert not re.search(r"\b(torch|course_lib|scipy)\b", source)
