"""What all tests share: the language is reset; a missing system tool is a skip here, a failure in CI."""

import os
import shutil

import pytest

from course_lib import messages
from course_lib.progress import session

REMEDIES = {
    "chromium": "apt-get install chromium",
    "bwrap": "apt-get install bubblewrap",
}


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
