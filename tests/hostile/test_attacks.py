"""Every attack on the grader by a submission's code: held, and let through where its defence is down."""

import os
import platform
import re
from dataclasses import replace

import pytest

from course_lib.grading.driver import Grader
from course_lib.grading.release import Given
from course_lib.grading.session import Lost, Session
from course_lib.grading.submission import parse, take
from tests.grading.made import HONEST, SECRET, notebook, release
from tests.grading.test_honest import FULL
from tests.hostile import answers, appetite, lasting, pipes, walls
from tests.hostile.attack import beside, by_task, run

ATTACKS = [*answers.ATTACKS, *walls.ATTACKS, *pipes.ATTACKS, *appetite.ATTACKS, *lasting.ATTACKS]
assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.fixture(params=[pytest.param(a, marks=[pytest.mark.slow] * a.slow, id=a.name) for a in ATTACKS])
def attack(request):
    """One of them; those that mean something for root alone, or on another machine, are left out."""
    if request.param.root and os.geteuid() != 0:
        pytest.skip("as an ordinary user a box has no other user to become")
    if request.param.machine not in ("", platform.machine()):
        pytest.skip(f"its machine code is for {request.param.machine}")
    return request.param


def test_it_is_held(attack, world, boxes):
    scene = run(attack, world, boxes, held=True)
    assert scene.points == FULL | attack.scores
    assert scene.after == FULL
    assert re.search(attack.reason, scene.reason), scene.reason
    assert not attack.worked(scene)
    assert not world.wrote() and not world.harmed() and not world.called()
    assert not world.survivors() and not world.strays()


def test_it_works_where_its_defence_is_down(attack, world, boxes):
    scene = run(attack, world, boxes, held=False)
    assert attack.worked(scene), scene.reason


DYING = beside("import os, wire\nwire.Channel.send = lambda self, *frame: os._exit(0)")


def test_who_dies_while_functions_are_lent_does_not_end_the_batch(boxes, monkeypatch, system_tool):
    system_tool("bwrap")
    whole = release()
    place = 1 + [getattr(step, "name", "") for step in whole.steps].index("momentum")
    lent = Given("lent", "", {"theirs": "cosine"})
    lending = replace(whole, steps=(*whole.steps[:place], lent, *whole.steps[place:]))
    taken = take(parse(notebook(HONEST | {"momentum": DYING})), lending)
    grades = Grader(boxes, SECRET).grade(taken, lending)
    assert by_task(grades) == {"divergence_threshold": 1, "momentum": 0, "cosine": 0}
    monkeypatch.setattr(Session, "_ours", Session._request)
    with pytest.raises(Lost):
        Grader(boxes, SECRET).grade(taken, lending)
