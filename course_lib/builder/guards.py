"""A look at the raw text for what a MyST reader swallows without a word.

A `+++` line inside a formula splits it, an unclosed fence or formula eats the rest of the file, and
an empty block vanishes together with its language: each is found here before jupytext reads the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.messages import t

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_BREAK = re.compile(r" {0,3}\+[ \t]*\+[ \t]*\+")
_CELL = re.compile(r" {0,3}(`{3,}|~{3,})\{(code|raw)-cell\}")


def guard(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Faults of a source without its front matter, as (line from 1, message)."""
    state = _State()
    for number, line in enumerate(lines, start=1):
        yield from state.step(number, line)
    yield from state.end()


@dataclass
class _State:
    fence: str = ""  # the marks that opened the fence we are in
    fence_line: int = 0
    formula_line: int = 0  # where `$$` opened; 0 outside a formula
    formula_lost: bool = False  # after one fault nobody can tell what a `$$` opens or closes
    block_line: int = 0  # the `+++` whose text has not begun; 0 if it has

    def step(self, number: int, line: str) -> Iterator[tuple[int, str]]:
        if self.fence:
            yield from self._inside_fence(number, line)
        elif _BREAK.match(line):
            yield from self._close_formula(number)
            yield from self._close_block()
            self.block_line = number
        elif opening := _FENCE.match(line):
            yield from self._open_fence(number, line, opening[1])
        elif line.strip():
            self.block_line = 0
            if not self.formula_lost and re.sub(r"`[^`]*`", "", line).count("$$") % 2:
                self.formula_line = 0 if self.formula_line else number

    def end(self) -> Iterator[tuple[int, str]]:
        if self.fence:
            yield self.fence_line, t("builder.open_fence")
        yield from self._close_formula(0)
        yield from self._close_block()

    def _open_fence(self, number, line, marks):
        if _CELL.match(line):
            yield from self._close_formula(number)
            yield from self._close_block()
        self.fence, self.fence_line, self.block_line = marks, number, 0

    def _inside_fence(self, number, line):
        """Leave the fence at its closing line; a new cell or block inside it means it was never closed."""
        closing = _FENCE.match(line)
        if closing and closing[1].startswith(self.fence) and not closing[2].strip():
            self.fence = ""
        elif _CELL.match(line) or (_BREAK.match(line) and "{" in line):
            yield self.fence_line, t("builder.open_fence")
            self.fence = ""
            yield from self.step(number, line)

    def _close_formula(self, number):
        if self.formula_line and number:
            yield number, t("builder.block_in_formula", opened=self.formula_line)
            self.formula_lost = True
        elif self.formula_line:
            yield self.formula_line, t("builder.open_formula")
        self.formula_line = 0

    def _close_block(self):
        if self.block_line:
            yield self.block_line, t("builder.empty_block")
        self.block_line = 0
