"""What a class has earned so far, in one SQLite file: a result stands there whole, or not at all.

Whoever is killed while grading loses the submission that was being graded, and nothing else: every result is
a transaction of its own. One process writes at a time.
"""

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from course_lib.messages import t

_TABLES = """
CREATE TABLE IF NOT EXISTS results (
    student TEXT, work TEXT, key TEXT NOT NULL, row TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (student, work));
CREATE TABLE IF NOT EXISTS attempts (
    student TEXT, work TEXT, sha256 TEXT, at TEXT NOT NULL, PRIMARY KEY (student, work, sha256));
"""


class Busy(Exception):
    """Another process writes there, or the file is none of ours; the text says what to do."""


@dataclass(frozen=True)
class Attempt:
    """A submission to the assignment that was graded. at: when, in UTC."""

    sha256: str
    at: datetime


class Store:
    """The results in a folder. Use `open_store`."""

    def __init__(self, connection):
        self._connection = connection

    def row(self, student: str, work: str, key: str) -> dict | None:
        """The row of this very work, graded in this very way; None where there is none.

        work: the assignment, or the place of a file that belongs to none.
        """
        found = self._connection.execute(
            "SELECT row FROM results WHERE student = ? AND work = ? AND key = ?", (student, work, key)
        ).fetchone()
        return json.loads(found[0]) if found else None

    def latest(self, student: str, work: str) -> dict | None:
        """The student's row, however it was graded; None where there is none."""
        found = self._connection.execute(
            "SELECT row FROM results WHERE student = ? AND work = ?", (student, work)
        ).fetchone()
        return json.loads(found[0]) if found else None

    def rows(self) -> list[dict]:
        """All rows, by student and assignment."""
        found = self._connection.execute("SELECT row FROM results ORDER BY student, work")
        return [json.loads(text) for (text,) in found]

    def save(self, work: str, key: str, row: dict, *, attempt: bool = False, at: datetime | None = None):
        """Keep a row in the place of the student's earlier one; with `attempt`, it counts as one."""
        at = (at or datetime.now(UTC)).isoformat()
        text = json.dumps(row, ensure_ascii=False)
        with self._connection as transaction:
            who = row["student"], work
            transaction.execute("REPLACE INTO results VALUES (?, ?, ?, ?, ?)", (*who, key, text, at))
            if attempt:
                tried = (*who, row["sha256"], at)
                transaction.execute("INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?)", tried)

    def amend(self, row: dict):
        """Keep a changed row under the key that it had."""
        text = json.dumps(row, ensure_ascii=False)
        with self._connection as transaction:
            who = row["student"], row["assignment"]
            transaction.execute("UPDATE results SET row = ? WHERE student = ? AND work = ?", (text, *who))

    def attempts(self, student: str, work: str) -> list[Attempt]:
        """The attempts that counted, the first one first."""
        found = self._connection.execute(
            "SELECT sha256, at FROM attempts WHERE student = ? AND work = ? ORDER BY at", (student, work)
        )
        return [Attempt(sha, datetime.fromisoformat(at)) for sha, at in found]


@contextmanager
def open_store(folder: Path):
    """The results of a folder, made where there are none. Raises Busy."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "grades.db"
    try:
        with FileLock(folder / ".grades.lock", timeout=0):
            connection = sqlite3.connect(path)
            try:
                connection.executescript(_TABLES)
                yield Store(connection)
            except sqlite3.DatabaseError as error:
                raise Busy(t("classroom.damaged", path=path, error=error)) from error
            finally:
                connection.close()
    except Timeout:
        raise Busy(t("classroom.busy", path=folder)) from None


def read_rows(folder: Path) -> list[dict]:
    """All rows of a folder, while another process may be writing. Raises Busy where there are none."""
    path = folder / "grades.db"
    if not path.exists():
        raise Busy(t("classroom.no_grades", path=folder))
    connection = sqlite3.connect(path)
    try:
        return Store(connection).rows()
    except sqlite3.DatabaseError as error:
        raise Busy(t("classroom.damaged", path=path, error=error)) from error
    finally:
        connection.close()
