"""Honest submissions get what they deserve, in both languages."""

import pytest

from course_lib.assessment.diagnose import diagnose
from course_lib.grading.release import NotGradable, read_release
from course_lib.grading.submission import read_notebook, take
from course_lib.messages import speaking, t
from tests.grading.made import HONEST, RIGHT, WRONG, built, points

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


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["u00_introduction", "u03_initialization", "u04_normalization", "u05_activations"]
)
def test_the_other_units_solutions_score_in_full(grader, name):
    release = read_release(built("exercises", "en", name))
    grades = grader.grade(take(read_notebook(built("solutions", "en", name)), release), release)
    assert grades.points == grades.most > 0


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


@pytest.mark.parametrize("source", [NOISY, SLOW, OTHER, HELPER], ids=["noisy", "slow", "magics", "helper"])
def test_what_is_odd_but_right_costs_nothing(grader, source):
    assert points(grader, momentum=source)[0] == FULL


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


def test_an_assignment_that_it_cannot_judge_is_refused():
    with pytest.raises(NotGradable, match="assignment"):
        read_release(built("exercises", "en", "assignment"))


@pytest.mark.parametrize(("lang", "word"), [("ko", "오류가 났습니다"), ("en", "It raised an error")])
def test_a_reason_is_in_the_language_of_the_release(grader, lang, word):
    _, grades = points(grader, lang, momentum="x = 1")
    assert word in next(g.reason for g in grades.tasks if g.task.name == "momentum")
