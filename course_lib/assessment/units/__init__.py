"""The tasks whose answer is data, a module for each unit: a number, a choice, the settings of a training run.

A module here enters its tasks with `@number_task`, `@choice_task` or `@repair_task`.
"""

import pkgutil
from importlib import import_module

from course_lib.assessment.choices import choice_tasks
from course_lib.assessment.numbers import number_tasks
from course_lib.assessment.repairs import repair_tasks

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def answer_tasks() -> dict:
    """Every task whose answer is data: {name: task}; each has `judge(answer) -> Outcome`."""
    return {**number_tasks(), **choice_tasks(), **repair_tasks()}
