"""Attacks that want to outlast their call: for the next call, the next task, the next submission."""

from course_lib.grading.box import Boxes
from tests.grading.test_honest import FULL
from tests.hostile.attack import Attack, Setup, beside, function
from tests.hostile.walls import down, told

NOTE = """
import os
NOTED = os.path.exists("/tmp/note-@TOKEN@")
if not NOTED:
    os.mkdir("/tmp/note-@TOKEN@")
def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    raise ValueError(f"noted before: {NOTED}")
"""

# A process that goes on beating; a later case, which has a process of its own, sees it beat.
BEAT = """
import os, time
def beats():
    return os.stat("/tmp/beat").st_mtime_ns
if os.path.exists("/tmp/beat"):
    if open("/tmp/beat").read() == str(os.getpid()):
        return p, (0.0,)
    before = beats()
    time.sleep(0.1)
    raise ValueError(f"still beating: {beats() != before}")
print(os.getpid(), end="", file=open("/tmp/beat", "w"), flush=True)
if os.fork() == 0:
    os.setsid()
    for _ in range(300):
        os.utime("/tmp/beat")
        time.sleep(0.01)
    os._exit(0)
return p, (0.0,)
"""

_shared = []


def same_box(self, seconds=30.0, take=Boxes.take):
    """One box for all submissions."""
    if not _shared:
        _shared.append(take(self, seconds))
    return _shared[0]


def let_be(self):
    """Does not end the box at the end of a submission."""
    self._box = None


def spoilt(scene):
    """Whether the next submission got less than it deserves."""
    while _shared:
        _shared.pop().kill()
    return scene.after != FULL


ATTACKS = [
    Attack(
        "note",
        "leaves a note in /tmp for the next time",
        "every box has a /tmp of its own",
        NOTE,
        "noted before: False",
        told("noted before: True"),
        down("filesystem"),
        times=2,
    ),
    Attack(
        "beat",
        "leaves a process behind, which runs on beside the next call",
        "what a call leaves is ended before the next one",
        function(BEAT),
        "still beating: False",
        told("still beating: True"),
        down("leftovers"),
    ),
    Attack(
        "spoilt_library",
        "spoils Python's own functions for whoever comes next",
        "a box of its own for each submission",
        beside("import math\nmath.cos = lambda x: 0.0"),
        "well-known mistake",
        spoilt,
        Setup(
            patches={
                "course_lib.grading.box.Boxes.take": same_box,
                "course_lib.grading.session.Session.close": let_be,
            }
        ),
        scores={"momentum": 0, "cosine": 0},
    ),
]
