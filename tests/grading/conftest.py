"""The grader for the tests."""

import pytest

from course_lib.grading.driver import Grader
from tests.grading.made import SECRET


@pytest.fixture
def grader(boxes, system_tool):
    """The grader as an instructor has it."""
    system_tool("bwrap")
    return Grader(boxes, SECRET)
