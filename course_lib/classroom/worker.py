"""`python -m course_lib.classroom.worker [START PART OF]`: a desk in a process of its own.

A line of JSON in, one out: first the settings, then items. It ends when nobody writes to it any more.
"""

import json
import os
import sys
from contextlib import suppress

from course_lib.classroom.desk import Desk, Item, Settings
from course_lib.grading.box import NoBox, take_share
from course_lib.grading.release import NotGradable
from course_lib.messages import set_language


def main():
    """Answer until the input ends."""
    if sys.argv[1:]:
        take_share(*map(int, sys.argv[1:]))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what anything prints here is no answer
    settings = Settings(**json.loads(sys.stdin.readline()))
    set_language(settings.lang)
    with Desk(settings) as desk, suppress(BrokenPipeError):  # whoever asked may have been killed
        for line in sys.stdin:
            answers.write(json.dumps(_answer(desk, json.loads(line))) + "\n")
            answers.flush()


def _answer(desk, item):
    try:
        return {"row": desk.grade(Item(**item))}
    except (NoBox, NotGradable) as problem:
        return {"refused": str(problem)}


if __name__ == "__main__":
    main()
