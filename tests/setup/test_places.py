"""The course where a learner may not write, in a folder with spaces and Hangul, and in the locale C."""

import os
import re
import sys

import pytest

from tests.setup.surroundings import copy_of_the_course, execute, run

NOTEBOOKS = ("notebooks/ko/u01_optimization", "solutions/en/u02_regularization")
SOLVED = "solutions/ko/u01_optimization.ipynb"
LOCALES = {
    "C": {"LC_ALL": "C"},
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the course in a folder with spaces and Hangul."""
    return copy_of_the_course(tmp_path_factory.mktemp("place"))


@pytest.fixture
def course(copy, tmp_path):
    """`course("doctor")`: the command of the copy, for a user whose home is new."""

    def command(*args, before=(), **variables):
        given = {"PYTHONPATH": str(copy), "HOME": str(tmp_path), "COURSE_PROGRESS": "off"} | variables
        return run([*before, sys.executable, "-m", "course_lib.cli", *args], cwd=copy, **given)

    return command


@pytest.mark.parametrize("variables", LOCALES.values(), ids=LOCALES)
@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_runs_in_any_locale(copy, path, variables):
    given = variables | {"PYTHONPATH": str(copy), "COURSE_PROGRESS": "off"}
    done = run(execute(f"{path}.ipynb"), cwd=copy, timeout=300, **given)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("variables", LOCALES.values(), ids=LOCALES)
def test_commands_work_in_any_locale(course, tmp_path, system_tool, variables):
    system_tool("bwrap")
    grades = tmp_path / "점수"
    for args in (
        ["doctor"],
        ["lab", "--help"],
        ["check", SOLVED],
        ["build", "--check"],
        ["grade", SOLVED, "--out", grades],
    ):
        done = course(*args, **variables)
        assert done.returncode == 0 and "Traceback" not in done.stderr, (args, done.stdout, done.stderr)
    table = (grades / "grades.csv").read_text(encoding="utf-8-sig")
    assert "u01_optimization" in table
    assert re.search("<title>[^<]*[가-힣]", (grades / "class.ko.html").read_text(encoding="utf-8"))


def test_hangul_is_printed_in_the_locale_c(course):
    assert re.search("[가-힣]", course("lab", "--help", **LOCALES["C"]).stdout)


@pytest.fixture
def reader(copy, system_tool):
    """What comes before a command that is run as a user who may write neither into the copy nor past it.

    Root may write anywhere; a root without capabilities obeys the permissions.
    """
    for folder, _, _ in os.walk(copy):
        os.chmod(folder, 0o555)
    yield [system_tool("bwrap"), "--dev-bind", "/", "/", "--cap-drop", "ALL"]
    for folder, _, _ in os.walk(copy):
        os.chmod(folder, 0o755)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_runs_and_notes_progress_where_its_folder_is_read_only(copy, reader, tmp_path, path):
    given = {"PYTHONPATH": str(copy), "HOME": str(tmp_path), "JPY_SESSION_NAME": str(copy / path)}
    done = run([*reader, *execute(f"{path}.ipynb")], cwd=copy, timeout=300, **given)
    assert done.returncode == 0, done.stderr
    assert not (copy / ".progress").exists()
    assert bool(list(tmp_path.rglob("progress.json"))) is path.startswith("notebooks")


def test_commands_work_or_name_the_place_where_the_folder_is_read_only(course, copy, reader):
    for args in (["doctor"], ["lab", "--help"], ["check", SOLVED], ["build", "--check"], ["progress"]):
        done = course(*args, before=reader)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
    done = course("grade", SOLVED, "--out", copy / "grades", before=reader, COURSE_LANG="en")
    assert done.returncode == 2 and done.stderr.startswith(f"'{copy / 'grades'}': you may not"), done.stderr
