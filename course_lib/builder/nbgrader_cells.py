"""What nbgrader wants to know of each cell of an exercise (metadata schema 3), and the stubs.

`:solution: adam` and `:check: adam` may share a name; nbgrader wants unique ones, so the check, which
earns the points, keeps it and the solution cell is called solution-adam.
"""

from course_lib.messages import t


def nbgrader(options, cell_id: str) -> dict:
    """The metadata of a cell: options as in the source, cell_id for cells that are only to be read."""
    if "check" in options:
        return _meta(options["check"], grade=True, locked=True, points=options["points"])
    if "answer" in options:
        return _meta(options["answer"], grade=True, solution=True, points=options["points"])
    if "solution" in options:
        return _meta(f"solution-{options['solution']}", solution=True)
    return _meta(f"cell-{cell_id}", locked=True)


def _meta(grade_id, *, grade=False, solution=False, locked=False, **points):
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    return {"schema_version": 3, "grade_id": grade_id, **flags, **points}


def code_stub(name: str):
    """What stands in an exercise where code was cut out, in the current language."""

    def stub(indent):
        return [f"{indent}# {t('builder.write_code')}", f'{indent}raise NotImplementedError("{name}")']

    return stub


def prose_stub(indent: str) -> list[str]:
    """What stands in an exercise where a written answer was cut out, in the current language."""
    return [f"{indent}*{t('builder.write_answer')}*"]
