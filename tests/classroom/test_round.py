"""An instructor's whole round with a class of twelve, as typed: graded, by hand as well, and exported."""

import csv
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.grading import timed
from course_lib.classroom.store import open_store
from course_lib.messages import t
from tests.classroom.formgrading import formgrader, open_submission, type_in
from tests.classroom.made_class import LAYOUTS, many, write_class

UNIT = "u01_optimization"


def rows(folder="grades"):
    return {row["student"]: row for row in json.loads(Path(folder, "grades.json").read_text("utf-8"))}


def marks(found):
    return {name: {one["task"]: one["points"] for one in row["tasks"]} for name, row in found.items()}


def test_a_round_in_both_languages(desk, course, lang, system_tool):
    how = {"ko": "moodle_zip", "en": "canvas_zip"}[lang]
    made = write_class(desk / "in", UNIT, how)
    grade = ("grade", made.path, "--out", "grades", "--secret", "secret", "--jobs", "2")
    status, out, err = course(*grade)
    assert status == 1 and err == ""  # one of them is no notebook
    found = rows()
    assert marks(found) == made.marks
    assert [made.kinds[name] for name, row in found.items() if row["problem"]] == ["malformed"]
    _look_at_pages(found, made)

    status, out, err = course(*grade)  # nothing is graded twice
    assert t("classroom.known", count=11) in out and marks(rows()) == made.marks

    status, out, err = course("gradebook", "grades", "--course", "nbgrader")
    assert (status, err) == (0, "") and t("gradebook.no_autograde") in out
    student = next(name for name, kind in made.kinds.items() if kind == "all right")
    task = grade_by_hand(system_tool("chromium"), student, 1.5, "잘 썼습니다.")
    platform = how.removesuffix("_zip")
    status, out, err = course("export", "grades", "--course", "nbgrader", f"--{platform}", TABLES[how](made))
    assert (status, err) == (0, "")
    (answer,) = [one for one in rows()[student]["written"] if one["task"] == task]
    assert (answer["points"], answer["comment"]) == (1.5, "잘 썼습니다.")
    assert "잘 썼습니다." in next(Path("grades/feedback").glob(f"{student}*/{UNIT}.html")).read_text("utf-8")
    with open(f"grades/{platform}.csv", encoding="utf-8-sig", newline="") as file:
        (line,) = [line for line in csv.reader(file) if student in line]
    assert f"{rows()[student]['points'] + 1.5:g}" in line

    course(*grade)  # what people gave stays
    assert rows()[student]["written"][0]["points"] == 1.5


def _look_at_pages(found, made):
    """A page for each student, and of the class in both languages; the copier alone stands out."""
    assert len(list(Path("grades/feedback").glob("*/*.html"))) == len(found)
    copier, copied = (
        next(n for n, k in made.kinds.items() if k == kind) for kind in ("copier", "renamed notebook")
    )
    for lang in ("ko", "en"):
        whole = Path(f"grades/class.{lang}.html").read_text(encoding="utf-8")
        assert re.search(r"<svg", whole) and copier not in Path(f"grades/class.{lang}.html").stem
        pairs = Path(f"grades/similar.{lang}.html").read_text(encoding="utf-8")
        assert pairs.count('<section class="pair"') == 1 and copier in pairs and copied in pairs


def grade_by_hand(chromium, student, points, comment):
    """Give a mark and a comment to the written answer in the formgrader; returns its task."""
    with formgrader(Path("nbgrader"), chromium, UNIT) as page:
        open_submission(page, student)
        asked = page.locator(".nbgrader_cell .needs_manual_grade").first
        task = asked.get_attribute("id")
        type_in(page, f"#{task}", f"{points:g}")
        type_in(page, f"#{task}-comment", comment)
    return task


def _roster(made):
    """A gradebook as Canvas exports it."""
    head = f"Student,ID,SIS User ID,SIS Login ID,Section,{UNIT} (77)"
    lines = [head, "    Points Possible,,,,,19"]
    lines += [f"{name},{1001 + i},,{name},A," for i, name in enumerate(made.kinds)]
    return _put("roster.csv", lines)


def _worksheet(made):
    """A grading worksheet as Moodle gives it out."""
    head = (
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments"
    )
    lines = [head, *(f'Participant {1001 + i},"{n}",,,,19,Yes,' for i, n in enumerate(made.kinds))]
    return _put("worksheet.csv", lines)


def _put(name, lines):
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


TABLES = {"canvas_zip": _roster, "moodle_zip": _worksheet}


@pytest.mark.slow
@pytest.mark.parametrize("how", LAYOUTS)
def test_every_layout_gives_the_marks_it_deserves(desk, course, how):
    made = write_class(desk / "in", UNIT, how)
    course("grade", made.path, "--out", "grades", "--secret", "secret")
    assert marks(rows()) == made.marks


@pytest.mark.parametrize("lang", ["ko"], indirect=True)  # the round above is in both
def test_a_task_whose_case_was_wrong_is_graded_again_alone(desk, course, lang, monkeypatch):
    """Whoever earned a task by a case that has been mended loses it, and nobody else changes."""
    made = write_class(desk / "in", UNIT, "flat")
    grade = ("grade", made.path, "--out", "grades", "--secret", "secret", "--jobs", "2")
    course(*grade)
    before = marks(rows())
    with open_store(Path("grades")) as kept:  # as if a wrong case had given nobody `cosine`
        for row in kept.rows():
            for task in row["tasks"]:
                if task["task"] == "cosine" and task["points"]:
                    task["points"], row["points"] = 0, row["points"] - task["points"]
            kept.amend(row)
    status, out, err = course("grade", "--regrade", "cosine", "--out", "grades", "--secret", "secret")
    assert (status, err) == (0, "") and marks(rows()) == before
    earned = [name for name, tasks in before.items() if tasks["cosine"]]
    assert [line.split(":")[0] for line in out.splitlines() if "→" in line] == sorted(earned)
    status, out, err = course("grade", "--regrade", "none", "--out", "grades", "--secret", "secret")
    assert status == 2 and "cosine" in err
    assert course("grade", "--out", "grades")[0] == 2


@pytest.mark.parametrize("lang", ["ko"], indirect=True)  # the round above is in both
def test_a_broken_file_takes_no_marks_away(desk, course, lang):
    made = write_class(desk / "in", UNIT, "flat")
    grade = ("grade", made.path, "--out", "grades", "--secret", "secret", "--jobs", "2")
    course(*grade)
    before = rows()
    student = next(name for name, kind in made.kinds.items() if kind == "all right")
    Path(made.path, f"{student}_{UNIT}.ipynb").write_text("{")
    for _ in range(2):
        assert course(*grade)[0] == 1 and marks(rows()) == marks(before)
        added = rows()[student]["remarks"][len(before[student]["remarks"]) :]
        assert len(added) == 1 and student in added[0]


def test_two_cannot_grade_into_one_folder(desk, course, lang):
    made = write_class(desk / "in", UNIT, "flat")
    with open_store(Path("grades")):
        status, out, err = course("grade", made.path, "--out", "grades", "--secret", "secret")
    assert (status, out, err) == (2, "", t("classroom.busy", path="grades") + "\n")


@pytest.mark.parametrize("lang", ["ko"], indirect=True)  # the round above is in both
def test_the_marks_may_lie_in_the_folder_of_the_submissions(desk, course, lang):
    made = write_class(desk / "in", UNIT, "flat")
    for _ in range(2):
        course("grade", made.path, "--out", made.path / "grades", "--secret", "secret")
        assert marks(rows(made.path / "grades")) == made.marks


def _killed_at_random(command, moments):
    """Run a command again and again, each time killed after so many seconds with all its processes."""
    for seconds in moments:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_killed_twenty_times_it_loses_nothing_and_grades_nothing_twice(desk, made_hundred):
    made, rng = made_hundred, random.Random(7)
    command = [sys.executable, "-m", "course_lib.cli", "grade", str(made.path), "--out", "grades"]
    command += ["--secret", "secret", "--jobs", "2"]
    done, rounds = {}, 0
    for _ in range(20):
        _killed_at_random(command, [rng.uniform(0.5, 6)])
        now = _stored()
        assert done.items() <= now.items()  # what was there is there, and was not graded again
        done, rounds = now, rounds + (now != done)
    assert rounds > 3
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    assert done.items() <= _stored().items()
    assert marks(rows()) == made.marks
    end = time.monotonic() + 60
    while _workers(desk):  # one whose grader was killed ends with the submission that it had
        assert time.monotonic() < end, _workers(desk)
        time.sleep(0.2)


def _workers(folder):
    """The graders' processes that were started in a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        started = " ".join(process.info["cmdline"] or ())
        if "course_lib.classroom.worker" in started and process.info["cwd"] == str(folder):
            found.append(process.pid)
    return found


def _stored():
    """{(student, work): when it was graded} of all that is stored with a key."""
    if not Path("grades/grades.db").exists():
        return {}
    with sqlite3.connect("grades/grades.db") as connection:
        found = connection.execute("SELECT student, work, at FROM results WHERE key != ''").fetchall()
    return {(student, work): at for student, work, at in found}


@pytest.fixture
def made_hundred(desk):
    return many(desk / "in", UNIT, 100, seed=3)


@pytest.mark.slow
def test_five_hundred_cost_five_times_a_hundred_and_no_more_memory(desk):
    """Printed for the note: seconds and MiB at the peak, of all processes."""
    figures = {}
    for count in (100, 500):
        made = many(desk / f"in{count}", UNIT, count, seed=count)
        command = [sys.executable, "-m", "course_lib.cli", "grade", str(made.path), "--out", f"out{count}"]
        seconds, _, shared = timed([*command, "--secret", "secret", "--jobs", "2"], desk, statuses=(0, 1))
        assert marks(rows(f"out{count}")) == made.marks
        figures[count] = seconds, shared
        print(f"{count} submissions: {seconds:.0f} s, {seconds / count:.2f} s each, {shared:.0f} MiB")
    assert figures[500][0] < 7.5 * figures[100][0]
    assert figures[500][1] < 1.5 * figures[100][1]
