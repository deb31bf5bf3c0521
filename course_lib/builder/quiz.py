"""A question of the source, `- [x] text :: feedback` per option, the code cell it becomes, and its texts."""

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.messages import LANGUAGES, t

PAGE = "course_lib/viz/quizzes.json"
_OPTION = re.compile(r"^- \[([ xX])\] ?", re.MULTILINE)


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


def code(notebook: str, name: str) -> str:
    """The cell that asks a question. Its texts are elsewhere: not every program hides the code of a cell."""
    return f'from course_lib.viz.widgets import ask\n\nask("{notebook}", "{name}")'


def pages(root: Path, sources) -> dict[str, str]:
    """quizzes.json, which `ask` reads: {notebook: {name: {language: what `quiz` takes}}}.

    sources: the Sources of the notebooks. Nothing for a folder without the library.
    """
    if not (root / PAGE).parent.is_dir():
        return {}
    asked = {source.name: _asked(source) for source in sources if not source.problems}
    questions = {name: found for name, found in asked.items() if found}
    return {PAGE: json.dumps(questions, ensure_ascii=False, indent=1) + "\n"}


def _asked(source):
    pairs = (pair for pair in source.pairs if "quiz" in pair.options)
    return {pair.options["quiz"]: {lang: _arguments(pair.text[lang]) for lang in LANGUAGES} for pair in pairs}


def _arguments(text):
    question, options = parse(text)
    rows = [{"text": one.text, "right": one.right, "why": one.feedback} for one in options]
    return {"question": question, "options": rows}
