"""The Makefile, read by make itself without running anything."""

import os
import re
import shutil
import subprocess

import pytest

from course_lib.messages import catalogue
from course_lib.paths import repo_root

ROOT = repo_root()
INTERNAL = {"help", "setup", "setup-test", "setup-site"}


@pytest.fixture
def dry_run():
    """`dry_run("lab")`: the lines that `make lab` would run, in a shell without the course's variables."""
    assert shutil.which("make"), "this test needs make; remedy: apt-get install make"
    hidden = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "COURSE_LANG", "PYTHON", "LAB_ARGS", "PYTEST_ARGS"}

    def run(*args, **environ):
        clean = {key: value for key, value in os.environ.items() if key not in hidden}
        command = ["make", "--dry-run", *args]
        done = subprocess.run(
            command, cwd=ROOT, env=clean | environ, capture_output=True, text=True, check=True, timeout=30
        )
        return [line.rstrip() for line in done.stdout.splitlines()]

    return run


def targets():
    """The Makefile's targets."""
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return set(phony[1].split())


def test_make_alone_is_make_help(dry_run):
    assert dry_run() == dry_run("help") == ["python3 -m course_lib.bootstrap help"]


def test_help_names_every_target_and_every_variable():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    variables = set(re.findall(r"^#\s+([A-Z_]+)=", makefile, re.MULTILINE))
    assert len(variables) == 5
    for text in catalogue()["setup.help"].values():
        assert set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) == targets() - INTERNAL
        assert set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) == variables


def test_lab_sets_up_and_opens_the_lab(dry_run):
    assert dry_run("lab") == [
        "python3 -m course_lib.bootstrap setup",
        ".venv/bin/python -m course_lib.cli lab",
    ]


def test_site_sets_up_its_tools_and_builds(dry_run):
    assert dry_run("site") == [
        "python3 -m course_lib.bootstrap setup-site",
        ".venv/bin/python -m course_lib.site",
    ]


def test_variables_reach_their_commands(dry_run):
    setup, lab = dry_run("lab", "PYTHON=python3.13", "LAB_ARGS=--no-browser --port=9")
    assert setup.startswith("python3.13 -m") and lab.endswith("lab --no-browser --port=9")
    assert any("-k adam -x" in line for line in dry_run("test", PYTEST_ARGS="-k adam -x"))


@pytest.mark.parametrize(("given", "seen"), [({}, "ko"), ({"COURSE_LANG": "en"}, "en")])
def test_the_language_is_korean_unless_chosen(given, seen, tmp_path):
    (tmp_path / "Makefile").write_text(f"include {ROOT}/Makefile\nshow:\n\t@echo $$COURSE_LANG\n")
    clean = {key: value for key, value in os.environ.items() if key not in {"COURSE_LANG", "MAKEFLAGS"}}
    command = ["make", "--silent", "--no-print-directory", "-C", tmp_path, "show"]
    done = subprocess.run(command, env=clean | given, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == seen


def test_test_runs_everything_in_order(dry_run):
    lines = dry_run("test")
    steps = ["bootstrap setup-test", "build --check", "ruff check", "ruff format --check"]
    steps += ["pytest -n 2", "--nbval-lax", "bootstrap passed"]
    assert len(lines) == len(steps)
    assert all(step in line for step, line in zip(steps, lines, strict=True))
    assert '-m "not slow"' in lines[4]
    assert "--nbval-current-env" in lines[5] and "--nbval-cell-timeout=120" in lines[5]
    assert all("--dist loadscope --no-loadscope-reorder" in line for line in lines[4:6])


def test_test_all_leaves_the_slow_tests_in(dry_run):
    assert [line for line in dry_run("test-all") if "slow" in line] == []


def test_every_folder_of_built_notebooks_is_run(dry_run):
    (line,) = (line for line in dry_run("test") if "--nbval-lax" in line)
    given = {word for word in line.split() if re.fullmatch(r"\w+/(ko|en)", word)}
    there = {
        path.parent.relative_to(ROOT).as_posix()
        for folder in ("notebooks", "solutions", "exercises")
        for path in (ROOT / folder).glob("*/*.ipynb")
    }
    assert given == there
