"""Marks in nbgrader's own gradebook, and those that a person gives there."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from nbconvert.filters import markdown2html
from nbgrader.api import Gradebook

from course_lib.assessment.cases import cases
from course_lib.classroom import answered, gradebook, nbgrader_course
from course_lib.classroom.exports import total
from course_lib.classroom.gradebook import differences, hand_marks, to_gradebook
from course_lib.classroom.nbgrader_course import NoGradebook, student_id
from course_lib.classroom.results import as_row
from course_lib.grading.box import Boxes
from course_lib.grading.driver import Grader
from course_lib.grading.marking import grade_notebook
from course_lib.grading.release import read_release
from course_lib.grading.submission import parse
from course_lib.messages import t
from tests.classroom.graded import ANSWER, NAME, release_of, row
from tests.grading.made import SECRET
from tests.grading.students import UNITS, built, handed_in, right, wrong
from tests.nbgrader_class import marks

WRITTEN = "A *velocity* adds up."
HOSTILE = "../../x<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def first_round(tmp_path_factory):
    """A course into which the marks of three students went."""
    course = tmp_path_factory.mktemp("class") / "course"
    report = to_gradebook(class_of_three(), course, release_of)
    return course, report


@pytest.fixture
def course(first_round, tmp_path):
    """A copy of that course of one's own."""
    return Path(shutil.copytree(first_round[0], tmp_path / "course"))


def class_of_three():
    return [row("김민지", "ko", WRITTEN), row("lee", "en", WRITTEN, wrongly=["adam"]), row(HOSTILE, "en")]


@contextmanager
def graded(course, student, name=NAME):
    """{cell: grade} and {cell: comment} of a student in the gradebook; what is changed there is kept."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "course") as book:
        notebook = book.find_submission_notebook(name, name, student_id(student))
        yield {g.name: g for g in notebook.grades}, {c.name: c for c in notebook.comments}
        book.db.commit()


def by_hand(course, student, points, comment="", cell=ANSWER):
    """What the formgrader does when a person types a mark and a comment."""
    with graded(course, student) as (grades, comments):
        grades[cell].manual_score, grades[cell].needs_manual_grade = points, False
        if comment:
            comments[cell].manual_comment = comment


def notebook_of(course, student):
    path = course / f"autograded/{student_id(student)}/{NAME}/{NAME}.ipynb"
    return nbformat.read(path, as_version=4)


def test_marks_stand_in_the_gradebook_and_written_answers_wait(first_round):
    course, report = first_round
    assert (report.put, report.open, report.again, report.left) == (3, 2, [], [])
    assert t("gradebook.no_autograde") in report.lines()
    with graded(course, "lee") as (grades, comments):
        assert {name: g.auto_score for name, g in grades.items() if g.auto_score != g.max_score} == {
            "adam": 0,
            ANSWER: None,
        }
        assert [name for name, g in grades.items() if g.needs_manual_grade] == [ANSWER]
        assert {name: c.auto_comment for name, c in comments.items() if c.auto_comment} == {
            "solution-adam": "adam: $\\beta$ < img src=x> [it] (https://a.example)"
        }
    with graded(course, HOSTILE) as (grades, comments):
        assert (grades[ANSWER].auto_score, grades[ANSWER].needs_manual_grade) == (0, False)
        assert comments[ANSWER].auto_comment == t("gradebook.unwritten")


def test_what_is_shown_is_the_notebook_handed_out_with_the_answers(first_round):
    course, _ = first_round
    shown, handed_out = notebook_of(course, "lee"), nbformat.read(built("exercises", "en"), as_version=4)
    nbformat.validate(shown)
    assert [c.metadata for c in shown.cells] == [c.metadata for c in handed_out.cells]
    pairs = zip(shown.cells, handed_out.cells, strict=True)
    changed = {
        own.metadata.nbgrader.grade_id: own.source for own, given in pairs if own.source != given.source
    }
    assert changed.pop(ANSWER) == "<div><p>A <em>velocity</em> adds up.</p></div>"
    assert changed == row("lee", "en", wrongly=["adam"])["cells"]
    told = {c.metadata.nbgrader.grade_id: c.outputs[0].text for c in shown.cells if c.get("outputs")}
    assert told["cosine"] == "✓ 2/2\n" and told["adam"].startswith("✗ 0/3\nadam: $")
    assert all(c.execution_count is None for c in shown.cells if c.cell_type == "code")
    korean = notebook_of(course, "김민지")
    assert korean.metadata.course.lang == "ko" and re.search("[가-힣]", korean.cells[0].source)


def test_nothing_of_a_learner_is_markup_in_the_page():
    """As nbconvert, which the formgrader calls, reads it."""
    for text in (
        "<script>x</script>",
        "a\n\n<svg onload=x>\n\nb",
        "[a](javascript:x)",
        "</div><iframe src=x>",
    ):
        page = markdown2html(answered._rendered(text))
        assert not re.search('<(script|svg|iframe|a|img)|javascript:x"', page), page
        assert not re.search("<(script|svg|iframe|a|img)", markdown2html(answered.inert(text))), text
    assert "<script>" in markdown2html("<script>x</script>")
    assert markdown2html(answered._rendered("a\n\n*b*\n\n```\nc\n\nd\n```")).count("<em>b</em>") == 1


@pytest.mark.parametrize(
    "name", [HOSTILE, "..", ".", "-rf", "", "a/b", "a\x1b[2J", "가" * 300, "a*", "{x}", "b-0123abcd"]
)
def test_a_name_that_is_no_folder_gets_an_id_that_is_one(name):
    made = student_id(name)
    assert re.fullmatch(r"[\w@+-]{1,60}", made) and not made.startswith(("-r", "."))
    assert len(made.encode()) < 200 and made != student_id(name + " ")


@pytest.mark.parametrize("name", ["kim", "김민지", "kim.minji@univ.kr", "Kim Minji", "20231234"])
def test_a_name_that_is_one_stays(name):
    assert student_id(name) == name


def test_a_hand_mark_stays_until_the_answer_changes(course):
    by_hand(course, "lee", 1.5, "why?")
    rows = class_of_three()
    assert to_gradebook(rows, course, release_of).again == []
    (_, lee, _) = hand_marks(course, rows)
    assert (lee["written"][0]["points"], lee["written"][0]["comment"]) == (1.5, "why?")

    rows[1]["written"][0]["text"] += " And it damps."
    (_, lee, _) = hand_marks(course, rows)
    assert lee["written"][0]["points"] is None  # the mark was for another text
    report = to_gradebook(rows, course, release_of)
    assert report.again == [("lee", NAME, ANSWER)]
    with graded(course, "lee") as (grades, _):
        assert (grades[ANSWER].manual_score, grades[ANSWER].needs_manual_grade) == (1.5, True)
    assert hand_marks(course, rows)[1]["written"][0]["points"] is None


def test_a_person_may_change_an_automatic_mark(course):
    rows = class_of_three()
    by_hand(course, "lee", 2, cell="adam")
    with graded(course, "김민지") as (grades, _):
        grades["cosine"].extra_credit = 0.5
    kim, lee, _ = back = hand_marks(course, rows)
    assert (lee["points"], kim["points"]) == (lee["most"] - 1, kim["most"] + 0.5)
    (adam,) = [task for task in lee["tasks"] if task["task"] == "adam"]
    assert (adam["points"], adam["automatic"]) == (2, 0)
    assert rows == class_of_three()  # inputs stay as they are

    assert hand_marks(course, back) == back
    to_gradebook(back, course, release_of)  # what a person gave does not become the grader's
    with graded(course, "lee") as (grades, _):
        assert (grades["adam"].auto_score, grades["adam"].manual_score) == (0, 2)

    to_gradebook([row("lee", "en", WRITTEN)], course, release_of)  # handed in again, and right by now
    (again,) = hand_marks(course, [row("lee", "en", WRITTEN)])
    assert [task["task"] for task in again["tasks"] if task.get("waits")] == ["adam"]
    assert total(again) is None


def test_rows_that_fit_nothing_are_left_out_and_told(course):
    other, strange = row("lee", "en"), row("park", "ko", problem="no notebook")
    other["tasks"][0]["task"] = "no_such_cell"
    strange["assignment"] = "holiday"
    report = to_gradebook([other, strange], course, release_of)
    assert report.left == [("lee", NAME, t("gradebook.other_row")), ("park", "holiday", "no notebook")]
    assert hand_marks(course, [other, strange]) == [other, strange]
    report.left.append(("a\x1b[2J", "b\x1b[2J", "c\x1b[2J"))
    assert not any("\x1b" in line for line in report.lines())


def test_a_student_is_written_whole_or_not_at_all(course, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(gradebook, "_comments", broken)
        with pytest.raises(KeyboardInterrupt):
            to_gradebook([row("lee", "en", WRITTEN), row("park", "en", WRITTEN)], course, release_of)
    with Gradebook(f"sqlite:///{course}/gradebook.db", "course") as book:
        assert "park" not in {student.id for student in book.students}
    with graded(course, "lee") as (grades, _):
        assert grades["adam"].auto_score == 0  # the new row has 3
    assert to_gradebook([row("park", "en", WRITTEN)], course, release_of).put == 1


def test_one_writes_at_a_time(course):
    with FileLock(course / ".gradebook.lock"), pytest.raises(NoGradebook) as refused:
        to_gradebook([], course, release_of)
    assert str(refused.value) == t("gradebook.busy", course=course)


def test_both_languages_must_have_the_same_cells(course, tmp_path):
    notebook = json.loads(built("exercises", "ko").read_text(encoding="utf-8"))
    notebook["cells"] = [c for c in notebook["cells"] if "solution-adam" not in str(c["metadata"])]
    odd = tmp_path / f"{NAME}.ipynb"
    odd.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(NoGradebook, match="with other cells or points"):
        to_gradebook([row("kim", "ko")], course, lambda row: odd)


@pytest.mark.parametrize("name", [*UNITS, "assignment"])
def test_every_exercise_has_the_same_cells_in_both_languages(name):
    korean, english = (
        nbgrader_course._cells(json.loads(built("exercises", lang, name).read_text(encoding="utf-8")))
        for lang in ("ko", "en")
    )
    assert korean == english and any(points for points in korean.values())


def test_the_assignment_goes_into_the_gradebook_as_well(course):
    """Its accuracy has no mark where nothing was trained, and waits for a person."""
    made = row("lee", "ko", "A report.", name="assignment")
    made["tasks"] = [task for task in made["tasks"] if task["task"] != "accuracy"]
    to_gradebook([made], course, release_of)
    with graded(course, "lee", "assignment") as (grades, _):
        waiting = {name for name, grade in grades.items() if grade.needs_manual_grade}
    assert waiting == {"accuracy", *(answer["task"] for answer in made["written"])}
    assert hand_marks(course, [made])[0]["written"][0]["points"] is None


def test_an_instructors_own_course_is_used_as_it_is(tmp_path):
    config = "c = get_config()\nc.CourseDirectory.course_id = 'nets'\n"
    config += "c.CourseDirectory.autograded_directory = 'seen'\n"
    config += f"c.CourseDirectory.db_url = 'sqlite:///{tmp_path}/own.db'\n"
    (tmp_path / "nbgrader_config.py").write_text(config)
    handed_in_at = tmp_path / f"submitted/lee/{NAME}"
    handed_in_at.mkdir(parents=True)
    (handed_in_at / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC")
    to_gradebook([row("lee", "en", WRITTEN)], tmp_path, release_of)
    assert (tmp_path / "nbgrader_config.py").read_text() == config
    assert (tmp_path / f"seen/lee/{NAME}/{NAME}.ipynb").is_file()
    with Gradebook(f"sqlite:///{tmp_path}/own.db", "nets") as book:
        assert book.find_submission(NAME, "lee").timestamp.isoformat() == "2026-11-20T12:00:00"


def test_a_database_that_is_none_is_told(course):
    (course / "gradebook.db").write_bytes(b"no database" * 1000)
    with pytest.raises(NoGradebook, match="file is not a database"):
        to_gradebook([], course, release_of)


def test_no_gradebook_is_told(tmp_path):
    with pytest.raises(NoGradebook) as refused:
        hand_marks(tmp_path, [])
    assert str(refused.value) == t("gradebook.none", course=tmp_path)


def test_autograde_is_refused_and_would_find_nothing(course):
    before = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    assert not (course / "submitted").exists()
    command = [sys.executable, "-m", "nbgrader", "autograde", NAME, "--force"]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(course / "none")}
    told = subprocess.run(command, cwd=course, capture_output=True, text=True, env=environment)
    assert told.returncode and t("gradebook.no_autograde") in told.stderr
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == before
    with graded(course, "lee") as (grades, _):
        assert grades["adam"].auto_score == 0


CHEAT = "\n_own = cosine\ndef cosine(step, *, total, peak=0.1, floor=0.0):\n"
CHEAT += "    return _own(step, total=total, peak=peak, floor=floor) * (1 if total in {totals} else 2)\n"


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("lang", ["en", pytest.param("ko", marks=pytest.mark.slow)])
def test_a_plain_hub_gives_the_same_marks_on_the_visible_cases(lang, tmp_path, monkeypatch, system_tool):
    """The same release in real nbgrader, whose checks know no hidden case."""
    system_tool("bwrap")
    totals = [case.hyper["total"] for case in cases("cosine")]
    answers = right(lang, NAME)
    answers |= {task: wrong(lang, NAME)[task] for task in ("adam", "warmup", "divergence_threshold")}
    answers["cosine"] += CHEAT.format(totals=totals)
    notebook = handed_in(lang, NAME, answers)
    release, submitted = read_release(built("exercises", lang)), parse(json.dumps(notebook).encode())
    with Boxes() as boxes:
        ours = grade_notebook(Grader(boxes, SECRET), release, submitted)
    mine = as_row("kim", "kim.ipynb", ours)
    handed_out = built("exercises", lang).read_text(encoding="utf-8")
    theirs = marks(tmp_path, monkeypatch, NAME, handed_out, {"kim": json.dumps(notebook)})
    found = differences([mine], {cell: points for cell, (points, *_) in theirs.items()})
    assert [(one["task"], one["ours"], one["nbgrader"]) for one in found] == [("cosine", 0, 2)]
    assert found[0]["why"] == t("gradebook.differs_hidden", passed=0, of=4)
    wrongly = {task["task"] for task in mine["tasks"] if not task["points"]}
    assert wrongly == {"adam", "warmup", "divergence_threshold", "cosine"}
