"""The same rows come from this process, from several beside it, and after one of them has ended."""

import base64
import json
import shutil
from dataclasses import replace

import pytest

from course_lib.classroom import work
from course_lib.classroom.desk import Desk, Item, Settings
from course_lib.classroom.grade import _key
from course_lib.classroom.work import Away, Refused
from course_lib.grading import box as box_module
from course_lib.grading.release import NotGradable, read_release
from tests.grading.made import SECRET
from tests.grading.students import ROOT, built, ten_students

NAME = "u01_optimization"
SETTINGS = Settings(SECRET.hex())


@pytest.fixture(scope="module")
def items():
    """Three students: all right, partly, nothing."""
    place, students = built("exercises", "en", NAME), ten_students("en", NAME)
    fingerprint = read_release(place).fingerprint
    return [
        Item(
            *(student, f"{student}.ipynb", place.relative_to(ROOT).as_posix(), fingerprint),
            base64.b64encode(json.dumps(students[student]).encode()).decode(),
        )
        for student in ("student0", "student4", "student9")
    ]


@pytest.fixture
def box(system_tool):
    return system_tool("bwrap")


def same(rows):
    """What must not differ: all but what was measured."""
    kept = []
    for row in sorted(rows, key=lambda row: row["student"]):
        tasks = [{k: v for k, v in task.items() if k != "seconds"} for task in row["tasks"]]
        kept.append({k: v for k, v in row.items() if k not in ("seconds", "peak_memory")} | {"tasks": tasks})
    return kept


def test_processes_beside_each_other_give_what_one_gives(items, box):
    alone, beside = (list(work.graded(SETTINGS, items, jobs)) for jobs in (1, 2))
    assert same(alone) == same(beside)
    points = {row["student"]: row["points"] for row in alone}
    assert points["student0"] == alone[0]["most"] > points["student4"] > points["student9"] == 0


def test_one_task_is_graded_alone_from_the_cells_that_were_kept(items, box):
    with Desk(SETTINGS) as desk:
        whole = desk.grade(items[1])
        for task in whole["tasks"][:4]:
            only = Item(
                *("student4", "", items[1].release, items[1].fingerprint),
                only=task["task"],
                cells=whole["cells"],
            )
            (again,) = desk.grade(only)["tasks"]
            assert again | {"seconds": 0} == task | {"seconds": 0}


def test_a_process_that_ended_is_started_again(items, box):
    away = Away(SETTINGS)
    try:
        first = away.grade(items[2])
        away._process.kill()
        away._process.wait()
        assert same([away.grade(items[2])]) == same([first])
    finally:
        away.close()


@pytest.mark.parametrize("held", [True, False], ids=["held", "off"])
def test_modules_that_lie_where_it_is_started_are_not_read(items, box, tmp_path, monkeypatch, held):
    """An instructor may stand in the folder of the submissions."""
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    if not held:
        started = work.subprocess.Popen
        careless = lambda command, **how: started([w for w in command if w != "-P"], **how)  # noqa: E731
        monkeypatch.setattr(work.subprocess, "Popen", careless)
    away = Away(SETTINGS)
    try:
        assert bool(away.grade(items[2])["problem"]) == (not held)
    finally:
        away.close()


def test_processes_side_by_side_never_share_a_uid(monkeypatch):
    """The limit on processes counts all of a uid."""
    taken = []
    for part in range(3):
        monkeypatch.setattr(box_module, "_uids", None)
        box_module.take_share(995, part, 3)
        taken += {box_module.FIRST_UID + next(box_module._uids) % box_module.UIDS for _ in range(5000)}
    assert len(taken) == len(set(taken)) >= 999


def test_where_it_ends_again_the_student_gets_no_marks_and_the_reason(items, monkeypatch):
    monkeypatch.setattr(work.sys, "executable", shutil.which("false"))
    row = Away(SETTINGS).grade(items[0])
    assert row["points"] == 0 and "ended twice" in row["problem"] and row["student"] == "student0"


def test_another_version_of_the_exercise_is_refused(items, box):
    other = Item(**(items[0].as_dict() | {"fingerprint": "0" * 64}))
    with Desk(SETTINGS) as desk, pytest.raises(NotGradable, match="same version"):
        desk.grade(other)
    with pytest.raises(Refused, match="same version"):
        list(work.graded(SETTINGS, [other, other], jobs=2))


def test_a_fault_in_one_process_ends_all_of_them(items, box):
    """And leaves no process behind."""
    other = Item(**(items[0].as_dict() | {"fingerprint": "0" * 64}))
    desks = []

    class Seen(Away):
        def __init__(self, settings, share):
            super().__init__(settings, share)
            desks.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "Away", Seen)
        with pytest.raises(Refused):
            list(work.graded(SETTINGS, [other, *items], jobs=2))
    assert len(desks) == 2 and all(desk._process is None for desk in desks)


@pytest.mark.parametrize(
    ("address", "told"), [("tcp://127.0.0.1:9", "No Dask scheduler"), ("nonsense://x", "No Dask scheduler")]
)
def test_a_scheduler_that_does_not_answer_is_told(items, address, told, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", "1s")
    with pytest.raises(Refused, match=told):
        list(work.graded(SETTINGS, items, scheduler=address))


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_though_a_worker_is_killed_at_work(items, box):
    """Two workers; the one that takes the first submission is killed while it works."""
    distributed = pytest.importorskip("distributed")
    many = [Item(**(item.as_dict() | {"student": f"{item.student}-{i}"})) for i in range(4) for item in items]
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        rows = work.graded(SETTINGS, many, scheduler=cluster.scheduler_address)
        found = [next(rows)]
        first = next(iter(cluster.workers.values()))
        killed = first.pid
        first.process.process.kill()
        found += rows
        assert killed not in {
            worker.pid for worker in cluster.workers.values() if worker.status.name == "running"
        }
    assert same(found) == same(work.graded(SETTINGS, many, jobs=2))


def test_what_was_graded_in_another_way_is_not_known():
    """Another file, secret, exercise, lab or box; of the assignment, another hidden test or other seeds."""
    release = read_release(built("exercises", "en", NAME))
    other = read_release(built("exercises", "en", "u02_regularization"))
    trained = read_release(built("exercises", "en", "assignment"))
    keys = [_key("a", release, SETTINGS), _key("b", release, SETTINGS), _key("a", other, SETTINGS)]
    for change in ({"secret": "00"}, {"lab": 1}, {"trusted": True}):
        keys.append(_key("a", release, replace(SETTINGS, **change)))
    for change in ({}, {"hidden": "aGk="}, {"seeds": 5}):
        keys.append(_key("a", trained, replace(SETTINGS, **change)))
    assert len(set(keys)) == len(keys)
    assert _key("a", release, replace(SETTINGS, lang="ko", seeds=9)) == keys[0]
