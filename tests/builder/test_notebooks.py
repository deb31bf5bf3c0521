"""What a source becomes: one notebook per language and form, the same bytes each time."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_lib.builder import build, quiz
from course_lib.builder.glossary import load
from course_lib.paths import repo_root
from tests.builder.small_sources import EN, EXERCISE, KO, TITLE, code, pair

KO_QUIZ = """학습률 $\\eta$를 두 배로 하면?

- [ ] 두 배 빨리 배웁니다. :: 한계를 넘으면
  발산합니다.
- [x] 발산할 수 있습니다. :: "맞습니다." """
EN_QUIZ = """What if the rate $\\eta$ is doubled?

- [ ] It learns twice as fast. :: Beyond the limit
  it diverges.
- [x] It may diverge. :: "Right." """
UNIT = (
    TITLE
    + pair()
    + code("x = 1", ":tags: [keep]\n")
    + code("x = 1")
    + pair(KO_QUIZ, EN_QUIZ, ', "quiz": "rate-twice"')
)


def texts(root, path):
    return [cell.source for cell in nbformat.read(root / path, as_version=4).cells]


def test_each_language_gets_its_prose_and_the_shared_code(course):
    root = course("u01", UNIT)
    report = build(root, execute=False)
    assert report.ok and report.written == ["notebooks/ko/u01.ipynb", "notebooks/en/u01.ipynb"]
    ko, en = (texts(root, path) for path in report.written)
    assert ko[0].startswith("# 경사하강법\n") and en[0].startswith("# Gradient descent\n")
    assert "notebooks/src/u01.md" in ko[0] and "notebooks/src/u01.md" in en[0]
    assert ko[1] == en[1] and "pip" in ko[1]
    assert ko[2].endswith('set_language("ko")\nvisit("notebooks/u01")')
    assert en[2].endswith('set_language("en")\nvisit("notebooks/u01")')
    assert (ko[3], en[3]) == (KO, EN)
    assert ko[4:6] == en[4:6] == ["x = 1", "x = 1"]
    assert EN not in ko and KO not in en


def test_two_builds_write_the_same_bytes(course, tmp_path):
    root = course("u01", UNIT)
    course("u02", EXERCISE, "solutions")
    paths = build(root, execute=False).written
    first = {path: (root / path).read_bytes() for path in paths}
    again = build(root, execute=False)
    assert again.written == [] and sorted(again.unchanged) == sorted(paths)
    # A new process, with another seed for Python's own hashes
    for path in paths:
        (root / path).unlink()
    program = "import sys; from course_lib.builder import build; build(sys.argv[1], execute=False)"
    subprocess.run([sys.executable, "-c", program, str(root)], check=True, env={"PYTHONHASHSEED": "7"})
    assert {path: (root / path).read_bytes() for path in paths} == first
    for stored in first.values():
        content = json.loads(stored)
        assert stored.endswith(b"}\n")
        assert list(content) == sorted(content)


def test_cell_ids_are_unique_shared_by_the_languages_and_stay_where_cells_are_added(course):
    root = course("u01", UNIT)
    build(root, execute=False)
    ids = {lang: _ids(root, lang) for lang in ("ko", "en")}
    assert ids["ko"] == ids["en"] and len(set(ids["ko"])) == len(ids["ko"])
    course("u01", TITLE + pair("새 글입니다.", "A new text.") + UNIT.removeprefix(TITLE))
    build(root, execute=False)
    assert [one for one in _ids(root, "ko") if one in ids["ko"]] == ids["ko"]


def test_metadata(course):
    root = course("u01", UNIT)
    build(root, execute=False)
    notebook = nbformat.read(root / "notebooks/en/u01.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.course.lang == "en"
    assert notebook.metadata.course.source == "notebooks/src/u01.md"
    assert len(notebook.metadata.course.source_sha) == 12
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.title == "Gradient descent"
    assert [cell.metadata.get("tags") for cell in notebook.cells] == [
        None,
        ["setup"],
        ["language"],
        None,
        ["keep"],
        None,
        ["quiz"],
    ]
    assert notebook.cells[-1].metadata.jupyter.source_hidden is True


@pytest.mark.parametrize(
    ("lang", "question", "option", "feedback"),
    [
        ("ko", "학습률 $\\eta$를 두 배로 하면?", "두 배 빨리 배웁니다.", "한계를 넘으면\n발산합니다."),
        (
            "en",
            "What if the rate $\\eta$ is doubled?",
            "It learns twice as fast.",
            "Beyond the limit\nit diverges.",
        ),
    ],
)
def test_a_quiz_becomes_a_call_and_its_texts_lie_elsewhere(course, lang, question, option, feedback):
    root = course("u01", UNIT)
    (root / "course_lib/viz").mkdir(parents=True)
    build(root, execute=False)
    source = 'from course_lib.viz.widgets import ask\n\nask("u01", "rate-twice")'
    assert texts(root, f"notebooks/{lang}/u01.ipynb")[-1] == source
    asked = json.loads((root / quiz.PAGE).read_text(encoding="utf-8"))["u01"]["rate-twice"][lang]
    assert asked["question"] == question
    assert asked["options"][0] == {"text": option, "right": False, "why": feedback}
    assert [one["right"] for one in asked["options"]] == [False, True]
    assert asked["options"][1]["why"] == ('"맞습니다."' if lang == "ko" else '"Right."')


def test_an_exercise_has_stubs_in_its_language_and_no_answer(course):
    root = course("u02", EXERCISE, "solutions")
    build(root, execute=False)
    for lang, comment, written in (
        ("ko", "# 여기에 코드를 쓰세요", "*이 줄을 지우고 여기에 답을 쓰세요.*"),
        ("en", "# Write your code here", "*Replace this line with your answer.*"),
    ):
        raw = (root / f"exercises/{lang}/u02.ipynb").read_text(encoding="utf-8")
        for secret in ("2 * (y - 1)", "return result", "두 배이기", "Because it", "SOLUTION"):
            assert secret not in raw
        cells = texts(root, f"exercises/{lang}/u02.ipynb")
        assert cells[4] == (
            f'def double(x):\n    y = x + 1\n    {comment}\n    raise NotImplementedError("double")'
        )
        assert cells[6].endswith(written)
        solved = texts(root, f"solutions/{lang}/u02.ipynb")
        assert "    result = 2 * (y - 1)\n    return result" in solved[4]
        assert not any("SOLUTION" in cell for cell in solved)


def test_every_region_of_a_cell_is_cut(course):
    region = "{0}### BEGIN SOLUTION\n{0}a = 41\n{0}### END SOLUTION"
    lines = f"{region.format('')}\nb = 2\nif b:\n{region.format('    ')}"
    root = course("u02", TITLE + code(lines, ":solution: s\n"), "solutions")
    build(root, execute=False)
    stub = '# Write your code here\n{0}raise NotImplementedError("s")'
    expected = f"{stub.format('')}\nb = 2\nif b:\n    {stub.format('    ')}"
    assert texts(root, "exercises/en/u02.ipynb")[-1] == expected


def test_what_is_given_stands_in_the_answer_s_place(course):
    region = ["### BEGIN SOLUTION", "return x + 1", "### GIVEN", "return x - 1", "### END SOLUTION"]
    lines = "def f(x):\n    " + "\n    ".join(region)
    root = course("u02", TITLE + code(lines, ":solution: f\n"), "solutions")
    build(root, execute=False)
    assert texts(root, "exercises/en/u02.ipynb")[-1] == "def f(x):\n    return x - 1"
    assert texts(root, "solutions/en/u02.ipynb")[-1] == "def f(x):\n    return x + 1"


def test_only_what_cannot_run_unsolved_may_raise_in_an_exercise_and_nothing_in_a_solution(course):
    top = code("### BEGIN SOLUTION\nlimit = 2\n### END SOLUTION", ":solution: limit\n")
    user = code("double(limit)", ":tags: [keep, raises-exception]\n")
    root = course("u02", EXERCISE + top + user, "solutions")
    build(root, execute=False)

    def raising(form):
        cells = nbformat.read(root / f"{form}/en/u02.ipynb", as_version=4).cells
        return [i for i, cell in enumerate(cells) if "raises-exception" in cell.metadata.get("tags", [])]

    assert raising("exercises") == [5, 7, 8]  # the check, the stub at top level, and what was tagged
    assert raising("solutions") == []


def test_nbgrader_metadata_says_what_may_be_edited_and_what_earns_points(course):
    root = course("u02", EXERCISE, "solutions")
    build(root, execute=False)
    for form in ("exercises", "solutions"):
        cells = nbformat.read(root / f"{form}/en/u02.ipynb", as_version=4).cells
        meta = [dict(cell.metadata.nbgrader) for cell in cells]
        assert all(one.pop("schema_version") == 3 and one.pop("task") is False for one in meta)
        assert meta[4] == {"grade_id": "solution-double", "grade": False, "solution": True, "locked": False}
        assert meta[5] == {
            "grade_id": "double",
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 2,
        }
        assert meta[6] == {"grade_id": "why", "grade": True, "solution": True, "locked": False, "points": 3}
        readonly = {"grade": False, "solution": False, "locked": True}
        assert [one | {"grade_id": ""} for one in meta[:4]] == [readonly | {"grade_id": ""}] * 4
        assert len({one["grade_id"] for one in meta}) == len(meta)


def test_only_the_named_sources_are_built_and_an_unknown_name_is_refused(course):
    root = course("u01", UNIT)
    course("u02", UNIT)
    report = build(root, ["u02", "u03"], execute=False)
    assert report.written == ["notebooks/ko/u02.ipynb", "notebooks/en/u02.ipynb"]
    assert [str(problem) for problem in report.problems] == [
        "u03:1: there is no source u03; there are: u01, u02."
    ]


def test_the_courses_folder_is_found_from_below_and_from_elsewhere(tmp_path):
    root = Path(__file__).parents[2]
    assert repo_root(root / "tests" / "builder") == root
    assert repo_root(tmp_path) == root  # from the package
    assert load(repo_root()), "the course has a glossary"


def _ids(root, lang):
    return [cell.id for cell in nbformat.read(root / f"notebooks/{lang}/u01.ipynb", as_version=4).cells]
