"""What every attack needs: a world around the box."""

import pytest

from tests.hostile.world import World


@pytest.fixture
def world(system_tool, monkeypatch):
    """What lies around the box."""
    system_tool("bwrap")
    monkeypatch.setenv("HOSTILE_WORD", "known")  # what an instructor's environment may hold
    made = World()
    made.watch_kills(monkeypatch)
    yield made
    made.close()
