"""What every attack needs: boxes, and a world around them."""

import pytest

from course_lib.grading.box import Boxes
from tests.hostile.world import World


@pytest.fixture(scope="session")
def boxes():
    """Boxes as an instructor has them."""
    with Boxes() as made:
        yield made


@pytest.fixture
def world(system_tool, monkeypatch):
    """What lies around the box."""
    system_tool("bwrap")
    monkeypatch.setenv("HOSTILE_WORD", "known")  # what an instructor's environment may hold
    made = World()
    made.watch_kills(monkeypatch)
    yield made
    made.close()
