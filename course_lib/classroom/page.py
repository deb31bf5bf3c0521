"""HTML files that stand alone: one look, one policy, and names that no submission can bend.

A page loads nothing and runs nothing: its templates escape whatever they print, and the policy in its head
forbids the browser everything but the page's own style and pictures that lie in it.
"""

import hashlib
import re
import unicodedata
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from course_lib.classroom import markup
from course_lib.messages import LANGUAGES, catalogue, speaking, t
from course_lib.progress.course import label, units

POLICY = Markup(
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows' own


@cache
def environment() -> Environment:
    """The templates, which escape all they print and stop at a name that they do not know."""
    loader = PackageLoader("course_lib.classroom")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals["t"] = t
    made.filters |= {"percent": "{:.1%}".format, "number": "{:g}".format, "verdict": markup.verdict}
    return made


def render(template: str, lang: str, view: dict) -> str:
    """A page as text. template: its name. view: what it shows, strings escaped but for Markup."""
    with speaking(lang if lang in LANGUAGES else LANGUAGES[0]):
        page = environment().get_template(template).render(view | {"lang": lang, "policy": POLICY})
    return markup.visible(page)


class Names:
    """Names of files, each safe on every system and given to one thing alone.

    A plain name stays as it is. Any other loses what a path, a shell or Windows would read something into,
    and gets a mark made of the whole, so that it stays the same whoever else hands in.
    """

    def __init__(self):
        self._taken = {}

    def of(self, name: str, what=None) -> str:
        """The file name for a thing. what: the thing, where its name is not enough to tell it apart."""
        what = name if what is None else what
        plain = _plain(name)
        mark = hashlib.sha256(repr(what).encode("utf-8", "backslashreplace")).hexdigest()
        found = plain if plain == name else f"{plain}-{mark[:10]}"
        while self._taken.setdefault(found.casefold(), what) != what:
            found = f"{found}-{mark[:10]}"
        return found


def _plain(name):
    """Letters of any script, digits, and . _ - between them: at most 40."""
    text = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name))[:40].strip("._-") or "_"
    return f"_{text}" if _RESERVED.fullmatch(text) else text


def title_of(assignment: str) -> str:
    """What an exercise is called, in the current language; its own name where the course does not know it."""
    return next((label(unit, unit.notebooks[-1]) for unit in units() if unit.name == assignment), assignment)


def task_title(name: str) -> str:
    """What a check of the assignment is called; "" for another, which goes by the name in its `check`."""
    if name == "accuracy":
        return t("feedback.accuracy")
    return _word(f"assignment.check_{name.removeprefix('strategy_')}", "")


def strategies_of(training: dict | None) -> dict[str, list[str]]:
    """{kind of strategy: what the audit has found, in words}, in the current language."""
    found = (training or {}).get("audit", {})
    return {
        _word(f"audit.kind_{kind}", kind): [_word(f"audit.strategy_{name}", name) for name in names]
        for kind, (names, _) in found.items()
    }


def _word(key, otherwise):
    return t(key) if key in catalogue() else otherwise
