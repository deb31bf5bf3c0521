"""The structural rules for one source's blocks: what the builder refuses to build.

A block is told by its fields: prose has a text per language in `text`, a code cell has one string.
"""

import re
from collections import Counter
from collections.abc import Iterator

from course_lib.builder import quiz, regions
from course_lib.builder.text import line_of, words_only
from course_lib.messages import t

PROSE_OPTIONS = {"quiz", "answer", "points"}
CODE_OPTIONS = {"tags", "jupyter", "solution", "check", "points"}
_ID = re.compile(r"[A-Za-z0-9_-]+")


def faults(blocks, *, graded: bool) -> Iterator[tuple[int, str]]:
    """Every fault as (line, message); graded: whether the file stands in solutions/src."""
    seen = Counter()
    for block in blocks:
        code = isinstance(block.text, str)
        line = block.line if code else block.head["ko"]
        yield from _options(block.options, CODE_OPTIONS if code else PROSE_OPTIONS, line)
        yield from _grading(block.options, line, graded)
        for kind, name in _names(block.options):
            seen[kind, name] += 1
            if seen[kind, name] > 1:
                yield line, t("builder.duplicate_id", got=name)
        yield from (_code(block) if code else _prose(block))


def _names(options):
    """What must be unique: quizzes among themselves, solutions too, and all that earns points."""
    for key, kind in (("quiz", "quiz"), ("solution", "solution"), ("check", "points"), ("answer", "points")):
        if key in options:
            yield kind, options[key]


def _options(options, known, line):
    for key in sorted(set(options) - known):
        yield line, t("builder.unknown_option", got=key, known=", ".join(sorted(known)))
    for _, name in _names(options):
        if not (isinstance(name, str) and _ID.fullmatch(name)):
            yield line, t("builder.bad_id", got=repr(name))


def _grading(options, line, graded):
    """Points go with a check or a written answer, and all of it belongs into solutions/src."""
    roles = [key for key in ("solution", "check", "answer") if key in options]
    earns = "check" in options or "answer" in options
    points = options.get("points")
    if roles and not graded:
        yield line, t("builder.only_in_solutions", got=roles[0])
    if len(roles) > 1 or (roles and "quiz" in options):
        yield line, t("builder.two_roles")
    if earns and (isinstance(points, bool) or not isinstance(points, int | float) or points <= 0):
        yield line, t("builder.no_points", got=repr(points))
    elif "points" in options and not earns:
        yield line, t("builder.points_alone")


def _code(block):
    if not block.text.strip():
        yield block.line, t("builder.empty_block")
    yield from _markers(block.text, block.line, "solution" in block.options)


def _prose(block):
    for lang, text in block.text.items():
        line = block.line[lang]
        yield from _markers(text, line, "answer" in block.options)
        for match in re.finditer(r"^# ", words_only(text), re.MULTILINE):
            yield line_of(text, match.start(), line), t("builder.second_title")
        if "quiz" in block.options:
            yield from ((line + index, message) for index, message in quiz.faults(text))
    if "quiz" in block.options and not quiz.same_answers(block.text["ko"], block.text["en"]):
        yield block.head["en"], t("builder.quiz_sides_differ")


def _markers(text, line, allowed):
    if allowed:
        yield from ((line + index, message) for index, message in regions.faults(text))
    elif regions.marked(text):
        index = next(i for i, row in enumerate(text.split("\n")) if regions.marked(row))
        yield line + index, t("builder.region_outside")
