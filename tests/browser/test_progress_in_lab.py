"""In JupyterLab: what a learner does is seen on the start page; work is saved with a click and restored."""

import io
import json
import shutil
import zipfile

import nbformat
import pytest
from playwright.sync_api import expect

from course_lib.messages import speaking, t
from course_lib.paths import repo_root
from course_lib.progress.course import path_of
from course_lib.progress.work import cells_sha
from tests.browser.lab import lab, open_notebook, run_all

FIRST = (
    "from course_lib.messages import set_language\nfrom course_lib.progress import visit\n\n"
    'set_language("{lang}")\nvisit("{name}")'
)
QUIZ = (
    "from course_lib.viz.widgets import quiz\n"
    "quiz('stability', 'Q', [{'text': 'a', 'right': True, 'why': 'so'},"
    " {'text': 'b', 'right': False, 'why': 'no'}])"
)
CHECK = (
    "from course_lib.assessment import check\nfrom course_lib.algorithms import momentum\n"
    'check("momentum", momentum)'
)
PROGRESS = "from course_lib.progress.panels import MyProgress\nMyProgress()"
WORK = "from course_lib.progress.panels import SaveAndRestore\nSaveAndRestore()"


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """A course folder of a learner: a start page, a unit with a question, an exercise with a check."""
    (tmp_path / "course_lib").mkdir()
    shutil.copy(repo_root() / "course_lib" / "registry.py", tmp_path / "course_lib")
    for lang in ("ko", "en"):
        _write(tmp_path, lang, "notebooks/start", PROGRESS, WORK)
        _write(tmp_path, lang, "notebooks/u01_optimization", QUIZ)
        _write(tmp_path, lang, "exercises/u01_optimization", CHECK)
    monkeypatch.delenv("COURSE_PROGRESS")
    return tmp_path


def _write(root, lang, name, *sources):
    sources = (FIRST.format(lang=lang, name=name), *sources)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["course"] = {"cells": cells_sha(notebook.cells)}
    path = root / path_of(name, lang)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def _row(page, unit):
    return page.locator("table.course-progress tr", has=page.get_by_role("rowheader", name=unit))


UNITS = [("ko", "1. 최적화"), pytest.param("en", "1. Optimization", marks=pytest.mark.slow)]


@pytest.mark.parametrize(("lang", "unit"), UNITS)
def test_what_is_done_is_seen_on_the_start_page(learner, system_tool, lang, unit):
    with lab(learner, system_tool("chromium")) as page, speaking(lang):
        open_notebook(page, path_of("notebooks/u01_optimization", lang))
        run_all(page)
        page.locator(".course-quiz").get_by_role("button", name="A").click()
        expect(page.locator(".course-quiz [role=status]")).to_be_visible()
        open_notebook(page, path_of("exercises/u01_optimization", lang))
        run_all(page)
        open_notebook(page, path_of("notebooks/start", lang))
        run_all(page)
        for done, total in ((1, 6), (1, 10), (2, 17)):
            expect(_row(page, unit)).to_contain_text(t("progress.of", done=done, total=total))
        record = json.loads((learner / ".progress" / "progress.json").read_text())
        assert record["quizzes"]["notebooks/u01_optimization"]["stability"]["right"] is True
        _saves_and_restores(page, learner, path_of("exercises/u01_optimization", lang))
        _leads_on(page, unit)
        assert page.errors == []


def _saves_and_restores(page, learner, name):
    path, record = learner / name, learner / ".progress" / "progress.json"
    path.write_text(path.read_text().replace('check(\\"momentum\\", momentum)', "mine = 1"))
    with page.expect_download() as download:
        page.get_by_role("button", name=t("work.save")).click()
    zipped = download.value.path().read_bytes()
    assert {name, "progress.json"} < set(zipfile.ZipFile(io.BytesIO(zipped)).namelist())
    path.unlink()
    record.unlink()
    _upload(page, zipped)
    expect(page.locator(".course-work [role=status]")).to_contain_text(t("work.restored", count=1))
    assert "mine = 1" in path.read_text() and "momentum" in record.read_text()
    _upload(page, b"PK nonsense")
    expect(page.locator(".course-work [role=alert]")).to_contain_text(t("work.no_zip"))


def _upload(page, data):
    with page.expect_file_chooser() as chooser:
        page.locator(".course-work .jupyter-button", has_text=t("work.restore")).click()
    chooser.value.set_files({"name": "work.zip", "mimeType": "application/zip", "buffer": data})


def _leads_on(page, unit):
    """The link of a unit opens its notebook beside the page, without loading the Lab anew."""
    page.evaluate("window.same = true")
    _row(page, unit).get_by_role("link", name=unit).click()
    page.get_by_role("tab", name="u01_optimization.ipynb").first.wait_for()
    assert page.evaluate("window.same") is True
