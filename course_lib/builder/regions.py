"""Solution regions: the lines between `### BEGIN SOLUTION` and `### END SOLUTION`.

A region may hold a second part, after `### GIVEN`: what stands in the exercise in the answer's place, such
as the wrong code of a *find the bug*.
"""

import re
from collections.abc import Callable, Iterator

from course_lib.messages import t

MARKERS = BEGIN, GIVEN, END = "### BEGIN SOLUTION", "### GIVEN", "### END SOLUTION"
_ALMOST = re.compile(r"\b(begin|end)[\s_-]*solution\b", re.IGNORECASE)


def marked(text: str) -> bool:
    """Whether the text holds a marker, or a line that was meant to be one."""
    return bool(_ALMOST.search(text))


def faults(text: str) -> Iterator[tuple[int, str]]:
    """What is wrong with the markers of one cell, as (index of the line, message)."""
    begin = given = None
    for index, line in enumerate(text.split("\n")):
        if line.strip() == BEGIN:
            if begin is not None:
                yield index, t("builder.region_nested")
            begin, given = index, None
        elif line.strip() == GIVEN:
            if begin is None or given is not None:
                yield index, t("builder.region_given", given=GIVEN)
            given = index
        elif line.strip() == END:
            if begin is None:
                yield index, t("builder.region_no_begin")
            elif not all("".join(part).strip() for part in _parts(text, begin, given, index)):
                yield begin, t("builder.region_empty")
            begin = None
        elif _ALMOST.search(line):
            yield index, t("builder.region_misspelt", got=line.strip(), begin=BEGIN, end=END)
    if begin is not None:
        yield begin, t("builder.region_no_end")
    if not marked(text):
        yield 0, t("builder.region_missing", begin=BEGIN)


def _parts(text, begin, given, end):
    """The lines of a region: its answer and, if there is one, what is given instead."""
    lines = text.split("\n")
    return [lines[begin + 1 : end]] if given is None else [lines[begin + 1 : given], lines[given + 1 : end]]


def filled(text: str) -> str:
    """The text with its answers, without the markers and without what is given instead."""
    return "\n".join(line for line, place in _placed(text) if place in ("outside", "answer"))


def cut(text: str, stub: Callable[[str], list[str]]) -> str:
    """The text without its answers; where nothing is given instead, `stub(indent)`, the BEGIN marker's."""
    kept, indent, replaced = [], "", True
    for line, place in _placed(text):
        if place == "begin":
            indent, replaced = line[: len(line) - len(line.lstrip())], False
        elif place == "mark":
            replaced = True
        elif place == "end" and not replaced:
            kept += stub(indent)
        elif place in ("outside", "given"):
            kept.append(line)
    return "\n".join(kept)


def answer_lines(text: str) -> set[str]:
    """The lines that stand inside regions as their answers, stripped, without blank ones."""
    return {line.strip() for line, place in _placed(text) if place == "answer" and line.strip()}


_PLACES = {BEGIN: ("begin", "answer"), GIVEN: ("mark", "given"), END: ("end", "outside")}


def _placed(text):
    """Each line with its place: "outside", "answer", "given", or the marker that it is."""
    place = "outside"
    for line in text.split("\n"):
        here, place = _PLACES.get(line.strip(), (place, place))
        yield line, here
