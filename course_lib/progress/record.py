"""The record of a learner's progress: a small JSON file, replaced whole at every change.

    {"version": 1,
     "visits":  {"notebooks/u01_optimization": "2026-11-21T06:30Z"},
     "quizzes": {"notebooks/u01_optimization": {"stability": {"right": true, "at": "2026-…"}}},
     "checks":  {"exercises/u01_optimization": {"adam": "2026-…"}}}

Times are UTC, to the minute. Nothing else is kept: no name, no answer, no code.
"""

import json
import os
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

VERSION = 1
MOST = 1 << 20  # bytes of a record; a whole course takes 10 kB
PATIENCE_S, STALE_S = 2.0, 10.0  # how long a change waits for another one; after which a lock is a dead one's
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ")


class Damaged(ValueError):
    """What should be a record is none."""


class Newer(OSError):
    """A record that a later version of the course has written: it is left alone."""


def empty() -> dict:
    """The record of somebody who begins."""
    return {"version": VERSION, "visits": {}, "quizzes": {}, "checks": {}}


def now() -> str:
    """This minute, as a record keeps it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")


def parse(data: bytes) -> dict:
    """The record that these bytes are. Raises Damaged, or Newer."""
    try:
        found = json.loads(data) if len(data) <= MOST else None
    except (ValueError, RecursionError):
        found = None
    version = found.get("version") if type(found) is dict else None
    if type(version) is not int or version < VERSION:
        raise Damaged
    if version > VERSION:
        raise Newer(f"version {version}")
    if set(found) != set(empty()) or not _is_sound(found):
        raise Damaged
    return found


def _is_sound(found):
    """Whether all entries have the form shown above."""
    parts = [found["visits"], found["quizzes"], found["checks"]]
    if not all(type(part) is dict for part in parts):
        return False
    notebooks = [entries for part in parts[1:] for entries in part.values()]
    if not all(type(entries) is dict for entries in notebooks):
        return False
    answers = [answer for entries in found["quizzes"].values() for answer in entries.values()]
    if not all(type(a) is dict and set(a) == {"right", "at"} and type(a["right"]) is bool for a in answers):
        return False
    times = [*found["visits"].values(), *(a["at"] for a in answers)]
    times += [at for entries in found["checks"].values() for at in entries.values()]
    return all(type(at) is str and _TIME.fullmatch(at) for at in times)


def read(path: Path) -> dict:
    """The record of a file, an empty one where there is none. Raises Damaged, or an OSError."""
    return parse(path.read_bytes()) if path.exists() else empty()


def change(path: Path, edit) -> Path | None:
    """Let edit(record) alter the record and store it; the old file or the new one is there at every moment.

    A damaged file is kept aside and begun anew; returns where it was put then, else None. Raises OSError
    where nothing can be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = None
    with _locked(path):
        try:
            found = read(path)
        except Damaged:
            found, aside = empty(), put_aside(path, "damaged")
        before = json.dumps(found, sort_keys=True)
        edit(found)
        if json.dumps(found, sort_keys=True) != before or aside:
            replace(path, (json.dumps(found, indent=1, sort_keys=True) + "\n").encode())
    return aside


def replace(path: Path, data: bytes):
    """Write a file in one step: a reader, or a power cut, meets the old bytes or the new ones."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def put_aside(path: Path, why: str) -> Path | None:
    """Rename a record to progress.<why>-1.json, -2 and so on; returns where it is now, None without one."""
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.stem}.{why}-{number}{path.suffix}")).exists():
        number += 1
    os.replace(path, aside)
    return aside


@contextmanager
def _locked(path):
    """One process at a time: several notebooks may be open. A lock left by a dead process is broken."""
    lock, end = path.with_name(f".{path.name}.lock"), time.monotonic() + PATIENCE_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if time.monotonic() > end or _is_stale(lock):
                lock.unlink(missing_ok=True)
            time.sleep(0.01)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _is_stale(lock):
    try:
        return time.time() - lock.stat().st_mtime > STALE_S
    except FileNotFoundError:
        return False


def merged(one: dict, other: dict) -> dict:
    """What either record knows: latest visits, first passes, and an answer is right if it ever was."""
    both = empty()
    for record in (one, other):
        for notebook, at in record["visits"].items():
            both["visits"][notebook] = max(at, both["visits"].get(notebook, at))
        for notebook, answers in record["quizzes"].items():
            for name, answer in answers.items():
                note_answer(both, notebook, name, answer["right"], answer["at"])
        for notebook, checks in record["checks"].items():
            for name, at in checks.items():
                note_pass(both, notebook, name, at)
    return both


def note_answer(record, notebook, name, right, at):
    """A quiz has been answered: the time of the latest try, and whether any try was right."""
    answers = record["quizzes"].setdefault(notebook, {})
    before = answers.get(name, {"right": False, "at": at})
    answers[name] = {"right": right or before["right"], "at": max(at, before["at"])}


def note_pass(record, notebook, name, at):
    """A check has been passed: the time of the first pass."""
    checks = record["checks"].setdefault(notebook, {})
    checks[name] = min(at, checks.get(name, at))
