"""Who handed something in, and what: read from the names on the way to a file.

Learning management systems write both into names of their own. Elsewhere a name holds the student's, the
assignment's, or both, in either order.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.grading.marking import printable

MAX_NAME = 60  # characters of a student's name: as bytes, with an ending, a file's name may be 255
# Folders that are no student's.
LAYOUT = {"exercises", "notebooks", "solutions", "submitted", "submissions", "release", "ko", "en", "src", ""}
# Hong Gil-dong_123456_assignsubmission_file_, a folder, or the same before a file's name
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)", re.DOTALL)
# honggildong_LATE_12345_67890_u01_optimization-2.ipynb: the student's number, the file's, the file's name.
# A folder of ours may be called intro_2026_03: neither number begins with 0, and the file's is longer.
_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>[1-9]\d*)_(?P<file>[1-9]\d{2,})_(?P<rest>.+[.]\w+)",
    re.DOTALL | re.IGNORECASE,
)
_COPY = re.compile(r" ?\((\d{1,3})\)$")  # a browser's: "u01 (2)"
_DOUBLE = re.compile(r"(-Copy\d{1,3}| - Copy| - 복사본)$")  # Jupyter's, Windows'
_AGAIN = re.compile(r"-(\d{1,2})$")  # Canvas' at a name handed in before, and that of `course submit`
_SEPARATORS = " \t_-.,+()[]"


@dataclass(frozen=True)
class Sender:
    """Whom a learning management system names. number: of the file; later ones are higher. rest: its name."""

    name: str
    id: str
    late: bool = False
    number: int = 0
    rest: str = ""


def sender(name: str) -> Sender | None:
    """Whom the name of a file or folder names as Moodle or Canvas write it; None where it is not theirs."""
    if match := _MOODLE.fullmatch(name):
        return Sender(match["name"], match["id"][-18:], rest=match["rest"])
    if match := _CANVAS.fullmatch(name):
        number = int(match["file"][-18:])
        return Sender(match["name"], match["id"][-18:], bool(match["late"]), number, match["rest"])
    return None


def stem(name: str) -> str:
    """A file's name without the ending that makes it a notebook or an archive, in composed characters."""
    return re.sub(r"[.](ipynb|zip)$", "", unicodedata.normalize("NFC", name), flags=re.IGNORECASE).strip()


def attempt(name: str) -> tuple[str, int]:
    """A stem without the number of its copy or attempt, and that number; 0 without one."""
    name, copy = _cut(_COPY, name)
    name, again = _cut(_AGAIN, _DOUBLE.sub("", name))
    return name, again or copy


def _cut(pattern, name):
    match = pattern.search(name)
    return (name[: match.start()], int(match[1])) if match and match.start() else (name, 0)


class Assignments:
    """The names of a course's assignments, and how they are found in others: u01_optimization, or u01."""

    def __init__(self, names: Sequence[str]):
        self.names = tuple(names)
        codes = {name: name.split("_")[0] for name in names if re.match(r"[a-z]+\d+_", name)}
        alone = {code: name for name, code in codes.items() if list(codes.values()).count(code) == 1}
        self._keys = alone | {_key(name): name for name in names}
        longest = sorted(self._keys, key=len, reverse=True)
        any_of = "|".join(re.escape(key).replace("_", r"[\s_.-]+") for key in longest)
        self._pattern = re.compile(rf"(?<![0-9A-Za-z])({any_of})(?![0-9A-Za-z])", re.IGNORECASE)

    def exact(self, name: str) -> str:
        """The assignment that has this very name, or ""."""
        return next((one for one in self.names if _key(one) == _key(stem(name))), "")

    def split(self, name: str) -> tuple[str, str]:
        """(student, assignment) of a name, each "" where it holds none, or of the assignment several."""
        whole, _ = attempt(stem(name))
        found = list(self._pattern.finditer(whole)) if self.names else []
        which = {self._keys[_key(match[1])] for match in found}
        if len(which) != 1:
            return _DOUBLE.sub("", _cut(_COPY, stem(name))[0]).strip(_SEPARATORS), ""
        return self._pattern.sub("", whole).strip(_SEPARATORS), which.pop()


def _key(name):
    return re.sub(r"[\s_.-]+", "_", name).casefold()


def clean(name: str) -> str:
    """A student's name that a terminal, a file system and a page can hold: composed, printable, not long."""
    name = re.sub(r'[/\\:*?"<>|]', "_", printable(unicodedata.normalize("NFC", name)))
    return name[:MAX_NAME].strip(" .") or "_"


def place(parts: Sequence[str]) -> str:
    """Where something lay, for people; the middle of what is long is left out."""
    text = printable("/".join(part for part in parts if part))
    return text if len(text) <= 200 else f"{text[:99]}…{text[-100:]}"
