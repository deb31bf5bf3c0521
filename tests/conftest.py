"""What all tests share: the language is reset; a missing system tool is a skip here, a failure in CI."""

import os
import shutil
from pathlib import Path

import pytest

from course_lib import cli, messages
from course_lib.progress import session

REMEDIES = {
    "chromium": "apt-get install chromium",
    "bwrap": "apt-get install bubblewrap",
}


# What takes long comes first, or at the end one worker has nothing to do; the Makefile keeps this order.
LONG = ("browser", "notebooks", "classroom", "grading", "hostile", "site", "experiments", "builder")


def pytest_collection_modifyitems(items):
    """Modules of the folders in LONG first; otherwise as they were."""
    places = {folder: place for place, folder in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(LONG)))


@pytest.fixture(autouse=True)
def _language_reset(monkeypatch):
    """Each test starts in English, whatever the one before chose."""
    monkeypatch.setattr(messages, "_current", "en")


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch):
    """No test writes into the record of whoever runs it."""
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    monkeypatch.setattr(session, "_open", None)
    monkeypatch.setattr(session, "_said", set())


@pytest.fixture(scope="session")
def system_tool():
    """`system_tool("chromium")` gives its path; a missing tool skips with its remedy, fails if CI=true."""

    def find(name):
        path = shutil.which(name)
        if path is None:
            reason = f"this test needs {name}; remedy: {REMEDIES[name]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find


@pytest.fixture(scope="session")
def boxes():
    """Boxes as an instructor has them: one set for all tests of a worker."""
    from course_lib.grading.box import Boxes  # late: few tests grade

    with Boxes() as made:
        yield made


# --- for commands as typed ----------------------------------------------------------------------


@pytest.fixture(params=["ko", "en"])
def lang(request, monkeypatch):
    """The language of the one who types, and of the notebooks."""
    monkeypatch.setenv("COURSE_LANG", request.param)
    monkeypatch.setattr("course_lib.messages._current", request.param)
    return request.param


@pytest.fixture
def desk(tmp_path, monkeypatch, system_tool):
    """A folder to work in, with a secret."""
    system_tool("bwrap")
    monkeypatch.chdir(tmp_path)
    Path("secret").write_bytes(b"the tests' own secret")
    return tmp_path


@pytest.fixture
def course(capsys):
    """course("check", …): (exit status, what was printed, what was complained about)."""

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run
