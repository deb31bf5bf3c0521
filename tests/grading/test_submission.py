"""What is taken from a notebook, whatever tool saved it and whatever became of its cells."""

import copy
import json

import pytest

from course_lib.grading.byhand import libraries, without_magics
from course_lib.grading.release import read_release
from course_lib.grading.submission import MAX_CELL, Unreadable, parse, read_notebook, take
from course_lib.messages import speaking, t
from tests.grading.students import built, handed_in, right

NAME = "u01_optimization"


@pytest.fixture(params=["ko", "en"])
def lang(request):
    """The language of the notebook that was handed out."""
    return request.param


@pytest.fixture
def solved(lang):
    """Unit 1's exercise with all answers right, as a dict."""
    return handed_in(lang, NAME, right(lang, NAME))


def taken(notebook, lang):
    """The answers in code, by task, and the remarks."""
    data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    submission = take(parse(data), read_release(built("exercises", lang, NAME)))
    cells = {name.removeprefix("solution-"): source for name, source in submission.cells.items()}
    return {task: cells[task] for task in right(lang, NAME) if task in cells}, submission.remarks


def set_up_of(notebook):
    """The cell that installs the course where it is missing."""
    return next(c for c in notebook["cells"] if c["id"] == "setup")


def cell_of(notebook, task):
    """The answer cell of a task."""
    return next(c for c in notebook["cells"] if c["metadata"]["nbgrader"]["grade_id"] == f"solution-{task}")


def said(lang, key, **values):
    """A remark in the language of the release."""
    with speaking(lang):
        return t(f"grading.{key}", **values)


def test_an_honest_notebook_is_taken_whole_and_without_a_remark(solved, lang):
    assert taken(solved, lang) == (right(lang, NAME), ())


def test_the_set_up_is_nothing_to_the_grader(solved, lang):
    """Neither what it says nor that older notebooks lack it."""
    release = read_release(built("exercises", lang, NAME))
    assert "cell-setup" not in release.locked and not any("pip" in repr(step) for step in release.steps)
    set_up_of(solved)["source"] = "%pip install course-lib"
    assert taken(solved, lang) == (right(lang, NAME), ())
    solved["cells"].remove(set_up_of(solved))
    assert taken(solved, lang) == (right(lang, NAME), ())


def saved_by_an_old_tool(notebook):
    """nbformat 4.4 knows no ids; other tools write a source as one text and add metadata of their own."""
    old = copy.deepcopy(notebook) | {"nbformat_minor": 4}
    for cell in old["cells"]:
        del cell["id"]
        cell["source"] = "".join(cell["source"])
        cell["metadata"] |= {"colab": {"base_uri": "https://example.org"}, "executionInfo": {"elapsed": 1}}
    return json.dumps(old, ensure_ascii=False).encode()


def saved_on_windows(notebook):
    """A byte order mark, and Windows' line ends in the file and in the sources."""
    own = copy.deepcopy(notebook)
    for cell in own["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n").splitlines(keepends=True)
    text = json.dumps(own, indent=1, ensure_ascii=False).replace("\n", "\r\n")
    return b"\xef\xbb\xbf" + text.encode()


@pytest.mark.parametrize("save", [saved_by_an_old_tool, saved_on_windows])
def test_the_tool_that_saved_it_does_not_matter(solved, lang, save):
    assert taken(save(solved), lang) == (right(lang, NAME), ())


def test_the_order_of_the_cells_does_not_matter(solved, lang):
    solved["cells"].reverse()
    assert taken(solved, lang)[0] == right(lang, NAME) and not taken(solved, lang)[1]


def test_a_missing_and_a_renamed_answer_are_told(solved, lang):
    solved["cells"].remove(cell_of(solved, "adam"))
    cell_of(solved, "cosine")["metadata"]["nbgrader"]["grade_id"] = "solution-cosinus"
    cells, remarks = taken(solved, lang)
    assert right(lang, NAME).keys() - cells.keys() == {"adam", "cosine"}
    assert remarks == (
        said(lang, "unknown_cell", cell="solution-cosinus"),
        said(lang, "missing", cell="adam"),
        said(lang, "missing", cell="cosine"),
    )


def test_of_two_answers_the_first_counts(solved, lang):
    second = copy.deepcopy(cell_of(solved, "adam")) | {"source": "adam = None"}
    solved["cells"].append(second)
    assert taken(solved, lang) == (right(lang, NAME), (said(lang, "twice", cell="adam"),))


def test_changed_and_lost_tests_come_from_what_was_handed_out(solved, lang):
    ids = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in solved["cells"]}
    ids["adam"]["source"] = 'check("adam", print)'
    solved["cells"].remove(ids["cosine"])
    cells, remarks = taken(solved, lang)
    assert cells == right(lang, NAME)
    assert remarks == (said(lang, "edited", cell="adam"), said(lang, "missing_locked", cell="cosine"))


def test_an_answer_in_a_cell_of_another_type_or_too_long_is_not_taken(solved, lang):
    cell_of(solved, "adam")["cell_type"] = "markdown"
    cell_of(solved, "cosine")["source"] = "#" * (MAX_CELL + 1)
    cells, remarks = taken(solved, lang)
    assert right(lang, NAME).keys() - cells.keys() == {"adam", "cosine"}
    assert remarks == (
        said(lang, "wrong_type", cell="adam"),
        said(lang, "long_cell", cell="cosine", most=MAX_CELL),
    )


def test_cells_of_ones_own_are_not_taken_and_that_is_told(solved, lang):
    for source in ("def helper():\n    pass", "", "  \n"):
        solved["cells"].insert(3, {"cell_type": "code", "metadata": {}, "source": source, "outputs": []})
    solved["cells"].insert(3, {"cell_type": "markdown", "metadata": {}, "source": "notes"})
    assert taken(solved, lang) == (right(lang, NAME), (said(lang, "own_cells", count=1),))


def test_another_notebook_is_told_in_one_line(lang):
    other = handed_in(lang, "u04_normalization", {})
    assert taken(other, lang) == ({}, (said(lang, "other_notebook", name=NAME),))
    assert taken({"cells": []}, lang) == ({}, (said(lang, "other_notebook", name=NAME),))


def test_answers_in_the_other_language_s_notebook_are_taken(solved, lang):
    other = {"ko": "en", "en": "ko"}[lang]
    assert taken(solved, other) == (right(lang, NAME), ())


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "no_json"),
        (b"\xff\xfe{", "no_json"),
        (b'{"cells": [', "no_json"),
        (b"[1, 2]", "no_notebook"),
        (b'{"worksheets": [{"cells": []}], "nbformat": 3}', "no_notebook"),
        (b'{"cells": {"a": 1}}', "no_notebook"),
    ],
)
def test_what_is_no_notebook_says_so_in_both_languages(data, key):
    with pytest.raises(Unreadable) as raised:
        parse(data)
    assert raised.value.key == f"grading.{key}"
    assert raised.value.in_language("ko") != raised.value.in_language("en")


def test_a_notebook_names_what_it_answers_to(solved, tmp_path):
    path = tmp_path / "mine (1).ipynb"
    path.write_text(json.dumps(solved), encoding="utf-8")
    assert read_notebook(path).name == NAME
    solved["metadata"]["course"]["source"] = "../../../etc/pass wd.md"
    assert parse(json.dumps(solved).encode()).name == "passwd"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch", ["torch"]),
        ("import torch.nn as nn, numpy", ["torch"]),
        ("def f():\n    from course_lib.algorithms import adam as mine\n    return mine", ["course_lib"]),
        ("y = torch.optim.Adam", ["torch"]),
        ('__import__("torch.nn")', ["torch"]),
        ('import importlib\nimportlib.import_module("scipy")', ["scipy"]),
        ('import sys\nsys.modules["course_lib"]', ["course_lib"]),
        ("# like torch's Adam\nx = 1", []),
        ('"""torch.optim.Adam does the same."""', []),
        ("torchlight = 1\nimport numpy.linalg", []),
        ("from . import torch_like", []),
        ("def f(:", []),
        ("-" * 99_999 + "1", []),
        ("1+" * 49_999 + "1", []),
    ],
)
def test_a_library_is_found_where_code_reaches_for_it(source, found):
    assert libraries(source) == found


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("%matplotlib inline\nx = 1\n  %time f()\n!ls\nadam?\nnp.sum??\n?adam", "\nx = 1\n\n\n\n\n"),
        ('x = (7\n% 4)\ny = """\n!not a command\n"""', 'x = (7\n% 4)\ny = """\n!not a command\n"""'),
    ],
)
def test_lines_of_ipython_s_are_left_out_where_it_is_no_python_with_them(source, kept):
    assert without_magics(source) == kept
