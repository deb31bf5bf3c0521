"""A question of the source, `- [x] text :: feedback` per option, and the code cell it becomes."""

import re
import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.messages import t

_OPTION = re.compile(r"^- \[([ xX])\] ?", re.MULTILINE)
_WIDTH = 88  # columns of text per line; Hangul takes two, as ruff counts
_LINE = 110  # columns of a whole line, as pyproject.toml tells ruff


@dataclass(frozen=True)
class Option:
    """One option: its text, whether it is right, and what the learner hears after choosing it."""

    text: str
    right: bool
    feedback: str
    line: int  # index of its first line in the block


def parse(text: str) -> tuple[str, list[Option]]:
    """The question, and its options; a missing feedback is an empty string."""
    starts = list(_OPTION.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    options = []
    for match, end in zip(starts, ends, strict=False):
        first, _, rest = text[match.end() : end].partition("\n")
        words, _, feedback = f"{first}\n{textwrap.dedent(rest)}".partition("::")
        line = text.count("\n", 0, match.start())
        options.append(Option(words.strip(), match[1] != " ", feedback.strip(), line))
    return text[: starts[0].start() if starts else None].strip(), options


def faults(text: str) -> Iterator[tuple[int, str]]:
    """What is wrong with one side of a question, as (index of the line, message)."""
    question, options = parse(text)
    if not question:
        yield 0, t("builder.quiz_no_question")
    if len(options) < 2:
        yield 0, t("builder.quiz_few_options", got=len(options))
    elif not any(option.right for option in options):
        yield 0, t("builder.quiz_none_right")
    for option in options:
        if not (option.text and option.feedback):
            yield option.line, t("builder.quiz_no_feedback")


def same_answers(ko: str, en: str) -> bool:
    """Whether both sides have as many options, and the same ones right."""
    return [option.right for option in parse(ko)[1]] == [option.right for option in parse(en)[1]]


def code(name: str, text: str) -> str:
    """The cell that asks the question through `course_lib.viz.widgets.quiz`."""
    question, options = parse(text)
    lines = ["from course_lib.viz.widgets import quiz", "", "quiz("]
    lines += [f'    "{name}",', *_literal("    ", question), "    ["]
    for option in options:
        lines += ["        {", *_literal('            "text": ', option.text)]
        lines += [f'            "right": {option.right},']
        lines += [*_literal('            "why": ', option.feedback), "        },"]
    return "\n".join([*lines, "    ],", ")"])


def _literal(start: str, text: str) -> list[str]:
    """A string after `start`, over as many source lines as it needs."""
    # ruff joins pieces that would fit on one line, the brackets around them included
    fits = "\n" not in text[:-1] and _columns(f"{start}({_quoted(text)}),") <= _LINE
    pieces = [text] if fits else _pieces(text)
    if len(pieces) == 1:
        return [f"{start}{_quoted(pieces[0])},"]
    indent = " " * (len(start) - len(start.lstrip()))
    return [f"{start}(", *(f"{indent}    {_quoted(piece)}" for piece in pieces), f"{indent}),"]


def _pieces(text: str) -> list[str]:
    """The text cut after spaces and line ends, no piece wider than _WIDTH unless one word is."""
    pieces, width = [""], 0
    for word in re.findall(r"\S*\s|\S+", text):
        columns = _columns(word)
        if pieces[-1].endswith("\n") or (pieces[-1] and width + columns > _WIDTH):
            pieces.append("")
            width = 0
        pieces[-1] += word
        width += columns
    return pieces


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _quoted(text: str) -> str:
    """A double-quoted Python literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
