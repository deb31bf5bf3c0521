"""`course grade` against the real nbgrader, on the same class, in one run: seconds and memory a submission.

    .venv/bin/python benchmarks/grading.py [--unit u01_optimization] [--lang en] [--rounds 1]

Ten honest students hand in a unit's exercise: one with everything right, one with nothing, eight with this or
that wrong. Each grader is one command for the whole class, timed from its start to its end. The memory is
that of all its processes together, at the peak: resident (a page that two share counts twice) and
proportional (it counts once). Both give the same marks to every task of every student, or this fails.
nbgrader's `autograde` has learned the exercise beforehand, by `generate_assignment`, which is not timed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path

import psutil
from nbgrader.api import Gradebook

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.grading.students import built, ten_students  # noqa: E402
from tests.nbgrader_class import PREPROCESSORS  # noqa: E402

SECONDS, TIMES = 1.0, 5.0  # the goals: at most, and as many times faster than nbgrader
SCRIPTS = Path(sysconfig.get_path("scripts"))


class Meter(threading.Thread):
    """Watches a process with all its descendants. resident, proportional: MiB at the peak."""

    def __init__(self, pid):
        super().__init__()
        self.process, self.resident, self.proportional = psutil.Process(pid), 0.0, 0.0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.25):
            try:
                family = [self.process, *self.process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            sizes = [size for size in map(_sizes, family) if size]
            self.resident = max(self.resident, sum(rss for rss, _ in sizes))
            self.proportional = max(self.proportional, sum(pss for _, pss in sizes))


def _sizes(process):
    """(resident, proportional) MiB, or None if it has ended."""
    try:
        found = process.memory_full_info()
    except psutil.NoSuchProcess:
        return None
    return found.rss / 2**20, found.pss / 2**20


def timed(command, folder, statuses=(0,)):
    """(seconds, resident MiB, proportional MiB) of a command that must end with one of these statuses."""
    # both as they run for an instructor, whose processor has other work as well: one thread each
    environment = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        meter = Meter(process.pid)
        meter.start()
        status = process.wait()
        seconds = time.perf_counter() - start
        meter.done.set()
        meter.join()
        log.seek(0)
        assert status in statuses, f"{command[0]} ended with {status}:\n{log.read().decode()[-3000:]}"
    return seconds, meter.resident, meter.proportional


def write_class(folder, unit, lang):
    """The folders of an nbgrader course in which ten students have handed in a unit's exercise."""
    for student, notebook in ten_students(lang, unit).items():
        path = folder / f"submitted/{student}/{unit}/{unit}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    source = folder / f"source/{unit}/{unit}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_bytes(built("exercises", lang, unit).read_bytes())
    kept = [f"nbgrader.preprocessors.{name}" for name in PREPROCESSORS]
    generate = f"c.GenerateAssignment.preprocessors = {kept}"
    (folder / "nbgrader_config.py").write_text(
        f'c = get_config()\nc.CourseDirectory.course_id = "course"\n{generate}\n'
    )
    (folder / "secret").write_text("of this benchmark alone")


def theirs(folder, unit):
    """nbgrader's seconds and memory, and its marks."""
    measured = timed([SCRIPTS / "nbgrader", "autograde", unit, "--create", "--force"], folder)
    marks = {}
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        for student in sorted(os.listdir(folder / "submitted")):
            grades = book.find_submission_notebook(unit, unit, student).grades
            # by hand is what has no mark yet, and an untouched answer, which nbgrader gives 0 by itself
            marks[student] = {g.name: g.auto_score for g in grades if g.cell.cell_type == "code"}
    return measured, marks


def ours(folder, unit):
    """`course grade`'s seconds and memory, and its marks."""
    shutil.rmtree(folder / "grades", ignore_errors=True)  # or nothing would be graded again
    command = [SCRIPTS / "course", "grade", "submitted", "--out", "grades", "--secret", "secret"]
    measured = timed(command, folder)
    rows = json.loads((folder / "grades/grades.json").read_text(encoding="utf-8"))
    marks = {Path(row["notebook"]).parts[0]: row["tasks"] for row in rows}
    return measured, {name: {t["task"]: t["points"] for t in tasks} for name, tasks in marks.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unit", default="u01_optimization")
    parser.add_argument("--lang", default="en", choices=("ko", "en"))
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    measured = {"nbgrader": [], "course grade": []}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_class(folder, asked.unit, asked.lang)
        timed([SCRIPTS / "nbgrader", "generate_assignment", asked.unit, "--create"], folder)
        for _ in range(asked.rounds):
            their_figures, their_marks = theirs(folder, asked.unit)
            our_figures, our_marks = ours(folder, asked.unit)
            differing = [name for name in our_marks if our_marks[name] != their_marks[name]]
            assert not differing, f"the marks of {', '.join(differing)} differ"
            measured["nbgrader"].append(their_figures)
            measured["course grade"].append(our_figures)
    _report(asked, our_marks, measured)


def _report(asked, marks, measured):
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    totals = ", ".join(f"{sum(tasks.values()):g}" for tasks in marks.values())
    print(f"{asked.unit} ({asked.lang}), {len(marks)} students with the same marks from both: {totals}")
    print(f"{os.cpu_count()} processors{load}; medians of {asked.rounds}\n")
    print(f"{'':14}{'s a submission':>15}{'of nbgrader':>13}{'resident MiB':>14}{'proportional':>14}")
    seconds = {}
    for name, figures in measured.items():
        total, resident, proportional = (statistics.median(column) for column in zip(*figures, strict=True))
        seconds[name] = total / len(marks)
        share = f"1/{seconds['nbgrader'] / seconds[name]:.1f}"
        print(f"{name:14}{seconds[name]:15.2f}{share:>13}{resident:14.0f}{proportional:14.0f}")
    times = seconds["nbgrader"] / seconds["course grade"]
    met = "met" if seconds["course grade"] <= SECONDS and times >= TIMES else "MISSED"
    print(f"\ngoal: at most {SECONDS:g} s, and {TIMES:g} times faster than nbgrader: {met}")


if __name__ == "__main__":
    main()
