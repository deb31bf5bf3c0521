"""What is kept of a class: whole or not at all, by one writer, under its key."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from course_lib.classroom.attempts import Rules, turned_down
from course_lib.classroom.store import Attempt, Busy, open_store, read_rows

ROW = {"student": "kim", "assignment": "u01", "sha256": "a", "points": 3}
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_a_row_comes_back_under_its_key_alone(tmp_path):
    with open_store(tmp_path) as store:
        store.save("u01", "key", ROW)
    with open_store(tmp_path) as store:
        assert store.row("kim", "u01", "key") == ROW
        for other in (("lee", "u01", "key"), ("kim", "u02", "key"), ("kim", "u01", "other")):
            assert store.row(*other) is None
        store.save("u01", "newer", ROW | {"points": 5})
        assert [row["points"] for row in store.rows()] == [5] and store.row("kim", "u01", "key") is None


def test_an_amended_row_keeps_its_key(tmp_path):
    with open_store(tmp_path) as store:
        store.save("u01", "key", ROW)
        store.amend(ROW | {"points": 4})
        assert store.row("kim", "u01", "key")["points"] == 4


def test_only_one_writes_and_others_may_read(tmp_path):
    with open_store(tmp_path) as store:
        store.save("u01", "key", ROW)
        with pytest.raises(Busy, match="only one may write"), open_store(tmp_path):
            pass
        assert read_rows(tmp_path) == [ROW]
    with open_store(tmp_path):
        pass


@pytest.mark.parametrize("data", [None, b"no database at all, but long enough to be taken for one" * 20])
def test_what_is_no_store_of_ours_is_told(tmp_path, data):
    if data:
        (tmp_path / "grades.db").write_bytes(data)
        with pytest.raises(Busy, match="cannot be read"), open_store(tmp_path):
            pass
    with pytest.raises(Busy, match="cannot be read" if data else "Grade first"):
        read_rows(tmp_path)


WRITER = """
import sys
from pathlib import Path
from course_lib.classroom.store import open_store
with open_store(Path(sys.argv[1])) as store:
    for i in range(100_000):
        row = {"student": f"s{i % 50}", "assignment": "u01", "sha256": str(i), "text": str(i) * 20_000}
        store.save("u01", str(i), row, attempt=True)
        print(i, flush=True)
"""


def test_who_is_killed_while_writing_leaves_whole_rows(tmp_path):
    """At random moments, five times; what was told to be saved is there."""
    rng = random.Random(0)
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        saved = [int(writer.stdout.readline()) for _ in range(20)]
        time.sleep(rng.random() / 20)
        writer.send_signal(signal.SIGKILL)
        saved += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.wait()
        with open_store(tmp_path) as store:
            rows = {row["student"]: row for row in store.rows()}
            assert all(row["text"] == row["sha256"] * 20_000 for row in rows.values())
            newest = {f"s{i % 50}": i for i in saved}
            assert all(int(rows[student]["sha256"]) >= i for student, i in newest.items())
            assert {a.sha256 for a in store.attempts("s0", "u01")} >= {str(i) for i in saved if i % 50 == 0}
        with sqlite3.connect(tmp_path / "grades.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_attempts_are_kept_in_order_and_the_same_file_counts_once(tmp_path):
    with open_store(tmp_path) as store:
        for hours, sha in ((0, "a"), (5, "b"), (9, "a")):
            at = NOON + timedelta(hours=hours)
            store.save("u01", "key", ROW | {"sha256": sha}, attempt=True, at=at)
        store.save("u01", "key", ROW | {"sha256": "c"})
        found = store.attempts("kim", "u01")
    assert found == [Attempt("a", NOON), Attempt("b", NOON + timedelta(hours=5))]


RULES = Rules(attempts=3, cooldown=24)


@pytest.mark.parametrize(
    ("before", "digest", "hours", "told"),
    [
        ([], "a", 0, ""),
        (["a"], "a", 1, ""),  # the same file again
        (["a"], "b", 23.9, "once in 24 hours"),
        (["a"], "b", 24, ""),
        (["a", "b", "c"], "d", 99, "3 times at most"),
        (["a", "b", "c"], "b", 0, ""),
    ],
)
def test_the_assignment_is_graded_so_often_and_so_soon(before, digest, hours, told):
    tried = [Attempt(sha, NOON - timedelta(days=3 * i)) for i, sha in reversed(list(enumerate(before[::-1])))]
    why = turned_down(tried, digest, RULES, NOON + timedelta(hours=hours))
    assert (told in why) if told else why == ""


def test_no_wait_can_be_asked_for():
    assert turned_down([Attempt("a", NOON)], "b", Rules(2, 0), NOON) == ""
