"""Boxes for the tests: one set for all tests of a worker."""

import pytest

from course_lib.grading.box import Boxes
from course_lib.grading.driver import Grader
from tests.grading.made import SECRET


@pytest.fixture(scope="session")
def boxes():
    """Boxes with the next one started ahead."""
    with Boxes() as made:
        yield made


@pytest.fixture
def grader(boxes, system_tool):
    """The grader as an instructor has it."""
    system_tool("bwrap")
    return Grader(boxes, SECRET)
