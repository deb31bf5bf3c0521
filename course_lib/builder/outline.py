"""The course as a whole, from its sources: what each unit needs, takes, teaches and asks.

A unit's front matter in notebooks/src, besides the title; in solutions/src, `minutes` alone:

    needs: [u00_introduction]          # units that come first
    minutes: 70                        # to work through it
    goal: {ko: "…", en: "…"}           # what a learner is able to do then

The assignment has no notebook, so its source in solutions/src has all three.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from course_lib.builder.problems import Problem
from course_lib.builder.source import Code, Source, paths, read
from course_lib.messages import LANGUAGES, t
from course_lib.progress.course import Unit, from_json

PAGE = "course_lib/progress/units.json"
_UNIT = re.compile(r"u(\d\d)_\w+|(assignment)")


def units(sources: list[Source]) -> list[Unit]:
    """The units of these sources, the assignment last; one whose front matter is not complete is left out."""
    files = {(source.folder, source.name): source for source in sources if not source.problems}
    names = sorted({name for _, name in files if _UNIT.fullmatch(name)}, key=lambda n: (n == "assignment", n))
    found = [(files.get(("notebooks", name)), files.get(("solutions", name))) for name in names]
    return [_unit(*both) for both in found if not [*_lacking(*both)]]


def load(root: Path) -> list[Unit]:
    """The units of the course in a folder."""
    return units([read(root, path) for path in paths(root)])


def _unit(notebook, exercise):
    main = notebook or exercise
    number = _UNIT.fullmatch(main.name)[1]
    blocks = exercise.blocks
    points = [(block.options, isinstance(block, Code)) for block in blocks if "points" in block.options]
    row = {
        "name": main.name,
        "short": str(int(number)) if number else "",
        "title": {lang: re.sub(r"^\d+\. ", "", main.title[lang]) for lang in LANGUAGES},
        "goal": main.front["goal"],
        "minutes": [notebook.front["minutes"] if notebook else 0, exercise.front["minutes"]],
        "needs": main.front["needs"],
        "quizzes": [p.options["quiz"] for p in (notebook.pairs if notebook else ()) if "quiz" in p.options],
        "checks": {options["check"]: options["points"] for options, code in points if code},
        "written": sum(options["points"] for options, code in points if not code),
    }
    return from_json(row)


def _lacking(notebook, exercise) -> Iterator[tuple[Source, str]]:
    """What the front matter of a unit's sources lacks, as (source, key)."""
    main = notebook or exercise
    wanted = [(main, key) for key in ("needs", "minutes", "goal")]
    wanted += [(exercise, "minutes")] if exercise else [(main, "exercise")]
    for source, key in wanted:
        value = source.front.get(key)
        sound = {
            "needs": type(value) is list,
            "minutes": type(value) is int and value > 0,
            "goal": type(value) is dict and all(value.get(lang) for lang in LANGUAGES),
        }
        if not sound.get(key):
            yield source, key


def faults(sources: list[Source]) -> Iterator[Problem]:
    """Front matter that is not complete, and units that need what does not come before them."""
    files = {(source.folder, source.name): source for source in sources if not source.problems}
    for name in sorted({name for _, name in files if _UNIT.fullmatch(name)}):
        for source, key in _lacking(files.get(("notebooks", name)), files.get(("solutions", name))):
            yield Problem(source.file, 1, t(f"builder.front_{key}"))
    before = []
    for unit in units(sources):
        for name in sorted(set(unit.needs) - set(before)):
            file = next(s.file for s in sources if s.name == unit.name)
            yield Problem(file, 1, t("builder.needs_later", got=name, known=", ".join(before)))
        before.append(unit.name)


def pages(root: Path, found: list[Unit]) -> dict[str, str]:
    """units.json, which the start page reads; nothing for a folder without the library."""
    if not (root / PAGE).parent.is_dir():
        return {}
    rows = [vars(unit) for unit in found]
    return {PAGE: json.dumps({"units": rows}, ensure_ascii=False, indent=1) + "\n"}
