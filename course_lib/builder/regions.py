"""Solution regions: the lines between `### BEGIN SOLUTION` and `### END SOLUTION`."""

import re
from collections.abc import Callable, Iterator

from course_lib.messages import t

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_ALMOST = re.compile(r"\b(begin|end)[\s_-]*solution\b", re.IGNORECASE)


def marked(text: str) -> bool:
    """Whether the text holds a marker, or a line that was meant to be one."""
    return bool(_ALMOST.search(text))


def faults(text: str) -> Iterator[tuple[int, str]]:
    """What is wrong with the markers of one cell, as (index of the line, message)."""
    begin = None
    for index, line in enumerate(text.split("\n")):
        if line.strip() == BEGIN:
            if begin is not None:
                yield index, t("builder.region_nested")
            begin = index
        elif line.strip() == END:
            if begin is None:
                yield index, t("builder.region_no_begin")
            elif not "".join(text.split("\n")[begin + 1 : index]).strip():
                yield begin, t("builder.region_empty")
            begin = None
        elif _ALMOST.search(line):
            yield index, t("builder.region_misspelt", got=line.strip(), begin=BEGIN, end=END)
    if begin is not None:
        yield begin, t("builder.region_no_end")
    if not marked(text):
        yield 0, t("builder.region_missing", begin=BEGIN)


def filled(text: str) -> str:
    """The text with its answers and without the markers."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))


def cut(text: str, stub: Callable[[str], list[str]]) -> str:
    """The text with each region replaced by `stub(indent)`, the indent being the BEGIN marker's."""
    kept, inside = [], False
    for line in text.split("\n"):
        if line.strip() == BEGIN:
            kept += stub(line[: len(line) - len(line.lstrip())])
            inside = True
        elif line.strip() == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def answer_lines(text: str) -> set[str]:
    """The lines that stand inside regions, stripped, without blank ones."""
    inside, found = False, set()
    for line in map(str.strip, text.split("\n")):
        if line in (BEGIN, END):
            inside = line == BEGIN
        elif inside and line:
            found.add(line)
    return found
