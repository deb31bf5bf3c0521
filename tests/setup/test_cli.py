"""The `course` command: help, wrong use, and what each command hands on."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib.algorithms  # noqa: F401  (registers them)
from course_lib import builder, cli, messages, paths, registry
from course_lib.builder import Problem, Report
from course_lib.messages import speaking, t
from course_lib.progress import record


@pytest.fixture
def course(monkeypatch, capsys):
    """`course("list")`: the exit status, stdout and stderr of the command."""
    monkeypatch.delenv("COURSE_LANG", raising=False)

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            cli.main(list(args))
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def test_help_is_short_and_names_every_command(course):
    code, out, _ = course("--help")
    assert code == 0 and len(out.splitlines()) <= 24  # a screen
    assert all(f"\n  {name} " in out for name in ("lab", "doctor", "list", "build"))
    assert course() == (2, "", out)


def test_help_speaks_the_language(course):
    with speaking("ko"):
        assert "강의를 엽니다" in course("--help")[1]
    assert "Open the course" in course("--help")[1]


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["docter"], "no command 'docter'; did you mean: doctor"),
        (["xyz"], "did you mean: lab, doctor, list, build"),
        (["build", "--chek"], "--check"),
        (["list", "optimzer"], "no kind 'optimzer'; did you mean: optimizer"),
        (["list", "optimizer", "adam"], "adam"),
        (["build", "--check", "start"], "course build --check without other arguments"),
        (["build", "--check", "--confirm"], "course build --check without other arguments"),
        (["doctor", "me"], "me"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_right(course, args, hint):
    code, out, err = course(*args)
    assert code == 2 and out == ""
    assert hint in " ".join(err.split())
    assert "Traceback" not in err


@pytest.mark.parametrize("value", ["fr", "한국어", "1"])
def test_an_unknown_language_is_refused(course, monkeypatch, value):
    monkeypatch.setenv("COURSE_LANG", value)
    code, _, err = course("list")
    assert code == 2 and repr(value) in err and "COURSE_LANG=en" in err


def test_an_empty_language_is_the_default(course, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "")
    monkeypatch.setattr(messages, "_current", None)
    assert "강의" in course("--help")[1]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_list_shows_every_algorithm_with_its_source(course, lang):
    with speaking(lang):
        code, out, _ = course("list")
        assert code == 0
        for entry in registry.entries():
            assert any(
                line.split()[len(entry.kind.split())] == entry.name
                and entry.title in line
                and line.endswith(entry.source)
                for line in out.splitlines()
                if line.startswith(entry.kind)
            ), entry.name


def test_list_can_be_narrowed_to_a_kind(course):
    _, out, _ = course("list", "schedule")
    assert [line.split()[1] for line in out.splitlines()] == [e.name for e in registry.entries("schedule")]


def test_columns_are_aligned_where_hangul_takes_two_places():
    assert cli.table([("가나", "x"), ("abc", "y")]) == "가나  x\nabc   y"


@pytest.fixture
def no_builder(monkeypatch, tmp_path):
    """The builder replaced by one that records what it is asked; its report and problems can be set."""
    asked = {"report": Report(), "problems": []}

    def build(root, names=None, **options):
        asked["build"] = (root, names, options)
        return asked["report"]

    monkeypatch.setattr(builder, "build", build)
    monkeypatch.setattr(builder, "check", lambda root: asked["problems"])
    monkeypatch.setattr(paths, "repo_root", lambda: tmp_path)
    return asked


@pytest.mark.parametrize(
    ("args", "names", "options"),
    [
        ([], None, {"execute": True, "confirm": False}),
        (["start", "u01"], ["start", "u01"], {"execute": True, "confirm": False}),
        (["start", "--confirm"], ["start"], {"execute": True, "confirm": True}),
        (["--execute-all"], None, {"execute": "all", "confirm": False}),
    ],
)
def test_build_hands_its_arguments_on(course, no_builder, tmp_path, args, names, options):
    assert course("build", *args)[0] == 0
    assert no_builder["build"] == (tmp_path, names, options)


def test_build_says_what_it_did_and_fails_on_a_refusal(course, no_builder):
    no_builder["report"] = Report(written=["notebooks/ko/a.ipynb"], executed=["notebooks/ko/a.ipynb"])
    code, out, err = course("build")
    assert code == 0 and err == ""
    assert out.splitlines() == [
        "executed: notebooks/ko/a.ipynb",
        "written: notebooks/ko/a.ipynb",
        "1 written, 0 unchanged",
    ]
    no_builder["report"].problems.append(Problem("notebooks/src/a.md", 7, "the rule"))
    code, _, err = course("build")
    assert code == 1 and err == "notebooks/src/a.md:7: the rule\n"


def test_check_fails_on_a_problem_and_names_its_place(course, no_builder):
    assert course("build", "--check") == (0, "All notebooks fit their sources.\n", "")
    no_builder["problems"] = [Problem("notebooks/src/a.md", 7, "the rule")]
    code, out, err = course("build", "--check")
    assert code == 1 and err == "notebooks/src/a.md:7: the rule\n"
    assert out.startswith("1 to be mended.")


def test_doctor_ends_with_1_only_for_what_a_learner_needs(course, monkeypatch):
    from course_lib import doctor

    note = doctor.Finding("x is missing", "install x", needed=False)
    monkeypatch.setattr(doctor, "examine", lambda: [note])
    assert course("doctor")[0] == 0
    monkeypatch.setattr(doctor, "examine", lambda: [note, doctor.Finding("y is missing", "install y")])
    code, out, _ = course("doctor")
    assert code == 1 and "install x" in out and "install y" in out


@pytest.fixture
def lab(course, monkeypatch, tmp_path):
    """`lab("--port=9")` in a made checkout: what JupyterLab would be given."""
    import jupyterlab.labapp

    started = {}

    def main(options):
        started.update(options=options, threads=os.environ.get("OMP_NUM_THREADS"))

    for lang in ("ko", "en"):
        page = tmp_path / "notebooks" / lang / "start.ipynb"
        page.parent.mkdir(parents=True)
        page.touch()
    monkeypatch.setattr(jupyterlab.labapp, "main", main)
    monkeypatch.setattr(paths, "repo_root", lambda: tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "")  # so that monkeypatch puts back what the command sets
    monkeypatch.delenv("OMP_NUM_THREADS")

    def run(*args):
        return *course("lab", *args), started

    return run


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_lab_opens_the_start_page_in_the_language_and_serves_the_whole_checkout(lab, lang, tmp_path):
    with speaking(lang):
        code, _, _, started = lab("--no-browser", "--port=9")
    assert code == 0
    assert f"--LabApp.default_url=/lab/tree/notebooks/{lang}/start.ipynb" in started["options"]
    assert f"--ServerApp.root_dir={tmp_path}" in started["options"]
    (settings,) = (option for option in started["options"] if "app_settings_dir" in option)
    shown = json.loads(Path(settings.partition("=")[2], "overrides.json").read_text(encoding="utf-8"))
    viewers = shown["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}
    assert started["options"][-2:] == ["--no-browser", "--port=9"]


def test_lab_sets_the_threads_unless_they_are_chosen(lab, monkeypatch):
    monkeypatch.setattr("course_lib.lab.available_cpus", lambda: 3)
    assert lab()[3]["threads"] == "3"
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert lab()[3]["threads"] == "1"


@pytest.mark.parametrize(("uid", "allowed"), [(0, True), (1000, False)])
def test_lab_runs_in_a_container_where_everybody_is_root(lab, monkeypatch, uid, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: uid, raising=False)
    assert ("--allow-root" in lab()[3]["options"]) is allowed


def test_lab_without_its_page_says_how_to_make_it(lab, tmp_path):
    (tmp_path / "notebooks" / "en" / "start.ipynb").unlink()
    code, _, _, started = lab()
    assert "notebooks/en/start.ipynb" in code and "make build" in code and not started


@pytest.mark.parametrize("command", [["lab"], ["build"], ["build", "--check"]])
def test_outside_a_checkout_the_command_says_so(course, monkeypatch, command):
    def lost():
        raise FileNotFoundError("no course here")

    monkeypatch.setattr(paths, "repo_root", lost)
    assert course(*command) == (2, "", "no course here\n")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_place_that_may_not_be_written_is_named(course, monkeypatch, number):
    def grade(*args):
        raise OSError(number, os.strerror(number), "점수/grades.db")

    monkeypatch.setattr(cli, "check_notebooks", grade)
    code, _, err = course("build", "--check")
    assert code == 2 and err.startswith("'점수/grades.db': you may not") and "another folder" in err


TROUBLE = {  # a place where nothing can be written, and what is said of it
    "none/x.npz": {"ko": "그런 파일이나 폴더가 없습니다", "en": "there is no such file or folder"},
    "file/x.npz": {"ko": "폴더가 아니라 파일입니다", "en": "a part of this path is a file"},
    f"{'x' * 300}.npz": {"ko": "시스템이 오류를 알렸습니다", "en": "the system reports an error"},
}


@pytest.mark.parametrize("place", TROUBLE)
def test_a_place_where_nothing_can_be_written_is_named_at_once(desk, course, lang, place, monkeypatch):
    monkeypatch.setattr("course_lib.assessment.lab._chart", lambda *args: pytest.fail("worked first"))
    Path("file").touch()
    code, out, err = course("diagnosis", "--secret", "secret", "--out", place)
    assert (code, out) == (2, "") and place in err and TROUBLE[place][lang] in err


def test_help_loads_nothing_heavy():
    heavy = "{'torch', 'matplotlib', 'numpy', 'jupyterlab', 'IPython'}"
    code = f"import sys, course_lib.cli as c; c.make_app(); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_the_command_is_installed():
    command = Path(sys.executable).with_name("course")
    done = subprocess.run([command, "list", "clipping"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "clip_by_value" in done.stdout


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_progress_is_shown_and_cleared_and_the_old_record_kept(course, monkeypatch, tmp_path, lang):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    record.change(path, lambda r: record.note_pass(r, "exercises/u01_optimization", "adam", record.now()))
    with speaking(lang):
        code, out, _ = course("progress")
        assert code == 0 and t("progress.of", done=1, total=10) in out
        code, out, _ = course("progress", "--reset")
        assert code == 0 and "progress.before-reset-1.json" in out and not path.exists()
        assert course("progress", "--reset")[1].strip() == t("progress.nothing_to_reset")
        path.write_text("{")
        code, _, err = course("progress")
        assert code == 1 and str(path) in err
