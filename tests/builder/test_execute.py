"""Which notebooks run, what is kept of their outputs, and what a failing cell says."""

import nbformat
import pytest
from nbformat.v4 import new_output

from course_lib.builder import build, building, check
from course_lib.builder.execute import WIDGET, clean, run
from course_lib.builder.notebooks import render
from course_lib.builder.source import read
from tests.builder.small_sources import EXERCISE, TITLE, code, pair

UNIT = (
    TITLE
    + pair()
    + code("import os\nfrom course_lib.messages import language")
    + code("language(), os.getcwd()[-2:]")
)


def cells(root, path="notebooks/en/u01.ipynb"):
    return nbformat.read(root / path, as_version=4).cells


def test_outputs_are_stored_and_kept_until_the_code_changes(course):
    root = course("u01", UNIT)
    report = build(root)
    assert report.ok and report.executed == ["notebooks/ko/u01.ipynb", "notebooks/en/u01.ipynb"]
    assert check(root) == []
    for lang in ("ko", "en"):  # in its language, and in its own folder
        shown = cells(root, f"notebooks/{lang}/u01.ipynb")[-1]
        assert shown.outputs[0].data["text/plain"] == f"('{lang}', '{lang}')"
        assert "execution" not in shown.metadata  # no timing
    # Prose changes: nothing runs, outputs stay
    course("u01", UNIT.replace("A large", "Too large a"))
    report = build(root, confirm=True)
    assert report.executed == [] and report.written == ["notebooks/ko/u01.ipynb", "notebooks/en/u01.ipynb"]
    assert cells(root)[-1].outputs[0].data["text/plain"] == "('en', 'en')"
    # Code changes: it runs anew; without execution it is stored without outputs, and that is reported
    course("u01", UNIT.replace("language(), ", "1, "))
    assert build(root, execute=False).executed == []
    assert cells(root)[-1].outputs == []
    assert {p.message for p in check(root)} == {"some cells have not been run; run course build."}
    assert build(root).executed == ["notebooks/ko/u01.ipynb", "notebooks/en/u01.ipynb"]
    assert cells(root)[-1].outputs[0].data["text/plain"] == "(1, 'en')"


def test_solutions_run_and_exercises_do_not(course):
    root = course("u02", EXERCISE, "solutions")
    report = build(root)
    assert report.ok and report.executed == ["solutions/ko/u02.ipynb", "solutions/en/u02.ipynb"]
    assert check(root) == []
    assert [cell.get("execution_count") for cell in cells(root, "exercises/en/u02.ipynb")] == [None] * 7
    assert build(root, execute="all").executed == report.executed


def test_a_question_whose_text_changes_is_asked_anew(course, monkeypatch):
    sides = [f"{word}?\n\n- [x] $a$ :: b\n- [ ] c :: d" for word in ("무엇", "What")]
    root = course("u01", TITLE + pair(*sides, ', "quiz": "q"'))
    ran = []
    monkeypatch.setattr(building, "run", lambda one, root: ran.append(one.path) or ([([], 1)] * 2, []))
    for changed in (False, True):
        if changed:
            course("u01", TITLE + pair(sides[0], sides[1].replace(":: d", ":: e"), ', "quiz": "q"'))
        ran.clear()
        assert build(root).ok
        assert ran == ["notebooks/ko/u01.ipynb", "notebooks/en/u01.ipynb"]
        assert build(root).executed == []


def test_an_unsolved_exercise_runs_to_its_stubs_and_no_further_error(course):
    root = course("u02", EXERCISE + code("'reached'"), "solutions")
    exercise = render(read(root, root / "solutions/src/u02.md"), "en", "exercises")
    outputs, problems = run(exercise, root)
    assert problems == []
    assert [out[0].get("ename", out[0].get("data")) if out else None for out, _ in outputs] == [
        None,
        None,
        "NotImplementedError",
        {"text/plain": "'reached'"},
    ]


def test_a_failing_cell_names_its_line_and_writes_nothing(course):
    text = UNIT + code("x = 1\n\nx / 0", ":tags: [keep]\n")
    root = course("u01", text)
    report = build(root)
    line = 1 + text[: text.index("x / 0")].count("\n")
    assert (
        report.written == []
        and [(p.file, p.line) for p in report.problems] == [("notebooks/src/u01.md", line)] * 2
    )
    assert (
        "notebooks/ko/u01.ipynb stopped at this cell: ZeroDivisionError: division by zero"
        in report.problems[0].message
    )


def test_a_cell_that_writes_to_stderr_is_reported_and_a_progress_bar_is_not(course):
    bar = code("from tqdm import tqdm\n\nfor _ in tqdm(range(3)):\n    pass")
    warning = code("import sys\n\nprint('careful', file=sys.stderr)")
    root = course("u01", TITLE + bar + warning)
    report = build(root)
    assert [p.line for p in report.problems] == [13, 13]
    assert "wrote to stderr: careful" in report.problems[0].message
    course("u01", TITLE + bar)
    assert build(root).ok
    assert cells(root)[-1].outputs == []


def test_of_a_widget_the_picture_stays_and_the_view_goes():
    png = {"image/png": "aGk=", "text/plain": "Panel()"}
    outputs = [
        new_output("display_data", png | {WIDGET: {"model_id": "1"}}, metadata={WIDGET: {}}),
        new_output("display_data", {WIDGET: {"model_id": "2"}}),
        new_output(
            "display_data", {WIDGET: {"model_id": "3"}, "text/plain": " 50%|█████     | 1/2 [00:00<?]"}
        ),
        new_output("execute_result", {"text/html": "<b>1</b>"}, execution_count=1),
    ]
    kept = clean(outputs)
    assert [dict(out.data) for out in kept] == [png, {"text/html": "<b>1</b>"}]
    assert kept[0].metadata == {}


def test_a_picture_is_stored_once():
    png, words = {"image/png": "aGk=", "text/plain": "a line"}, {"text/markdown": "*words*"}
    outputs = [new_output("display_data", data) for data in (png | {"text/markdown": "<img>"}, words)]
    assert [dict(out.data) for out in clean(outputs)] == [png, words]


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        ([("stdout", "a\n"), ("stdout", "b\n")], [("stdout", "a\nb\n")]),
        (
            [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n")],
            [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n")],
        ),
        (
            [
                ("stderr", "\r  0%|          | 0/9 [00:00<?, ?it/s]"),
                ("stderr", "\r100%|████| 9/9 [00:00<00:00]\n"),
            ],
            [],
        ),
        (
            [("stderr", "\r100%|████| 9/9 [00:00<00:00]\nWarning\n")],
            [("stderr", "\r100%|████| 9/9 [00:00<00:00]\nWarning\n")],
        ),
        ([("stdout", "accuracy 90%|x\n")], [("stdout", "accuracy 90%|x\n")]),
        ([("stdout", "a\n\r 50%|██  |"), ("stdout", "\r100%|████|\n")], [("stdout", "a\n100%|████|\n")]),
        ([("stdout", "one\r\ntwo\r\n")], [("stdout", "one\r\ntwo\r\n")]),
    ],
)
def test_streams_are_joined_and_progress_dropped(streams, expected):
    kept = clean([new_output("stream", name=name, text=text) for name, text in streams])
    assert [(out.name, out.text) for out in kept] == expected


def test_what_the_builder_runs_is_nobody_s_progress(course, monkeypatch, tmp_path):
    """Not even where `course build` is called from a notebook that a person has open."""
    monkeypatch.setenv("JPY_SESSION_NAME", "mine.ipynb")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("BINDER_REPO_URL", "somewhere")
    look = "from course_lib.progress.place import learning\n\nlearning()"
    root = course("u01", TITLE + pair() + code(look))
    assert build(root).ok
    first, last = (cells(root)[i] for i in (1, -1))
    assert first.outputs == [] and last.outputs[0].data["text/plain"] == "False"
    assert not (tmp_path / "progress.json").exists()
