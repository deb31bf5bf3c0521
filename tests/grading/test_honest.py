"""Honest submissions get what they deserve, in both languages."""

import json
import math
import re

import numpy as np
import pytest

from course_lib.assessment.diagnose import diagnose
from course_lib.grading.driver import Grader
from course_lib.grading.release import NotGradable, read_release
from course_lib.grading.session import Budget
from course_lib.grading.submission import parse, read_notebook, take
from course_lib.messages import speaking, t
from tests.grading.made import HONEST, RIGHT, WRONG, points
from tests.grading.students import UNITS, built, handed_in, right, stubs, ten_students, wrong

FULL = {"momentum": 2, "cosine": 2, "divergence_threshold": 1}


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_solution_scores_in_full_and_an_untouched_exercise_nothing(grader, lang):
    release = read_release(built("exercises", lang))
    solved, stub = (
        grader.grade(take(read_notebook(built(part, lang)), release), release)
        for part in ("solutions", "exercises")
    )
    assert solved.points == solved.most == 17 and not solved.remarks
    assert stub.points == 0
    with speaking(lang):
        assert stub.tasks[1].reason.startswith(t("check.not_written"))
    assert stub.written["why_momentum"] == (2, "")
    assert "속도" in solved.written["why_momentum"][1] or "velocity" in solved.written["why_momentum"][1]


def graded(grader, lang, name, answers):
    """The grades of a unit's exercise with these answers."""
    submitted = parse(json.dumps(handed_in(lang, name, answers)).encode())
    release = read_release(built("exercises", lang, name))
    return grader.grade(take(submitted, release), release)


# Every unit in one language; in the other, too, where time does not matter.
EVERY = [
    pytest.param(lang, name, marks=[] if (lang == "ko") == (i % 2 == 0) else [pytest.mark.slow])
    for i, name in enumerate(UNITS)
    for lang in ("ko", "en")
]


@pytest.mark.parametrize(("lang", "name"), EVERY)
def test_every_unit_gets_the_marks_it_deserves(grader, lang, name):
    """Everything right, everything wrong, nothing done, and every other answer right."""
    good, bad = right(lang, name), wrong(lang, name)
    mixed = {task: (bad, good)[i % 2][task] for i, task in enumerate(good)}
    for answers in (good, bad, stubs(lang, name), mixed):
        grades = graded(grader, lang, name, answers)
        earned = {grade.task.name: grade.points for grade in grades.tasks}
        full = {grade.task.name: grade.task.points for grade in grades.tasks}
        assert earned == {task: full[task] * (answers[task] == good[task]) for task in full}
        for grade in grades.tasks:
            assert bool(grade.reason) == (not grade.points)
            assert not grade.reason or lang == "en" or re.search("[가-힣]", grade.reason)
        assert not grades.remarks


@pytest.mark.parametrize("lang", [pytest.param("ko", marks=pytest.mark.slow), "en"])
def test_ten_students_get_what_check_tells_them(grader, lang):
    """The marks of the benchmark's class, against `check` itself on the same cells."""
    for notebook in ten_students(lang, "u01_optimization").values():
        answers = {"".join(cell["source"]): cell["metadata"]["nbgrader"] for cell in notebook["cells"]}
        names = {"np": np, "math": math}
        release = read_release(built("exercises", lang))
        grades = grader.grade(take(parse(json.dumps(notebook).encode()), release), release)
        sources = {meta["grade_id"]: source for source, meta in answers.items() if meta["solution"]}
        for grade in grades.tasks:
            exec(sources[f"solution-{grade.task.name}"], names)
            own = diagnose(grade.task.name, names[grade.task.answer])
            assert (grade.points > 0, grade.outcome.kind) == (own.right, own.kind)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_partly_right(grader, lang):
    got, grades = points(
        grader, lang, cosine="def cosine(step, *, total, peak=0.1, floor=0.0):\n    return peak"
    )
    assert got == FULL | {"cosine": 0}
    assert [grade.task.name for grade in grades.tasks if grade.reason] == ["cosine"]


def test_the_diagnosis_is_that_of_check(grader):
    got, grades = points(grader, momentum=WRONG, divergence_threshold="threshold = 1 / 6")
    assert got == FULL | {"momentum": 0, "divergence_threshold": 0}
    names = {"np": __import__("numpy")}
    exec(WRONG, names)
    by_name = {grade.task.name: grade.outcome for grade in grades.tasks}
    expected = diagnose("momentum", names["momentum"])
    for field in ("passed", "labels", "diagnosis", "kind", "mistake"):
        assert getattr(by_name["momentum"], field) == getattr(expected, field)
    assert by_name["divergence_threshold"].diagnosis == diagnose("divergence_threshold", 1 / 6).diagnosis


NOISY = "import sys, warnings\nwarnings.warn('careful')\n" + RIGHT.replace(
    "    (v,)", "    print('x' * 100_000, file=sys.stderr)\n    print('y')\n    (v,)"
)
SLOW = "import time\n" + RIGHT.replace("    (v,)", "    time.sleep(0.002)\n    (v,)")
OTHER = RIGHT.replace("momentum * v - lr * g", "(momentum * v) + (-lr) * g") + "\n%timeit 1\n!ls\n"
HELPER = "def _step(v, g, lr, mu):\n    return mu * v - lr * g\n" + RIGHT.replace(
    "momentum * v - lr * g", "_step(v, g, lr, momentum)"
)


LOUD = "import sys\nprint('한글 ' * 50_000)\nsys.stderr.write('x' * 300_000)\n" + RIGHT
SHOWING = (
    """
import matplotlib.pyplot as plt
from matplotlib import cm
import ipywidgets as widgets
from IPython.display import display, HTML
from tqdm.auto import tqdm

plt.rcParams["figure.dpi"] = 120
figure, axes = plt.subplots(1, 2, figsize=(8, 3))
for step in tqdm(range(3)):
    axes[0].plot([step], [step ** 2], color=cm.viridis(step / 3))
display(HTML("<b>plots</b>"), widgets.FloatSlider(value=0.9))
@widgets.interact(lr=(0.0, 1.0))
def draw(lr=0.1):
    with plt.style.context("ggplot"):
        axes[1].set_title(f"{lr}")
plt.show()
%matplotlib inline
"""
    + RIGHT
)
ALLOWED = (
    """
import collections, dataclasses, functools, itertools, logging, math, random, statistics, time, typing
import numpy as np
from numpy.linalg import norm
logging.warning("noted")
random.seed(1), np.random.seed(1)
"""
    + RIGHT
)
CLASSY = """
import functools, operator
class Momentum:
    def __call__(self, p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
        (v,) = state
        v = operator.sub(momentum * v, lr * g)
        return p + v, (v,)
momentum = Momentum()
"""
LOOPS = """
import numpy as np
def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    v = np.broadcast_to(state[0], p.shape).copy()
    new = np.empty_like(p)
    for i in np.ndindex(p.shape):
        v[i] = momentum * v[i] - lr * g[i]
        new[i] = p[i] + v[i]
    return new, (v,)
"""
CACHED = """
import functools
@functools.lru_cache
def _rate(lr):
    return -lr
count = 0
def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    global count
    count += 1
    v = momentum * state[0] + _rate(lr) * g
    return p + v, (v,)
"""
ODD = {
    "noisy": NOISY,
    "loud": LOUD,
    "slow": SLOW,
    "magics": OTHER,
    "helper": HELPER,
    "showing": SHOWING,
    "imports": ALLOWED,
    "object": CLASSY,
    "loops": LOOPS,
    "counting": CACHED,
    "asks": RIGHT + "\nmomentum?\n",
    "raises at its end": RIGHT + "\nassert momentum(1, 2) == 3\n",
}


@pytest.mark.parametrize("source", ODD.values(), ids=ODD)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_what_is_odd_but_right_costs_nothing(grader, lang, source):
    assert points(grader, lang, momentum=source)[0] == FULL


def test_a_helper_may_stand_in_another_answer_cell(grader):
    given = f"{HONEST['divergence_threshold']}\ndef step(v, g, lr, mu):\n    return mu * v - lr * g\n"
    own = RIGHT.replace("momentum * v - lr * g", "step(v, g, lr, momentum)")
    assert points(grader, divergence_threshold=given, momentum=own)[0] == FULL


def test_a_later_cell_does_not_undo_an_earlier_task(grader):
    """As in the notebook: each check sees what stood there when it ran."""
    later = f"{HONEST['cosine']}\ndef momentum(p, g):\n    return None\nmath = None\nimport math\n"
    assert points(grader, cosine=later)[0] == FULL
    spoilt = f"{HONEST['divergence_threshold']}\nnp = math = None\n"
    assert points(grader, divergence_threshold=spoilt)[0] == FULL | {"cosine": 0}


def test_a_slow_answer_is_right_within_its_budget_and_told_why_beyond_it(boxes, system_tool):
    system_tool("bwrap")
    slow = "import time\n" + RIGHT.replace("    (v,)", "    time.sleep(0.02)\n    (v,)")  # 0.5 s a call
    assert points(Grader(boxes, None), momentum=slow)[0] == FULL
    got, grades = points(Grader(boxes, None, Budget(call=0.2)), momentum=slow)
    assert got == FULL | {"momentum": 0}
    assert t("grading.time", seconds="0.2") in next(g.reason for g in grades.tasks if g.reason)


def test_a_cell_that_raises_costs_only_its_own_task(grader):
    got, grades = points(grader, momentum="def momentum(:\n", cosine="1 / 0\n" + HONEST["cosine"])
    assert got == FULL | {"momentum": 0, "cosine": 0}
    assert "SyntaxError" in next(g.reason for g in grades.tasks if g.task.name == "momentum")


def test_the_same_submission_gets_the_same_marks_twice(grader):
    twice = [points(grader, momentum=WRONG)[1].tasks for _ in range(2)]
    first, second = ([(g.points, g.reason, g.hidden) for g in tasks] for tasks in twice)
    assert first == second


def test_hidden_cases_are_not_told(grader):
    tuned = "def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):\n    raise ValueError(lr)"
    for grade in points(grader, momentum=tuned)[1].tasks:
        assert len(grade.outcome.labels) <= 4


def test_a_check_that_it_cannot_judge_is_refused(tmp_path):
    path = tmp_path / "made.ipynb"
    source = built("exercises", "en").read_text(encoding="utf-8")
    path.write_text(source.replace('check(\\"adam\\", adam)', "assert adam"), encoding="utf-8")
    with pytest.raises(NotGradable, match=r"made cannot be graded .* the cell adam"):
        read_release(path)


@pytest.mark.parametrize(("lang", "word"), [("ko", "오류가 났습니다"), ("en", "It raised an error")])
def test_a_reason_is_in_the_language_of_the_release(grader, lang, word):
    _, grades = points(grader, lang, momentum="x = 1")
    assert word in next(g.reason for g in grades.tasks if g.task.name == "momentum")
