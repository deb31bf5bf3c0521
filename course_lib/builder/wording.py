"""What the words of sources and messages must keep to: the glossary, the polite form, no prose in code."""

import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

from course_lib.builder import regions
from course_lib.builder.glossary import Term, departures
from course_lib.builder.problems import Problem
from course_lib.builder.source import Code, Source
from course_lib.builder.text import line_of
from course_lib.messages import t

_TOOL_COMMENT = re.compile(r"#\s*(noqa|ruff:|type:|fmt:|pragma)")


def in_source(source: Source, terms: list[Term]) -> Iterator[Problem]:
    """Departures in one source: its title, its prose, and comments in code that both languages share."""
    for _, message in departures(terms, source.title["ko"], source.title["en"]):
        yield Problem(source.file, 1, message)
    for block in source.blocks:
        if isinstance(block, Code):
            yield from (Problem(source.file, *fault) for fault in _comments(block))
        else:
            for position, message in departures(terms, block.text["ko"], block.text["en"]):
                yield Problem(source.file, line_of(block.text["ko"], position, block.line["ko"]), message)


def _comments(block):
    """Comments in a code cell: it serves both languages, so prose belongs into the blocks around it."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(block.text).readline):
            line = block.line + token.start[0] - 1
            allowed = token.string in regions.MARKERS or _TOOL_COMMENT.match(token.string)
            if token.type == tokenize.COMMENT and not allowed:
                yield line, t("builder.comment", got=token.string)
    except (tokenize.TokenError, SyntaxError) as error:
        yield block.line, t("builder.not_python", reason=str(error.args[0]))


def in_messages(root: Path, terms: list[Term]) -> Iterator[Problem]:
    """Departures in the message catalogues, at the line of the message's key."""
    for path in sorted((root / "course_lib" / "messages").glob("*.toml")):
        raw = path.read_text(encoding="utf-8")
        for key, pair in tomllib.loads(raw).items():
            line = line_of(raw, max(raw.find(f'["{key}"]'), 0), 1)
            for _, message in departures(terms, pair["ko"], pair["en"]):
                yield Problem(path.relative_to(root).as_posix(), line, message)
