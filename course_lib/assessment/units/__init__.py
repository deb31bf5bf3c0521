"""The tasks whose answer is data, a module for each unit: a number, a choice, the settings of a training run.

A module here enters its tasks with `@number_task`, `@choice_task` or `@repair_task`. Some need torch, which
takes a second to load, and so does the diagnosis lab: each is imported when one of its tasks is asked for.
"""

import pkgutil
from importlib import import_module

from course_lib import registry
from course_lib.assessment.cases import has_cases
from course_lib.assessment.choices import choice_tasks
from course_lib.assessment.numbers import number_tasks
from course_lib.assessment.repairs import repair_tasks

_UNITS = [module.name for module in pkgutil.iter_modules(__path__)]


def answer_task(name: str, lab: int | None = None):
    """The task of that name if its answer is data, else None; it has `judge(answer) -> Outcome`.

    lab: the seed of a class's own cases of the diagnosis lab.
    """
    if any(entry.name == name and has_cases(entry) for entry in registry.entries()):
        return None
    for unit in _UNITS:
        import_module(f"{__name__}.{unit}")
        if name in (tasks := number_tasks() | choice_tasks() | repair_tasks()):
            return tasks[name]
    from course_lib.assessment.lab import lab_tasks

    return lab_tasks(lab).get(name)


def answer_tasks() -> dict:
    """Every task whose answer is data, those of the lab as well: {name: task}."""
    from course_lib.assessment.lab import lab_tasks

    for unit in _UNITS:
        import_module(f"{__name__}.{unit}")
    return {**number_tasks(), **choice_tasks(), **repair_tasks(), **lab_tasks()}
