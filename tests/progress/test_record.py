"""The record of progress: what is kept, and what becomes of damaged, newer and unwritable ones."""

import json
import multiprocessing
import os
import sys

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.assessment import CheckFailed, check
from course_lib.messages import LANGUAGES, speaking, t
from course_lib.progress import binder, place, record, session, visit
from course_lib.viz.widgets import quiz

UNIT, EXERCISE = "notebooks/u01_optimization", "exercises/u01_optimization"
OPTIONS = [{"text": "a", "right": True, "why": "so"}, {"text": "b", "right": False, "why": "no"}]
AT, LATER = "2026-01-02T03:04Z", "2026-01-03T00:00Z"


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A record that this process may write, as in a learner's notebook."""
    file = tmp_path / "deep" / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(file))
    return file


def test_quizzes_checks_and_visits_are_noted(path):
    assert visit(UNIT) is None
    asked = quiz("stability", "Q", OPTIONS)
    asked.buttons[1].click()
    assert record.read(path)["quizzes"][UNIT]["stability"]["right"] is False
    asked.buttons[0].click()
    asked.buttons[1].click()  # a later wrong try takes nothing back
    visit(EXERCISE)
    check("divergence_threshold", 1 / 3)
    with pytest.raises(CheckFailed):
        check("sigmoid_chain", 5)
    found = record.read(path)
    assert found["quizzes"][UNIT]["stability"]["right"] is True
    assert list(found["checks"][EXERCISE]) == ["divergence_threshold"]
    assert set(found["visits"]) == {UNIT, EXERCISE}


def test_no_answer_and_no_name_is_kept(path):
    visit(EXERCISE)
    check("divergence_threshold", 1 / 3)
    text = path.read_text()
    assert "0.333" not in text and os.environ.get("USER", "no user") not in text


@pytest.mark.parametrize(
    ("environment", "noted"),
    [
        ({}, False),  # nbval, nbconvert, nbgrader, the builder's kernel: no person
        ({"JPY_SESSION_NAME": "ko/u01_optimization.ipynb"}, True),
        ({"JPY_SESSION_NAME": "x.ipynb", "COURSE_PROGRESS": "off"}, False),
        ({"COURSE_PROGRESS": "somewhere.json"}, True),
    ],
)
def test_only_a_person_s_notebook_is_noted(monkeypatch, environment, noted):
    for name in ("JPY_SESSION_NAME", "COURSE_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert place.learning() is noted


def test_vs_code_counts_as_a_person_s_notebook(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", "u01.ipynb", raising=False)
    assert place.learning()


def test_without_a_visit_nothing_is_noted(path):
    quiz("stability", "Q", OPTIONS).buttons[0].click()
    check("divergence_threshold", 1 / 3)
    assert not path.exists()


def test_the_record_lies_beside_the_course_or_among_the_user_s_data(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(place, "repo_root", lambda: tmp_path)
    assert place.record_file() == tmp_path / ".progress" / "progress.json"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert place.record_file() == tmp_path / "data" / "course-progress" / "progress.json"


def test_without_the_course_s_folder_the_record_lies_among_the_user_s_data(monkeypatch, tmp_path):
    def lost():
        raise FileNotFoundError

    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(place, "repo_root", lost)
    assert place.record_file() == tmp_path / "course-progress" / "progress.json"


def test_a_kernel_that_a_program_starts_is_no_person_s(monkeypatch):
    """As nbgrader, nbval and nbconvert start theirs."""
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    cell = new_code_cell("from course_lib.progress.place import learning\nlearning()")
    NotebookClient(new_notebook(cells=[cell]), kernel_name="python3").execute()
    assert cell.outputs[0].data["text/plain"] == "False"


def test_a_folder_that_belongs_to_another_user_is_not_shared(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr(place, "repo_root", lambda: tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1, raising=False)
    assert tmp_path not in place.record_file().parents


GOOD = record.empty() | {"visits": {UNIT: AT}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b" " * (record.MOST + 1),
        json.dumps(GOOD | {"version": 0}).encode(),
        json.dumps(GOOD | {"version": True}).encode(),
        json.dumps(GOOD | {"more": {}}).encode(),
        json.dumps(GOOD | {"visits": []}).encode(),
        json.dumps(GOOD | {"visits": {UNIT: "<b>"}}).encode(),
        json.dumps(GOOD | {"quizzes": {UNIT: {"q": True}}}).encode(),
        json.dumps(GOOD | {"quizzes": {UNIT: {"q": {"right": 1, "at": AT}}}}).encode(),
        json.dumps(GOOD | {"checks": {UNIT: {"q": 3}}}).encode(),
    ],
)
def test_a_damaged_record_is_kept_aside_and_said_once(path, capsys, data):
    path.parent.mkdir()
    path.write_bytes(data)
    visit(UNIT)
    aside = path.with_name("progress.damaged-1.json")
    assert aside.read_bytes() == data and UNIT in record.read(path)["visits"]
    assert capsys.readouterr() == (t("progress.damaged", path=aside) + "\n", "")
    visit(EXERCISE)
    assert capsys.readouterr() == ("", "") and set(record.read(path)["visits"]) == {UNIT, EXERCISE}


def test_the_second_damaged_record_does_not_replace_the_first(path):
    path.parent.mkdir()
    for text in ("one", "two"):
        path.write_text(text)
        visit(UNIT)
    kept = [path.with_name(f"progress.damaged-{number}.json").read_text() for number in (1, 2)]
    assert kept == ["one", "two"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_newer_record_is_left_alone(path, capsys, lang):
    path.parent.mkdir()
    newer = json.dumps({"version": record.VERSION + 1, "other": 1})
    path.write_text(newer)
    with speaking(lang):
        visit(UNIT)
        visit(UNIT)
        assert capsys.readouterr() == (t("progress.newer", path=path) + "\n", "")
    assert path.read_text() == newer


def test_where_nothing_can_be_written_the_course_goes_on_and_says_so_once(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    visit(EXERCISE)
    assert check("divergence_threshold", 1 / 3).outcome.right
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and "COURSE_PROGRESS" in out and err == ""


def test_a_failed_write_leaves_the_old_record(path, monkeypatch):
    visit(UNIT)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    session._said.clear()
    visit(EXERCISE)
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == ["progress.json"]


def _many(path, who):
    for number in range(20):
        record.change(path, lambda found, n=number: record.note_pass(found, EXERCISE, f"{who}-{n}", AT))


def test_notebooks_that_write_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_many, args=(tmp_path / "progress.json", who)) for who in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert len(record.read(tmp_path / "progress.json")["checks"][EXERCISE]) == 60


def test_a_lock_that_a_dead_process_left_is_broken(path):
    path.parent.mkdir()
    lock = path.with_name(f".{path.name}.lock")
    lock.write_text("")
    os.utime(lock, (1, 1))
    visit(UNIT)
    assert UNIT in record.read(path)["visits"] and not lock.exists()


def test_two_records_together_know_what_either_knows():
    one, other = record.empty(), record.empty()
    one["visits"][UNIT], other["visits"][UNIT] = LATER, AT
    record.note_answer(one, UNIT, "q", False, LATER)
    record.note_answer(other, UNIT, "q", True, AT)
    record.note_pass(one, EXERCISE, "adam", LATER)
    record.note_pass(other, EXERCISE, "adam", AT)
    record.note_pass(other, EXERCISE, "cosine", AT)
    both = record.merged(one, other)
    assert both == record.merged(other, one) == record.merged(both, both)
    assert both["visits"] == {UNIT: LATER} and both["checks"] == {EXERCISE: {"adam": AT, "cosine": AT}}
    assert both["quizzes"] == {UNIT: {"q": {"right": True, "at": LATER}}}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_binder_a_visit_warns_and_elsewhere_it_does_not(path, monkeypatch, lang):
    monkeypatch.setenv("JUPYTERHUB_USER", "somebody")  # a class's hub keeps its files
    assert visit(UNIT) is None
    monkeypatch.setenv("BINDER_REPO_URL", "somewhere")
    with speaking(lang):
        html = visit(EXERCISE)._repr_html_()
        assert 'role="alert"' in html and t("progress.binder_title") in html
        assert f'href="../../notebooks/{lang}/start.ipynb"' in html
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    assert visit(UNIT) is None and binder.on_binder()
