"""What an attack is, and how it is run: with all defences up, and with its own one down.

Every attack here is ours, made to be withstood: it is a submission whose cell for `momentum` is wrong or does
harm, beside honest answers to two other tasks.
"""

import contextlib
import faulthandler
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from course_lib.assessment.diagnose import diagnose
from course_lib.grading.box import Boxes, Kit, Limits, Walls
from course_lib.grading.driver import Grader, Grades
from course_lib.grading.release import Given
from course_lib.grading.session import Budget
from course_lib.grading.submission import parse, take
from tests.grading.made import HONEST, SECRET, WRONG, notebook, release
from tests.grading.test_honest import FULL
from tests.hostile.world import World

HEAD = "def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):\n"


def function(body: str) -> str:
    """The cell whose function `momentum` does this at every call."""
    return HEAD + "".join(f"    {line}\n" for line in body.strip().splitlines())


def beside(code: str) -> str:
    """The cell that does this, and then defines a wrong function."""
    return code.strip() + "\n" + WRONG


@dataclass(frozen=True)
class Setup:
    """What differs from the grader that an instructor has.

    patches: {"module.name": what stands there instead}. inside: the learner's code and the judge share one
    process, as in a notebook's own check.
    """

    walls: Mapping = field(default_factory=dict)
    limits: Mapping = field(default_factory=dict)
    budget: Mapping = field(default_factory=dict)
    patches: Mapping = field(default_factory=dict)
    hidden: bool = True
    inside: bool = False

    def __or__(self, other):
        parts = {name: getattr(self, name) | getattr(other, name) for name in ("walls", "limits", "budget")}
        more = {"hidden": self.hidden and other.hidden, "inside": self.inside or other.inside}
        return Setup(**parts, **more, patches=self.patches | other.patches)


INSIDE = Setup(inside=True)


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    tries: what it wants. holds: the defence that keeps it from that. source: momentum's cell, into which the
    world's words are filled. reason: a pattern of what it is told. worked: whether it got what it wanted.
    off: its defence taken down. given: what differs in both runs. scores: the points it deserves where they
    are not those of an honest submission. library: what is lent to it. times: how often it is handed in.
    """

    name: str
    tries: str
    holds: str
    source: str
    reason: str
    worked: Callable
    off: Setup
    given: Setup = Setup()
    scores: Mapping = field(default_factory=lambda: {"momentum": 0})
    library: Mapping = field(default_factory=dict)
    times: int = 1
    slow: bool = False
    machine: str = ""  # the only kind on which it runs
    root: bool = False  # means something only where the grader runs as root

    def __str__(self):
        return self.name


@dataclass(frozen=True)
class Scene:
    """What came of a run: points and the reason given for momentum.

    after: the points of an honest submission graded next. died: the exit status of a judge that shared its
    process with the learner's code, None where it had to be ended.
    """

    points: Mapping
    reason: str
    world: World
    after: Mapping = field(default_factory=lambda: FULL)
    died: int | None = 0

    @property
    def earned(self) -> bool:
        """Whether the wrong function got the points."""
        return self.points.get("momentum", 0) > 0


def run(attack: Attack, world, boxes, *, held: bool) -> Scene:
    """The attack against the defences, or with its own one down."""
    source = world.fill(attack.source)
    setup = attack.given if held else attack.given | attack.off
    if setup.inside:
        return inside(source, world, setup)
    with pytest.MonkeyPatch.context() as patch, graders(setup, boxes) as grader:
        for target, value in setup.patches.items():
            patch.setattr(target, value)
        for _ in range(attack.times):
            grades = grade(grader, HONEST | {"momentum": source}, attack.library)
        after = grade(grader, HONEST, attack.library)
    (reason,) = (one.reason for one in grades.tasks if one.task.name == "momentum")
    return Scene(by_task(grades), reason, world, by_task(after))


def grade(grader, cells, library) -> Grades:
    """The marks of a submission to the tests' release, in which functions of ours may be lent."""
    taken = release()
    if library:
        taken = replace(taken, steps=(Given("lent", "", library), *taken.steps))
    return grader.grade(take(parse(notebook(cells)), taken), taken)


def by_task(grades):
    """The points of each task."""
    return {one.task.name: one.points for one in grades.tasks}


@contextlib.contextmanager
def graders(setup, boxes):
    """The grader of a Setup. boxes: those to be taken where the box is the usual one."""
    budget, secret = Budget(**setup.budget), SECRET if setup.hidden else None
    if not (setup.walls or setup.limits or setup.patches):
        yield Grader(boxes, secret, budget)
        return
    with Boxes(Kit(Walls(**setup.walls), replace(Limits(), **setup.limits)), ahead=0) as own:
        yield Grader(own, secret, budget)


def inside(source, world, setup, seconds=3.0) -> Scene:
    """What would come of it if the code ran where the answers are: in a process that we can lose."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        faulthandler.disable()  # it would tell at length how this process fell
        try:
            for target, value in setup.patches.items():
                pytest.MonkeyPatch().setattr(target, value)
            names = {"np": np}
            exec(compile(source, "<cell>", "exec"), names)
            outcomes = [diagnose("momentum", names["momentum"], seed) for seed in (0, 12345)]
            right, texts = all(o.right for o in outcomes), [o.diagnosis for o in outcomes]
            os.write(writing, bytes([right]) + " ".join(texts).encode())
        finally:
            os._exit(0)
    os.close(writing)
    told = os.read(reading, 10_000) if select.select([reading], [], [], seconds)[0] else b""
    os.close(reading)
    status = _end(child)
    earned = told[:1] == b"\1"
    return Scene({"momentum": 2 * earned}, told[1:].decode(), world, died=status)


def _end(child):
    """The status of a child that should have ended by now, or is ended."""
    for _ in range(50):
        if (found := os.waitpid(child, os.WNOHANG))[0]:
            return os.waitstatus_to_exitcode(found[1])
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
