"""Exercises that check themselves: `check("adam", adam)` in a notebook."""

from course_lib.assessment.check import CheckFailed, check

__all__ = ["CheckFailed", "check"]
