"""A table that a learning platform exported, and which of its students a submission belongs to.

A student is never guessed: whoever fits two lines, or none, is told.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.naming import sender
from course_lib.grading.marking import printable
from course_lib.messages import t

MAX_TABLE = 20 << 20  # bytes


class NoTable(Exception):
    """A table that cannot be filled in; the text says why, and what to do."""


@dataclass
class Table:
    """A CSV file, to be written in the form in which it came.

    before: lines between the head and the students. mark: whether it began with a byte order mark.
    """

    head: list[str]
    lines: list[list[str]]
    before: list[list[str]] = field(default_factory=list)
    mark: bool = False
    delimiter: str = ","
    end: str = "\n"

    def find(self, *titles: str) -> int | None:
        """The number of the column with one of these titles, in whatever case, or None."""
        wanted = {plain(title) for title in titles}
        return next((i for i, title in enumerate(self.head) if plain(title) in wanted), None)

    def text(self, keep=None, own: int | None = None) -> str:
        """The file. keep: the numbers of the columns, or all. own: a column in which no formula can stand."""
        keep, text = range(len(self.head)) if keep is None else keep, io.StringIO()
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.end)
        for line in (self.head, *self.before, *self.lines):
            writer.writerow([line[i] if i == own else _as_it_came(line[i]) for i in keep])
        return ("\ufeff" if self.mark else "") + text.getvalue()


@dataclass(frozen=True)
class Person:
    """A student of a table. line: its number. name: as it stands there. The rest: as it can be compared."""

    line: int
    name: str
    ids: frozenset
    logins: frozenset
    names: frozenset


@dataclass(frozen=True)
class Match:
    """lines: {line: row} where one student fits one row. left: (student, why) of the other rows."""

    lines: dict[int, dict]
    left: list[tuple[str, str]]


def read_table(path: Path) -> Table:
    """A table in UTF-8, its cells parted by commas, semicolons or tabs. Raises NoTable."""
    text = _read(path)
    mark, text = text.startswith("\ufeff"), text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        head, *lines = [line for line in read if any(line)] or [[]]
    except csv.Error as error:
        raise NoTable(t("exports.no_csv", path=path, error=error)) from None
    if not lines:
        raise NoTable(t("exports.empty", path=path))
    even = [[*line, *[""] * (len(head) - len(line))][: len(head)] for line in lines]
    end = "\r\n" if first.endswith("\r") else "\n"
    return Table([title.strip() for title in head], even, [], mark, delimiter, end)


def person(line: int, name: str, ids: list[str], logins: list[str]) -> Person:
    """A student of a table. An address counts as a login with and without what follows its @."""
    logins = {plain(login) for login in logins} - {""}
    logins |= {login.split("@")[0] for login in logins}
    last, comma, first = name.partition(",")
    names = {_name(name), _name(f"{first} {last}") if comma else ""} - {""}
    return Person(line, name.strip(), frozenset(map(plain, ids)) - {""}, frozenset(logins), frozenset(names))


def match(rows: list[dict], people: list[Person]) -> Match:
    """Which student each row belongs to: by number, else by login, else by name."""
    claims, left = defaultdict(list), []
    for row in rows:
        fit = _candidates(row, people)
        if len(fit) == 1:
            claims[fit[0]].append(row)
        elif fit:
            left.append((row["student"], t("exports.ambiguous", names=listed(one.name for one in fit))))
        else:
            left.append((row["student"], t("exports.nobody")))
    for one, claimed in claims.items():
        if len(claimed) > 1:
            twice = t("exports.claimed_twice", name=printable(one.name))
            left += [(row["student"], twice) for row in claimed]
    return Match({one.line: rows[0] for one, rows in claims.items() if len(rows) == 1}, left)


def harmless(value):
    """A text that a spreadsheet does not take for a formula, nor one with full-width signs."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r\n＝＋－＠") else value


def listed(names) -> str:
    """Names for a message."""
    return ", ".join(printable(name) for name in names)


def plain(text: str) -> str:
    """A text to be compared: one form of each letter, no case, no space around it."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def _read(path):
    try:
        if path.stat().st_size > MAX_TABLE:
            raise NoTable(t("exports.huge", path=path, most=MAX_TABLE >> 20))
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise NoTable(t("exports.no_file", path=path, error=error.strerror)) from None
    except UnicodeDecodeError:
        raise NoTable(t("exports.no_utf8", path=path)) from None


def _as_it_came(cell):
    """A cell of a table; names are chosen by learners there, too. Numbers and a lone dash stay."""
    return cell if re.fullmatch(r"[-+]?[\d.,]*", cell.strip()) else harmless(cell)


def _candidates(row, people):
    """Whom a row fits: the first kind of sign that fits anybody decides."""
    numbers, names = _told(row)
    login = plain(row["student"])
    for fits in (
        lambda one: one.ids & numbers,
        lambda one: login in one.logins | one.ids,
        lambda one: one.names & names,
    ):
        if found := [one for one in people if fits(one)]:
            return found
    return []


def _told(row):
    """The numbers and the names that a student's folder or file tell."""
    for part in (row["student"], *row["notebook"].split("/")):
        if found := sender(part):  # a platform's own number of a student or participant
            return {found.id}, {_name(found.name)}
    words = re.split(r"[\s_()\[\]-]+", row["student"])
    rest = " ".join(word for word in words if not word.isdecimal())
    numbers = {word for word in words if word.isdecimal() and len(word) > 3}  # kim_2 is the second Kim
    return {row["id"]} if row.get("id") else numbers, {_name(row["student"]), _name(rest)} - {""}


def _name(text):
    """A name without what platforms take out of it for a file's name: case, spaces, signs."""
    return "".join(c for c in plain(text) if c.isalnum())
