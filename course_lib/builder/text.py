"""Small tools on Markdown text that several of the builder's modules need."""

import hashlib
import re

_CODE = re.compile(
    r"^(?P<fence>[ ]*(?P<mark>`{3,}|~{3,})[^\n]*\n.*?^[ ]*(?P=mark)[`~]*[ ]*$)|(?P<tick>`+)[^`].*?(?P=tick)",
    re.MULTILINE | re.DOTALL,
)
_MATH = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|<!--.*?-->|\]\([^)\n]*\)", re.DOTALL)


def fingerprint(text: str) -> str:
    """Twelve hexadecimal digits that stand for this text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def without_code(text: str) -> str:
    """The text with code blanked; every line keeps its number and every character its place."""
    return _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def words_only(text: str) -> str:
    """The text with code, formulas, comments and link targets blanked; every line keeps its number."""
    for pattern in (_CODE, _MATH):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def line_of(text: str, position: int, first: int) -> int:
    """The line of a position in a text whose first line is number `first`."""
    return first + text.count("\n", 0, position)
