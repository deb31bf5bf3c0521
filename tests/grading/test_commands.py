"""`course grade` and `course check` as typed: what they print, write and refuse, in both languages."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading import consent
from course_lib.messages import speaking, t
from tests.grading.students import built, handed_in, right, stubs, wrong

NAME = "u01_optimization"


def written(path, notebook):
    """The path, where the notebook now lies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def mixed(lang):
    """Unit 1 with Adam wrong and momentum left out."""
    return handed_in(
        lang,
        NAME,
        right(lang, NAME) | {"adam": wrong(lang, NAME)["adam"], "momentum": stubs(lang, NAME)["momentum"]},
    )


def test_check_shows_what_is_taken_and_what_is_missing(desk, course, lang):
    notebook = mixed(lang)
    notebook["cells"] = [c for c in notebook["cells"] if "solution-cosine" not in str(c["metadata"])]
    status, out, err = course("check", written(desk / f"{NAME}.ipynb", notebook))
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == t("cli.check_taken", name=NAME, count=10, of=11)
    assert [line.split()[1] for line in lines if line.startswith("  ✗")] == ["momentum", "adam", "cosine"]
    assert f"      {t('check.not_written').splitlines()[0]}" in lines
    assert "  ! " + t("grading.missing", cell="cosine") in lines
    assert t("cli.unwritten", most=2) in out
    assert lines[-1] == t("cli.check_points", points=10, most=17)


def test_check_of_a_solution_and_of_a_renamed_file(desk, course, lang):
    for path in (built("solutions", lang), written(desk / "mine (1).ipynb", handed_in(lang, NAME, {}))):
        status, out, err = course("check", path)
        assert status == (path.stem != NAME) and not err
        assert t("cli.check_taken", name=NAME, count=11, of=11) in out


def test_check_tries_no_hidden_case(desk, course, lang):
    """An answer that the visible cases cannot tell from a right one."""
    odd = right(lang, NAME)["cosine"] + "\n_own = cosine\ndef cosine(step, *, total, peak=0.1, floor=0.0):\n"
    odd += "    return _own(step, total=total, peak=peak, floor=floor) * (1 if total in TOTALS else 2)\n"
    from course_lib.assessment.cases import cases

    odd = f"TOTALS = {[case.hyper['total'] for case in cases('cosine')]}\n" + odd
    path = written(desk / f"{NAME}.ipynb", handed_in(lang, NAME, right(lang, NAME) | {"cosine": odd}))
    assert course("check", path)[0] == 0
    status, out, _ = course("grade", path, "--out", "grades", "--secret", "secret")
    assert status == 0 and "✗ cosine" in out
    assert t("grading.hidden_failed", done=0, total=4) in out


@pytest.mark.parametrize(
    ("path", "key"), [("nowhere.ipynb", "no_path"), (".", "is_folder"), ("secret", "no_json")]
)
def test_check_of_what_is_no_notebook_says_so(desk, course, lang, path, key):
    status, out, err = course("check", path)
    assert (status, out) == (2, "")
    values = {"error": "JSONDecodeError"} if key == "no_json" else {"path": path}
    assert err == (f"{path}: " if key == "no_json" else "") + t(f"grading.{key}", **values) + "\n"


def test_an_unknown_assignment_is_named_with_the_known_ones(desk, course, lang):
    path = written(desk / "mine.ipynb", mixed(lang))
    for words in (("check", path), ("grade", path, "--out", "grades", "--secret", "secret")):
        status, out, err = course(*words, "--assignment", "u9")
        assert (status, out) == (2, "") and "u9" in err and "u03_initialization" in err
    assert not Path("grades/grades.json").exists()


@pytest.mark.parametrize("path", ["nowhere", "empty"])
def test_nothing_to_grade_is_told(desk, course, lang, path):
    Path("empty").mkdir()
    key = "grading.no_path" if path == "nowhere" else "grading.no_submissions"
    assert course("grade", path, "--out", "grades") == (2, "", t(key, path=path) + "\n")


def test_grade_of_one_prints_its_marks_and_of_a_folder_a_line_each(desk, course, lang):
    path = written(desk / f"class/kim/{NAME}.ipynb", mixed(lang))
    status, out, err = course("grade", path, "--out", "one", "--secret", "secret")
    assert (status, err) == (0, "") and "✗ adam" in out and "✓ adamw" in out
    Path("class/lee").mkdir()
    Path(f"class/lee/{NAME}.ipynb").write_text("{", encoding="utf-8")
    written(desk / "class/park/holiday.ipynb", {"cells": []})
    status, out, err = course("grade", "class", "--out", "all", "--secret", "secret")
    assert (status, err) == (1, "") and "✗" not in out
    rows = json.loads(Path("all/grades.json").read_text(encoding="utf-8"))
    assert [(row["notebook"].split("/")[0], row["points"]) for row in rows] == [
        ("kim", 12),
        ("lee", 0),
        ("park", 0),
    ]
    assert [bool(row["problem"]) for row in rows] == [False, True, True]
    table = list(csv.DictReader(io.StringIO(Path("all/grades.csv").read_text(encoding="utf-8"))))
    assert [row["adam"] for row in table] == ["0", "0", ""]


@pytest.fixture
def command():
    """The command line in a process of its own: command(words, before=…) as (status, output, complaint)."""

    def run(*words, before=(), **environment):
        found = subprocess.run(
            [*before, sys.executable, "-m", "course_lib.cli", *words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return found.returncode, found.stdout, found.stderr

    return run


def test_without_bubblewrap_nothing_is_graded(desk, command, lang):
    written(desk / f"{NAME}.ipynb", mixed(lang))
    words = ("grade", f"{NAME}.ipynb", "--out", "grades", "--secret", "secret")
    status, out, err = command(*words, PATH=str(desk), COURSE_LANG=lang)
    assert (status, out, err) == (2, "", t("grading.no_bubblewrap") + "\n")
    assert not Path("grades/grades.json").exists()


def test_without_namespaces_nothing_is_graded(desk, command, lang):
    """For a user who may make no namespace of their own: bubblewrap says why, and we how to allow it."""
    written(desk / f"{NAME}.ipynb", mixed(lang))
    jail = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"]
    jail += ["--dev-bind", "/", "/", "--proc", "/proc"]
    words = ("grade", f"{NAME}.ipynb", "--out", "grades", "--secret", "secret")
    status, out, err = command(*words, before=jail, COURSE_LANG=lang)
    assert (status, out) == (2, "") and "bwrap: " in err and "--security-opt" in err
    assert not Path("grades/grades.json").exists()


def test_a_learner_without_a_box_can_check_all_the_same(desk, command, lang):
    written(desk / f"{NAME}.ipynb", mixed(lang))
    status, out, err = command("check", f"{NAME}.ipynb", PATH=str(desk), COURSE_LANG=lang)
    assert (status, err) == (1, t("cli.check_boxless") + "\n")
    assert t("cli.check_points", points=12, most=17) in out


def test_no_sandbox_needs_the_whole_sentence(desk, course, lang, monkeypatch):
    path = written(desk / f"{NAME}.ipynb", mixed(lang))
    words = ("grade", path, "--out", "grades", "--secret", "secret", "--no-sandbox")
    for refused in ((), ("--consent", "yes"), ("--consent", t("grading.consent")[:-1])):
        status, out, err = course(*words, *refused)
        assert (status, out) == (2, "") and t("grading.consent_refused", sentence=t("grading.consent")) in err
        assert not Path("grades/grades.json").exists()
    monkeypatch.setenv("PATH", str(desk))  # no bubblewrap
    for given in ("ko", "en"):
        with speaking(given):
            sentence = t("grading.consent")
        status, out, _ = course(*words, "--consent", f" {sentence}. ")
        assert status == 0 and "✗ adam" in out and "✓ adamw" in out


@pytest.mark.parametrize("typed", [True, False])
def test_the_sentence_is_typed_at_a_prompt(lang, monkeypatch, typed):
    monkeypatch.setattr(
        consent.sys, "stdin", type("Terminal", (io.StringIO,), {"isatty": lambda self: True})()
    )
    monkeypatch.setattr("builtins.input", lambda prompt: t("grading.consent") if typed else "y")
    assert consent.consents("") is typed


def test_the_secret_in_the_repository_is_refused(desk, course, lang):
    path = written(desk / f"{NAME}.ipynb", mixed(lang))
    inside = built("exercises", lang)
    status, _, err = course("grade", path, "--out", "grades", "--secret", inside)
    assert (status, err) == (2, t("grading.secret_inside", path=inside) + "\n")


def test_the_commands_load_no_torch():
    """They answer at once, and a grader of NumPy exercises stays small."""
    code = "import sys, course_lib.classroom.grade\nfrom course_lib.assessment.units import answer_task\n"
    code += "answer_task('divergence_threshold'), answer_task('adam')\n"
    code += "print({'torch', 'matplotlib', 'sklearn'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
